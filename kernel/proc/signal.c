/* Sending signals, and what processes do about them (signal.h). */
#include "kernel/proc/signal.h"

#include <asm/errno.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <stddef.h>

#include "kernel/proc/kill.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "lib/string.h"
#include "mm/phys/kheap.h"

struct queued_signal {
    TAILQ_ENTRY(queued_signal) entry;
    struct signal_info info;
};

struct signal_actions {
    struct signal_action of[SIGNAL_MAX]; /* of signal n at n - 1 */
};

#define HANDLER_DEFAULT 0u /* SIG_DFL */
#define HANDLER_IGNORE  1u /* SIG_IGN */

#define BIT(signal) (1ull << ((signal)-1))
/* Whose default action is to do nothing. SIGCONT does its work when it is sent. */
#define IGNORED (BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGURG) | BIT(SIGWINCH))
#define SYNCHRONOUS                                                                                \
    (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGFPE) | BIT(SIGSYS))

_Static_assert(SIGNAL_STOPS == (BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU)),
               "signal.h");
_Static_assert(SIGNAL_UNBLOCKABLE == (BIT(SIGKILL) | BIT(SIGSTOP)), "signal.h");
_Static_assert(SIGRTMIN == SIGNAL_REAL_TIME, "asm/signal.h");

/* ---- Actions --------------------------------------------------------------------------------- */

const struct signal_action *signal_action_of(const struct process *process, int signal)
{
    static const struct signal_action by_default;
    const struct signal_actions *actions = process->signals.actions;

    return actions == NULL ? &by_default : &actions->of[signal - 1];
}

bool signal_is_handled(const struct process *process, int signal)
{
    return signal_action_of(process, signal)->handler > HANDLER_IGNORE;
}

static bool is_blocked(const struct process *process, int signal)
{
    return (process->thread.signal_mask & signal_bit(signal)) != 0;
}

/* Returns true if the signal has no effect on the process, apart from the mask. */
static bool has_no_effect(const struct process *process, int signal)
{
    uint32_t handler = signal_action_of(process, signal)->handler;

    if (handler == HANDLER_DEFAULT) {
        return process == process_init || (signal_bit(signal) & IGNORED) != 0;
    }
    return handler == HANDLER_IGNORE;
}

static bool is_fatal(const struct process *process, int signal)
{
    return signal_action_of(process, signal)->handler == HANDLER_DEFAULT &&
           (signal_bit(signal) & (IGNORED | SIGNAL_STOPS)) == 0 && process != process_init;
}

static bool is_default_action(const struct signal_action *action)
{
    return action->handler == HANDLER_DEFAULT && action->flags == 0 && action->restorer == 0 &&
           action->mask == 0;
}

/* ---- The queue ------------------------------------------------------------------------------- */

static void discard_locked(struct process *process, uint64_t set)
{
    struct queued_signal *q, *next;

    lock_assert_held(&process_tree_lock);
    if ((process->signals.pending & set) == 0) {
        return;
    }
    process->signals.pending &= ~set;
    TAILQ_FOREACH_SAFE (q, &process->signals.queue, entry, next) {
        if (signal_bit(q->info.signal) & set) {
            TAILQ_REMOVE(&process->signals.queue, q, entry);
            process->signals.queued--;
            kheap_free(q, sizeof(*q));
        }
    }
}

/* Makes a signal pending. A signal below the real-time ones is pending once. */
static int queue_locked(struct process *to, const struct signal_info *info)
{
    struct process_signals *signals = &to->signals;
    struct queued_signal *q = NULL;

    if (info->signal < SIGNAL_REAL_TIME && (signals->pending & signal_bit(info->signal))) {
        return 0;
    }
    if (signals->queued < SIGNAL_QUEUE_MAX) {
        q = kheap_alloc(sizeof(*q));
    }
    if (q != NULL) {
        q->info = *info;
        signals->queued++;
        TAILQ_INSERT_TAIL(&signals->queue, q, entry);
    } else if (info->signal >= SIGNAL_REAL_TIME && info->code != SI_USER) {
        return -EAGAIN;
    }
    signals->pending |= signal_bit(info->signal);
    return 0;
}

/* Returns the first one queued for a signal from `from` on, or NULL. */
static struct queued_signal *find_queued(struct queued_signal *from, int signal)
{
    while (from != NULL && from->info.signal != signal) {
        from = TAILQ_NEXT(from, entry);
    }
    return from;
}

static int lowest_in(uint64_t set)
{
    uint32_t low = (uint32_t)set;

    return low != 0 ? __builtin_ctz(low) + 1 : __builtin_ctz((uint32_t)(set >> 32)) + 33;
}

