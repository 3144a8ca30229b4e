/* Reading and setting clocks. */
#include <asm/errno.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "arch/div64.h"
#include "dev/clock.h"
#include "dev/time_value.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/usage.h"
#include "kernel/sys/syscall.h"
#include "kernel/sys/time/time_calls.h"
#include "kernel/user/usercopy.h"

#define NS_PER_MICROSECOND 1000u

/* ---- Structures ------------------------------------------------------------------------------ */

/* Only the lower half of a 64-bit tv_nsec counts, as on Linux: the rest is padding. */
int get_timespec(uint32_t from, enum time_width width, uint64_t *ns)
{
    struct __kernel_timespec wide;
    struct __kernel_old_timespec old;
    int err;

    if (width == TIME_64) {
        err = copy_from_user(&wide, from, sizeof(wide));
        return err != 0 ? err : time_from_nanoseconds(wide.tv_sec, (int32_t)wide.tv_nsec, ns);
    }
    err = copy_from_user(&old, from, sizeof(old));
    return err != 0 ? err : time_from_nanoseconds(old.tv_sec, old.tv_nsec, ns);
}

int put_timespec(uint32_t to, enum time_width width, uint64_t ns)
{
    struct time_parts parts = time_split(ns);
    struct __kernel_timespec wide = {parts.seconds, parts.nanoseconds};
    struct __kernel_old_timespec old = {(long)parts.seconds, (long)parts.nanoseconds};

    return width == TIME_64 ? copy_to_user(to, &wide, sizeof(wide))
                            : copy_to_user(to, &old, sizeof(old));
}

/* ---- CPU time clocks -------------------------------------------------------------------------- */

/* A negative number names a process: its lowest bits say what is counted, and the complement of the
 * others is the pid, 0 for the caller (Linux's linux/posix-timers.h). */
#define CPU_CLOCK_WHAT   3
#define CPU_CLOCK_THREAD 4
#define CPU_CLOCK_SHIFT  3
enum cpu_clock { CPU_CLOCK_ALL, CPU_CLOCK_USER, CPU_CLOCK_EXACT };

/* Returns the process of a CPU time clock, or NULL if the number names none. */
static const struct process *process_of_clock(const struct process *self, int32_t clock)
{
    int pid = (int)(~(uint32_t)clock >> CPU_CLOCK_SHIFT); /* the number is negative */

    if ((clock & CPU_CLOCK_WHAT) > CPU_CLOCK_EXACT) {
        return NULL;
    }
    if (pid == 0 || pid == self->id.pid) {
        return self;
    }
    return (clock & CPU_CLOCK_THREAD) != 0 ? NULL : process_find(pid);
}

static int read_cpu_clock(const struct process *self, int32_t clock, uint64_t *ns)
{
    const struct process *process = process_of_clock(self, clock);
    struct usage_sums sums;

    if (process == NULL) {
        return -EINVAL;
    }
    usage_of(process, &sums);
    *ns = (clock & CPU_CLOCK_WHAT) == CPU_CLOCK_USER ? usage_times_of_sums(&sums).user
                                                     : usage_cpu_ns(process);
    return 0;
}

/* ---- Reading ---------------------------------------------------------------------------------- */

/* Returns the time at the last tick or a little before it. */
static uint64_t coarse(uint64_t ns)
{
    uint32_t rest;

    (void)div_u64(ns, CLOCK_TICK_NS, &rest);
    return ns - rest;
}

int read_clock(const struct process *self, int32_t clock, uint64_t *ns)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_TAI: /* nobody has set how many leap seconds there were, so 0, as on Linux */
        *ns = clock_realtime();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW: /* nothing adjusts the rate */
    case CLOCK_BOOTTIME:      /* the machine is never suspended */
        *ns = clock_now();
        return 0;
    case CLOCK_REALTIME_COARSE:
        *ns = clock_realtime_at_start() + coarse(clock_now());
        return 0;
    case CLOCK_MONOTONIC_COARSE:
        *ns = coarse(clock_now());
        return 0;
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID: /* a process has one thread */
        *ns = usage_cpu_ns(self);
        return 0;
    default:
        return clock < 0 ? read_cpu_clock(self, clock, ns) : -EINVAL;
    }
}

