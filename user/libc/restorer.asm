; Where the kernel lets a signal handler return to. ret has taken the return address off the frame.

        global  fl_signal_return
        global  fl_signal_return_info

NR_SIGRETURN    equ 119
NR_RT_SIGRETURN equ 173

        section .text

; The old frame has the signal's number next, which sigreturn does not expect.
fl_signal_return:
        pop     eax
        mov     eax, NR_SIGRETURN
        int     0x80

fl_signal_return_info:
        mov     eax, NR_RT_SIGRETURN
        int     0x80

        section .note.GNU-stack noalloc noexec nowrite progbits
