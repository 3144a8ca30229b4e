; A stream that cannot be true: a frame of 16 MiB.
%include "guest.inc"

guest:
    hello
    frame '1', "before", 10
    jmp .go
.head: dd '1' | 0xFFFFFF << 8
.go:
    mov esi, .head
.next:
    mov al, [esi]
    send COM1
    inc esi
    cmp esi, .go
    jb .next
    end_with ALL_WELL
