;
; The first instructions of Faultline.
;
; A multiboot 1 loader (QEMU -kernel, GRUB, v86) enters here in 32-bit protected mode: paging off,
; interrupts off, eax = magic, ebx = physical address of its information structure. Nothing else,
; the loader's GDT included, can be relied on. Getting to C in the upper half takes four steps:
;
;   1. Check the CPU. The kernel needs PAE for paging, and CMOV because the C code is compiled for
;      the i686. The code up to the answer uses only what a 486 has. If the CPU lacks one of them,
;      one line appears on COM1 and on the VGA text screen, and the machine halts.
;   2. Build the boot page tables. 2 MiB pages map physical 0..896 MiB, the whole direct map, twice,
;      at 0 and at KERNEL_BASE, through one shared directory. It is that much because a large initrd
;      may fill all of low memory. The low copy serves only the few instructions between switching
;      paging on and the jump.
;   3. Jump to the upper half, drop the low copy, and reload the GDT by its upper address.
;   4. Call kernel_main(magic, info) with register arguments (regparm 3), on a stack that remains
;      the boot thread's.
;
; .boot is linked at its physical address and holds only what runs or is read before step 3; the
; GDT in it stays in use, by its upper address, until gdt_init(). The page tables and the stack are
; in .bss, which the ELF loader has cleared. There is no IDT yet, so a fault in here resets the
; machine.
;
; References: Multiboot Specification 0.6.96, 3.1 to 3.3; SDM vol. 3, 4.4 (PAE) and 9.8.
;

bits 32

KERNEL_BASE         equ 0xC0000000      ; lib/addr.h
BOOT_MAPPED_BYTES   equ 896 << 20       ; arch/pmap/pmap_boot.h
BOOT_STACK_BYTES    equ 8192
PAGE_BYTES          equ 4096
LARGE_PAGE_SHIFT    equ 21

MULTIBOOT_HEADER_MAGIC  equ 0x1BADB002
MULTIBOOT_LOADER_MAGIC  equ 0x2BADB002
MULTIBOOT_PAGE_ALIGN    equ 1 << 0      ; modules begin at page boundaries
MULTIBOOT_MEMORY_INFO   equ 1 << 1      ; fill in the memory map
MULTIBOOT_FLAGS         equ MULTIBOOT_PAGE_ALIGN | MULTIBOOT_MEMORY_INFO
INFO_FLAGS              equ 0           ; offsets in the information structure
INFO_CMDLINE            equ 16
INFO_HAS_CMDLINE        equ 1 << 2
CMDLINE_BYTES_MAX       equ 4096        ; boot/boot_info.h

EFLAGS_ID               equ 1 << 21
CPUID_1_EDX_PAE         equ 1 << 6
CPUID_1_EDX_CMOV        equ 1 << 15
CPUID_1_EDX_NEEDED      equ CPUID_1_EDX_PAE | CPUID_1_EDX_CMOV
CR0_WP                  equ 1 << 16
CR0_PG                  equ 1 << 31
CR4_PAE                 equ 1 << 5
PTE_PRESENT             equ 1 << 0
PTE_WRITE               equ 1 << 1
PTE_LARGE               equ 1 << 7
PDPT_KERNEL_SLOT        equ KERNEL_BASE >> 30

SEL_CODE                equ 0x08        ; the same numbers as in arch/trap.h
SEL_DATA                equ 0x10

COM1                    equ 0x3F8
UART_INTERRUPTS         equ COM1 + 1    ; divisor's high byte while DLAB is set
UART_FIFO               equ COM1 + 2
UART_LINE_CONTROL       equ COM1 + 3
UART_LINE_STATUS        equ COM1 + 5
UART_DLAB               equ 0x80
UART_8N1                equ 0x03
UART_FIFO_ON            equ 0x07
UART_CAN_SEND           equ 0x20
UART_PATIENCE           equ 100000      ; polls before a port counts as absent

VGA_TEXT                equ 0xB8000
VGA_COLUMNS             equ 80
VGA_WHITE_ON_RED        equ 0x4F

QEMU_EXIT_PORT          equ 0xF4
QEMU_EXIT_PANIC         equ 0x11

extern kernel_main

section .boot progbits alloc exec nowrite align=16

align 4
multiboot_header:
    dd MULTIBOOT_HEADER_MAGIC
    dd MULTIBOOT_FLAGS
    dd -(MULTIBOOT_HEADER_MAGIC + MULTIBOOT_FLAGS)

align 8
boot_gdt:
    dq 0
    dq 0x00CF9A000000FFFF               ; SEL_CODE: flat, ring 0, execute and read
    dq 0x00CF92000000FFFF               ; SEL_DATA: flat, ring 0, read and write
boot_gdt_bytes equ $ - boot_gdt

boot_gdt_pointer:
    dw boot_gdt_bytes - 1
    dd boot_gdt
boot_gdt_pointer_high:
    dw boot_gdt_bytes - 1
    dd boot_gdt + KERNEL_BASE

global boot_start
boot_start:
    cli
    mov esp, boot_stack_top - KERNEL_BASE
    push dword 0                        ; no NT, DF or AC from the loader
    popfd
    lgdt [boot_gdt_pointer]
    jmp SEL_CODE:.own_segments
