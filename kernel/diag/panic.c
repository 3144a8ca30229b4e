/*
 * The panic screen shows everything that helps to find the bug, on the 25 lines of a screen and on
 * the serial line, which comes first.
 *
 * It runs when something is broken and nobody knows what, so it does not rely on anything that may
 * be broken. It uses no heap, no locks and no interrupts, polls its outputs, has static buffers,
 * and follows pointers only into memory that is certainly mapped (the direct map, the running
 * stack). The process and its map can be damaged in ways that no check foresees. Therefore the
 * screen is a list of parts, and each part counts as done before it is shown: if it faults, the
 * trap returns here, which prints one line and continues with the next part. A limit on such
 * returns ends the worst case.
 */
#include "kernel/diag/panic_impl.h"

#include <stdarg.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "dev/power.h"
#include "kernel/log/sink.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/string.h"
#include "sync/lock.h"

#define NESTED_MAX 6u

struct panic_view panic_view;

static bool panic_is_active; /* from the first panic on */
static uint32_t nested_count;
static uint32_t next_part;

static void (*const parts[])(void) = {
    panic_show_reason,
    panic_show_process,
    panic_show_trap,
    panic_show_registers,
    panic_show_control_registers,
    panic_show_area,
    panic_show_tables,
    panic_show_trace,
    panic_show_faults,
};

static noreturn_fn void show_parts(void)
{
    while (next_part < array_size(parts)) {
        parts[next_part++]();
    }
    power_end_panic();
}

/* Handles a panic while the screen is shown: skips the rest of the part that failed. */
static noreturn_fn void go_on_after(const char *reason, uint32_t eip, uint32_t cr2)
{
    nested_count++;
    if (nested_count > NESTED_MAX + 1) {
        cpu_halt_forever();
    }
    if (nested_count > NESTED_MAX) {
        power_end_panic();
    }
    panic_show("(this part of the screen failed: %s at eip %08x, cr2 %08x)", reason,
               (unsigned int)eip, (unsigned int)cr2);
    show_parts();
}

/* Returns true for the first panic, which may fill panic_view. */
static bool panic_begin(void)
{
    cpu_irq_off();
    if (panic_is_active) {
        return false;
    }
    panic_is_active = true;
    lock_release_all();
    return true;
}

static noreturn_fn void show_screen(const char *reason)
{
    strlcpy(panic_view.reason, reason, sizeof(panic_view.reason));
    log_begin_panic();
    show_parts();
}

/* From ring 0 the CPU pushes no esp; the stack was where the frame ends. */
noreturn_fn void panic_trap(const struct trap_frame *tf, uint32_t cr2, const char *reason)
{
    if (!panic_begin()) {
        go_on_after(reason, tf->eip, cr2);
    }
    bool is_user = trap_from_user(tf);
    size_t frame_bytes = is_user ? sizeof(*tf) : offsetof(struct trap_frame, esp);
    memcpy(&panic_view.frame, tf, frame_bytes);
    panic_view.has_frame = true;
    panic_view.eip = tf->eip;
    panic_view.esp = is_user ? tf->esp : (uint32_t)tf + offsetof(struct trap_frame, esp);
    panic_view.cr2 = tf->vector == TRAP_PAGE_FAULT ? cr2 : cpu_read_cr2();
    show_screen(reason);
}

noreturn_fn void panic_double_fault(uint32_t eip, uint32_t esp, uint32_t ebp, uint32_t cr2,
                                    const char *reason)
{
    if (!panic_begin()) {
        go_on_after(reason, eip, cr2);
    }
    panic_view.eip = eip;
    panic_view.esp = esp;
    panic_view.ebp = ebp;
    panic_view.cr2 = cr2;
    show_screen(reason);
}

/* Not inlined, because its return address and frame say where the kernel gave up. The scan of the
 * stack begins after the two words at the start of the frame, the saved ebp and that return
 * address. */
__attribute__((noinline)) noreturn_fn void panic(const char *fmt, ...)
{
    static char reason[PANIC_REASON_MAX];
    bool is_first = panic_begin();
    uint32_t eip = (uint32_t)__builtin_return_address(0);
    va_list args;
    va_start(args, fmt);
    format_buffer_v(reason, sizeof(reason), fmt, args);
    va_end(args);
    if (!is_first) {
        go_on_after(reason, eip, cpu_read_cr2());
    }
    panic_view.eip = eip;
    panic_view.esp = (uint32_t)__builtin_frame_address(0) + 2 * sizeof(uint32_t);
    panic_view.cr2 = cpu_read_cr2();
    show_screen(reason);
}