static long gettime(const struct process *self, const struct syscall_args *args,
                    enum time_width width)
{
    uint64_t ns;
    int err = read_clock(self, (int32_t)args->arg[0], &ns);

    return err != 0 ? err : put_timespec(args->arg[1], width, ns);
}

long sys_clock_gettime(struct process *self, const struct syscall_args *args)
{
    return gettime(self, args, TIME_OLD);
}

long sys_clock_gettime64(struct process *self, const struct syscall_args *args)
{
    return gettime(self, args, TIME_64);
}

/* What a clock is read to. Timers expire at the ticks whatever the clock. */
static long getres(const struct process *self, const struct syscall_args *args,
                   enum time_width width)
{
    int32_t clock = (int32_t)args->arg[0];
    uint64_t ns;
    int err = read_clock(self, clock, &ns);

    if (err != 0 || args->arg[1] == 0) {
        return err;
    }
    bool is_coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;

    return put_timespec(args->arg[1], width, is_coarse || clock_rate() == 0 ? CLOCK_TICK_NS : 1);
}

long sys_clock_getres(struct process *self, const struct syscall_args *args)
{
    return getres(self, args, TIME_OLD);
}

long sys_clock_getres_time64(struct process *self, const struct syscall_args *args)
{
    return getres(self, args, TIME_64);
}

long sys_gettimeofday(struct process *self, const struct syscall_args *args)
{
    struct time_parts now = time_split(clock_realtime());
    struct __kernel_old_timeval value = {(long)now.seconds,
                                         (long)(now.nanoseconds / NS_PER_MICROSECOND)};
    const struct timezone utc = {0, 0};
    int err = 0;

    (void)self;
    if (args->arg[0] != 0) {
        err = copy_to_user(args->arg[0], &value, sizeof(value));
    }
    if (err == 0 && args->arg[1] != 0) {
        err = copy_to_user(args->arg[1], &utc, sizeof(utc));
    }
    return err;
}

long sys_time(struct process *self, const struct syscall_args *args)
{
    long now = (long)time_split(clock_realtime()).seconds;
    int err = args->arg[0] == 0 ? 0 : copy_to_user(args->arg[0], &now, sizeof(now));

    (void)self;
    return err != 0 ? err : now;
}

/* ---- Setting: the only user is root, who may ---------------------------------------------------- */

/* A time of day before the machine's start would make that start negative. */
static int set_realtime(uint64_t ns)
{
    if (ns >= TIME_NS_MAX / 2 || !clock_set_realtime(ns)) {
        return -EINVAL;
    }
    wake_realtime_sleepers();
    return 0;
}

static long settime(const struct syscall_args *args, enum time_width width)
{
    uint64_t ns;

    if (args->arg[0] != CLOCK_REALTIME) {
        return -EINVAL;
    }
    int err = get_timespec(args->arg[1], width, &ns);

    return err != 0 ? err : set_realtime(ns);
}

long sys_clock_settime(struct process *self, const struct syscall_args *args)
{
    (void)self;
    return settime(args, TIME_OLD);
}

long sys_clock_settime64(struct process *self, const struct syscall_args *args)
{
    (void)self;
    return settime(args, TIME_64);
}

/* Time zones are the programs' business; the kernel's is UTC, whatever is set. */
long sys_settimeofday(struct process *self, const struct syscall_args *args)
{
    struct __kernel_old_timeval value;
    struct timezone zone;
    uint64_t ns = 0;
    int err = 0;

    (void)self;
    if (args->arg[0] != 0) {
        err = copy_from_user(&value, args->arg[0], sizeof(value));
        err = err != 0 ? err : time_from_microseconds(value.tv_sec, (int32_t)value.tv_usec, &ns);
    }
    if (err == 0 && args->arg[1] != 0) {
        err = copy_from_user(&zone, args->arg[1], sizeof(zone));
    }
    return err != 0 || args->arg[0] == 0 ? err : set_realtime(ns);
}

long sys_stime(struct process *self, const struct syscall_args *args)
{
    int32_t seconds;
    uint64_t ns;
    int err = copy_from_user(&seconds, args->arg[0], sizeof(seconds));

    (void)self;
    err = err != 0 ? err : time_from_nanoseconds(seconds, 0, &ns);
    return err != 0 ? err : set_realtime(ns);
}
