/*
 * Symbol lookup. It is used when the kernel is broken, so it trusts nothing: it finds no name if
 * there is no table or an offset points outside the names.
 */
#include "kernel/diag/symbols.h"

#include <stddef.h>

/* Linked in by the second pass; see symbols.h. */
extern const struct symbol_entry symbols_start[] __attribute__((weak));
extern const struct symbol_entry symbols_end[] __attribute__((weak));
extern const char symbol_names[] __attribute__((weak));
extern const char symbol_names_end[] __attribute__((weak));

/* Returns the number of entries with an address at or below addr. */
static uint32_t entries_up_to(uint32_t addr)
{
    uint32_t low = 0;
    uint32_t high = ((uint32_t)symbols_end - (uint32_t)symbols_start) / sizeof(struct symbol_entry);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (symbols_start[middle].addr <= addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool symbols_find(uint32_t addr, const char **name, uint32_t *offset)
{
    uint32_t n = entries_up_to(addr);
    if (n == 0) {
        return false;
    }
    const struct symbol_entry *entry = &symbols_start[n - 1];
    if (entry->name_off >= (uint32_t)symbol_names_end - (uint32_t)symbol_names) {
        return false;
    }
    *name = symbol_names + entry->name_off;
    *offset = addr - entry->addr;
    return true;
}
