; The first instructions of every C program (i386 System V ABI supplement, "process
; initialisation").
;
; The kernel leaves [esp] = argc, then argv[], NULL, envp[], NULL and the auxiliary vector. The
; frame pointer is cleared so that a debugger's stack walk ends here, and the stack pointer is a
; multiple of 16 at the call, as compiled code may expect. user/libc/start.c does the rest.

        global  _start
        extern  fl_start

        section .text

_start: xor     ebp, ebp
        mov     eax, esp
        and     esp, -16
        sub     esp, 12                 ; 16 bytes with the argument
        push    eax
        call    fl_start
        hlt                             ; fl_start does not return

        section .note.GNU-stack noalloc noexec nowrite progbits
