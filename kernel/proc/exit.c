/* Ending (exit.h). */
#include "kernel/proc/exit.h"

#include "arch/latency.h"
#include "fs/tree/program.h"
#include "kernel/proc/itimer.h"
#include "kernel/proc/kill.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process_alloc.h"
#include "kernel/proc/run_record.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/signal.h"
#include "kernel/proc/usage.h"
#include "kernel/proc/wait.h"
#include "lib/assert.h"
#include "lib/preempt.h"
#include "mm/phys/frame.h"
#include "mm/vm_map.h"

/* ---- Injected failures ----------------------------------------------------------------------------- */

static const struct process *fail_frame_owner; /* who asked for failures last; NULL: nobody */

uint32_t process_fail_frame(const struct process *self, uint32_t n, bool from_then_on)
{
    fail_frame_owner = n != 0 ? self : NULL;
    return frame_fail_at(n, from_then_on);
}

static void end_fail_frame(const struct process *self)
{
    if (fail_frame_owner == self) {
        fail_frame_owner = NULL;
        frame_fail_end(); /* the parent may still ask how many were refused */
    }
}

/* ---- What a process holds -------------------------------------------------------------------------- */

bool process_strip(struct process *dying)
{
    struct vm_map *map = dying->memory.map;

    if (map == NULL || vm_map_is_empty(map) || vm_map_is_busy(map)) {
        return false;
    }
    run_record_fill(dying);
    sched_hold_cpu(); /* it must not come to its end meanwhile */
    vm_map_clear(map);
    sched_let_cpu_go();
    return true;
}

/* Frees what the process holds, except its record and the stack under its feet. */
static void release_resources(struct process *self)
{
    struct vm_map *map = self->memory.map;

    latency_uncounted(debug_check(vm_map_check(map)));
    fd_table_destroy(&self->fds);
    fs_view_destroy(&self->view);
    signal_release(self);
    program_unref(self->program.file);
    self->program.file = NULL;
    vm_map_activate(NULL);
    vm_map_clear(map); /* step by step; others still see what the process holds */
    self->memory.map = NULL;
    vm_map_destroy(map); /* leaves it, if a switch in between has loaded it again */
}

/* Gives the living children to pid 1, as orphans. */
static void orphan_children(struct process *self)
{
    struct process *child;

    lock_acquire(&process_tree_lock);
    while ((child = LIST_FIRST(&self->family.children)) != NULL) {
        LIST_REMOVE(child, family.sibling_entry);
        child->family.parent = process_init;
        child->family.is_orphan = true;
        LIST_INSERT_HEAD(&process_init->family.children, child, family.sibling_entry);
    }
    lock_release(&process_tree_lock);
}

static struct process *first_zombie(const struct process *self)
{
    lock_acquire(&process_tree_lock);
    struct process *zombie = LIST_FIRST(&self->family.zombies);

    lock_release(&process_tree_lock);
    return zombie;
}

/* Gives the children to pid 1 and reaps those that have ended. */
static void leave_family(struct process *self)
{
    struct process *child;
    unsigned int steps = 0;

    orphan_children(self);
    while ((child = first_zombie(self)) != NULL) {
        process_reap(child);
        (void)preempt_step(&steps);
    }
}

/* ---- The end --------------------------------------------------------------------------------------- */

static void become_zombie(struct process *self)
{
    lock_acquire(&process_tree_lock);
    self->sched.state = PROCESS_ZOMBIE;
    LIST_REMOVE(self, family.sibling_entry);
    LIST_INSERT_HEAD(&self->family.parent->family.zombies, self, family.sibling_entry);
    lock_release(&process_tree_lock);
}

void process_exit(enum process_end end, int value)
{
    struct process *self = process_running;

    if (self == process_init) {
        panic("init exited: %s %d", end == PROCESS_END_SIGNAL ? "signal" : "status", value);
    }
    (void)latency_rename(LATENCY_EXIT);
    self->end.is_ending = true;
    itimer_stop_all(self);
    usage_keep_peak(self);
    end_fail_frame(self);
    self->end.kind = end;
    self->end.value = value;
    if (self->run.record != NULL) {
        run_record_complete(self);
    }
    release_resources(self);
    if (self->run.record != NULL) {
        latency_uncounted(
            debug_check(frame_check())); /* all memory: when a program of `run` has ended */
    }
    leave_family(self);
    signal_child_ended(self);
    become_zombie(self);
    process_wake_waiters(self);
    sched_exit();
}
