/*
 * Every vector but int 0x80 ends here. Three kinds: page faults, interrupts of devices, and the
 * CPU's other exceptions. Whose fault it is is decided by CS alone (bad-input P19).
 *
 * A user program's page fault is decoded and handed to vm_fault(); what it refuses ends the
 * program with one line. A fault of the kernel on a user address is legal in one place, the copy
 * routines of arch/usercopy.asm: the page comes in the same way, or the copy ends early. Everything
 * else that the kernel trips over is a bug in it and ends in the panic screen.
 */
#include "kernel/trap/trap.h"

#include <asm/signal.h>

#include "arch/cpu.h"
#include "arch/latency.h"
#include "arch/trap.h"
#include "dev/irq.h"
#include "dev/pic.h"
#include "kernel/log/printk.h"
#include "kernel/proc/oom.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "kernel/trap/fault_log.h"
#include "lib/addr.h"
#include "lib/assert.h"
#include "mm/vm_map.h"

#define EFLAGS_TRAP      0x100u
#define EFLAGS_INTERRUPT 0x200u

/* Faults with the same address, instruction and access, and no system call in between, that are
 * believed to be accidents: a stale translation needs one. */
#define FAULT_REPEATS_MAX 3u

static bool is_traced;

void trap_configure(bool trace)
{
    is_traced = trace;
}

/* ---- Page faults --------------------------------------------------------------------------------- */

static inline uint8_t access_of(uint32_t error)
{
    if (error & PF_WRITE) {
        return VM_WRITE;
    }
    return error & PF_FETCH ? VM_EXEC : VM_READ;
}

/* A note for the panic screen, in which the fault is handled: no cause is known yet. */
static inline struct fault_note *note_fault(const struct process *self, const struct trap_frame *tf,
                                            uint32_t va, uint8_t access)
{
    struct fault_note *note = fault_log_next();

    note->tsc = cpu_rdtsc();
    note->pid = self->pid;
    note->ip = tf->eip;
    note->fault.va = vaddr(va);
    note->fault.access = access;
    note->fault.cause = VM_CAUSE_COUNT;
    return note;
}

/* vm_fault, and its trace. */
static inline enum vm_fault_result resolve(struct process *self, const struct trap_frame *tf,
                                           struct fault_note *note)
{
    enum vm_fault_result result = vm_fault(self->map, &note->fault);

    if (unlikely(is_traced)) {
        trap_trace_fault(self, tf, &note->fault, note->tsc, (uint32_t)(cpu_rdtsc() - note->tsc));
    }
    return result;
}

/* Is this the same fault as the last one? */
static inline bool is_repeated(const struct process *self, const struct trap_frame *tf, uint32_t va,
                               uint8_t access)
{
    const struct fault_note *last = fault_log_last();

    return unlikely(last->fault.va.raw == va) && last->ip == tf->eip &&
           last->fault.access == access && last->pid == self->pid;
}

/* Contract L5: at entry [esp] holds argc, so a plain return from _start fetches from there. */
static inline bool is_return_of_start(const struct process *self, const struct trap_frame *tf)
{
    return tf->eip == self->entry_argc && tf->esp == self->entry_esp + sizeof(uint32_t);
}

/* Out of memory: others give way, and the fault is taken again, until it is resolved or nobody else
 * can help. The process may sleep meanwhile, and others write notes. So the caller has copied this
 * one. */
static cold_fn enum vm_fault_result resolve_short_of_memory(struct process *self,
                                                            const struct trap_frame *tf,
                                                            struct fault_note *note,
                                                            enum vm_fault_result result)
{
    while (vm_fault_is_out_of_memory(result) && oom_relieve(self, result)) {
        result = resolve(self, tf, note);
    }
    if (vm_fault_is_out_of_memory(result)) {
        vm_fault_give_up(self->map, &note->fault);
    }
    return result;
}

/* The end of a program whose access is refused. */
static noreturn_fn cold_fn void refuse(struct process *self, const struct trap_frame *tf,
                                       const struct vm_fault *fault, enum vm_fault_result result)
{
    trap_report_fault(self, tf, fault, result);
    process_exit(PROCESS_END_SIGNAL, trap_signal_of(result));
}

/*
 * The very fault that was resolved last is here again. That may be an accident, once or twice; a
 * fault that changes nothing is not to come for ever (bad-input F15). In a debug build it is a
 * panic, but for one case that is not our bug: QEMU 7.2 reads the stack for a program's retf and
 * iret as the supervisor, which SMAP refuses whatever the page table says.
 */
