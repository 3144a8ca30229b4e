/* What the files of the panic screen share. Private to kernel/diag/. */
#ifndef KERNEL_DIAG_PANIC_IMPL_H
#define KERNEL_DIAG_PANIC_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/trap.h"
#include "lib/compiler.h"

#define PANIC_LINE_MAX   256u
#define PANIC_REASON_MAX 160u

/* The state of the CPU at the panic, as far as it is known. */
struct panic_view {
    char reason[PANIC_REASON_MAX];
    bool has_frame; /* frame is valid (esp and ss only if it came from ring 3) */
    struct trap_frame frame;
    uint32_t eip, esp, ebp, cr2;
};
extern struct panic_view panic_view;

/* ---- Lines: panic_line.c --------------------------------------------------------------------- */

/* Shows one line, cut at PANIC_LINE_MAX. */
void panic_show(const char *fmt, ...) printf_like(1, 2);

/* Rows of two columns. panic_row_add() appends an entry to a row. */
#define PANIC_COLUMNS      2u
#define PANIC_COLUMN_WIDTH 40u
#define PANIC_ROW_MAX      (PANIC_COLUMNS * PANIC_COLUMN_WIDTH + 1u)
void panic_row_add(char row[PANIC_ROW_MAX], const char *entry);

/* ---- What may be read: panic_line.c ---------------------------------------------------------- */

/* Returns true if addr lies in the kernel's text. */
bool panic_is_text(uint32_t addr);
/* Returns true if the len bytes of kernel memory at addr are certainly mapped. */
bool panic_is_readable(uint32_t addr, uint32_t len);
bool panic_is_in_kernel_stacks(uint32_t addr);
/* Finds the readable part of the stack from esp up. It is empty (start == end) if esp is neither in
 * the running process's stack nor in directly mapped memory. */
void panic_stack_bounds(uint32_t esp, uint32_t *start, uint32_t *end);

/* ---- Parts of the screen, in their order ----------------------------------------------------- */

void panic_show_reason(void);
void panic_show_process(void);
void panic_show_trap(void);
void panic_show_registers(void);
void panic_show_control_registers(void);
void panic_show_area(void);
void panic_show_tables(void);
void panic_show_trace(void);  /* backtrace.c   */
void panic_show_faults(void); /* fault_list.c  */

#endif
