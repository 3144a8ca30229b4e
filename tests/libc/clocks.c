/* Clocks, sleeping, interval timers, CPU time, poll and select. Prints only what does not depend on how
 * fast the machine is. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SEC 1000000000LL
#define MS         1000000LL

/* Makes a call, and prints its result and whether something holds after it. */
#define SHOW(name, made_call, holds)                                                               \
    do {                                                                                           \
        long result = (long)(made_call);                                                           \
        int is_so = (holds) ? 1 : 0;                                                               \
        printf("%s: %ld %d\n", name, result, is_so);                                               \
    } while (0)

static long long now(clockid_t clock)
{
    struct timespec time = {0, 0};
    if (clock_gettime(clock, &time) != 0) {
        return -1;
    }
    return time.tv_sec * NS_PER_SEC + time.tv_nsec;
}

static void show_clocks(void)
{
    struct timespec value;
    struct timeval day;
    clockid_t own;
    long long before = now(CLOCK_REALTIME) / NS_PER_SEC;
    time_t seconds = 0, again = time(&seconds);
    SHOW("time", again == seconds, seconds >= before);
    SHOW("gettimeofday", gettimeofday(&day, NULL), day.tv_sec >= seconds);
    SHOW("timespec_get", timespec_get(&value, TIME_UTC), value.tv_sec >= seconds);
    SHOW("clock_getres", clock_getres(CLOCK_MONOTONIC, &value), value.tv_sec == 0);
    SHOW("no clock", clock_gettime(77, &value), errno == EINVAL);
    SHOW("own clock", clock_getcpuclockid(getpid(), &own), now(own) > 0);
    SHOW("clock", clock() >= 0, 1);
    SHOW("clock_settime", clock_settime(CLOCK_MONOTONIC, &value), errno == EINVAL);
}

static void show_sleeps(void)
{
    struct timespec wanted = {0, 15 * MS}, wrong = {0, NS_PER_SEC}, until;
    long long start = now(CLOCK_MONOTONIC);
    SHOW("nanosleep", nanosleep(&wanted, NULL), now(CLOCK_MONOTONIC) - start >= 15 * MS);
    SHOW("usleep", usleep(15000), now(CLOCK_MONOTONIC) - start >= 30 * MS);
    SHOW("sleep", sleep(0), 1);
    SHOW("clock_gettime", clock_gettime(CLOCK_MONOTONIC, &until), 1);
    SHOW("until", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 1);
    SHOW("no time", nanosleep(&wrong, NULL), errno == EINVAL);
    SHOW("no time", clock_nanosleep(CLOCK_MONOTONIC, 0, &wrong, NULL) == EINVAL, 1);
}

static volatile int alarms;

static void count_alarm(int signal)
{
    (void)signal;
    alarms++;
}

static void show_timers(void)
{
    struct itimerval value = {{0, 20000}, {0, 20000}}, old;
    struct timespec left = {0, 0}, wanted = {1000, 0};
    unsigned int rest;
    signal(SIGALRM, count_alarm);
    SHOW("setitimer", setitimer(ITIMER_REAL, &value, NULL), 1);
    while (alarms < 3) {
        wanted.tv_sec = 1000;
        (void)nanosleep(&wanted, NULL);
    }
    SHOW("getitimer", getitimer(ITIMER_REAL, &old), old.it_interval.tv_usec == 20000);
    memset(&value, 0, sizeof(value));
    SHOW("stop", setitimer(ITIMER_REAL, &value, &old), old.it_interval.tv_usec == 20000);
    SHOW("getitimer", getitimer(ITIMER_REAL, &old), old.it_value.tv_usec == 0);
    SHOW("alarm", alarm(1000), 1);
    rest = alarm(0);
    SHOW("rest", 0, rest > 0 && rest <= 1000);
    value.it_value.tv_usec = 20000;
    SHOW("once", setitimer(ITIMER_REAL, &value, NULL), 1);
    SHOW("interrupted", nanosleep(&wanted, &left), errno == EINTR);
    SHOW("left", 0, left.tv_sec <= 999 && left.tv_sec >= 0);
    value.it_value.tv_usec = 1000000;
    SHOW("no time", setitimer(ITIMER_REAL, &value, NULL), errno == EINVAL);
    SHOW("no timer", getitimer(7, &value), errno == EINVAL);
}

static void show_use(void)
{
    struct rusage usage;
    struct tms used;
    struct sysinfo info;
    SHOW("times", times(&used) != (clock_t)-1, used.tms_utime >= 0);
    SHOW("getrusage", getrusage(RUSAGE_SELF, &usage), usage.ru_minflt > 0);
    SHOW("maxrss", 0, usage.ru_maxrss > 0);
    SHOW("children", getrusage(RUSAGE_CHILDREN, &usage), usage.ru_minflt == 0);
    SHOW("sysinfo", sysinfo(&info), info.totalram >= info.freeram && info.procs > 0);
}

static void show_poll(int reader, int writer)
{
    struct timespec soon = {0, 15 * MS};
    struct pollfd fds[2] = {{reader, POLLIN, 9}, {writer, POLLOUT, 9}};
    SHOW("poll", poll(fds, 2, 0), fds[0].revents == 0 && fds[1].revents == POLLOUT);
    SHOW("write", write(writer, "x", 1), 1);
    SHOW("poll", poll(fds, 1, -1), fds[0].revents == POLLIN);
    fds[0].events = 0;
    long long start = now(CLOCK_MONOTONIC);
    SHOW("ppoll", ppoll(fds, 1, &soon, NULL), now(CLOCK_MONOTONIC) - start >= 15 * MS);
    SHOW("its time", soon.tv_nsec, 1);
}

static void show_select(int reader, int writer)
{
    struct timespec soon = {0, 15 * MS};
    struct timeval short_time = {0, 15000}, wrong = {-1, 0};
    int count = writer + 1;
    fd_set reads, writes;
    FD_ZERO(&reads);
    FD_ZERO(&writes);
    FD_SET(reader, &reads);
    FD_SET(writer, &writes);
    SHOW("select", select(count, &reads, &writes, NULL, NULL),
         FD_ISSET(reader, &reads) && FD_ISSET(writer, &writes));
    FD_CLR(reader, &reads);
    SHOW("select", select(count, &reads, NULL, NULL, &short_time), !FD_ISSET(reader, &reads));
    SHOW("its time", short_time.tv_sec, short_time.tv_usec == 0);
    FD_SET(reader, &reads);
    SHOW("pselect", pselect(count, &reads, NULL, NULL, &soon, NULL), FD_ISSET(reader, &reads));
    SHOW("its time", soon.tv_nsec, 1);
    SHOW("no time", select(0, NULL, NULL, NULL, &wrong), errno == EINVAL);
    SHOW("close", close(reader) + close(writer), 1);
    SHOW("closed", select(count, &reads, NULL, NULL, NULL), errno == EBADF);
}

int main(void)
{
    int ends[2];
    show_clocks();
    show_sleeps();
    show_timers();
    show_use();
    SHOW("pipe", pipe(ends), 1);
    show_poll(ends[0], ends[1]);
    show_select(ends[0], ends[1]);
    return 0;
}
