/* Sleeping, and interval timers. Both end at the first tick of the timer at which their time has
 * come, so up to 10 ms late. */
#include <asm/errno.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "dev/clock.h"
#include "dev/time_value.h"
#include "kernel/proc/itimer.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "kernel/sys/syscall.h"
#include "kernel/sys/time/time_calls.h"
#include "kernel/user/usercopy.h"
#include "lib/minmax.h"
#include "lib/restart.h"
#include "sync/wait_queue.h"

#define NS_PER_MICROSECOND 1000u

/* ---- Sleeping -------------------------------------------------------------------------------- */

/* Those who sleep until a time of day. */
static struct wait_queue realtime_sleepers = WAIT_QUEUE_INITIALIZER(realtime_sleepers);

void wake_realtime_sleepers(void)
{
    wait_queue_wake_all(&realtime_sleepers);
}

int sleep_until(uint64_t deadline)
{
    struct wait_queue nobody_wakes;

    wait_queue_init(&nobody_wakes);
    while (clock_now() < deadline) {
        if (!wait_queue_sleep_until(&nobody_wakes, deadline)) {
            return -EINTR;
        }
    }
    return 0;
}

static int sleep_until_realtime(uint64_t realtime)
{
    while (clock_realtime() < realtime) {
        if (!wait_queue_sleep_until(&realtime_sleepers, realtime - clock_realtime_at_start())) {
            return -ERESTARTNOHAND;
        }
    }
    return 0;
}

/* Sleeps as thread.sleep_restart says. If the sleep is interrupted, stores the rest; without a handler
 * restart_syscall sleeps on. */
static long sleep_or_store_rest(const struct process *self)
{
    const struct sleep_restart *sleep = &self->thread.sleep_restart;

    if (sleep_until(sleep->deadline) == 0) {
        return 0;
    }
    uint64_t now = clock_now();
    uint64_t rest = sleep->deadline > now ? sleep->deadline - now : 0;

    if (sleep->left != 0 && put_timespec(sleep->left, sleep->width, rest) != 0) {
        return -EFAULT;
    }
    return -ERESTARTBLOCK;
}

/* left: where the rest goes if the sleep is interrupted, or 0. */
static long sleep_for(struct process *self, uint64_t ns, uint32_t left, enum time_width width)
{
    self->thread.sleep_restart =
        (struct sleep_restart){.deadline = time_add(clock_now(), ns), .left = left, .width = width};
    if (ns == 0) {
        sched_yield_cpu();
    }
    return sleep_or_store_rest(self);
}

/* Goes on with the sleep that a signal has interrupted last. A program that calls it for no reason
 * sleeps until a time that has mostly come. */
long sys_restart_syscall(struct process *self, const struct syscall_args *args)
{
    (void)args;
    return sleep_or_store_rest(self);
}

static long nanosleep(struct process *self, const struct syscall_args *args, enum time_width width)
{
    uint64_t ns;
    int err = get_timespec(args->arg[0], width, &ns);

    return err != 0 ? err : sleep_for(self, ns, args->arg[1], width);
}

long sys_nanosleep(struct process *self, const struct syscall_args *args)
{
    return nanosleep(self, args, TIME_OLD);
}

/* Returns 0 for a clock by which a process can sleep. */
static int check_sleep_clock(const struct process *self, int32_t clock)
{
    uint64_t ignored;

    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI:
        return 0;
    default:
        return read_clock(self, clock, &ignored) != 0 ? -EINVAL : -EOPNOTSUPP;
    }
}

static long clock_nanosleep(struct process *self, const struct syscall_args *args,
                            enum time_width width)
{
    int32_t clock = (int32_t)args->arg[0];
    bool is_absolute = (args->arg[1] & TIMER_ABSTIME) != 0;
    uint64_t ns;
    int err = check_sleep_clock(self, clock);

    err = err != 0 ? err : get_timespec(args->arg[2], width, &ns);
    if (err != 0) {
        return err;
    }
    if (!is_absolute) {
        return sleep_for(self, ns, args->arg[3], width);
    }
    if (clock == CLOCK_REALTIME || clock == CLOCK_TAI) {
        return sleep_until_realtime(ns);
    }
    return sleep_until(ns) == 0 ? 0 : -ERESTARTNOHAND;
}

long sys_clock_nanosleep(struct process *self, const struct syscall_args *args)
{
    return clock_nanosleep(self, args, TIME_OLD);
}

long sys_clock_nanosleep_time64(struct process *self, const struct syscall_args *args)
{
    return clock_nanosleep(self, args, TIME_64);
}

/* ---- Interval timers ------------------------------------------------------------------------- */

static int get_itimer(uint32_t from, struct itimer_value *value)
{
    struct __kernel_old_itimerval raw;
    int err = copy_from_user(&raw, from, sizeof(raw));

    if (err == 0) {
        err = time_from_microseconds(raw.it_value.tv_sec, (int32_t)raw.it_value.tv_usec,
                                     &value->left);
    }
    if (err == 0) {
        err = time_from_microseconds(raw.it_interval.tv_sec, (int32_t)raw.it_interval.tv_usec,
                                     &value->interval);
    }
    return err;
}

static struct __kernel_old_timeval old_timeval(uint64_t ns)
{
    struct time_parts parts = time_split(ns);

    return (struct __kernel_old_timeval){(long)parts.seconds,
                                         (long)(parts.nanoseconds / NS_PER_MICROSECOND)};
}

/* A timer that runs never shows 0. */
static int put_itimer(uint32_t to, const struct itimer_value *value)
{
    uint64_t left = value->left == 0 ? 0 : max_u64(value->left, NS_PER_MICROSECOND);
    struct __kernel_old_itimerval raw = {old_timeval(value->interval), old_timeval(left)};

    return copy_to_user(to, &raw, sizeof(raw));
}

long sys_getitimer(struct process *self, const struct syscall_args *args)
{
    struct itimer_value value;

    if (args->arg[0] > ITIMER_PROF) {
        return -EINVAL;
    }
    itimer_get(self, args->arg[0], &value);
    return put_itimer(args->arg[1], &value);
}

/* Without a new value the timer stops, as on Linux. */
long sys_setitimer(struct process *self, const struct syscall_args *args)
{
    struct itimer_value value = {0, 0}, old;
    int err = args->arg[1] == 0 ? 0 : get_itimer(args->arg[1], &value);

    if (err == 0 && args->arg[0] > ITIMER_PROF) {
        err = -EINVAL;
    }
    if (err != 0) {
        return err;
    }
    itimer_get(self, args->arg[0], &old);
    itimer_set(self, args->arg[0], &value);
    return args->arg[2] == 0 ? 0 : put_itimer(args->arg[2], &old);
}

/* Returns what was left of the alarm before, rounded to seconds, but not to 0. Longer alarms than
 * the result can express are cut, as on Linux. */
long sys_alarm(struct process *self, const struct syscall_args *args)
{
    uint32_t seconds = min_u32(args->arg[0], INT32_MAX);
    struct itimer_value value = {(uint64_t)seconds * CLOCK_NS_PER_SECOND, 0}, old;

    itimer_get(self, ITIMER_REAL, &old);
    itimer_set(self, ITIMER_REAL, &value);
    struct time_parts left = time_split(old.left);
    bool rounds_up =
        left.nanoseconds >= CLOCK_NS_PER_SECOND / 2 || (left.seconds == 0 && left.nanoseconds != 0);

    return (long)left.seconds + (rounds_up ? 1 : 0);
}
