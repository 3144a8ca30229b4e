; setjmp and longjmp save and restore the registers that a function must preserve (i386 System V
; ABI), the stack pointer after setjmp's return, and the return address: the six words of jmp_buf
; (setjmp.h).

        global  setjmp
        global  _setjmp
        global  longjmp
        global  _longjmp

        section .text

setjmp:
_setjmp:
        mov     eax, [esp + 4]          ; jmp_buf
        mov     [eax], ebx
        mov     [eax + 4], esi
        mov     [eax + 8], edi
        mov     [eax + 12], ebp
        lea     ecx, [esp + 4]
        mov     [eax + 16], ecx
        mov     ecx, [esp]
        mov     [eax + 20], ecx
        xor     eax, eax
        ret

longjmp:
_longjmp:
        mov     edx, [esp + 4]          ; jmp_buf
        mov     eax, [esp + 8]          ; the value; 0 becomes 1
        cmp     eax, 1
        adc     eax, 0
        mov     ebx, [edx]
        mov     esi, [edx + 4]
        mov     edi, [edx + 8]
        mov     ebp, [edx + 12]
        mov     esp, [edx + 16]
        jmp     [edx + 20]

        section .note.GNU-stack noalloc noexec nowrite progbits
