/*
 * poll and select: waiting for one of several files.
 *
 * Both look at all files, and if none is ready sleep until some file anywhere has become so
 * (fs/poll.h) or the time is over. Interrupts are off from the look to the sleep, so no change is
 * missed.
 */
#include <asm/errno.h>
#include <linux/poll.h>
#include <linux/time_types.h>

#include "dev/clock.h"
#include "dev/time_value.h"
#include "fs/file.h"
#include "fs/poll.h"
#include "kernel/proc/process.h"
#include "kernel/proc/signal.h"
#include "kernel/sys/syscall.h"
#include "kernel/sys/time/time_calls.h"
#include "kernel/user/usercopy.h"
#include "lib/compiler.h"
#include "lib/minmax.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/phys/kheap.h"
#include "sync/timer.h"

#define NS_PER_MICROSECOND 1000u
#define NS_PER_MILLISECOND 1000000u
#define MICROSECONDS       1000000

/* ---- Waiting --------------------------------------------------------------------------------- */

/* Looks at all files once. Returns how many are ready, or -errno. */
typedef int poll_pass(struct process *self, void *what);

/* Returns what the first pass returns that is not 0, 0 when the deadline has come, or
 * -ERESTARTNOHAND. */
static int wait_for_files(struct process *self, poll_pass *pass, void *what, uint64_t deadline)
{
    for (;;) {
        int ready = pass(self, what);

        if (ready != 0 || clock_now() >= deadline) {
            return ready;
        }
        if (!poll_sleep_until(deadline)) {
            return -ERESTARTNOHAND;
        }
    }
}

static uint64_t deadline_after(uint64_t ns)
{
    return time_add(clock_now(), ns);
}

static uint64_t left_until(uint64_t deadline)
{
    uint64_t now = clock_now();

    return deadline > now ? deadline - now : 0;
}

/* Reads a timeout of ppoll and pselect6. Without one the deadline never comes. */
static int get_deadline(uint32_t from, enum time_width width, uint64_t *deadline)
{
    uint64_t ns;

    *deadline = TIMER_NEVER;
    if (from == 0) {
        return 0;
    }
    int err = get_timespec(from, width, &ns);

    if (err == 0) {
        *deadline = deadline_after(ns);
    }
    return err;
}

/* Tells the caller what is left of its timeout. If it cannot be written, the result still counts. */
static long put_left(uint32_t to, enum time_width width, uint64_t deadline, long result)
{
    if (to != 0) {
        int ignored = put_timespec(to, width, left_until(deadline));

        (void)ignored;
    }
    return result;
}

/* Replaces the signal mask during the call, if there is one. */
static int set_temporary_mask(struct process *self, uint32_t user, uint32_t size)
{
    uint64_t mask;

    if (user == 0) {
        return 0;
    }
    if (size != sizeof(mask)) {
        return -EINVAL;
    }
    int err = copy_from_user(&mask, user, sizeof(mask));

    if (err == 0) {
        self->thread.saved_mask = self->thread.signal_mask;
        self->thread.has_saved_mask = true;
        signal_set_mask(self, mask);
    }
    return err;
}

/* Restores the mask, but after an interruption leaves that to the delivery of the signal, which
 * the temporary mask may have let in. Returns the result. */
static long end_temporary_mask(struct process *self, long result)
{
    if (self->thread.has_saved_mask && result != -ERESTARTNOHAND) {
        self->thread.has_saved_mask = false;
        signal_set_mask(self, self->thread.saved_mask);
    }
    return result;
}

/* ---- poll ------------------------------------------------------------------------------------ */

struct poll_list {
    struct pollfd *fds;
    uint32_t count;
};

/* Returns the events of one entry: those asked for, and errors. */
static uint32_t poll_one(const struct process *self, const struct pollfd *entry)
{
    if (entry->fd < 0) {
        return 0;
    }
    struct file *file = fd_get(&self->fds, entry->fd);

    if (file == NULL) {
        return POLLNVAL;
    }
    return file_poll(file) & ((uint16_t)entry->events | POLLERR | POLLHUP);
}

static int poll_all(struct process *self, void *what)
{
    const struct poll_list *list = what;
    int ready = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        list->fds[i].revents = (short)poll_one(self, &list->fds[i]);
        ready += list->fds[i].revents != 0 ? 1 : 0;
    }
    return ready;
}

