/*
 * Page faults: decode, call vm_fault(), and act on its result.
 *
 * What vm_fault() refuses to a program is a signal, which ends the program with one line if it has
 * no handler. If it is out of memory,
 * other processes give way first and the fault is tried again. The kernel itself may fault on a
 * user address in one place, the copy routines of arch/usercopy.asm: the page comes in the same
 * way, or the copy ends early. Every other page fault of the kernel is a bug in it and ends in the
 * panic screen.
 *
 * A fault is handled in its slot of the fault log, not in a copy on the stack: copying it would
 * cost 10 of the 235 instructions of the cheapest fault. Only code that may sleep copies it,
 * because others then reuse the slot. vm_fault(), which may sleep in a pager, writes the request
 * into the slot again.
 */
#include "kernel/trap/page_fault.h"

#include <asm/siginfo.h>
#include <asm/signal.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/trap.h"
#include "kernel/oom/oom.h"
#include "kernel/proc/exit.h"
#include "kernel/proc/kill.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/signal.h"
#include "kernel/trap/fault_log.h"
#include "kernel/trap/report.h"
#include "kernel/user/return.h"
#include "kernel/user/signal_deliver.h"
#include "lib/addr.h"
#include "lib/assert.h"
#include "mm/vm_map.h"

/* So many faults with the same address, instruction and access, and no system call in between, are
 * taken for accidents. A stale translation causes one. */
#define FAULT_REPEATS_MAX 3u

static bool is_traced;

void trap_configure(bool trace)
{
    is_traced = trace;
}

static inline uint8_t access_of(uint32_t error)
{
    if (error & PF_WRITE) {
        return VM_WRITE;
    }
    return error & PF_FETCH ? VM_EXEC : VM_READ;
}

/* Begins the fault's entry in the fault log. Its cause is not known yet. */
static inline struct fault_note *note_fault(const struct process *self, const struct trap_frame *tf,
                                            uint32_t va, uint8_t access)
{
    struct fault_note *note = fault_log_next();

    note->tsc = cpu_rdtsc();
    note->pid = self->id.pid;
    note->ip = tf->eip;
    note->fault.va = vaddr(va);
    note->fault.access = access;
    note->fault.cause = VM_CAUSE_COUNT;
    return note;
}

/* Calls vm_fault() and traces its result. */
static inline enum vm_fault_result resolve(struct process *self, const struct trap_frame *tf,
                                           struct fault_note *note)
{
    enum vm_fault_result result = vm_fault(self->memory.map, &note->fault);

    if (unlikely(is_traced)) {
        trap_trace_fault(self, tf, &note->fault, note->tsc, (uint32_t)(cpu_rdtsc() - note->tsc));
    }
    return result;
}

/* Returns true if this fault is the same as the last one. */
static inline bool is_repeated(const struct process *self, const struct trap_frame *tf, uint32_t va,
                               uint8_t access)
{
    const struct fault_note *last = fault_log_last();

    return unlikely(last->fault.va.raw == va) && last->ip == tf->eip &&
           last->fault.access == access && last->pid == self->id.pid;
}

/* Contract L5: at entry [esp] holds argc, so a plain return from _start fetches from there. */
static inline bool is_return_of_start(const struct process *self, const struct trap_frame *tf)
{
    return tf->eip == self->program.entry_argc &&
           tf->esp == self->program.entry_esp + sizeof(uint32_t);
}

/* While the fault is out of memory, makes others release memory and tries it again. Stops when
 * nobody else can. The process may sleep meanwhile and other faults reuse the log's slots, so
 * `note` must be a copy. */
static cold_fn enum vm_fault_result resolve_short_of_memory(struct process *self,
                                                            const struct trap_frame *tf,
                                                            struct fault_note *note,
                                                            enum vm_fault_result result)
{
    while (vm_fault_is_out_of_memory(result) && oom_relieve(self, result)) {
        result = resolve(self, tf, note);
    }
    if (vm_fault_is_out_of_memory(result)) {
        vm_fault_give_up(self->memory.map, &note->fault);
    }
    return result;
}

/* Returns the si_code of a refused access. */
static int32_t code_of(enum vm_fault_result result)
{
    if (result == VM_FAULT_IO) {
        return BUS_ADRERR;
    }
    return result == VM_FAULT_BAD_ACCESS ? SEGV_ACCERR : SEGV_MAPERR;
}

