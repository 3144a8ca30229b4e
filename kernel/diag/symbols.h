/*
 * Names for addresses of the kernel's text: the panic screen's call trace.
 *
 * Format, made by tools/mksymbols from `nm -n` of the first link and linked in by the second one,
 * in section .symtab_kernel (read-only data):
 *
 *   symbols_start:  struct symbol_entry[n], ascending by addr, one per text symbol (nm types t, T,
 *                   w, W), no two with the same addr (a global name wins over a local one)
 *   symbols_end:    first byte after the array
 *   symbol_names:   the names, each ended by a zero byte; name_off counts from here
 *   symbol_names_end: first byte after the names
 *
 * As nasm source:
 *
 *   section .symtab_kernel progbits alloc noexec nowrite align=4
 *   global symbols_start, symbols_end, symbol_names, symbol_names_end
 *   symbols_start:
 *       dd 0xC0100010, 0          ; address, offset of its name
 *       dd 0xC0100034, 12
 *   symbols_end:
 *   symbol_names:
 *       db "kernel_main", 0 ...
 *   symbol_names_end:
 *
 * All four are weak in C: the first link has none, and then every lookup says "not found". The
 * section must be placed after .text; otherwise the addresses of the first link would not be those
 * of the second.
 */
#ifndef KERNEL_DIAG_SYMBOLS_H
#define KERNEL_DIAG_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct symbol_entry {
    uint32_t addr;     /* first byte of the function       */
    uint32_t name_off; /* its name: symbol_names + name_off */
};

/* Finds the function that holds addr. Returns true, its name, and the offset of addr in it; false
 * if it is unknown. */
bool symbols_find(uint32_t addr, const char **name, uint32_t *offset);

#endif
