; The first instructions of every C program (i386 System V ABI supplement, "process
; initialisation").
;
; The kernel leaves [esp] = argc, then argv[], NULL, envp[], NULL and the auxiliary vector. The
; frame pointer is cleared so that a debugger's stack walk ends here, and the stack pointer is a
; multiple of 16 at the call of main, as compiled code may expect.

        global  _start
        extern  main
        extern  exit
        extern  environ

        section .text

_start: xor     ebp, ebp
        mov     eax, [esp]              ; argc
        lea     ecx, [esp + 4]          ; argv
        lea     edx, [ecx + eax * 4 + 4] ; envp: behind argv's NULL
        mov     [environ], edx
        and     esp, -16
        sub     esp, 4                  ; 16 bytes with the three arguments
        push    edx
        push    ecx
        push    eax
        call    main
        mov     [esp], eax
        call    exit
        hlt                             ; exit does not return

        section .note.GNU-stack noalloc noexec nowrite progbits
