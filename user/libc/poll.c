/* <poll.h> and <sys/select.h>. The calls with 64-bit seconds, whose timeouts the kernel changes. */
#include <poll.h>

#include <stddef.h>
#include <string.h>
#include <sys/select.h>

#include "user/libc/syscall.h"

#define NSEC_PER_USEC 1000
#define USEC_PER_SEC  1000000

/* As the kernel has it. Programs' struct timespec has 32 bits and a gap where nanoseconds has 64, of
 * which the kernel ignores the upper half. */
struct kernel_time {
    long long seconds, nanoseconds;
};

#define KERNEL_SET_BYTES 8

int poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    return (int)syscall_result(syscall3(__NR_poll, (long)fds, (long)count, milliseconds));
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *time, const sigset_t *mask)
{
    struct kernel_time left;
    if (time != NULL) {
        memcpy(&left, time, sizeof(left));
    }
    return (int)syscall_result(syscall5(__NR_ppoll_time64, (long)fds, (long)count,
                                        time == NULL ? 0 : (long)&left, (long)mask,
                                        KERNEL_SET_BYTES));
}

static int select_for(int count, fd_set *const sets[3], struct kernel_time *time,
                      const sigset_t *mask)
{
    const struct {
        const sigset_t *mask;
        size_t size;
    } signals = {mask, KERNEL_SET_BYTES};
    const long args[6] = {count,         (long)sets[0], (long)sets[1],
                          (long)sets[2], (long)time,    (long)&signals};
    return (int)syscall_result(
        syscall6(__NR_pselect6_time64, args[0], args[1], args[2], args[3], args[4], args[5]));
}

int pselect(int count, fd_set *restrict reads, fd_set *restrict writes, fd_set *restrict exceptions,
            const struct timespec *restrict time, const sigset_t *restrict mask)
{
    fd_set *const sets[3] = {reads, writes, exceptions};
    struct kernel_time left;
    if (time != NULL) {
        memcpy(&left, time, sizeof(left));
    }
    return select_for(count, sets, time == NULL ? NULL : &left, mask);
}

/* A negative number of microseconds stays what the kernel refuses. */
int select(int count, fd_set *restrict reads, fd_set *restrict writes, fd_set *restrict exceptions,
           struct timeval *restrict time)
{
    fd_set *const sets[3] = {reads, writes, exceptions};
    struct kernel_time left = {0, 0};
    if (time == NULL) {
        return select_for(count, sets, NULL, NULL);
    }
    left.seconds = time->tv_sec + time->tv_usec / USEC_PER_SEC;
    left.nanoseconds = time->tv_usec % USEC_PER_SEC * NSEC_PER_USEC;
    int ready = select_for(count, sets, &left, NULL);
    if (ready >= 0) {
        *time = (struct timeval){left.seconds, left.nanoseconds / NSEC_PER_USEC};
    }
    return ready;
}
