/* Waiting for processes (wait.h). */
#include "kernel/proc/wait.h"

#include <asm/errno.h>

#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "sync/wait_queue.h"

/* Those who wait until any process at all has ended. */
static struct wait_queue exits = WAIT_QUEUE_INITIALIZER(exits);

/* Returns a child that `pid` names and that has ended, or NULL; *has_any tells whether one may
 * still end. */
static struct process *find_zombie_locked(const struct process *self, int pid, bool *has_any)
{
    lock_assert_held(&process_tree_lock);
    if (pid <= 0) {
        *has_any = !LIST_EMPTY(&self->family.children);
        return LIST_FIRST(&self->family.zombies);
    }
    struct process *child = process_find_locked(pid);

    *has_any = child != NULL && child->family.parent == self;
    return *has_any && child->sched.state == PROCESS_ZOMBIE ? child : NULL;
}

int process_wait(struct process *self, int pid, bool is_blocking, struct process **out)
{
    for (;;) {
        bool has_any;

        lock_acquire(&process_tree_lock);
        *out = find_zombie_locked(self, pid, &has_any);
        lock_release(&process_tree_lock);
        if (*out != NULL) {
            return 0;
        }
        if (!has_any) {
            return -ECHILD;
        }
        if (!is_blocking) {
            return 0;
        }
        if (!wait_queue_sleep(&self->family.child_ended)) {
            return -EINTR;
        }
    }
}

int process_status_word(const struct process *zombie)
{
    if (zombie->end.kind == PROCESS_END_SIGNAL) {
        return zombie->end.value;
    }
    return (zombie->end.value & 0xFF) << 8;
}

bool process_wait_for_exit(void)
{
    return wait_queue_sleep(&exits);
}

/* Returns the lowest pid above `pid` of a process that is dying; 0: none. */
static int next_dying_pid(int pid)
{
    const struct process *p = process_find_from(pid + 1);

    while (p != NULL && !process_is_dying(p)) {
        p = process_find_from(p->id.pid + 1);
    }
    return p != NULL ? p->id.pid : 0;
}

static bool has_orphans(void)
{
    const struct process *p = process_find_from(PROCESS_INIT_PID + 1);

    while (p != NULL && (!p->family.is_orphan || p->sched.state == PROCESS_ZOMBIE)) {
        p = process_find_from(p->id.pid + 1);
    }
    return p != NULL;
}

/* Turns of the CPU for what a program leaves behind: enough for a child that is about to end, and for
 * a few that wait for one another. */
#define SETTLE_YIELDS 20u

int process_settle(void)
{
    int pid = 0;

    for (uint32_t i = 0; i < SETTLE_YIELDS && has_orphans(); i++) {
        sched_yield_cpu();
    }

    /* One pass over the pids: what begins to die meanwhile cannot keep the caller for ever. */
    while ((pid = next_dying_pid(pid)) != 0) {
        while (next_dying_pid(pid - 1) == pid) {
            if (!process_wait_for_exit()) {
                return -EINTR;
            }
        }
    }
    return 0;
}

void process_wake_waiters(struct process *zombie)
{
    /* Also for an orphan: after its end pid 1 may have no children, and its waiter checks again. */
    wait_queue_wake_all(&zombie->family.parent->family.child_ended);
    wait_queue_wake_all(&exits);
}
