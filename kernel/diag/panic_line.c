/*
 * The lines of the panic screen, and the memory that it may read, which is certainly mapped
 * whatever else is broken.
 */
#include <stdarg.h>

#include "arch/pmap.h"
#include "kernel/diag/panic_impl.h"
#include "kernel/log/sink.h"
#include "kernel/proc/kstack.h"
#include "kernel/proc/process.h"
#include "lib/addr.h"
#include "lib/format.h"
#include "lib/minmax.h"
#include "lib/string.h"

/* boot/link.ld */
extern const char text_start[], text_end[], kernel_end[];

/* ---- Lines ----------------------------------------------------------------------------------- */

void panic_show(const char *fmt, ...)
{
    static char line[PANIC_LINE_MAX];
    va_list args;
    va_start(args, fmt);
    format_buffer_v(line, sizeof(line), fmt, args);
    va_end(args);
    log_put_panic_line(line, (uint32_t)strlen(line));
}

void panic_row_add(char row[PANIC_ROW_MAX], const char *entry)
{
    size_t used = strlen(row);
    for (; used > 0 && used < PANIC_COLUMN_WIDTH; used++) {
        row[used] = ' ';
    }
    strlcpy(row + used, entry, PANIC_ROW_MAX - used);
}

/* ---- What may be read ------------------------------------------------------------------------ */

bool panic_is_text(uint32_t addr)
{
    return addr >= (uint32_t)text_start && addr < (uint32_t)text_end;
}

/* Returns the end of the kernel memory that is certainly mapped. The kernel itself is mapped even
 * before pmap_bootstrap(), when there is no direct map. */
static uint32_t readable_end(void)
{
    uint32_t end = KERNEL_BASE + ((uint32_t)pmap_direct_limit() << PAGE_SHIFT);
    return max_u32(end, (uint32_t)kernel_end);
}

bool panic_is_readable(uint32_t addr, uint32_t len)
{
    uint32_t end = readable_end();
    return addr >= KERNEL_BASE && addr < end && len <= end - addr;
}

bool panic_is_in_kernel_stacks(uint32_t addr)
{
    return addr >= KSTACK_BASE && addr < KSTACK_BASE + PROCESS_MAX * KSTACK_SLOT_SIZE;
}

/* Shows a stack that overflowed from its lowest address. */
void panic_stack_bounds(uint32_t esp, uint32_t *start, uint32_t *end)
{
    *start = esp & ~(uint32_t)(sizeof(uint32_t) - 1);
    *end = *start;
    if (panic_is_readable(*start, sizeof(uint32_t))) {
        uint32_t limit = readable_end();
        *end = limit - *start < KSTACK_SIZE ? limit : *start + KSTACK_SIZE;
        return;
    }
    uint32_t slot_of_running = (tss_kernel_stack() - 1) / KSTACK_SLOT_SIZE;
    if (panic_is_in_kernel_stacks(*start) && *start / KSTACK_SLOT_SIZE == slot_of_running) {
        *end = (slot_of_running + 1) * KSTACK_SLOT_SIZE;
        if (*end - *start > KSTACK_SIZE) {
            *start = *end - KSTACK_SIZE;
        }
    }
}
