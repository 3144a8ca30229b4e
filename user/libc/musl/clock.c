/*
 * The clocks of <time.h>, one call each, with 64-bit seconds.
 */
#include <stddef.h>

#if __has_include(<time.h>)
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "user/libc/syscall.h"

#define NSEC_PER_SEC  1000000000L
#define NSEC_PER_USEC 1000L
#define USEC_PER_SEC  1000000

int clock_gettime(clockid_t clock, struct timespec *now)
{
    return (int)syscall_result(syscall2(__NR_clock_gettime64, clock, (long)now));
}

int clock_getres(clockid_t clock, struct timespec *resolution)
{
    return (int)syscall_result(syscall2(__NR_clock_getres_time64, clock, (long)resolution));
}

int clock_settime(clockid_t clock, const struct timespec *now)
{
    return (int)syscall_result(syscall2(__NR_clock_settime64, clock, (long)now));
}

int stime(const time_t *now)
{
    struct timespec time = {.tv_sec = *now};
    return clock_settime(CLOCK_REALTIME, &time);
}

/* The clock of a process's CPU time: the complement of its pid, and what is counted. Returns an error
 * number, as POSIX has it. */
int clock_getcpuclockid(pid_t pid, clockid_t *clock)
{
    clockid_t of_pid = (clockid_t)(~(unsigned int)pid << 3 | 2);
    struct timespec ignored;
    if (clock_getres(of_pid, &ignored) != 0) {
        return errno == EINVAL ? ESRCH : errno;
    }
    *clock = of_pid;
    return 0;
}

/* Returns an error number, as POSIX has it. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted,
                    struct timespec *left)
{
    return (int)-syscall4(__NR_clock_nanosleep_time64, clock, flags, (long)wanted, (long)left);
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    return (int)syscall_result(-clock_nanosleep(CLOCK_REALTIME, 0, wanted, left));
}

time_t time(time_t *out)
{
    struct timespec now;
    time_t seconds = clock_gettime(CLOCK_REALTIME, &now) == 0 ? now.tv_sec : -1;
    if (out != NULL) {
        *out = seconds;
    }
    return seconds;
}

int timespec_get(struct timespec *now, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

/* Processor time in microseconds, which fit into 32 bits for 35 minutes. */
clock_t clock(void)
{
    struct timespec used;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0) {
        return -1;
    }
    long long microseconds = used.tv_sec * CLOCKS_PER_SEC + used.tv_nsec / NSEC_PER_USEC;
    return microseconds > __LONG_MAX__ ? -1 : (clock_t)microseconds;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec clock;
    if (zone != NULL) {
        memset(zone, 0, sizeof(struct timezone));
    }
    if (clock_gettime(CLOCK_REALTIME, &clock) != 0) {
        return -1;
    }
    *now = (struct timeval){clock.tv_sec, clock.tv_nsec / NSEC_PER_USEC};
    return 0;
}

/* ---- Times of files ---------------------------------------------------------------------------- */

int utimensat(int at, const char *path, const struct timespec *times, int flags)
{
    return (int)syscall_result(syscall4(__NR_utimensat_time64, at, (long)path, (long)times, flags));
}

int futimens(int fd, const struct timespec *times)
{
    return utimensat(fd, NULL, times, 0);
}

int utimes(const char *path, const struct timeval times[2])
{
    struct timespec fine[2];
    for (int i = 0; times != NULL && i < 2; i++) {
        if (times[i].tv_usec < 0 || times[i].tv_usec >= USEC_PER_SEC) {
            errno = EINVAL;
            return -1;
        }
        fine[i] = (struct timespec){.tv_sec = times[i].tv_sec,
                                    .tv_nsec = (long)times[i].tv_usec * NSEC_PER_USEC};
    }
    return utimensat(AT_FDCWD, path, times == NULL ? NULL : fine, 0);
}

/* ---- Sleeping ---------------------------------------------------------------------------------- */

/* Returns what is left of the seconds if a signal ended the sleep. */
unsigned int sleep(unsigned int seconds)
{
    struct timespec wanted = {.tv_sec = seconds}, left = wanted;
    return nanosleep(&wanted, &left) == 0 ? 0 : (unsigned int)left.tv_sec;
}

int usleep(useconds_t microseconds)
{
    long long nanoseconds = microseconds * (long long)NSEC_PER_USEC;
    struct timespec wanted = {.tv_sec = nanoseconds / NSEC_PER_SEC,
                              .tv_nsec = (long)(nanoseconds % NSEC_PER_SEC)};
    return nanosleep(&wanted, NULL);
}
#endif
