; A boot loader that lies as it is told: starts a kernel, given as first module, with an information
; structure of its own and the second module as the kernel's first. What is defined (nasm -D) takes
; the place of what a decent loader would say:
;
;   MAGIC, INFO, FLAGS             eax, ebx and the flags word
;   CMDLINE, LONG_CMDLINE          the command line's address; 8 KiB without an end
;   MMAP_AT, MMAP_LENGTH           the memory map's place
;   ODD_MAP, RESERVED_MAP          a map of the table below; one without usable memory
;   MODS_AT, MODS_COUNT            the module list's place and length
;   MODULE_START, MODULE_END       the module itself
;
; Linked at 12 MiB, out of the kernel's way and inside what its boot mapping shows.
%include "guest.inc"

PT_LOAD         equ 1
E_ENTRY         equ 24          ; offsets: ELF header
E_PHOFF         equ 28
E_PHNUM         equ 44
P_OFFSET        equ 4           ; program header
P_PADDR         equ 12
P_FILESZ        equ 16
P_MEMSZ         equ 20
PHDR_BYTES      equ 32
INFO_CMDLINE    equ 16          ; multiboot information
INFO_MODULES    equ 24
INFO_MMAP       equ 44
MODULE_BYTES    equ 16
HAS_ALL         equ 1 << 2 | 1 << 3 | 1 << 6

%ifndef MAGIC
%define MAGIC 0x2BADB002
%endif
%ifndef INFO
%define INFO info
%endif
%ifndef FLAGS
%define FLAGS HAS_ALL
%endif

guest:
    cld
    mov ebp, [ebx + INFO_MODULES]
    mov eax, [ebx + INFO_CMDLINE]
    mov [info.cmdline], eax
    mov eax, [ebx + INFO_MMAP]
    mov [info.mmap_length], eax
    mov eax, [ebx + INFO_MMAP + 4]
    mov [info.mmap], eax
    mov eax, [ebp + MODULE_BYTES]
    mov [module], eax
    mov eax, [ebp + MODULE_BYTES + 4]
    mov [module + 4], eax

    mov ebp, [ebp]                      ; the kernel's ELF file
    mov edx, ebp
    add edx, [ebp + E_PHOFF]
    movzx ebx, word [ebp + E_PHNUM]
next_segment:
    cmp dword [edx], PT_LOAD
    jne .done
    mov esi, ebp
    add esi, [edx + P_OFFSET]
    mov edi, [edx + P_PADDR]
    mov ecx, [edx + P_FILESZ]
    rep movsb
    mov ecx, [edx + P_MEMSZ]
    sub ecx, [edx + P_FILESZ]
    xor eax, eax
    rep stosb
.done:
    add edx, PHDR_BYTES
    dec ebx
    jnz next_segment

%ifdef CMDLINE
    mov dword [info.cmdline], CMDLINE
%endif
%ifdef LONG_CMDLINE
    mov dword [info.cmdline], long_cmdline
%endif
%ifdef ODD_MAP
    mov dword [info.mmap], odd_map
    mov dword [info.mmap_length], odd_map.end - odd_map
%endif
%ifdef RESERVED_MAP
    mov dword [info.mmap], reserved_map
    mov dword [info.mmap_length], reserved_map.end - reserved_map
%endif
%ifdef MMAP_AT
    mov dword [info.mmap], MMAP_AT
%endif
%ifdef MMAP_LENGTH
    mov dword [info.mmap_length], MMAP_LENGTH
%endif
%ifdef MODS_AT
    mov dword [info.modules], MODS_AT
%endif
%ifdef MODS_COUNT
    mov dword [info.modules_count], MODS_COUNT
%endif
%ifdef MODULE_START
    mov dword [module], MODULE_START
%endif
%ifdef MODULE_END
    mov dword [module + 4], MODULE_END
%endif
    mov eax, MAGIC
    mov ebx, INFO
    jmp [ebp + E_ENTRY]

section .data
align 4
info:
    dd FLAGS, 0, 0, 0
.cmdline:
    dd 0
.modules_count:
    dd 1
.modules:
    dd module
    times 4 dd 0
.mmap_length:
    dd 0
.mmap:
    dd 0
module:
    dd 0, 0, 0, 0

; map_entry SIZE, BASE, LENGTH, TYPE
%macro map_entry 4
    dd %1
    dq %2, %3
    dd %4
    times %1 - 20 db 0xEE
%endmacro

; Usable in the end: 1 MiB to 96 MiB without five pages.
odd_map:
    map_entry 20, 64 << 20, 32 << 20, 1
    map_entry 28, 0, 0x9FC00, 1                         ; low memory, in a longer entry
    map_entry 20, 1 << 20, 63 << 20, 1                  ; before the first one, and touching it
    map_entry 24, 2 << 20, 31 << 20, 1                  ; inside another
    map_entry 20, 0x3000123, 0x1000, 2                  ; reserved, over two pages by a part
    map_entry 20, 0x3800000, 0x1000, 77                 ; a kind that nobody knows
    map_entry 20, 0x3900FFF, 2, 0                       ; two bytes, two pages
    map_entry 20, 80 << 20, 0, 2                        ; nothing
    map_entry 20, 88 << 20, 0, 1
    map_entry 20, 0xFFFFFFFFFFFFF000, 0x2000, 1         ; past 2^64
    map_entry 20, (96 << 20) + 0x800, 0x1000, 1         ; no whole page in it
.end:
reserved_map:
    map_entry 20, 0, 0x9FC00, 1
    map_entry 20, 1 << 20, 127 << 20, 2
.end:

long_cmdline:
    db 'kernel exit=qemu '
    times 8192 db 'x'
