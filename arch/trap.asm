;
; Entry into the kernel and return from it.
;
; All 256 vectors have a stub. A stub makes the stack look the same for all of them (an error code
; where the CPU gives none, then the vector) and goes to trap_common, which completes struct
; trap_frame (arch/trap.h) and calls trap_dispatch(). int 0x80 has a path of its own that does
; only what a system call needs, because it is the most frequent of all.
;
; State of the program that C code must not see is reset first: the direction flag (cld), the access
; flag (clac; the gate does not clear it), ds and es, which may hold null or a TLS segment. The gate
; itself clears IF, TF and NT, so a single-stepped `int 0x80` and a later iret work normally. fs and
; gs stay loaded: the kernel uses neither, and a process switch saves them.
;
; On the way out pop ds, pop es and iret may fault in ring 0, because the descriptor that the
; program had loaded may have been changed or removed since (set_thread_area, or another process's
; TLS). Each has a fixup that rebuilds the program's frame from the stack and the registers and
; passes it to trap_bad_return().
;
%include "arch/macros.inc"

bits 32

VECTOR_COUNT            equ 256
VECTOR_SYSCALL          equ 0x80
VECTOR_PROTECTION       equ 13
; Vectors with an error code of the CPU's: #DF #TS #NP #SS #GP #PF #AC, and #CP #VC #SX of newer
; CPUs.
VECTORS_WITH_ERROR      equ 1<<8 | 0x1F<<10 | 1<<17 | 1<<21 | 1<<29 | 1<<30

extern trap_dispatch
extern syscall_dispatch
extern trap_bad_return

; From the general registers down: what lies above them is on the stack already.
%macro PUSH_GENERAL 0
    push eax
    push ebp
    push edi
    push esi
    push edx
    push ecx
    push ebx
%endmacro

%macro LOAD_KERNEL_SEGMENTS 0
    mov edx, SEL_KERNEL_DATA
    mov ds, edx
    mov es, edx
%endmacro

section .text

; ---- Entries -----------------------------------------------------------------------------------

align 16
trap_common:
    push es
    push ds
    PUSH_GENERAL
    cld
    CLAC
    LOAD_KERNEL_SEGMENTS
    mov eax, esp
    call trap_dispatch

trap_exit:
    pop ebx
    pop ecx
    pop edx
    pop esi
    pop edi
    pop ebp
    pop eax
exit_pop_ds:
    pop ds
exit_pop_es:
    pop es
    add esp, 8                          ; vector, error
exit_iret:
    iretd

    FIXUP exit_pop_ds, bad_ds
    FIXUP exit_pop_es, bad_es
    FIXUP exit_iret, bad_iret

align 16
global trap_syscall_entry
trap_syscall_entry:
    push eax                            ; the call's number, in the place of the error code
    push dword VECTOR_SYSCALL
    push es
    push ds
    PUSH_GENERAL
    cld
    CLAC
    LOAD_KERNEL_SEGMENTS
    mov eax, esp
    call syscall_dispatch
    pop ebx
    pop ecx
    pop edx
    pop esi
    pop edi
    pop ebp
    pop eax
syscall_pop_ds:
    pop ds
syscall_pop_es:
    pop es
    add esp, 8
syscall_iret:
    iretd

    FIXUP syscall_pop_ds, bad_ds
    FIXUP syscall_pop_es, bad_es
    FIXUP syscall_iret, bad_iret

; void trap_return(struct trap_frame *tf)
global trap_return
trap_return:
    mov esp, eax
    jmp trap_exit

; ---- A return that failed ----------------------------------------------------------------------
;
; The general registers hold the program's values again, and the nested trap has given them back.
; ds and es hold what had been loaded so far.

bad_iret:                               ; error and vector are popped: stand-ins
    push dword 0
    push dword VECTOR_PROTECTION
    push es
bad_es:                                 ; ds is popped
    push ds
bad_ds:                                 ; only the general registers are popped
    PUSH_GENERAL
    LOAD_KERNEL_SEGMENTS
    mov eax, esp
    call trap_bad_return
    jmp trap_exit

; ---- Stubs -------------------------------------------------------------------------------------

%assign vector 0
%rep VECTOR_COUNT
stub_ %+ vector:
    %if vector >= 32 || ((VECTORS_WITH_ERROR >> vector) & 1) == 0
    push dword 0
    %endif
    push dword vector
    jmp trap_common
    %assign vector vector + 1
%endrep

section .rodata

; Entry points in the order of the vectors, for idt_init().
align 4
global trap_stubs
trap_stubs:
%assign vector 0
%rep VECTOR_COUNT
    dd stub_ %+ vector
    %assign vector vector + 1
%endrep
