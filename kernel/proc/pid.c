/* The pid tree and the family tree (pid.h). */
#include "kernel/proc/pid.h"

#include "kernel/proc/process.h"

LOCK_DEFINE(process_tree_lock, LOCK_PROCESS_TREE);
struct process *process_init;

static int last_pid;
static RB_HEAD(pid_tree, process) pids = RB_INITIALIZER(&pids);

static int compare_pids(const struct process *a, const struct process *b)
{
    return a->id.pid - b->id.pid;
}

RB_GENERATE_STATIC(pid_tree, process, id.pid_entry, compare_pids)

struct process *process_find_locked(int pid)
{
    struct process *p = RB_ROOT(&pids);

    lock_assert_held(&process_tree_lock);
    while (p != NULL && p->id.pid != pid) {
        p = pid < p->id.pid ? RB_LEFT(p, id.pid_entry) : RB_RIGHT(p, id.pid_entry);
    }
    return p;
}

struct process *process_find(int pid)
{
    lock_acquire(&process_tree_lock);
    struct process *p = process_find_locked(pid);

    lock_release(&process_tree_lock);
    return p;
}

static struct process *find_from_locked(int pid)
{
    struct process *p = RB_ROOT(&pids), *best = NULL;

    lock_assert_held(&process_tree_lock);
    while (p != NULL) {
        if (p->id.pid >= pid) {
            best = p;
            p = RB_LEFT(p, id.pid_entry);
        } else {
            p = RB_RIGHT(p, id.pid_entry);
        }
    }
    return best;
}

struct process *process_find_from(int pid)
{
    lock_acquire(&process_tree_lock);
    struct process *p = find_from_locked(pid);

    lock_release(&process_tree_lock);
    return p;
}

/* Pids ascend and start over at the limit, so that a number is not used again soon. */
static int choose_pid_locked(void)
{
    do {
        last_pid = last_pid == PROCESS_PID_MAX ? PROCESS_INIT_PID + 1 : last_pid + 1;
    } while (process_find_locked(last_pid) != NULL);
    return last_pid;
}

void process_publish(struct process *process, struct process *parent)
{
    lock_acquire(&process_tree_lock);
    process->id.pid = choose_pid_locked();
    process->family.parent = parent;
    RB_INSERT(pid_tree, &pids, process);
    if (parent == NULL) {
        process_init = process;
    } else {
        LIST_INSERT_HEAD(&parent->family.children, process, family.sibling_entry);
    }
    lock_release(&process_tree_lock);
}

void process_unpublish(struct process *zombie)
{
    lock_acquire(&process_tree_lock);
    LIST_REMOVE(zombie, family.sibling_entry);
    RB_REMOVE(pid_tree, &pids, zombie);
    lock_release(&process_tree_lock);
}
