/* The foreground job (foreground.h). */
#include "kernel/proc/foreground.h"

#include <asm/siginfo.h>
#include <asm/signal.h>
#include <stddef.h>

#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/signal.h"

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

/* Without job control nobody could continue what ^Z has stopped, so only handlers get that signal. */
static bool is_wanted(const struct process *process, int signal)
{
    return signal != SIGTSTP || signal_is_handled(process, signal);
}

void process_signal_foreground(int signal)
{
    const struct signal_info info = {.signal = signal, .code = SI_KERNEL};

    lock_acquire(&process_tree_lock);
    struct process *top = foreground_locked();

    for (struct process *p = top; p != NULL; p = next_in_family_locked(top, p)) {
        if (is_wanted(p, signal)) {
            (void)signal_send_locked(p, &info);
        }
    }
    lock_release(&process_tree_lock);
}
