; What a program finds in the registers at its first instruction (bad-input P16): zeros, its own
; segments, and of the flags only IF. Exits with 0 or with the number of the first check that
; failed. t_state.c runs it after filling every register itself.

        global  _start

FLAGS_ALWAYS_1  equ 0x002
FLAGS_IF        equ 0x200
SEL_CODE        equ 0x1B
SEL_DATA        equ 0x23

        section .text

; CHECK register, value: the next number if they differ
%assign number 0
%macro CHECK 2
    %assign number number + 1
        cmp     %1, %2
        je      %%good
        mov     ebx, number
        jmp     leave
%%good:
%endmacro

_start: pushf                           ; the comparisons spoil them
        CHECK   eax, 0
        CHECK   ebx, 0
        CHECK   ecx, 0
        CHECK   edx, 0
        CHECK   esi, 0
        CHECK   edi, 0
        CHECK   ebp, 0
        mov     eax, cs
        CHECK   eax, SEL_CODE
        mov     eax, ds
        CHECK   eax, SEL_DATA
        mov     eax, es
        CHECK   eax, SEL_DATA
        mov     eax, ss
        CHECK   eax, SEL_DATA
        mov     eax, fs
        CHECK   eax, 0
        mov     eax, gs
        CHECK   eax, 0
        pop     eax
        CHECK   eax, FLAGS_IF | FLAGS_ALWAYS_1
        mov     eax, esp                ; aligned, as the ABI has it
        and     eax, 15
        CHECK   eax, 0
        xor     ebx, ebx
leave:  mov     eax, 1                  ; exit
        int     0x80

        section .note.GNU-stack noalloc noexec nowrite progbits
