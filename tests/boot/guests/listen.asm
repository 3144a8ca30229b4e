; Says that it is there and shows every byte that comes, framing included.
%include "guest.inc"

guest:
    hello
    frame '1', "ready", 10
.next:
    receive COM1
    mov [.byte], al
    jmp .send
.frame: dd '1' | 1 << 8
.byte:  db 0
.send:
    mov esi, .frame
.rest:
    mov al, [esi]
    send COM1
    inc esi
    cmp esi, .send
    jb .rest
    jmp .next
