;
; The only kernel code that touches user addresses (arch/usercopy.h). Between usercopy_start and
; usercopy_end a page fault in ring 0 is resolved like one of the program; a refused one continues
; at the fixup of the instruction that faulted.
;
; A copy moves dwords, then the last bytes. A refused fault among the dwords continues in the byte
; loop with the count of what is left, which stops at the very byte that cannot be accessed. So the
; result is exact, and only a failing copy pays for it.
;
; Arguments in eax, edx, ecx (regparm 3); esi, edi, ebx, ebp belong to the caller.
;
%include "arch/macros.inc"

bits 32

section .text

global usercopy_start
usercopy_start:

; uint32_t usercopy_bytes(void *dst, const void *src, uint32_t n)
align 16
global usercopy_bytes
usercopy_bytes:
    push esi
    push edi
    mov edi, eax
    mov esi, edx
    mov edx, ecx
    shr ecx, 2
    and edx, 3
    STAC
copy_dwords:
    rep movsd
    mov ecx, edx
copy_bytes:
    rep movsb
copy_done:
    CLAC
    mov eax, ecx
    pop edi
    pop esi
    ret
copy_dwords_failed:
    lea ecx, [edx + ecx * 4]
    jmp copy_bytes

    FIXUP copy_dwords, copy_dwords_failed
    FIXUP copy_bytes, copy_done

; uint32_t usercopy_zero(void *dst, uint32_t n)
align 16
global usercopy_zero
usercopy_zero:
    push edi
    mov edi, eax
    mov ecx, edx
    shr ecx, 2
    and edx, 3
    xor eax, eax
    STAC
zero_dwords:
    rep stosd
    mov ecx, edx
zero_bytes:
    rep stosb
zero_done:
    CLAC
    mov eax, ecx
    pop edi
    ret
zero_dwords_failed:
    lea ecx, [edx + ecx * 4]
    jmp zero_bytes

    FIXUP zero_dwords, zero_dwords_failed
    FIXUP zero_bytes, zero_done

; int32_t usercopy_string(char *dst, const char *src, uint32_t max)
align 16
global usercopy_string
usercopy_string:
    push ebx
    push esi
    mov ebx, eax
    mov esi, edx
    xor eax, eax                        ; bytes copied
    STAC
string_next:
    cmp eax, ecx
    je string_done
string_load:
    mov dl, [esi + eax]
string_store:
    mov [ebx + eax], dl
    test dl, dl
    jz string_done
    inc eax
    jmp string_next
string_failed:
    mov eax, -1
string_done:
    CLAC
    pop esi
    pop ebx
    ret

    FIXUP string_load, string_failed
    FIXUP string_store, string_failed

global usercopy_end
usercopy_end:
