/*
 * The CPU's exceptions except page faults. One in a program is a signal, as on Linux, which
 * ends the program if it has no handler. One in the kernel is a panic, unless the kernel expects it: a fixup (arch/trap.h), or the
 * single step that a program's TF flag carried into the kernel.
 */
#include "kernel/trap/exception.h"

#include <asm/siginfo.h>
#include <asm/signal.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/trap.h"
#include "arch/trap_names.h"
#include "kernel/proc/exit.h"
#include "kernel/proc/kill.h"
#include "kernel/proc/process.h"
#include "kernel/proc/signal.h"
#include "kernel/trap/report.h"
#include "kernel/user/signal_deliver.h"

#define EFLAGS_TRAP 0x100u

/* The signals of the exceptions that a program can cause. */
static const uint8_t signals[] = {
    [TRAP_DIVIDE] = SIGFPE,    [TRAP_DEBUG] = SIGTRAP,       [TRAP_BREAKPOINT] = SIGTRAP,
    [TRAP_OVERFLOW] = SIGSEGV, [TRAP_BOUND] = SIGSEGV,       [TRAP_INVALID_OPCODE] = SIGILL,
    [TRAP_NO_FPU] = SIGILL,    [TRAP_INVALID_TSS] = SIGSEGV, [TRAP_NOT_PRESENT] = SIGSEGV,
    [TRAP_STACK] = SIGSEGV,    [TRAP_PROTECTION] = SIGSEGV,  [TRAP_FPU] = SIGFPE,
    [TRAP_ALIGNMENT] = SIGBUS, [TRAP_SIMD] = SIGFPE,
};

static int signal_of(uint32_t vector)
{
    return vector < array_size(signals) && signals[vector] != 0 ? signals[vector] : SIGSEGV;
}

static const char *word_of(uint32_t vector)
{
    const char *name = trap_name(vector);

    return name == NULL ? "unexpected trap" : name;
}

/* Returns the si_code of an x87 or SSE exception that is signalled and not masked. */
static int32_t fpu_code(uint32_t exceptions)
{
    if (exceptions & 0x01) {
        return FPE_FLTINV;
    }
    if (exceptions & 0x04) {
        return FPE_FLTDIV;
    }
    if (exceptions & 0x08) {
        return FPE_FLTOVF;
    }
    if (exceptions & 0x12) {
        return FPE_FLTUND;
    }
    return exceptions & 0x20 ? FPE_FLTRES : SI_KERNEL;
}

/* Returns the siginfo of an exception, as Linux i386 fills it: most have the address of the
 * instruction or none. */
static struct signal_info info_of(const struct trap_frame *tf)
{
    struct signal_info info = {.signal = signal_of(tf->vector), .code = SI_KERNEL};

    switch (tf->vector) {
    case TRAP_DIVIDE:
        info.code = FPE_INTDIV;
        break;
    case TRAP_DEBUG:
        info.code = cpu_take_dr6() & CPU_DR6_STEP ? TRAP_TRACE : TRAP_BRKPT; /* else int1 */
        break;
    case TRAP_INVALID_OPCODE:
        info.code = ILL_ILLOPN;
        break;
    case TRAP_ALIGNMENT:
        info.code = BUS_ADRALN;
        return info;
    case TRAP_FPU:
    case TRAP_SIMD:
        info.code = fpu_code(fpu_exceptions(tf->vector == TRAP_SIMD));
        break;
    default:
        return info;
    }
    info.fields[0] = tf->eip;
    return info;
}

static void user_exception(struct process *self, const struct trap_frame *tf)
{
    const struct signal_info info = info_of(tf);
    const struct signal_cause cause = {tf->vector, tf->error, self->thread.signal_cause.address};
    int signal = info.signal;

    if (signal_deliver_fault(self, &info, &cause) || (self->sched.work & PROCESS_WORK_KILL)) {
        return;
    }
    if (tf->vector == TRAP_PROTECTION) {
        trap_report_protection(self, tf);
    } else {
        trap_report_exception(self, tf, signal, word_of(tf->vector));
    }
    process_exit(PROCESS_END_SIGNAL, signal);
}

/* Returns true for a single step that a program's TF flag carried into the kernel (bad-input
 * P10). */
static bool is_stray_step(const struct trap_frame *tf)
{
    return tf->vector == TRAP_DEBUG && process_running != NULL;
}

static void kernel_exception(struct trap_frame *tf)
{
    if (is_stray_step(tf)) {
        tf->eflags &= ~EFLAGS_TRAP;
        trap_report_exception(process_running, process_trap_frame(process_running), SIGTRAP,
                              trap_name(TRAP_DEBUG));
        process_kill(process_running, SIGTRAP, PROCESS_KILLED_BY_KERNEL);
    } else if (!trap_fixup(tf)) {
        panic_trap(tf, 0, word_of(tf->vector));
    }
}

void trap_exception(struct trap_frame *tf)
{
    if (tf->vector == TRAP_NMI) {
        panic_trap(tf, 0, "NMI");
    }
    if (tf->vector == TRAP_MACHINE_CHECK) {
        panic_trap(tf, 0, "machine check");
    }
    if (trap_from_user(tf)) {
        user_exception(process_running, tf);
    } else {
        kernel_exception(tf);
    }
}

void trap_bad_return(struct trap_frame *tf)
{
    trap_report_exception(process_running, tf, SIGSEGV, "registers that cannot be loaded");
    process_exit(PROCESS_END_SIGNAL, SIGSEGV);
}
