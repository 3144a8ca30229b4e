/* What processes and the machine have used: times, getrusage, sysinfo. */
#include "kernel/sys/time/sys_usage.h"

#include <asm/errno.h>
#include <linux/resource.h>
#include <linux/sysinfo.h>
#include <linux/times.h>

#include "arch/div64.h"
#include "dev/clock.h"
#include "dev/time_value.h"
#include "kernel/proc/loadavg.h"
#include "kernel/proc/process.h"
#include "kernel/proc/process_alloc.h"
#include "kernel/proc/usage.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"
#include "lib/addr.h"
#include "mm/phys/frame.h"

#define NS_PER_MICROSECOND 1000u
#define NS_PER_CLOCK_TICK  (CLOCK_NS_PER_SECOND / 100) /* AT_CLKTCK */

/* ---- Processes ------------------------------------------------------------------------------- */

static struct __kernel_old_timeval timeval_of(uint64_t ns)
{
    struct time_parts parts = time_split(ns);

    return (struct __kernel_old_timeval){(long)parts.seconds,
                                         (long)(parts.nanoseconds / NS_PER_MICROSECOND)};
}

/* No page comes from a disk, so there are no major faults and no transfers. */
static int put_rusage(uint32_t to, const struct usage_sums *sums, struct usage_times times)
{
    const struct rusage usage = {
        .ru_utime = timeval_of(times.user),
        .ru_stime = timeval_of(times.system),
        .ru_maxrss = (long)(sums->rss_peak * (PAGE_SIZE / 1024)),
        .ru_minflt = (long)sums->faults,
        .ru_nvcsw = (long)sums->voluntary_switches,
        .ru_nivcsw = (long)sums->involuntary_switches,
    };

    return copy_to_user(to, &usage, sizeof(usage));
}

/* As after the wait: the zombie's own use and its children's. */
int put_rusage_of_child(uint32_t to, const struct process *child)
{
    struct usage_sums sums;

    usage_of(child, &sums);
    usage_add(&sums, &child->usage.children);
    return put_rusage(to, &sums, usage_times_of_sums(&sums));
}

long sys_getrusage(struct process *self, const struct syscall_args *args)
{
    struct usage_sums sums;

    switch ((int32_t)args->arg[0]) {
    case RUSAGE_SELF:
    case RUSAGE_THREAD: /* a process has one thread */
        usage_of(self, &sums);
        return put_rusage(args->arg[1], &sums, usage_times_of(self));
    case RUSAGE_CHILDREN:
        return put_rusage(args->arg[1], &self->usage.children,
                          usage_times_of_sums(&self->usage.children));
    default:
        return -EINVAL;
    }
}

static long clock_ticks(uint64_t ns)
{
    uint32_t rest;

    return (long)div_u64(ns, NS_PER_CLOCK_TICK, &rest);
}

/* Returns the time since start-up in clock ticks, which may look like an error when it is close to
 * 2^32, as on Linux. */
long sys_times(struct process *self, const struct syscall_args *args)
{
    struct usage_times own = usage_times_of(self);
    struct usage_times children = usage_times_of_sums(&self->usage.children);
    const struct tms times = {
        .tms_utime = clock_ticks(own.user),
        .tms_stime = clock_ticks(own.system),
        .tms_cutime = clock_ticks(children.user),
        .tms_cstime = clock_ticks(children.system),
    };
    int err = args->arg[0] == 0 ? 0 : copy_to_user(args->arg[0], &times, sizeof(times));

    return err != 0 ? err : clock_ticks(clock_now());
}

/* ---- The machine ----------------------------------------------------------------------------- */

long sys_sysinfo(struct process *self, const struct syscall_args *args)
{
    uint32_t loads[LOADAVG_COUNT];

    (void)self;
    loadavg_read(loads);
    struct sysinfo info = {
        .uptime = (long)time_split(clock_now()).seconds,
        .totalram = frame_total_count() * PAGE_SIZE,
        .freeram = frame_free_count() * PAGE_SIZE,
        .procs = (uint16_t)process_total(),
        .mem_unit = 1,
    };

    for (int i = 0; i < LOADAVG_COUNT; i++) {
        info.loads[i] = loads[i] << (SI_LOAD_SHIFT - LOADAVG_SHIFT);
    }
    return copy_to_user(args->arg[0], &info, sizeof(info));
}
