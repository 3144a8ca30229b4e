/* Interval timers and times. The kernel's calls have 32-bit seconds. */
#include <errno.h>
#include <limits.h>
#include <sys/time.h>
#include <sys/times.h>

#include "user/libc/syscall.h"

struct kernel_itimerval {
    long interval[2], value[2]; /* seconds, microseconds */
};

static struct itimerval from_kernel(const struct kernel_itimerval *k)
{
    return (struct itimerval){{k->interval[0], k->interval[1]}, {k->value[0], k->value[1]}};
}

int getitimer(int which, struct itimerval *now)
{
    struct kernel_itimerval kernels;
    if (syscall_result(syscall2(__NR_getitimer, which, (long)&kernels)) < 0) {
        return -1;
    }
    *now = from_kernel(&kernels);
    return 0;
}

int setitimer(int which, const struct itimerval *restrict wanted, struct itimerval *restrict old)
{
    if (wanted->it_interval.tv_sec > LONG_MAX || wanted->it_value.tv_sec > LONG_MAX) {
        errno = EINVAL;
        return -1;
    }
    struct kernel_itimerval was,
        kernels = {
            {(long)wanted->it_interval.tv_sec, (long)wanted->it_interval.tv_usec},
            {(long)wanted->it_value.tv_sec, (long)wanted->it_value.tv_usec},
        };
    if (syscall_result(syscall3(__NR_setitimer, which, (long)&kernels, (long)&was)) < 0) {
        return -1;
    }
    if (old != NULL) {
        *old = from_kernel(&was);
    }
    return 0;
}

clock_t times(struct tms *used)
{
    return (clock_t)syscall_result(syscall1(__NR_times, (long)used));
}
