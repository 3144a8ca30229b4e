/* Kills (kill.h). */
#include "kernel/proc/kill.h"

#include <asm/signal.h>

#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"

static void kill_locked(struct process *process, int signal, int by)
{
    lock_assert_held(&process_tree_lock);
    if (process == process_init || process->sched.state == PROCESS_ZOMBIE ||
        (process->sched.work & PROCESS_WORK_KILL)) {
        return;
    }
    process->end.kill_signal = (uint8_t)signal;
    process->end.killed_by = by;
    process->sched.work |= PROCESS_WORK_KILL;
    sched_interrupt(process);
}

void process_kill(struct process *process, int signal, int by)
{
    lock_acquire(&process_tree_lock);
    kill_locked(process, signal, by);
    lock_release(&process_tree_lock);
}

/* Returns the next process of a family, parents before their children; NULL after the last. */
static struct process *next_in_family_locked(const struct process *top, struct process *p)
{
    lock_assert_held(&process_tree_lock);
    if (!LIST_EMPTY(&p->family.children)) {
        return LIST_FIRST(&p->family.children);
    }
    while (p != top && LIST_NEXT(p, family.sibling_entry) == NULL) {
        p = p->family.parent;
    }
    return p == top ? NULL : LIST_NEXT(p, family.sibling_entry);
}

/* Returns what pid 1 waits for in run_wait; NULL if that is nothing, or a zombie, whose children
 * are pid 1's by now. */
static struct process *foreground_locked(void)
{
    lock_assert_held(&process_tree_lock);
    if (process_init == NULL || process_init->family.waits_for == 0) {
        return NULL;
    }
    struct process *top = process_find_locked(process_init->family.waits_for);

    return top != NULL && top->sched.state != PROCESS_ZOMBIE ? top : NULL;
}

void process_kill_foreground(void)
{
    lock_acquire(&process_tree_lock);
    struct process *top = foreground_locked();

    for (struct process *p = top; p != NULL; p = next_in_family_locked(top, p)) {
        kill_locked(p, SIGINT, PROCESS_KILLED_BY_TERMINAL);
    }
    lock_release(&process_tree_lock);
}