static void take_locked(struct process *self, int signal, struct signal_info *info)
{
    struct process_signals *signals = &self->signals;
    struct queued_signal *q = find_queued(TAILQ_FIRST(&signals->queue), signal);
    bool has_more = q != NULL && find_queued(TAILQ_NEXT(q, entry), signal) != NULL;

    if (q != NULL) {
        *info = q->info;
        TAILQ_REMOVE(&signals->queue, q, entry);
        signals->queued--;
        kheap_free(q, sizeof(*q));
    } else {
        *info = (struct signal_info){.signal = signal, .code = SI_USER};
    }
    if (!has_more) {
        signals->pending &= ~signal_bit(signal);
    }
}

bool signal_take(struct process *self, uint64_t wanted, struct signal_info *info)
{
    uint64_t set = self->signals.pending & wanted;

    if (set == 0) {
        return false;
    }
    lock_acquire(&process_tree_lock);
    take_locked(self, lowest_in(set & SYNCHRONOUS ? set & SYNCHRONOUS : set), info);
    lock_release(&process_tree_lock);
    return true;
}

/* ---- Sending --------------------------------------------------------------------------------- */

static void notify_parent_locked(struct process *child, int code, int status);

static void continue_locked(struct process *process)
{
    if (process->signals.stop_signal == 0) {
        return;
    }
    process->signals.stop_signal = 0;
    process->signals.is_stop_news = false;
    process->signals.is_continue_news = true;
    sched_interrupt(process);
    notify_parent_locked(process, CLD_CONTINUED, SIGCONT);
}

/* SIGCONT and the stop signals undo each other, whatever the process does about them. */
static void settle_stops_locked(struct process *to, int signal)
{
    if (signal == SIGCONT) {
        discard_locked(to, SIGNAL_STOPS);
        continue_locked(to);
    } else if (signal_bit(signal) & SIGNAL_STOPS) {
        discard_locked(to, BIT(SIGCONT));
    }
}

/* Returns whom the line about a killed process names. What the kernel sends otherwise than for the
 * terminal, the process has asked for. */
static int sender_of(const struct process *to, const struct signal_info *info)
{
    if (info->code != SI_KERNEL) {
        return (int)info->fields[0];
    }
    return info->signal == SIGINT || info->signal == SIGQUIT ? PROCESS_KILLED_BY_TERMINAL
                                                             : to->id.pid;
}

/* Returns true if the process ends as soon as the signal is sent. A stopped one ends when it is
 * continued, unless the signal is SIGKILL. */
static bool is_fatal_at_once(const struct process *to, int signal)
{
    if (signal == SIGKILL) {
        return is_fatal(to, signal);
    }
    return !is_blocked(to, signal) && to->signals.stop_signal == 0 && is_fatal(to, signal);
}

int signal_send_locked(struct process *to, const struct signal_info *info)
{
    int signal = info->signal;

    lock_assert_held(&process_tree_lock);
    if (to->sched.state == PROCESS_ZOMBIE || process_is_dying(to)) {
        return 0;
    }
    settle_stops_locked(to, signal);
    if (!is_blocked(to, signal) && has_no_effect(to, signal)) {
        return 0;
    }
    if (is_fatal_at_once(to, signal)) {
        process_kill_locked(to, signal, sender_of(to, info));
        return 0;
    }
    int err = queue_locked(to, info);

    if (err == 0 && (signal_bit(signal) & (~to->thread.signal_mask | to->thread.signals_awaited))) {
        to->sched.work |= PROCESS_WORK_SIGNAL;
        sched_interrupt(to);
    }
    return err;
}

int signal_send(struct process *to, const struct signal_info *info)
{
    lock_acquire(&process_tree_lock);
    int err = signal_send_locked(to, info);

    lock_release(&process_tree_lock);
    return err;
}

void signal_broken_pipe(struct process *self)
{
    struct signal_info info = {.signal = SIGPIPE, .fields = {(uint32_t)self->id.pid}};

    (void)signal_send(self, &info);
}

/* ---- Parents --------------------------------------------------------------------------------- */

static void notify_parent_locked(struct process *child, int code, int status)
{
    struct process *parent = child->family.parent;
    const struct signal_action *action = signal_action_of(parent, SIGCHLD);
    struct signal_info info = {
        .signal = SIGCHLD, .code = code, .fields = {(uint32_t)child->id.pid, 0, (uint32_t)status}};
    bool is_end = code != CLD_STOPPED && code != CLD_CONTINUED;

    if (is_end || !(action->flags & SA_NOCLDSTOP)) {
        (void)signal_send_locked(parent, &info);
    }
    if (!is_end) {
        wait_queue_wake_all(&parent->family.child_ended);
    }
}

