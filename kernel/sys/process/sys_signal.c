/*
 * What a process does about signals: actions, masks, waiting, the alternate stack, and the return
 * from handlers. The calls without rt_ know 32 signals and Linux's older structures.
 */
#include <asm/errno.h>
#include <linux/signal.h>

#include "arch/trap.h"
#include "dev/clock.h"
#include "dev/time_value.h"
#include "kernel/proc/process.h"
#include "kernel/proc/signal.h"
#include "kernel/sys/syscall.h"
#include "kernel/sys/time/time_calls.h"
#include "kernel/user/signal_deliver.h"
#include "kernel/user/usercopy.h"
#include "lib/restart.h"
#include "sync/wait_queue.h"

#define SIGSET_SIZE 8u /* bytes; the only size that the rt_ calls accept */
#define LOW_SIGNALS 0xFFFFFFFFull

/* The flags that exist; programs find out by setting others (SA_UNSUPPORTED). */
#define ACTION_FLAGS                                                                               \
    ((uint32_t)(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER) | (uint32_t)SA_ONSTACK |   \
     (uint32_t)SA_RESTART | (uint32_t)SA_NODEFER | (uint32_t)SA_RESETHAND)

/* ---- Actions --------------------------------------------------------------------------------- */

/* Linux's struct sigaction of rt_sigaction, and of sigaction. */
struct user_action {
    uint32_t handler, flags, restorer, mask[2];
};
struct old_action {
    uint32_t handler, mask, flags, restorer;
};

static bool is_signal(uint32_t signal)
{
    return signal >= 1 && signal <= SIGNAL_MAX;
}

/* Checks the signal and sets its action. action: NULL leaves it. */
static long change_action(struct process *self, uint32_t signal, struct signal_action *action)
{
    if (action == NULL) {
        return 0;
    }
    action->flags &= ACTION_FLAGS;
    action->mask &= ~SIGNAL_UNBLOCKABLE;
    return signal_set_action(self, (int)signal, action);
}

/* SIGKILL and SIGSTOP can be asked about, but not changed. */
static bool may_change(uint32_t signal, bool has_action)
{
    return is_signal(signal) && !(has_action && (signal_bit((int)signal) & SIGNAL_UNBLOCKABLE));
}

long sys_rt_sigaction(struct process *self, const struct syscall_args *args)
{
    uint32_t signal = args->arg[0], user_new = args->arg[1], user_old = args->arg[2];
    struct user_action wanted;
    int err = user_new == 0 ? 0 : copy_from_user(&wanted, user_new, sizeof(wanted));

    if (args->arg[3] != SIGSET_SIZE) {
        return -EINVAL;
    }
    if (err != 0) {
        return err;
    }
    if (!may_change(signal, user_new != 0)) {
        return -EINVAL;
    }
    if (user_old != 0) {
        const struct signal_action *is = signal_action_of(self, (int)signal);
        struct user_action old = {
            is->handler, is->flags, is->restorer, {(uint32_t)is->mask, (uint32_t)(is->mask >> 32)}};

        err = copy_to_user(user_old, &old, sizeof(old));
    }
    if (err != 0 || user_new == 0) {
        return err;
    }
    struct signal_action action = {wanted.handler, wanted.flags, wanted.restorer,
                                   (uint64_t)wanted.mask[1] << 32 | wanted.mask[0]};

    return change_action(self, signal, &action);
}

long sys_sigaction(struct process *self, const struct syscall_args *args)
{
    uint32_t signal = args->arg[0], user_new = args->arg[1], user_old = args->arg[2];
    struct old_action wanted;
    int err = user_new == 0 ? 0 : copy_from_user(&wanted, user_new, sizeof(wanted));

    if (err != 0) {
        return err;
    }
    if (!may_change(signal, user_new != 0)) {
        return -EINVAL;
    }
    if (user_old != 0) {
        const struct signal_action *is = signal_action_of(self, (int)signal);
        struct old_action old = {is->handler, (uint32_t)is->mask, is->flags, is->restorer};

        err = copy_to_user(user_old, &old, sizeof(old));
    }
    if (err != 0 || user_new == 0) {
        return err;
    }
    struct signal_action action = {wanted.handler, wanted.flags, wanted.restorer, wanted.mask};

    return change_action(self, signal, &action);
}