.own_segments:
    mov ecx, SEL_DATA
    mov ds, ecx
    mov es, ecx
    mov ss, ecx
    mov fs, ecx
    mov gs, ecx

    mov esi, eax                        ; esi = magic, edi = information structure:
    mov edi, ebx                        ; CPUID leaves these two alone

    pushfd                              ; a CPU has CPUID if EFLAGS.ID can be flipped
    pop ecx
    mov edx, ecx
    xor ecx, EFLAGS_ID
    push ecx
    popfd
    pushfd
    pop ecx
    push edx
    popfd
    xor ecx, edx
    test ecx, EFLAGS_ID
    jz refuse_cpu
    xor eax, eax
    cpuid
    test eax, eax                       ; highest leaf
    jz refuse_cpu
    mov eax, 1
    cpuid
    and edx, CPUID_1_EDX_NEEDED
    cmp edx, CPUID_1_EDX_NEEDED
    jne refuse_cpu

    mov ebx, boot_page_directory - KERNEL_BASE
    mov ecx, BOOT_MAPPED_BYTES >> LARGE_PAGE_SHIFT
.fill_entry:                            ; the upper halves are zero already
    lea eax, [ecx - 1]
    shl eax, LARGE_PAGE_SHIFT
    or eax, PTE_PRESENT | PTE_WRITE | PTE_LARGE
    mov [ebx + ecx * 8 - 8], eax
    loop .fill_entry

    or ebx, PTE_PRESENT                 ; the pointer table's entries have no other right
    mov edx, boot_page_pointers - KERNEL_BASE
    mov [edx], ebx
    mov [edx + PDPT_KERNEL_SLOT * 8], ebx

    mov eax, cr4
    or eax, CR4_PAE
    mov cr4, eax
    mov cr3, edx
    mov eax, cr0
    or eax, CR0_PG | CR0_WP
    mov cr0, eax
    mov ecx, enter_upper_half
    jmp ecx

;
; Prints one line on every console that may exist and ends the machine. esi, edi as above. An absent
; device costs a bounded wait (bad input B13).
;
refuse_cpu:
    push esi
    push edi
    call uart_prepare
    mov esi, refusal_text
    mov edi, VGA_TEXT
.next_character:
    lodsb
    test al, al
    jz .blank_rest
    call uart_send
    cmp al, ' '
    jb .next_character                  ; only the serial line gets the line end
    mov ah, VGA_WHITE_ON_RED
    stosw
    jmp .next_character
.blank_rest:
    mov ax, (VGA_WHITE_ON_RED << 8) | ' '
    mov ecx, VGA_TEXT + 2 * VGA_COLUMNS
    sub ecx, edi
    shr ecx, 1
    rep stosw
    pop edi
    pop esi

    ; If exit=qemu is a word of its own on the command line, tell QEMU. Elsewhere the port may
    ; belong to a real device, so nothing else writes to it.
    cmp esi, MULTIBOOT_LOADER_MAGIC
    jne halt
    test dword [edi + INFO_FLAGS], INFO_HAS_CMDLINE
    jz halt
    mov esi, [edi + INFO_CMDLINE]
    mov edx, CMDLINE_BYTES_MAX
.compare_word:
    mov edi, exit_word
    mov ecx, exit_word_bytes
    push esi
    repe cmpsb
    mov al, [esi]                       ; the character behind, if all matched
    pop esi
    jne .skip_word
    cmp al, ' '
    jbe .tell_qemu
.skip_word:
    lodsb
    test al, al
    jz halt
    dec edx
    jz halt
    cmp al, ' '
    jne .skip_word
    jmp .compare_word
.tell_qemu:
    mov al, QEMU_EXIT_PANIC
    out QEMU_EXIT_PORT, al
halt:
    cli
    hlt
    jmp halt

; 115200 baud, 8N1, no interrupts. Clobbers al, dx.
uart_prepare:
    mov dx, UART_INTERRUPTS
    xor al, al
    out dx, al
    mov dx, UART_LINE_CONTROL
    mov al, UART_DLAB
    out dx, al
    mov dx, COM1
    mov al, 1                           ; divisor 1
    out dx, al
    mov dx, UART_INTERRUPTS
    xor al, al
    out dx, al
    mov dx, UART_LINE_CONTROL
    mov al, UART_8N1
    out dx, al
    mov dx, UART_FIFO
    mov al, UART_FIFO_ON
    out dx, al
    ret

; Sends al, or gives up if the port never becomes ready. Clobbers ah, ecx, dx.
uart_send:
    mov ah, al
    mov ecx, UART_PATIENCE
    mov dx, UART_LINE_STATUS
.wait:
    in al, dx
    test al, UART_CAN_SEND
    jnz .ready
    loop .wait
.ready:
    mov al, ah
    mov dx, COM1
    out dx, al
    ret

refusal_text:
    db "Faultline needs a CPU with PAE and CMOV (Pentium Pro or later). Halted.", 13, 10, 0
exit_word:
    db "exit=qemu"
exit_word_bytes equ $ - exit_word

section .text

enter_upper_half:
    add esp, KERNEL_BASE
    lgdt [boot_gdt_pointer_high + KERNEL_BASE]
    mov dword [boot_page_pointers], 0
    mov eax, cr3                        ; this load reads the four pointers (SDM 4.4.1)
    mov cr3, eax

    xor ebp, ebp
    mov eax, esi
    mov edx, edi
    call kernel_main
.halt:                                  ; kernel_main does not return
    cli
    hlt
    jmp .halt

section .bss

alignb PAGE_BYTES
boot_page_directory:
    resb PAGE_BYTES
; pmap_bootstrap() unmaps this page, so that an overflow of the boot stack causes a double fault and
; does not corrupt a page table.
global boot_stack_guard
boot_stack_guard:
    resb PAGE_BYTES
global boot_stack
boot_stack:
    resb BOOT_STACK_BYTES
global boot_stack_top
boot_stack_top:
alignb 32
boot_page_pointers:
    resb 4 * 8

; This object needs no executable stack; the linker wants to know.
section .note.GNU-stack noalloc noexec nowrite progbits
