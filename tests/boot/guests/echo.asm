; Speaks the run mode's protocol without a kernel: standard input comes back on standard output
; (frames taken apart), something goes to standard error, and the records of a program that exited
; with 7 follow. Some records are not as they should be (bad-input R14) and must be dropped.
; tests/boot/channels.t sees `faultline run` carry every byte.
%include "guest.inc"

ESCAPE equ 0x10
END_OF_FILE equ 0x04

guest:
    hello
    frame 'K', "starting"
    frame '2', "to standard error", 10
.next:
    receive COM1
    cmp al, ESCAPE
    jne .echo
    receive COM1
    cmp al, END_OF_FILE
    je .done
.echo:
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
.done:
    frame 'C', "echo[2]: a crash line"
    frame 'T', "not a trace record"
    frame 'R', "Total page faults: 3"
    jmp .trace
.record:
    dd 'T' | 60 << 8
    dd 300, 0, 2, 0x08049000, 0x08050000, 0x7f, 1000, 40, 20, 99
    db 'w', "demand-zero", 0, 0, 0, 0, 0, 0, 0, 0
.runner:
    dd 'T' | 60 << 8
    dd 200, 0, 1, 0x08049000, 0x08050000, 0x7f, 1000, 40, 20, 99
    db 'w', "demand-zero", 0, 0, 0, 0, 0, 0, 0, 0
.trace:
    mov esi, .record
.bytes:
    mov al, [esi]
    send COM1
    inc esi
    cmp esi, .trace
    jb .bytes
    frame 'S', "page_faults 3"
    frame 'S', "account.0.kind segment"
    frame 'S', "account.0.fault.i/o 2"
    frame 'S', "exit_kind exited"
    frame 'S', "x.2000000000 1"
    frame 'S', "x.1001 1"
    frame 'S', "a.b.c.d.e.f.g 1"
    frame 'S', "Not-a-name 1"
    frame 'S', ""
    frame 'X', "exited 7"
    end_with ALL_WELL
