;
; memcpy and memset by string instructions. They replace the portable ones of lib/string.c, because
; the processor copies and fills blocks faster than a loop does.
;
; regparm(3): dst eax, src or byte edx, n ecx; dst is returned in eax.
;
bits 32

section .text

global memcpy
memcpy:
    push edi
    push esi
    mov edi, eax
    mov esi, edx
    mov edx, ecx
    shr ecx, 2
    rep movsd
    mov ecx, edx
    and ecx, 3
    rep movsb
    pop esi
    pop edi
    ret

global memset
memset:
    push edi
    push eax
    mov edi, eax
    movzx eax, dl
    imul eax, eax, 0x01010101           ; the byte in all four places
    mov edx, ecx
    shr ecx, 2
    rep stosd
    mov ecx, edx
    and ecx, 3
    rep stosb
    pop eax
    pop edi
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