static cold_fn void count_repeat(struct process *self, const struct trap_frame *tf, uint32_t va)
{
    if (self->fault_syscalls != self->syscalls) {
        self->fault_syscalls = self->syscalls;
        self->fault_repeats = 0;
    }
    if (++self->fault_repeats <= FAULT_REPEATS_MAX) {
        return;
    }
#ifdef FAULTLINE_DEBUG
    if (tf->error & PF_USER) {
        panic_trap(tf, va, "a page fault that changes nothing");
    }
#else
    (void)va;
#endif
    trap_report_exception(self, tf, SIGSEGV, "the same page fault again and again");
    process_exit(PROCESS_END_SIGNAL, SIGSEGV);
}

/* An access that did not succeed at once: it does now, or the program ends, or is being killed. */
static cold_fn void retry_or_refuse(struct process *self, const struct trap_frame *tf,
                                    const struct fault_note *first, enum vm_fault_result result)
{
    struct fault_note note = *first;

    result = resolve_short_of_memory(self, tf, &note, result);
    if (result != VM_FAULT_RESUME && !(self->work & PROCESS_WORK_KILL)) {
        refuse(self, tf, &note.fault, result);
    }
}

static inline void user_page_fault(struct process *self, struct trap_frame *tf, uint32_t va)
{
    uint8_t access = access_of(tf->error);

    /* Every way to ring 3 looks for a kill, so nobody who is dying gets here and takes a page. */
    debug_assert(!process_is_dying(self));
    if (unlikely(va == tf->eip)) {
        if (is_return_of_start(self, tf)) {
            process_exit(PROCESS_END_RETURN, (int)tf->eax);
        }
        /* Without NX and SMEP a fetch looks like a read. It is none if the instruction cannot be
         * had itself. */
        access = access == VM_WRITE ? VM_WRITE : VM_EXEC;
    }
    if (is_repeated(self, tf, va, access)) {
        count_repeat(self, tf, va);
    }
    struct fault_note *note = note_fault(self, tf, va, access);
    enum vm_fault_result result = resolve(self, tf, note);

    if (unlikely(result != VM_FAULT_RESUME)) {
        retry_or_refuse(self, tf, note, result);
    }
    if (unlikely(self->work != 0)) {
        process_do_work(self);
    }
}

/* True if the fault came from a user copy and is dealt with. */
static cold_fn bool usercopy_fault(struct process *self, struct trap_frame *tf, uint32_t va)
{
    if (self == NULL || self->map == NULL || va >= USER_END || !trap_in_usercopy(tf->eip)) {
        return false;
    }
    if (self->work & PROCESS_WORK_KILL) {
        return trap_fixup(tf); /* no page any more for one that is dying: the copy ends here */
    }
    struct fault_note *first = note_fault(self, tf, va, access_of(tf->error));

    sched_hold_cpu(); /* nobody knows where what copies stands */
    enum vm_fault_result result = resolve(self, tf, first);

    struct fault_note note = *first;

    result = resolve_short_of_memory(self, tf, &note, result);
    sched_let_cpu_go();
    if (result == VM_FAULT_RESUME) {
        return true;
    }
    if (vm_fault_is_out_of_memory(result) && !(self->work & PROCESS_WORK_KILL)) {
        trap_report_fault(self, process_trap_frame(self), &note.fault, result);
        process_kill(self, SIGKILL, PROCESS_KILLED_BY_KERNEL);
    }
    return trap_fixup(tf);
}

static inline void page_fault(struct trap_frame *tf)
{
    struct process *self = process_running;
    uint32_t va = cpu_read_cr2();

    if (likely(trap_from_user(tf))) {
        user_page_fault(self, tf, va);
    } else if (!usercopy_fault(self, tf, va)) {
        panic_trap(tf, va, "page fault in the kernel");
    }
}

/* ---- Interrupts ---------------------------------------------------------------------------------- */

static cold_fn void interrupt(uint32_t irq)
{
    if (pic_is_spurious(irq)) {
        printk_level(LOG_DEBUG, "spurious interrupt on IRQ %u (%u so far)", irq,
                     pic_spurious_count());
        return;
    }
    irq_handle(irq);
    pic_acknowledge(irq);
}

/* ---- Other exceptions ---------------------------------------------------------------------------- */

/* What an exception means for the program that caused it. */
struct exception {
    const char *words;
    int signal;
};

