/*
 * The C side of arch/trap.asm: assertions about the frame's layout, and the table of places in ring
 * 0 that may fault by design. The table has a handful of entries and is searched only after a
 * refused fault, so a linear search is enough.
 */
#include "arch/trap.h"

#include <stddef.h>

/* trap.asm's pushes, last one first. */
_Static_assert(offsetof(struct trap_frame, ebx) == 0, "trap.asm");
_Static_assert(offsetof(struct trap_frame, ecx) == 4, "trap.asm");
_Static_assert(offsetof(struct trap_frame, edx) == 8, "trap.asm");
_Static_assert(offsetof(struct trap_frame, esi) == 12, "trap.asm");
_Static_assert(offsetof(struct trap_frame, edi) == 16, "trap.asm");
_Static_assert(offsetof(struct trap_frame, ebp) == 20, "trap.asm");
_Static_assert(offsetof(struct trap_frame, eax) == 24, "trap.asm");
_Static_assert(offsetof(struct trap_frame, ds) == 28, "trap.asm");
_Static_assert(offsetof(struct trap_frame, es) == 32, "trap.asm");
_Static_assert(offsetof(struct trap_frame, vector) == 36, "trap.asm");
_Static_assert(offsetof(struct trap_frame, error) == 40, "trap.asm");
_Static_assert(offsetof(struct trap_frame, eip) == 44, "trap.asm and the CPU");
_Static_assert(offsetof(struct trap_frame, esp) == 56, "the CPU");
_Static_assert(sizeof(struct trap_frame) == 64, "the CPU");

/* Gathered by boot/link.ld from arch/macros.inc's FIXUP. */
struct trap_fixup_entry {
    uint32_t from, to;
};
extern const struct trap_fixup_entry trap_fixups_start[], trap_fixups_end[];

/* Labels of arch/usercopy.asm; only their addresses are used. */
extern const char usercopy_start[], usercopy_end[];

bool trap_fixup(struct trap_frame *tf)
{
    for (const struct trap_fixup_entry *entry = trap_fixups_start; entry != trap_fixups_end;
         entry++) {
        if (entry->from == tf->eip) {
            tf->eip = entry->to;
            return true;
        }
    }
    return false;
}

bool trap_in_usercopy(uint32_t eip)
{
    return eip >= (uint32_t)usercopy_start && eip < (uint32_t)usercopy_end;
}
