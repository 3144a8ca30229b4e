/*
 * Round robin. A process is in exactly one place: running, in the run queue, on one wait queue, or
 * a zombie. When nobody can run, the process that went to sleep last keeps its stack and idles on
 * it. So there is no idle process, and no switch if the process that slept is the one to wake.
 *
 * FPU state and segment registers are switched with the process, always. Doing it on first use
 * (CR0.TS) would save two instructions per switch and cost a trap per use.
 */
#include "kernel/proc/sched.h"
#include "kernel/proc/process_alloc.h"

#include "arch/cpu.h"
#include "arch/latency.h"
#include "arch/trap.h"
#include "kernel/proc/loadavg.h"
#include "kernel/proc/process.h"
#include "kernel/proc/usage.h"
#include "lib/assert.h"
#include "lib/preempt.h"
#include "mm/vm_map.h"
#include "sync/wait_queue.h"

struct process *process_running;

/* The run queue and the state of every process that is not a zombie. */
static LOCK_DEFINE(run_queue_lock, LOCK_RUN_QUEUE);
static TAILQ_HEAD(, process) run_queue = TAILQ_HEAD_INITIALIZER(run_queue);

/* A zombie whose kernel stack was in use until the switch away from it. */
static struct process *ended;

static void enqueue_locked(struct process *process)
{
    lock_assert_held(&run_queue_lock);
    process->sched.state = PROCESS_READY;
    TAILQ_INSERT_TAIL(&run_queue, process, sched.queue_entry);
}

void sched_enqueue(struct process *process)
{
    lock_acquire(&run_queue_lock);
    enqueue_locked(process);
    lock_release(&run_queue_lock);
}

/* When the running process got the CPU, as cpu_rdtsc() counts. */
static uint64_t running_since;
/* Nobody can run; the process that slept last only lends its stack. */
static bool is_idle;

static void charge(struct process *process)
{
    uint64_t now = cpu_rdtsc();

    process->usage.own.cycles += now - running_since;
    running_since = now;
}

static void idle(void)
{
    is_idle = true;
    cpu_idle();
    is_idle = false;
    running_since = cpu_rdtsc();
}

/* Takes the next one to run off the queue, and waits for an interrupt to bring one. */
static struct process *take_next(void)
{
    lock_acquire(&run_queue_lock);
    while (TAILQ_EMPTY(&run_queue)) {
        lock_release(&run_queue_lock);
        idle();
        lock_acquire(&run_queue_lock);
    }
    struct process *next = TAILQ_FIRST(&run_queue);

    TAILQ_REMOVE(&run_queue, next, sched.queue_entry);
    next->sched.state = PROCESS_RUNNING;
    lock_release(&run_queue_lock);
    return next;
}

static void save_machine(struct process *process)
{
    fpu_save(&process->thread.fpu);
    process->thread.fs = cpu_read_fs();
    process->thread.gs = cpu_read_gs();
}

void sched_load_machine(const struct process *process)
{
    fpu_restore(&process->thread.fpu);
    gdt_set_tls(process->thread.tls);
    cpu_load_fs(process->thread.fs); /* after the descriptors they may name */
    cpu_load_gs(process->thread.gs);
}

void sched_finish_switch(void)
{
    if (ended != NULL) {
        process_finish_exit(ended);
        ended = NULL;
    }
    sched_load_machine(process_running);
}

/* Everything that a switch changes but the stack. */
static void make_current(struct process *next)
{
    process_running = next;
    lock_switch_holder(&next->thread.locks);
    tss_set_kernel_stack(next->thread.stack_top);
    vm_map_activate(next->memory.map);
}

/* Switches to the next process. Returns when the caller gets the CPU again. */
static void switch_away(void)
{
    struct process *self = process_running;

    charge(self);
    struct process *next = take_next();

    if (next == self) {
        return;
    }
    uint32_t what = latency_what();

    save_machine(self);
    make_current(next);
    cpu_switch(&self->thread.kernel_esp, next->thread.kernel_esp);
    (void)latency_rename(what);
    sched_finish_switch();
}

