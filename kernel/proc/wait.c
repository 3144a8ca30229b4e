/* Waiting for processes (wait.h). */
#include "kernel/proc/wait.h"

#include <asm/errno.h>
#include <linux/wait.h>

#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/process_alloc.h"
#include "kernel/proc/sched.h"
#include "lib/restart.h"
#include "sync/wait_queue.h"

/* Linux's status words, <sys/wait.h>. */
#define STATUS_STOPPED   0x7F
#define STATUS_CONTINUED 0xFFFF

/* Those who wait until any process at all has ended. */
static struct wait_queue exits = WAIT_QUEUE_INITIALIZER(exits);

/* What a search has found: somebody to report, or only that there may be later. */
struct search {
    struct process_wait_result *result;
    bool has_any;
};

/* Returns true if the child has something to report. */
static bool report_locked(struct process *child, uint32_t options, struct process_wait_result *out)
{
    struct process_signals *signals = &child->signals;

    *out = (struct process_wait_result){.child = child};
    if (child->sched.state == PROCESS_ZOMBIE) {
        out->is_zombie = true;
        out->status = process_status_word(child);
        return true;
    }
    if ((options & WUNTRACED) && signals->stop_signal != 0 && signals->is_stop_news) {
        out->status = signals->stop_signal << 8 | STATUS_STOPPED;
        return true;
    }
    if ((options & WCONTINUED) && signals->is_continue_news) {
        out->status = STATUS_CONTINUED;
        return true;
    }
    return false;
}

static bool find_child_locked(const struct process *self, int pid, uint32_t options,
                              struct search *search)
{
    struct process *child = process_find_locked(pid);

    search->has_any = child != NULL && child->family.parent == self;
    return search->has_any && report_locked(child, options, search->result);
}

static bool find_any_locked(const struct process *self, uint32_t options, struct search *search)
{
    struct process *child = LIST_FIRST(&self->family.zombies);

    search->has_any = !LIST_EMPTY(&self->family.children);
    if (child != NULL) {
        return report_locked(child, options, search->result);
    }
    if ((options & (WUNTRACED | WCONTINUED)) == 0) {
        return false;
    }
    LIST_FOREACH (child, &self->family.children, family.sibling_entry) {
        if (report_locked(child, options, search->result)) {
            return true;
        }
    }
    return false;
}

static bool find(const struct process *self, int pid, uint32_t options, struct search *search)
{
    lock_acquire(&process_tree_lock);
    bool is_found = pid > 0 ? find_child_locked(self, pid, options, search)
                            : find_any_locked(self, options, search);

    lock_release(&process_tree_lock);
    return is_found;
}

int process_wait(struct process *self, int pid, uint32_t options, struct process_wait_result *out)
{
    struct search search = {.result = out};
    bool is_interrupted = false;

    for (;;) {
        if (find(self, pid, options, &search)) {
            return 0;
        }
        out->child = NULL;
        if (!search.has_any) {
            return -ECHILD;
        }
        if (options & WNOHANG) {
            return 0;
        }
        if (is_interrupted) {
            return -ERESTARTSYS;
        }
        is_interrupted = !wait_queue_sleep(&self->family.child_ended);
    }
}

void process_wait_done(const struct process_wait_result *result)
{
    if (result->is_zombie) {
        process_reap(result->child);
    } else {
        result->child->signals.is_stop_news = false;
        result->child->signals.is_continue_news = false;
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
    return wait_queue_sleep_killable(&exits);
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

/* Turns of the CPU for what a program leaves behind: a child that is about to end needs few. */
#define SETTLE_YIELDS 20u

int process_settle(void)
{
    int pid = 0;

    for (uint32_t i = 0; i < SETTLE_YIELDS && has_orphans(); i++) {
        sched_yield_cpu();
    }

    /* One pass over the pids, so that later deaths cannot keep the caller. */
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
