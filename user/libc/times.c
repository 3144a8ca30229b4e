/* The time of day and the machine's state: settimeofday, sysinfo. */
#include <stddef.h>
#include <sys/sysinfo.h>
#include <sys/time.h>

#include "user/libc/syscall.h"

/* The kernel's structure has 32-bit seconds. Times that these do not hold become the longest one, and
 * what is no time stays one that the kernel refuses. */
struct kernel_timeval {
    long seconds, microseconds;
};

static struct kernel_timeval to_kernel(const struct timeval *time)
{
    long long seconds = time->tv_sec > __LONG_MAX__ ? __LONG_MAX__ : time->tv_sec;
    return (struct kernel_timeval){seconds < 0 ? -1 : (long)seconds,
                                   time->tv_usec != (long)time->tv_usec ? -1 : (long)time->tv_usec};
}

int settimeofday(const struct timeval *now, const struct timezone *zone)
{
    struct kernel_timeval time = {0, 0};
    if (now != NULL) {
        time = to_kernel(now);
    }
    return (int)syscall_result(
        syscall2(__NR_settimeofday, now == NULL ? 0 : (long)&time, (long)zone));
}

int sysinfo(struct sysinfo *info)
{
    return (int)syscall_result(syscall1(__NR_sysinfo, (long)info));
}
