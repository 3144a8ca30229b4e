;
; Thread switches, and segment loads that may fail (arch/cpu.h).
;
; A thread that does not run is a stack with its callee-saved registers and the address to continue
; at. The C compiler has saved everything else, and the user's registers are in the trap frame at
; the top of the stack. EFLAGS is the same for all threads: interrupts are off and AC is clear at
; every switch.
;
%include "arch/macros.inc"

bits 32

SAVED_EBP       equ 12                  ; offsets from the esp of a sleeping thread
SAVED_EIP       equ 16
SAVED_RETURN    equ 20                  ; where the entry function would return to: nowhere
SAVED_BYTES     equ 24

section .text

; void cpu_switch(uint32_t *save_esp, uint32_t load_esp)
align 16
global cpu_switch
cpu_switch:
    push ebp
    push ebx
    push esi
    push edi
    mov [eax], esp
    mov esp, edx
    pop edi
    pop esi
    pop ebx
    pop ebp
    ret

; uint32_t cpu_switch_prepare(uint32_t stack_top, void (*entry)(void))
global cpu_switch_prepare
cpu_switch_prepare:
    sub eax, SAVED_BYTES
    xor ecx, ecx
    mov [eax], ecx                      ; edi, esi, ebx
    mov [eax + 4], ecx
    mov [eax + 8], ecx
    mov [eax + SAVED_EBP], ecx          ; 0 ends a walk over frame pointers
    mov [eax + SAVED_EIP], edx
    mov [eax + SAVED_RETURN], ecx
    ret

; void cpu_load_fs(uint16_t sel), void cpu_load_gs(uint16_t sel): a selector whose descriptor cannot
; be loaded becomes the null selector, which always can.
global cpu_load_fs
cpu_load_fs:
load_fs:
    mov fs, eax
    ret
load_fs_failed:
    xor eax, eax
    jmp load_fs

    FIXUP load_fs, load_fs_failed

global cpu_load_gs
cpu_load_gs:
load_gs:
    mov gs, eax
    ret
load_gs_failed:
    xor eax, eax
    jmp load_gs

    FIXUP load_gs, load_gs_failed