/* System V's signal: the handler serves once, and the signal is not blocked in it. */
long sys_signal(struct process *self, const struct syscall_args *args)
{
    struct signal_action action = {.handler = args->arg[1],
                                   .flags = (uint32_t)SA_RESETHAND | (uint32_t)SA_NODEFER};

    if (!may_change(args->arg[0], true)) {
        return -EINVAL;
    }
    uint32_t old = signal_action_of(self, (int)args->arg[0])->handler;
    long err = change_action(self, args->arg[0], &action);

    return err != 0 ? err : (long)old;
}

/* ---- Masks ----------------------------------------------------------------------------------- */

/* Changes the signals of `domain` in the mask. Returns false for an unknown `how`. */
static bool change_mask(struct process *self, uint32_t how, uint64_t set, uint64_t domain)
{
    uint64_t mask = self->thread.signal_mask;

    switch (how) {
    case SIG_BLOCK:
        mask |= set;
        break;
    case SIG_UNBLOCK:
        mask &= ~set;
        break;
    case SIG_SETMASK:
        mask = (mask & ~domain) | set;
        break;
    default:
        return false;
    }
    signal_set_mask(self, mask);
    return true;
}

static bool is_how(uint32_t how)
{
    return how == SIG_BLOCK || how == SIG_UNBLOCK || how == SIG_SETMASK;
}

/* Both calls: `size` bytes of set are read and written, which are the signals of `domain`. */
static long mask_call(struct process *self, const struct syscall_args *args, uint32_t size,
                      uint64_t domain)
{
    uint32_t how = args->arg[0], user_set = args->arg[1], user_old = args->arg[2];
    uint64_t set = 0, old = self->thread.signal_mask;
    int err = user_set == 0 ? 0 : copy_from_user(&set, user_set, size);

    if (err != 0) {
        return err;
    }
    if (user_set != 0 && !is_how(how)) {
        return -EINVAL;
    }
    err = user_old == 0 ? 0 : copy_to_user(user_old, &old, size);
    if (err == 0 && user_set != 0) {
        (void)change_mask(self, how, set, domain);
    }
    return err;
}

long sys_rt_sigprocmask(struct process *self, const struct syscall_args *args)
{
    return args->arg[3] != SIGSET_SIZE ? -EINVAL : mask_call(self, args, SIGSET_SIZE, ~0ull);
}

long sys_sigprocmask(struct process *self, const struct syscall_args *args)
{
    return mask_call(self, args, sizeof(uint32_t), LOW_SIGNALS);
}

static long put_pending(const struct process *self, uint32_t user, uint32_t size)
{
    uint64_t set = signal_pending(self) & self->thread.signal_mask;

    return copy_to_user(user, &set, size);
}

long sys_rt_sigpending(struct process *self, const struct syscall_args *args)
{
    return args->arg[1] > SIGSET_SIZE ? -EINVAL : put_pending(self, args->arg[0], args->arg[1]);
}

long sys_sigpending(struct process *self, const struct syscall_args *args)
{
    return put_pending(self, args->arg[0], sizeof(uint32_t));
}

/* ---- Waiting --------------------------------------------------------------------------------- */

#define NO_DEADLINE UINT64_MAX

/* Sleeps until the process has a signal to deliver, or until the deadline. Returns false if that has
 * come. */
static bool sleep_for_signal(uint64_t deadline)
{
    static struct wait_queue nobody_wakes = WAIT_QUEUE_INITIALIZER(nobody_wakes);

    if (deadline != NO_DEADLINE) {
        return sleep_until(deadline) != 0;
    }
    while (wait_queue_sleep(&nobody_wakes)) {
    }
    return true;
}

/* Waits with another mask. The handler's return, or the end of delivery, restores the old one. */
static long suspend(struct process *self, uint64_t mask)
{
    self->thread.saved_mask = self->thread.signal_mask;
    self->thread.has_saved_mask = true;
    signal_set_mask(self, mask);
    (void)sleep_for_signal(NO_DEADLINE);
    return -ERESTARTNOHAND;
}

long sys_rt_sigsuspend(struct process *self, const struct syscall_args *args)
{
    uint64_t mask;

    if (args->arg[1] != SIGSET_SIZE) {
        return -EINVAL;
    }
    int err = copy_from_user(&mask, args->arg[0], sizeof(mask));

    return err != 0 ? err : suspend(self, mask);
}