/* Writes the results and nothing else: a program may change its entries meanwhile. */
static int put_results(uint32_t to, const struct poll_list *list)
{
    int err = 0;

    for (uint32_t i = 0; i < list->count && err == 0; i++) {
        err = copy_to_user(to + i * (uint32_t)sizeof(struct pollfd) +
                               (uint32_t)offsetof(struct pollfd, revents),
                           &list->fds[i].revents, sizeof(list->fds[i].revents));
    }
    return err;
}

static long poll_list(struct process *self, uint32_t user, const struct poll_list *list,
                      uint64_t deadline)
{
    int err = copy_from_user(list->fds, user, list->count * (uint32_t)sizeof(struct pollfd));

    if (err != 0) {
        return err;
    }
    struct poll_list copy = *list;
    int ready = wait_for_files(self, poll_all, &copy, deadline);

    err = ready < 0 ? 0 : put_results(user, list);
    return err != 0 ? err : ready;
}

static long poll_until(struct process *self, uint32_t user, uint32_t count, uint64_t deadline)
{
    struct poll_list list = {NULL, count};

    if (count > FD_MAX) {
        return -EINVAL;
    }
    if (count == 0) {
        return wait_for_files(self, poll_all, &list, deadline);
    }
    list.fds = kheap_alloc(count * sizeof(struct pollfd));
    if (list.fds == NULL) {
        return -ENOMEM;
    }
    long result = poll_list(self, user, &list, deadline);

    kheap_free(list.fds, count * sizeof(struct pollfd));
    return result;
}

long sys_poll(struct process *self, const struct syscall_args *args)
{
    int32_t milliseconds = (int32_t)args->arg[2];
    uint64_t deadline = milliseconds < 0
                            ? TIMER_NEVER
                            : deadline_after((uint64_t)milliseconds * NS_PER_MILLISECOND);

    return poll_until(self, args->arg[0], args->arg[1], deadline);
}

static long ppoll(struct process *self, const struct syscall_args *args, enum time_width width)
{
    uint32_t timeout = args->arg[2];
    uint64_t deadline;
    int err = get_deadline(timeout, width, &deadline);

    err = err != 0 ? err : set_temporary_mask(self, args->arg[3], args->arg[4]);
    if (err != 0) {
        return err;
    }
    long result = poll_until(self, args->arg[0], args->arg[1], deadline);

    return put_left(timeout, width, deadline, end_temporary_mask(self, result));
}

long sys_ppoll(struct process *self, const struct syscall_args *args)
{
    return ppoll(self, args, TIME_OLD);
}

long sys_ppoll_time64(struct process *self, const struct syscall_args *args)
{
    return ppoll(self, args, TIME_64);
}

/* ---- select ---------------------------------------------------------------------------------- */

#define SET_WORDS     (FD_MAX / 32)
#define SELECT_READ   (POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR)
#define SELECT_WRITE  (POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR)
#define SELECT_EXCEPT POLLPRI

enum select_set { SET_READ, SET_WRITE, SET_EXCEPT, SETS };

static const uint32_t set_events[SETS] = {SELECT_READ, SELECT_WRITE, SELECT_EXCEPT};

struct selection {
    uint32_t count; /* of descriptors */
    uint32_t wanted[SETS][SET_WORDS], ready[SETS][SET_WORDS];
};

/* Returns which sets have the descriptor, as bits. */
static uint32_t sets_with(const struct selection *selection, uint32_t fd)
{
    uint32_t sets = 0;

    for (uint32_t set = 0; set < SETS; set++) {
        sets |= ((selection->wanted[set][fd / 32] >> fd % 32) & 1u) << set;
    }
    return sets;
}

/* Returns in how many of the sets the file is ready. */
static int select_one(struct selection *selection, uint32_t fd, uint32_t sets, uint32_t events)
{
    int ready = 0;

    for (uint32_t set = 0; set < SETS; set++) {
        if ((sets & 1u << set) != 0 && (events & set_events[set]) != 0) {
            selection->ready[set][fd / 32] |= 1u << fd % 32;
            ready++;
        }
    }
    return ready;
}

static int select_all(struct process *self, void *what)
{
    struct selection *selection = what;
    int ready = 0;

    for (uint32_t fd = 0; fd < selection->count; fd++) {
        uint32_t sets = sets_with(selection, fd);

        if (sets == 0) {
            continue;
        }
        struct file *file = fd_get(&self->fds, (int)fd);

        if (file == NULL) {
            return -EBADF;
        }
        ready += select_one(selection, fd, sets, file_poll(file));
    }
    return ready;
}

