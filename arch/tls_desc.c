/* Descriptors of thread-local storage (tls_desc.h). */
#include "arch/tls_desc.h"

#include <asm/ldt.h>

/* Bits of a segment descriptor's upper half (SDM vol. 3, 3.4.5). */
#define DESC_WRITABLE          0x00000200u
#define DESC_EXPAND_DOWN_SHIFT 10
#define DESC_CODE_OR_DATA      0x00001000u
#define DESC_RING3             0x00006000u
#define DESC_PRESENT           0x00008000u
#define DESC_AVAILABLE         0x00100000u
#define DESC_32BIT             0x00400000u
#define DESC_PAGES             0x00800000u

/* Linux's "no descriptor": everything zero, or what its LDT_empty macro says. */
static bool is_empty_desc(const struct user_desc *d)
{
    bool no_address = d->base_addr == 0 && d->limit == 0;
    bool is_zero = no_address && !d->seg_32bit && !d->contents && !d->read_exec_only &&
                   !d->limit_in_pages && !d->seg_not_present && !d->useable;
    bool is_marked = no_address && !d->seg_32bit && !d->contents && d->read_exec_only &&
                     !d->limit_in_pages && d->seg_not_present && !d->useable;

    return is_zero || is_marked;
}

/* Only present 32-bit data segments; they are always ring 3's (bad-input S15). */
static bool is_desc_allowed(const struct user_desc *d)
{
    return d->seg_32bit && d->contents <= MODIFY_LDT_CONTENTS_STACK && !d->seg_not_present;
}

static uint64_t descriptor_of(const struct user_desc *d)
{
    uint32_t low = (d->base_addr << 16) | (d->limit & 0xFFFFu);
    uint32_t high = (d->base_addr & 0xFF000000u) | ((d->base_addr >> 16) & 0xFFu) |
                    (d->limit & 0xF0000u) | DESC_CODE_OR_DATA | DESC_RING3 | DESC_PRESENT |
                    DESC_32BIT;

    high |= d->read_exec_only ? 0 : DESC_WRITABLE;
    high |= (uint32_t)d->contents << DESC_EXPAND_DOWN_SHIFT;
    high |= d->useable ? DESC_AVAILABLE : 0;
    high |= d->limit_in_pages ? DESC_PAGES : 0;
    return (uint64_t)high << 32 | low;
}

bool tls_desc_encode(const struct user_desc *desc, uint64_t *out)
{
    bool is_empty = is_empty_desc(desc);

    if (!is_empty && !is_desc_allowed(desc)) {
        return false;
    }
    *out = is_empty ? 0 : descriptor_of(desc);
    return true;
}
