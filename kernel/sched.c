/*
 * Round robin. A process is in exactly one place: running, in the run queue, on one wait queue, or
 * a zombie. When nobody can run, the process that went to sleep last keeps its stack and idles on
 * it; so there is no idle process, and no switch if the one that slept is the one that is woken.
 *
 * FPU state and segment registers are switched with the process, always. Doing it on first use
 * (CR0.TS) would save two instructions per switch and cost a trap per use.
 */
#include "kernel/sched.h"

#include "arch/cpu.h"
#include "arch/trap.h"
#include "kernel/process.h"
#include "lib/assert.h"
#include "mm/vm_map.h"

static struct wait_queue_head run_queue = TAILQ_HEAD_INITIALIZER(run_queue);

/* A zombie whose kernel stack was in use until the switch away from it. */
static struct process *ended;

void wait_queue_init(struct wait_queue *queue)
{
    TAILQ_INIT(&queue->sleepers);
}

void sched_enqueue(struct process *process)
{
    process->state = PROCESS_READY;
    TAILQ_INSERT_TAIL(&run_queue, process, queue_entry);
}

/* The next one to run; waits for an interrupt to bring one. */
static struct process *take_next(void)
{
    while (TAILQ_EMPTY(&run_queue)) {
        cpu_idle();
    }
    struct process *next = TAILQ_FIRST(&run_queue);

    TAILQ_REMOVE(&run_queue, next, queue_entry);
    next->state = PROCESS_RUNNING;
    return next;
}

static void save_machine(struct process *process)
{
    fpu_save(&process->fpu);
    process->fs = cpu_read_fs();
    process->gs = cpu_read_gs();
}

void sched_load_machine(const struct process *process)
{
    fpu_restore(&process->fpu);
    gdt_set_tls(process->tls);
    cpu_load_fs(process->fs); /* after the descriptors they may name */
    cpu_load_gs(process->gs);
}

/* What a process does first when it has got the CPU, on its own stack. */
static void finish_switch(void)
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
    tss_set_kernel_stack(next->stack_top);
    vm_map_activate(next->map);
}

/* Gives the CPU away; comes back when somebody gives it to the caller again. */
static void switch_away(void)
{
    struct process *self = process_running;
    struct process *next = take_next();

    if (next == self) {
        return;
    }
    save_machine(self);
    make_current(next);
    cpu_switch(&self->kernel_esp, next->kernel_esp);
    finish_switch();
}

void sched_yield_cpu(void)
{
    if (!TAILQ_EMPTY(&run_queue)) {
        sched_enqueue(process_running);
        switch_away();
    }
}

void sched_tick(void)
{
    if (process_running != NULL && !TAILQ_EMPTY(&run_queue)) {
        process_running->work |= PROCESS_WORK_YIELD;
    }
}

bool wait_queue_sleep(struct wait_queue *queue)
{
    struct process *self = process_running;

    if (self->work & PROCESS_WORK_KILL) {
        return false;
    }
    self->state = PROCESS_SLEEPING;
    self->sleeps_on = queue;
    TAILQ_INSERT_TAIL(&queue->sleepers, self, queue_entry);
    switch_away();
    return (self->work & PROCESS_WORK_KILL) == 0;
}

void wait_queue_wake_all(struct wait_queue *queue)
{
    while (!TAILQ_EMPTY(&queue->sleepers)) {
        sched_interrupt(TAILQ_FIRST(&queue->sleepers));
    }
}

void sched_interrupt(struct process *process)
{
    if (process->state == PROCESS_SLEEPING) {
        TAILQ_REMOVE(&process->sleeps_on->sleepers, process, queue_entry);
        sched_enqueue(process);
    }
}

/* First code of a process on its own kernel stack. */
static void start_in_user_mode(void)
{
    finish_switch();
    trap_return(process_trap_frame(process_running));
}

void sched_prepare(struct process *process)
{
    uint32_t frame = (uint32_t)process_trap_frame(process);

    process->kernel_esp = cpu_switch_prepare(frame, start_in_user_mode);
}

void sched_exit(void)
{
    struct process *self = process_running;
    uint32_t never_used;

    assert(self->state == PROCESS_ZOMBIE);
    struct process *next = take_next();

    ended = self;
    make_current(next);
    cpu_switch(&never_used, next->kernel_esp);
    panic("a process came back from its end");
}

void sched_start(void)
{
    struct process *first = take_next();
    uint32_t never_used;

    make_current(first);
    cpu_switch(&never_used, first->kernel_esp);
    panic("the boot stack was scheduled");
}