/* Calls the handler that the program has for a refused access, or ends the program. */
static cold_fn void refuse(struct process *self, const struct trap_frame *tf,
                           const struct vm_fault *fault, enum vm_fault_result result)
{
    const struct signal_info info = {
        .signal = trap_signal_of(result), .code = code_of(result), .fields = {fault->va.raw}};
    const struct signal_cause cause = {TRAP_PAGE_FAULT, tf->error, fault->va.raw};

    if (signal_deliver_fault(self, &info, &cause) || (self->sched.work & PROCESS_WORK_KILL)) {
        return;
    }
    trap_report_fault(self, tf, fault, result);
    process_exit(PROCESS_END_SIGNAL, trap_signal_of(result));
}

/*
 * Counts a fault that comes again although it was just resolved. Once or twice is an accident; more
 * often ends the program, because a fault that changes nothing would come for ever (bad-input F15).
 * A debug build panics instead, with one exception that is not our bug: for a program's retf and
 * iret, QEMU 7.2 reads the stack as the supervisor, which SMAP refuses whatever the page table
 * says.
 */
static cold_fn void count_repeat(struct process *self, const struct trap_frame *tf, uint32_t va)
{
    if (self->counts.fault_syscalls != self->counts.syscalls) {
        self->counts.fault_syscalls = self->counts.syscalls;
        self->counts.fault_repeats = 0;
    }
    if (++self->counts.fault_repeats <= FAULT_REPEATS_MAX) {
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

/* Handles a fault that vm_fault() did not resolve at once. Returns when it is resolved, or a handler
 * will run, or the program is being killed; otherwise ends the program. */
static cold_fn void retry_or_refuse(struct process *self, const struct trap_frame *tf,
                                    const struct fault_note *first, enum vm_fault_result result)
{
    struct fault_note note = *first;

    result = resolve_short_of_memory(self, tf, &note, result);
    if (result != VM_FAULT_RESUME && !(self->sched.work & PROCESS_WORK_KILL)) {
        refuse(self, tf, &note.fault, result);
    }
}

static inline void user_page_fault(struct process *self, struct trap_frame *tf, uint32_t va)
{
    uint8_t access = access_of(tf->error);

    /* Every return to ring 3 checks for a kill, so no dying process faults here and takes a
     * page. */
    debug_assert(!process_is_dying(self));
    if (unlikely(va == tf->eip)) {
        if (is_return_of_start(self, tf)) {
            process_exit(PROCESS_END_RETURN, (int)tf->eax);
        }
        /* Without NX and SMEP a fetch looks like a read. An access to the address of the
         * instruction itself is taken for its fetch. */
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
    self->usage.own.faults++;
    if (unlikely(self->sched.work != 0)) {
        process_do_work(self);
    }
}

/* Handles a fault of the user-copy routines. Returns false if it came from elsewhere. */
static cold_fn bool usercopy_fault(struct process *self, struct trap_frame *tf, uint32_t va)
{
    if (self == NULL || self->memory.map == NULL || va >= USER_END || !trap_in_usercopy(tf->eip)) {
        return false;
    }
    if (self->sched.work & PROCESS_WORK_KILL) {
        return trap_fixup(tf); /* a dying process gets no more pages: the copy ends early */
    }
    struct fault_note *first = note_fault(self, tf, va, access_of(tf->error));

    sched_hold_cpu(); /* the copying code may be in the middle of a change */
    enum vm_fault_result result = resolve(self, tf, first);

    struct fault_note note = *first;

    result = resolve_short_of_memory(self, tf, &note, result);
    sched_let_cpu_go();
    if (result == VM_FAULT_RESUME) {
        self->usage.own.faults++;
        return true;
    }
    if (vm_fault_is_out_of_memory(result) && !(self->sched.work & PROCESS_WORK_KILL)) {
        trap_report_fault(self, process_trap_frame(self), &note.fault, result);
        process_kill(self, SIGKILL, PROCESS_KILLED_BY_KERNEL);
    }
    return trap_fixup(tf);
}

void trap_page_fault(struct trap_frame *tf)
{
    struct process *self = process_running;
    uint32_t va = cpu_read_cr2();

    if (likely(trap_from_user(tf))) {
        user_page_fault(self, tf, va);
    } else if (!usercopy_fault(self, tf, va)) {
        panic_trap(tf, va, "page fault in the kernel");
    }
}
