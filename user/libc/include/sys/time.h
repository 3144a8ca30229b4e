/* <sys/time.h>: struct timeval, its arithmetic, and the time of day. */
#ifndef FL_SYS_TIME_H
#define FL_SYS_TIME_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* musl's headers know the structure by this macro. */
#ifndef __DEFINED_struct_timeval
#define __DEFINED_struct_timeval
struct timeval {
    time_t tv_sec;
    suseconds_t tv_usec;
};
#endif

/* 4.2BSD's idea of a time zone, which nothing fills in. */
struct timezone {
    int tz_minuteswest, tz_dsttime;
};

/* Stores the time since 1970. zone, if not NULL, becomes zeros. */
int gettimeofday(struct timeval *__restrict now, void *__restrict zone);

/* utimensat in microseconds. */
int utimes(const char *path, const struct timeval times[2]);

int settimeofday(const struct timeval *now, const struct timezone *zone);

#define ITIMER_REAL    0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF    2

struct itimerval {
    struct timeval it_interval, it_value;
};

/* A timer that sends SIGALRM, SIGVTALRM or SIGPROF after it_value, and then each it_interval. */
int getitimer(int which, struct itimerval *now);
int setitimer(int which, const struct itimerval *__restrict wanted,
              struct itimerval *__restrict old);

#define timerclear(t) ((t)->tv_sec = 0, (t)->tv_usec = 0)
#define timerisset(t) ((t)->tv_sec != 0 || (t)->tv_usec != 0)
/* Compares by <, > or !=. */
#define timercmp(a, b, is)                                                                         \
    ((a)->tv_sec == (b)->tv_sec ? (a)->tv_usec is(b)->tv_usec : (a)->tv_sec is(b)->tv_sec)
#define timeradd(a, b, sum)                                                                        \
    ((sum)->tv_sec = (a)->tv_sec + (b)->tv_sec, (sum)->tv_usec = (a)->tv_usec + (b)->tv_usec,      \
     (sum)->tv_usec >= 1000000 ? (void)((sum)->tv_sec++, (sum)->tv_usec -= 1000000) : (void)0)
#define timersub(a, b, rest)                                                                       \
    ((rest)->tv_sec = (a)->tv_sec - (b)->tv_sec, (rest)->tv_usec = (a)->tv_usec - (b)->tv_usec,    \
     (rest)->tv_usec < 0 ? (void)((rest)->tv_sec--, (rest)->tv_usec += 1000000) : (void)0)

#ifdef __cplusplus
}
#endif

/* select was declared here once, and programs rely on it. */
#include <sys/select.h>

#endif