/* Sets are made of words; those that no descriptor below count needs are not touched. */
static uint32_t set_bytes(uint32_t count)
{
    return (count + 31) / 32 * sizeof(uint32_t);
}

static int copy_sets_in(struct selection *selection, const uint32_t user[SETS])
{
    uint32_t bytes = set_bytes(selection->count);
    int err = 0;

    for (uint32_t set = 0; set < SETS && err == 0; set++) {
        if (user[set] != 0) {
            err = copy_from_user(selection->wanted[set], user[set], bytes);
        }
    }
    return err;
}

static int copy_sets_out(const struct selection *selection, const uint32_t user[SETS])
{
    uint32_t bytes = set_bytes(selection->count);
    int err = 0;

    for (uint32_t set = 0; set < SETS && err == 0; set++) {
        if (user[set] != 0) {
            err = copy_to_user(user[set], selection->ready[set], bytes);
        }
    }
    return err;
}

/* user: the addresses of the three sets, each or 0. */
static long select_until(struct process *self, int32_t count, const uint32_t user[SETS],
                         uint64_t deadline)
{
    if (count < 0) {
        return -EINVAL;
    }
    struct selection *selection = kheap_zalloc(sizeof(*selection));

    if (selection == NULL) {
        return -ENOMEM;
    }
    selection->count = min_u32((uint32_t)count, FD_MAX);
    int result = copy_sets_in(selection, user);

    if (result == 0) {
        result = wait_for_files(self, select_all, selection, deadline);
    }
    int err = result < 0 ? 0 : copy_sets_out(selection, user);

    kheap_free(selection, sizeof(*selection));
    return err != 0 ? err : result;
}

/* More microseconds than a second has are taken as seconds, as on Linux. */
static int get_timeval_deadline(uint32_t from, uint64_t *deadline)
{
    struct __kernel_old_timeval value;
    uint64_t ns;

    *deadline = TIMER_NEVER;
    if (from == 0) {
        return 0;
    }
    int err = copy_from_user(&value, from, sizeof(value));

    if (err == 0) {
        err = time_from_microseconds((int64_t)value.tv_sec + value.tv_usec / MICROSECONDS,
                                     (int32_t)(value.tv_usec % MICROSECONDS), &ns);
    }
    if (err == 0) {
        *deadline = deadline_after(ns);
    }
    return err;
}

static long put_timeval_left(uint32_t to, uint64_t deadline, long result)
{
    if (to != 0) {
        struct time_parts left = time_split(left_until(deadline));
        struct __kernel_old_timeval value = {(long)left.seconds,
                                             (long)(left.nanoseconds / NS_PER_MICROSECOND)};
        int ignored = copy_to_user(to, &value, sizeof(value));

        (void)ignored;
    }
    return result;
}

long sys_select(struct process *self, const struct syscall_args *args)
{
    uint32_t timeout = args->arg[4];
    uint64_t deadline;
    int err = get_timeval_deadline(timeout, &deadline);

    if (err != 0) {
        return err;
    }
    const uint32_t sets[SETS] = {args->arg[1], args->arg[2], args->arg[3]};

    return put_timeval_left(timeout, deadline,
                            select_until(self, (int32_t)args->arg[0], sets, deadline));
}

static long pselect(struct process *self, const struct syscall_args *args, enum time_width width)
{
    uint32_t timeout = args->arg[4];
    const uint32_t sets[SETS] = {args->arg[1], args->arg[2], args->arg[3]};
    struct {
        uint32_t mask, size;
    } signals = {0, 0};
    int32_t count = (int32_t)args->arg[0];
    uint64_t deadline;
    int err = args->arg[5] == 0 ? 0 : copy_from_user(&signals, args->arg[5], sizeof(signals));

    err = err != 0 ? err : get_deadline(timeout, width, &deadline);
    err = err != 0 ? err : set_temporary_mask(self, signals.mask, signals.size);
    if (err != 0) {
        return err;
    }
    long result = select_until(self, count, sets, deadline);

    return put_left(timeout, width, deadline, end_temporary_mask(self, result));
}

long sys_pselect6(struct process *self, const struct syscall_args *args)
{
    return pselect(self, args, TIME_OLD);
}

long sys_pselect6_time64(struct process *self, const struct syscall_args *args)
{
    return pselect(self, args, TIME_64);
}