void sched_yield_cpu(void)
{
    if (!TAILQ_EMPTY(&run_queue)) {
        process_running->usage.own.involuntary_switches++;
        sched_enqueue(process_running);
        switch_away();
    }
}

void sched_sleep(void)
{
    lock_acquire(&run_queue_lock);
    process_running->sched.state = PROCESS_SLEEPING;
    lock_release(&run_queue_lock);
    switch_away();
}

void sched_hold_cpu(void)
{
    process_running->sched.holds_cpu++;
}

void sched_let_cpu_go(void)
{
    process_running->sched.holds_cpu--;
}

bool preempt_point(void)
{
    struct process *self = process_running;

    sched_irq_window();
    if (likely(self == NULL || self->sched.work == 0)) {
        return false;
    }
    if ((self->sched.work & PROCESS_WORK_YIELD) && self->sched.holds_cpu == 0) {
        self->sched.work &= ~PROCESS_WORK_YIELD;
        sched_yield_cpu();
    }
    return (self->sched.work & PROCESS_WORK_KILL) != 0;
}

bool yield_point(void)
{
    struct process *self = process_running;

    sched_irq_window();
    sched_yield_cpu();
    return (self->sched.work & PROCESS_WORK_KILL) != 0;
}

void sched_tick(bool from_user)
{
    struct process *self = process_running;

    loadavg_tick();
    if (self == NULL || is_idle) {
        return;
    }
    usage_tick(self, from_user);
    if (!TAILQ_EMPTY(&run_queue)) {
        self->sched.work |= PROCESS_WORK_YIELD;
    }
}

uint64_t sched_cycles_of(const struct process *process)
{
    uint64_t cycles = process->usage.own.cycles;

    return process == process_running ? cycles + (cpu_rdtsc() - running_since) : cycles;
}

uint32_t sched_count_ready(void)
{
    uint32_t n = process_running != NULL && !is_idle ? 1 : 0;
    const struct process *process;

    lock_acquire(&run_queue_lock);
    TAILQ_FOREACH (process, &run_queue, sched.queue_entry) {
        n++;
    }
    lock_release(&run_queue_lock);
    return n;
}

void sched_interrupt(struct process *process)
{
    lock_acquire(&run_queue_lock);
    if (process->sched.state == PROCESS_SLEEPING) {
        enqueue_locked(process);
    }
    lock_release(&run_queue_lock);
}

/* The hooks of the wait queues. */
static bool block_running(struct waiter *waiter)
{
    struct process *self = process_running;

    uint32_t interrupts = PROCESS_WORK_KILL | (waiter->ignores_signals ? 0 : PROCESS_WORK_SIGNAL);

    if (self->sched.work & interrupts) {
        return false;
    }
    waiter->thread = self;
    self->usage.own.voluntary_switches++;
    sched_sleep();
    return (self->sched.work & interrupts) == 0;
}

static void wake_thread(void *thread)
{
    sched_interrupt(thread);
}

void sched_init(void)
{
    static const struct sync_hooks hooks = {.block = block_running, .wake = wake_thread};

    sync_set_hooks(&hooks);
    lock_set_irq_probe(cpu_irqs_are_off);
}

void sched_prepare(struct process *process, void (*start)(void))
{
    uint32_t frame = (uint32_t)process_trap_frame(process);

    process->thread.kernel_esp = cpu_switch_prepare(frame, start);
}

void sched_exit(void)
{
    struct process *self = process_running;
    uint32_t never_used;

    assert(self->sched.state == PROCESS_ZOMBIE);
    lock_assert_none();
    charge(self);
    struct process *next = take_next();

    ended = self;
    make_current(next);
    cpu_switch(&never_used, next->thread.kernel_esp);
    panic("a process came back from its end");
}

void sched_start(void)
{
    struct process *first = take_next();
    uint32_t never_used;

    latency_off(LATENCY_START);
    running_since = cpu_rdtsc();
    make_current(first);
    cpu_switch(&never_used, first->thread.kernel_esp);
    panic("the boot stack was scheduled");
}