/* The mask is the third argument; the first two are history. */
long sys_sigsuspend(struct process *self, const struct syscall_args *args)
{
    return suspend(self, args->arg[2]);
}

long sys_pause(struct process *self, const struct syscall_args *args)
{
    (void)self;
    (void)args;
    (void)sleep_for_signal(NO_DEADLINE);
    return -ERESTARTNOHAND;
}

static long put_info(uint32_t user, const struct signal_info *info)
{
    int err = user == 0 ? 0 : copy_to_user(user, info, sizeof(*info));

    if (err == 0 && user != 0) {
        err =
            clear_user(user + (uint32_t)sizeof(*info), sizeof(siginfo_t) - (uint32_t)sizeof(*info));
    }
    return err != 0 ? err : info->signal;
}

/* Takes one of `set` and waits for it until the deadline. While it waits, the set wakes although it is
 * blocked. */
static long take_one(struct process *self, uint64_t set, uint32_t user_info, uint64_t deadline)
{
    struct signal_info info;
    bool is_taken = signal_take(self, set, &info);
    bool is_interrupted = false;

    if (!is_taken && deadline > clock_now()) {
        self->thread.signals_awaited = set;
        is_interrupted = sleep_for_signal(deadline);
        self->thread.signals_awaited = 0;
        is_taken = signal_take(self, set, &info);
    }
    signal_update(self);
    if (is_taken) {
        return put_info(user_info, &info);
    }
    return is_interrupted ? -EINTR : -EAGAIN;
}

static long timed_wait(struct process *self, const struct syscall_args *args, enum time_width width)
{
    uint64_t set, ns, deadline = NO_DEADLINE;

    if (args->arg[3] != SIGSET_SIZE) {
        return -EINVAL;
    }
    int err = copy_from_user(&set, args->arg[0], sizeof(set));

    if (err == 0 && args->arg[2] != 0) {
        err = get_timespec(args->arg[2], width, &ns);
        deadline = err == 0 ? time_add(clock_now(), ns) : 0;
    }
    return err != 0 ? err : take_one(self, set & ~SIGNAL_UNBLOCKABLE, args->arg[1], deadline);
}

long sys_rt_sigtimedwait(struct process *self, const struct syscall_args *args)
{
    return timed_wait(self, args, TIME_OLD);
}

long sys_rt_sigtimedwait_time64(struct process *self, const struct syscall_args *args)
{
    return timed_wait(self, args, TIME_64);
}

/* ---- The alternate stack --------------------------------------------------------------------- */

/* Linux's stack_t. */
struct user_stack {
    uint32_t base, flags, size;
};

static struct user_stack stack_of(const struct process *self)
{
    const struct signal_stack *stack = &self->thread.signal_stack;
    uint32_t esp = process_trap_frame(self)->esp;
    uint32_t state = stack->size == 0 ? SS_DISABLE : signal_is_on_stack(self, esp) ? SS_ONSTACK : 0;

    return (struct user_stack){stack->base, state | stack->flags, stack->size};
}

/* The new stack is checked before the old one is written, and set after that. */
long sys_sigaltstack(struct process *self, const struct syscall_args *args)
{
    uint32_t user_new = args->arg[0], user_old = args->arg[1];
    struct user_stack old = stack_of(self), wanted;
    struct signal_stack before = self->thread.signal_stack;
    int err = user_new == 0 ? 0 : copy_from_user(&wanted, user_new, sizeof(wanted));

    if (err == 0 && user_new != 0) {
        struct signal_stack stack = {wanted.base, wanted.size, wanted.flags};

        err = signal_stack_set(self, &stack);
    }
    if (err == 0 && user_old != 0) {
        err = copy_to_user(user_old, &old, sizeof(old));
        if (err != 0) {
            self->thread.signal_stack = before;
        }
    }
    return err;
}

/* ---- The return from handlers ---------------------------------------------------------------- */

long sys_sigreturn(struct process *self, const struct syscall_args *args)
{
    (void)args;
    return signal_return(self);
}

long sys_rt_sigreturn(struct process *self, const struct syscall_args *args)
{
    (void)args;
    return signal_return_rt(self);
}