static const struct exception exceptions[] = {
    [TRAP_DIVIDE] = {"divide error", SIGFPE},
    [TRAP_DEBUG] = {"debug trap", SIGTRAP},
    [TRAP_BREAKPOINT] = {"breakpoint", SIGTRAP},
    [TRAP_OVERFLOW] = {"overflow trap", SIGSEGV},
    [TRAP_BOUND] = {"bound range exceeded", SIGSEGV},
    [TRAP_INVALID_OPCODE] = {"invalid opcode", SIGILL},
    [TRAP_NO_FPU] = {"no floating point unit", SIGILL},
    [TRAP_INVALID_TSS] = {"invalid task state", SIGSEGV},
    [TRAP_NOT_PRESENT] = {"segment not present", SIGSEGV},
    [TRAP_STACK] = {"stack segment", SIGSEGV},
    [TRAP_PROTECTION] = {"general protection", SIGSEGV},
    [TRAP_FPU] = {"floating point error", SIGFPE},
    [TRAP_ALIGNMENT] = {"alignment check", SIGBUS},
    [TRAP_SIMD] = {"SIMD floating point error", SIGFPE},
};

static const struct exception *exception_of(uint32_t vector)
{
    static const struct exception unknown = {"unexpected trap", SIGSEGV};

    if (vector < array_size(exceptions) && exceptions[vector].words != NULL) {
        return &exceptions[vector];
    }
    return &unknown;
}

static void user_exception(struct process *self, const struct trap_frame *tf)
{
    const struct exception *e = exception_of(tf->vector);

    if (tf->vector == TRAP_PROTECTION) {
        trap_report_protection(self, tf);
    } else {
        trap_report_exception(self, tf, e->signal, e->words);
    }
    process_exit(PROCESS_END_SIGNAL, e->signal);
}

/* A single step that a program's TF flag carried into the kernel (bad-input P10). */
static bool is_stray_step(const struct trap_frame *tf)
{
    return tf->vector == TRAP_DEBUG && process_running != NULL;
}

static void kernel_exception(struct trap_frame *tf)
{
    if (is_stray_step(tf)) {
        tf->eflags &= ~EFLAGS_TRAP;
        trap_report_exception(process_running, process_trap_frame(process_running), SIGTRAP,
                              "debug trap");
        process_kill(process_running, SIGTRAP, PROCESS_KILLED_BY_KERNEL);
    } else if (!trap_fixup(tf)) {
        panic_trap(tf, 0, exception_of(tf->vector)->words);
    }
}

static cold_fn void exception(struct trap_frame *tf)
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

/* Vectors behind the IRQs have no source: a program cannot raise them (their gates are ring 0's). */
static cold_fn void unused_vector(const struct trap_frame *tf)
{
    static uint32_t count;

    count++;
    printk_level(LOG_WARN, "interrupt on unused vector %u (%u so far)", tf->vector, count);
}

/* Every vector but the page fault's, which has a shorter way. */
static cold_fn void dispatch_rare(struct trap_frame *tf)
{
    if (tf->vector < TRAP_IRQ0) {
        exception(tf);
    } else if (tf->vector < TRAP_IRQ0 + IRQ_COUNT) {
        interrupt(tf->vector - TRAP_IRQ0);
    } else {
        unused_vector(tf);
    }
    if (trap_from_user(tf) && unlikely(process_running->work != 0)) {
        process_do_work(process_running);
    }
}

/* A trap of the kernel's own is a part of the stretch that it interrupts, but in a window. */
void trap_dispatch(struct trap_frame *tf)
{
    bool was_on = (tf->eflags & EFLAGS_INTERRUPT) != 0;

    if (was_on) {
        latency_off(tf->vector);
    }
    if (likely(tf->vector == TRAP_PAGE_FAULT)) {
        page_fault(tf);
    } else {
        dispatch_rare(tf);
    }
    if (was_on) {
        latency_on();
    }
}

void trap_bad_return(struct trap_frame *tf)
{
    trap_report_exception(process_running, tf, SIGSEGV, "registers that cannot be loaded");
    process_exit(PROCESS_END_SIGNAL, SIGSEGV);
}

void trap_double_fault(uint32_t eip, uint32_t esp, uint32_t ebp, uint32_t cr2)
{
    bool is_overflow = process_is_stack_guard(esp) || process_is_stack_guard(cr2);

    panic_double_fault(eip, esp, ebp, cr2, is_overflow ? "kernel stack overflow" : "double fault");
}
