; sigsetjmp and siglongjmp: setjmp and longjmp (setjmp.asm) that also save and restore the signal mask,
; if sigsetjmp's second argument says so. A sigjmp_buf is a jmp_buf of six words, that argument, and
; the mask of eight bytes (setjmp.h).

NR_RT_SIGPROCMASK equ 175
SIG_BLOCK         equ 0
SIG_SETMASK       equ 2
SIGSET_BYTES      equ 8
HAS_MASK          equ 24
MASK              equ 28

        extern  setjmp
        extern  longjmp
        global  sigsetjmp
        global  siglongjmp

        section .text

sigsetjmp:
        mov     edx, [esp + 4]          ; sigjmp_buf
        mov     eax, [esp + 8]
        mov     [edx + HAS_MASK], eax
        test    eax, eax
        jz      .save_registers
        push    ebx
        push    esi
        mov     eax, NR_RT_SIGPROCMASK
        mov     ebx, SIG_BLOCK
        xor     ecx, ecx                ; no set: the mask stays
        add     edx, MASK
        mov     esi, SIGSET_BYTES
        int     0x80
        pop     esi
        pop     ebx
.save_registers:
        jmp     setjmp

siglongjmp:
        mov     ecx, [esp + 4]          ; sigjmp_buf
        cmp     dword [ecx + HAS_MASK], 0
        je      .load_registers
        mov     eax, NR_RT_SIGPROCMASK  ; ebx and esi are loaded below
        mov     ebx, SIG_SETMASK
        add     ecx, MASK
        xor     edx, edx
        mov     esi, SIGSET_BYTES
        int     0x80
.load_registers:
        jmp     longjmp

        section .note.GNU-stack noalloc noexec nowrite progbits