/* Returns true if SIGCHLD is the default for a process, which ignores it, as most do. */
static inline bool forgets_children_locked(const struct process *parent)
{
    return parent->signals.actions == NULL &&
           ((uint32_t)parent->thread.signal_mask & (uint32_t)BIT(SIGCHLD)) == 0;
}

void signal_child_ended(struct process *self)
{
    bool is_killed = self->end.kind == PROCESS_END_SIGNAL;

    lock_acquire(&process_tree_lock);
    if (likely(forgets_children_locked(self->family.parent))) {
        lock_release(&process_tree_lock);
        return;
    }
    const struct signal_action *action = signal_action_of(self->family.parent, SIGCHLD);

    if (action->handler == HANDLER_IGNORE || (action->flags & SA_NOCLDWAIT)) {
        self->family.is_orphan = true;
    }
    notify_parent_locked(self, is_killed ? CLD_KILLED : CLD_EXITED,
                         is_killed ? self->end.value : self->end.value & 0xFF);
    lock_release(&process_tree_lock);
}

void signal_stop(struct process *self, int signal)
{
    lock_acquire(&process_tree_lock);
    self->signals.stop_signal = (uint8_t)signal;
    self->signals.is_stop_news = true;
    self->signals.is_continue_news = false;
    notify_parent_locked(self, CLD_STOPPED, signal);
    lock_release(&process_tree_lock);
    while (self->signals.stop_signal != 0 && !(self->sched.work & PROCESS_WORK_KILL)) {
        sched_sleep();
    }
}

/* ---- What the process itself changes --------------------------------------------------------- */

void signal_update(struct process *self)
{
    uint64_t open = ~self->thread.signal_mask | self->thread.signals_awaited;

    if (self->signals.pending & open) {
        self->sched.work |= PROCESS_WORK_SIGNAL;
    } else {
        self->sched.work &= ~PROCESS_WORK_SIGNAL;
    }
}

void signal_set_mask(struct process *self, uint64_t mask)
{
    self->thread.signal_mask = mask & ~SIGNAL_UNBLOCKABLE;
    signal_update(self);
}

uint64_t signal_pending(const struct process *self)
{
    return self->signals.pending;
}

int signal_set_action(struct process *self, int signal, const struct signal_action *action)
{
    if (self->signals.actions == NULL) {
        if (is_default_action(action)) {
            return 0;
        }
        self->signals.actions = kheap_zalloc(sizeof(*self->signals.actions));
        if (self->signals.actions == NULL) {
            return -ENOMEM;
        }
    }
    lock_acquire(&process_tree_lock);
    self->signals.actions->of[signal - 1] = *action;
    if (has_no_effect(self, signal)) {
        discard_locked(self, signal_bit(signal));
    }
    lock_release(&process_tree_lock);
    return 0;
}

void signal_drop_handler(struct process *self, int signal)
{
    self->signals.actions->of[signal - 1].handler = HANDLER_DEFAULT;
}

/* ---- Life of a process ----------------------------------------------------------------------- */

int signal_fork(struct process *child, const struct process *self)
{
    child->thread.signal_mask = self->thread.signal_mask;
    child->thread.signal_stack = self->thread.signal_stack;
    if (self->signals.actions == NULL) {
        return 0;
    }
    child->signals.actions = kheap_alloc(sizeof(*child->signals.actions));
    if (child->signals.actions == NULL) {
        return -ENOMEM;
    }
    *child->signals.actions = *self->signals.actions;
    return 0;
}

void signal_exec(struct process *self)
{
    struct signal_actions *actions = self->signals.actions;

    self->thread.signal_stack = (struct signal_stack){0};
    for (int i = 0; actions != NULL && i < SIGNAL_MAX; i++) {
        bool is_ignored = actions->of[i].handler == HANDLER_IGNORE;

        actions->of[i] =
            (struct signal_action){.handler = is_ignored ? HANDLER_IGNORE : HANDLER_DEFAULT};
    }
}

void signal_release(struct process *process)
{
    if (process->signals.pending != 0) {
        lock_acquire(&process_tree_lock);
        discard_locked(process, ~0ull);
        lock_release(&process_tree_lock);
    }
    if (process->signals.actions != NULL) {
        kheap_free(process->signals.actions, sizeof(*process->signals.actions));
        process->signals.actions = NULL;
    }
}
