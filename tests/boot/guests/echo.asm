; Speaks the run mode's protocol without a kernel: standard input comes back on standard output
; (frames taken apart), something goes to standard error, and the records of a program that exited
; with 7 follow. tests/boot/channels.t sees `faultline run` carry every byte.
%include "guest.inc"

ESCAPE equ 0x10
END_OF_FILE equ 0x04

guest:
    print COM3, "K starting", 10
    print COM2, "to standard error", 10
.next:
    receive COM1
    cmp al, ESCAPE
    jne .echo
    receive COM1
    cmp al, END_OF_FILE
    je .done
.echo:
    send COM1
    jmp .next
.done:
    print COM3, "C echo[2]: a crash line", 10, "T 200 1 of pid 1", 10, "R Total page faults: 3", 10
    print COM3, "T 300 2 a fault", 10, "S page_faults 3", 10, "S account.0.kind segment", 10
    print COM3, "S account.0.fault.i/o 2", 10, "S exit_kind exited", 10, "X exited 7", 10
    end_with ALL_WELL
