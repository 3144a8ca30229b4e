/*
 * Clocks, sleeping, interval timers, and what processes have used. Nothing here depends on how fast
 * the machine is: times are compared with each other, and a sleep is only ever too short.
 */
#include "calls.h"

#include <linux/sysinfo.h>
#include <sys/mman.h>
#include <time.h>

#define NS_PER_SECOND 1000000000ll
#define MS            1000000ll
#define START_OF_2020 1577836800ll
#define FOR_EVER      0x7FFFFFFFFFFFFFFFll

/* The structures of the calls with 32-bit seconds. */
struct time32 {
    int32_t seconds, fraction;
};
struct itimer32 {
    struct time32 interval, value;
};
struct rusage32 {
    struct time32 user, system;
    int32_t maxrss, unused[3], minflt, majflt, more[6], nvcsw, nivcsw;
};
struct tms32 {
    int32_t user, system, children_user, children_system;
};

static long long now(int clock)
{
    struct timespec time = {0};
    (void)call(__NR_clock_gettime64, clock, &time);
    return time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

static struct timespec timespec_of(long long ns)
{
    return (struct timespec){.tv_sec = ns / NS_PER_SECOND, .tv_nsec = (long)(ns % NS_PER_SECOND)};
}

static volatile int *shared;

static pid_t start(void (*body)(void))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        body();
        _exit(0);
    }
    return child;
}

static int status_of(pid_t child)
{
    int status = -1;
    (void)waitpid(child, &status, 0);
    return status;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static void test_clocks(void)
{
    static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,          CLOCK_MONOTONIC_RAW,
                                 CLOCK_BOOTTIME, CLOCK_REALTIME_COARSE,    CLOCK_MONOTONIC_COARSE,
                                 CLOCK_TAI,      CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
    int backward = 0, different = 0;
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        struct time32 old = {-1, -1};
        long long before = now(clocks[i]);
        (void)call(__NR_clock_gettime, clocks[i], &old);
        long long between = old.seconds * NS_PER_SECOND + old.fraction;
        different += between < before;
        for (int round = 0; round < 1000; round++) {
            long long next = now(clocks[i]);
            backward += next < between;
            between = next;
        }
    }
    is(different, 0, "the calls with 32-bit and with 64-bit seconds read the same clocks");
    is(backward, 0, "no clock runs backward");
    ok(now(CLOCK_REALTIME) >= START_OF_2020 * NS_PER_SECOND, "the time of day is the CMOS clock's");
    ok(now(CLOCK_MONOTONIC_COARSE) <= now(CLOCK_MONOTONIC) &&
           now(CLOCK_REALTIME_COARSE) <= now(CLOCK_REALTIME),
       "coarse clocks are not ahead");
    ok(now(CLOCK_PROCESS_CPUTIME_ID) <= now(CLOCK_MONOTONIC), "CPU time is part of the time");
    int own = (int)(~(unsigned int)getpid() << 3 | 2);
    ok(now(own) > 0 && now(own) <= now(CLOCK_PROCESS_CPUTIME_ID),
       "a process has a clock by its pid");
}

static void test_time_of_day(void)
{
    struct time32 time;
    int32_t zone[2] = {5, 5}, seconds = 0;
    long before = call(__NR_time, 0);
    is(call(__NR_gettimeofday, &time, zone), 0, "gettimeofday");
    long after = call(__NR_time, &seconds);
    ok(before <= time.seconds && time.seconds <= after && seconds == after,
       "time and gettimeofday agree");
    ok(zone[0] == 0 && zone[1] == 0 && time.fraction >= 0 && time.fraction < 1000000,
       "gettimeofday: microseconds, and UTC");
    is(call(__NR_gettimeofday, 0, 0), 0, "gettimeofday of nothing");
}

static void test_resolution(void)
{
    struct timespec time = {5, 5};
    is(call(__NR_clock_getres_time64, CLOCK_MONOTONIC, &time), 0, "clock_getres");
    ok(time.tv_sec == 0 && time.tv_nsec >= 1, "clock_getres: more than nothing");
    is(call(__NR_clock_getres, CLOCK_MONOTONIC, 0), 0, "clock_getres into nothing");
}

static void test_wrong_clocks(void)
{
    static const uint32_t none[] = {8, 9, 10, 12, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, ~40000u << 3};
    struct timespec time = {0};
    int wrong = 0;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        wrong += call(__NR_clock_gettime64, none[i], &time) != -EINVAL;
        wrong += call(__NR_clock_getres, none[i], 0) != -EINVAL;
        wrong += call(__NR_clock_settime64, none[i], &time) != -EINVAL;
        wrong += call(__NR_clock_nanosleep_time64, none[i], 0, &time, 0) != -EINVAL;
    }
    is(wrong, 0, "S9 clocks that do not exist are EINVAL");
    is(call(__NR_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &time, 0), -EOPNOTSUPP,
       "S9 a clock that nobody can sleep by is EOPNOTSUPP");
}

static void test_bad_pointers(void)
{
    static const uint32_t bad[] = {1, KERNEL_BASE - 2, KERNEL_BASE, 0xFFFFFFF8u};
    int wrong = 0;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        wrong += call(__NR_clock_gettime, CLOCK_REALTIME, bad[i]) != -EFAULT;
        wrong += call(__NR_clock_gettime64, CLOCK_REALTIME, bad[i]) != -EFAULT;
        wrong += call(__NR_clock_settime, CLOCK_REALTIME, bad[i]) != -EFAULT;
        wrong += call(__NR_nanosleep, bad[i], 0) != -EFAULT;
        wrong += call(__NR_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, bad[i], 0) != -EFAULT;
        wrong += call(__NR_gettimeofday, bad[i], 0) != -EFAULT;
        wrong += call(__NR_settimeofday, bad[i], 0) != -EFAULT;
        wrong += call(__NR_time, bad[i]) != -EFAULT;
        wrong += call(__NR_stime, bad[i]) != -EFAULT;
        wrong += call(__NR_times, bad[i]) != -EFAULT;
        wrong += call(__NR_getrusage, 0, bad[i]) != -EFAULT;
        wrong += call(__NR_getitimer, 0, bad[i]) != -EFAULT;
        wrong += call(__NR_setitimer, 0, bad[i], 0) != -EFAULT;
        wrong += call(__NR_sysinfo, bad[i]) != -EFAULT;
    }
    is(wrong, 0, "S2 time calls with bad pointers are EFAULT");
}

/* ---- Sleeping ---------------------------------------------------------------------------------- */

static int switches(void)
{
    struct rusage32 usage;
    (void)call(__NR_getrusage, 0, &usage);
    return usage.nvcsw;
}

static void test_sleep(void)
{
    struct time32 wanted = {0, 20 * MS};
    struct timespec until = timespec_of(now(CLOCK_MONOTONIC) + 40 * MS);
    long long before = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
    int n = switches();
    is(call(__NR_nanosleep, &wanted, 0), 0, "nanosleep");
    long long slept = now(CLOCK_MONOTONIC) - before;
    ok(slept >= 20 * MS, "nanosleep sleeps for at least its time");
    is(switches() - n, 1, "nanosleep gives the CPU away once");
    ok(now(CLOCK_PROCESS_CPUTIME_ID) - used < slept, "a sleep is not all CPU time");
    is(call(__NR_clock_nanosleep_time64, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0), 0,
       "clock_nanosleep until a time");
    ok(now(CLOCK_MONOTONIC) - before >= 40 * MS, "clock_nanosleep sleeps until that time");
    n = switches();
    is(call(__NR_clock_nanosleep_time64, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0), 0,
       "clock_nanosleep until a time that has passed");
    until = timespec_of(now(CLOCK_REALTIME) - 1);
    is(call(__NR_clock_nanosleep_time64, CLOCK_REALTIME, TIMER_ABSTIME, &until, 0), 0,
       "the same by the time of day");
    is(switches() - n, 0, "neither slept");
    until = timespec_of(now(CLOCK_REALTIME) + 10 * MS);
    is(call(__NR_clock_nanosleep_time64, CLOCK_REALTIME, TIMER_ABSTIME, &until, 0), 0,
       "clock_nanosleep until a time of day");
    ok(now(CLOCK_REALTIME) >= until.tv_sec * NS_PER_SECOND + until.tv_nsec, "it has come");
}

static void test_wrong_times(void)
{
    static const struct timespec wrong[] = {
        {-1, 0}, {0, -1}, {0, 1000000000}, {(time_t)(-FOR_EVER - 1), 0}, {FOR_EVER, 1000000000}};
    static const struct time32 wrong32[] = {{-1, 0}, {0, -1}, {0, 1000000000}, {INT32_MIN, 0}};
    int taken = 0;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        taken += call(__NR_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, &wrong[i], 0) != -EINVAL;
        taken += call(__NR_clock_nanosleep_time64, CLOCK_REALTIME, 1, &wrong[i], 0) != -EINVAL;
        taken += call(__NR_clock_settime64, CLOCK_REALTIME, &wrong[i]) != -EINVAL;
    }
    for (size_t i = 0; i < sizeof(wrong32) / sizeof(wrong32[0]); i++) {
        taken += call(__NR_nanosleep, &wrong32[i], 0) != -EINVAL;
        taken += call(__NR_clock_nanosleep, CLOCK_BOOTTIME, 0, &wrong32[i], 0) != -EINVAL;
        taken += call(__NR_settimeofday, &wrong32[i], 0) != -EINVAL;
    }
    is(taken, 0, "S8 what is no time is EINVAL");
}

static void sleep_for_ever(void)
{
    struct timespec wanted = {FOR_EVER, 999999999};
    shared[0] = 1;
    (void)call(__NR_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, &wanted, 0);
}

static void sleep_until_the_end(void)
{
    struct timespec wanted = {FOR_EVER, 999999999};
    shared[0] = 1;
    (void)call(__NR_clock_nanosleep_time64, CLOCK_REALTIME, TIMER_ABSTIME, &wanted, 0);
}

static void test_killed_sleeper(void (*body)(void), const char *name)
{
    int before = freemem();
    shared[0] = 0;
    pid_t child = start(body);
    while (shared[0] == 0) {
        (void)call(__NR_sched_yield, 0);
    }
    for (int i = 0; i < 10; i++) {
        (void)call(__NR_sched_yield, 0);
    }
    is(call(__NR_waitpid, child, 0, WNOHANG), 0, name);
    (void)kill(child, SIGKILL);
    is(status_of(child), SIGKILL, "it can be killed");
    is(freemem(), before, "all frames are back after a sleeper was killed");
}

static long long first_time;

static void sleep_until_second(void)
{
    struct timespec until = timespec_of(first_time + 50 * MS);
    (void)call(__NR_clock_nanosleep_time64, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0);
    shared[2] = ++shared[0];
}

static void sleep_until_first(void)
{
    struct timespec until = timespec_of(first_time);
    (void)call(__NR_clock_nanosleep_time64, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0);
    shared[1] = ++shared[0];
}

/* The later one starts first, long before either time. */
static void test_order_of_sleepers(void)
{
    shared[0] = 0;
    first_time = now(CLOCK_MONOTONIC) + 500 * MS;
    pid_t second = start(sleep_until_second), first = start(sleep_until_first);
    ok(status_of(first) == 0 && status_of(second) == 0, "two sleepers wake");
    ok(shared[1] == 1 && shared[2] == 2, "in the order of their times");
}

/* ---- Setting ------------------------------------------------------------------------------------ */

static void sleep_for_an_hour_of_day(void)
{
    struct timespec until = timespec_of(now(CLOCK_REALTIME) + 3600 * NS_PER_SECOND);
    shared[0] = 1;
    (void)call(__NR_clock_nanosleep_time64, CLOCK_REALTIME, TIMER_ABSTIME, &until, 0);
}

static void test_setting(void)
{
    long long offset = now(CLOCK_REALTIME) - now(CLOCK_MONOTONIC), before = now(CLOCK_MONOTONIC);
    struct timespec time = {1000000000, 5};
    int32_t seconds = 1100000000;
    struct time32 old = {1200000000, 7};
    shared[0] = 0;
    pid_t child = start(sleep_for_an_hour_of_day);
    while (shared[0] == 0) {
        (void)call(__NR_sched_yield, 0);
    }
    is(call(__NR_clock_settime64, CLOCK_REALTIME, &time), 0, "clock_settime");
    ok(now(CLOCK_REALTIME) >= 1000000000 * NS_PER_SECOND + 5 &&
           now(CLOCK_REALTIME) < START_OF_2020 * NS_PER_SECOND,
       "clock_settime sets the time of day");
    is(call(__NR_stime, &seconds), 0, "stime");
    ok(call(__NR_time, 0) >= seconds, "stime sets the time of day");
    is(call(__NR_settimeofday, &old, 0), 0, "settimeofday");
    ok(call(__NR_time, 0) >= old.seconds, "settimeofday sets the time of day");
    old.fraction = 1000000;
    is(call(__NR_settimeofday, &old, 0), -EINVAL, "S8 settimeofday to 1 000 000 microseconds");
    time = (struct timespec){0, 0};
    is(call(__NR_clock_settime64, CLOCK_REALTIME, &time), -EINVAL,
       "S8 clock_settime to before the start");
    is(call(__NR_clock_settime64, CLOCK_MONOTONIC, &time), -EINVAL,
       "S8 clock_settime of a clock that nobody sets");
    time = timespec_of(now(CLOCK_MONOTONIC) + offset + 7200 * NS_PER_SECOND);
    is(call(__NR_clock_settime64, CLOCK_REALTIME, &time), 0, "clock_settime to two hours ahead");
    is(status_of(child), 0, "whoever slept until a time of day in between wakes");
    time = timespec_of(now(CLOCK_MONOTONIC) + offset);
    is(call(__NR_clock_settime64, CLOCK_REALTIME, &time), 0, "clock_settime to what it was");
    ok(now(CLOCK_MONOTONIC) >= before, "the monotonic clock is not set");
}

/* ---- Interval timers ---------------------------------------------------------------------------- */

static void set_timer(int which, int interval_us, int value_us)
{
    struct itimer32 value = {{0, interval_us}, {0, value_us}};
    (void)call(__NR_setitimer, which, &value, 0);
}

static void die_of_alarm(void)
{
    set_timer(0, 0, 20000);
    sleep_for_ever();
}

static void spin(void)
{
    for (;;) {
        __asm__ volatile("");
    }
}

static void die_of_virtual(void)
{
    set_timer(1, 0, 20000);
    spin();
}

static void die_of_profiling(void)
{
    set_timer(2, 5000, 20000);
    spin();
}

static void spin_in_the_kernel(void)
{
    set_timer(2, 0, 20000);
    for (;;) {
        (void)call(__NR_getpid, 0);
    }
}

static void have_no_timer(void)
{
    struct itimer32 value = {{1, 1}, {1, 1}};
    (void)call(__NR_getitimer, 0, &value);
    _exit(value.value.seconds + value.value.fraction + value.interval.seconds);
}

static void end_with_a_timer(void)
{
    set_timer(0, 1, 1000);
}

static void test_timers(void)
{
    struct itimer32 value = {{3, 4}, {100, 5}}, old = {{9, 9}, {9, 9}};
    is(call(__NR_setitimer, 0, &value, &old), 0, "setitimer");
    is(old.value.seconds + old.value.fraction + old.interval.seconds, 0, "no timer ran before");
    is(call(__NR_getitimer, 0, &old), 0, "getitimer");
    ok(old.interval.seconds == 3 && old.interval.fraction == 4, "getitimer: the interval");
    ok(old.value.seconds > 0 && old.value.seconds <= 100, "getitimer: what is left");
    is(status_of(start(have_no_timer)), 0, "a child has no timer");
    long left = call(__NR_alarm, 1000);
    ok(left > 0 && left <= 101, "alarm returns what was left of setitimer");
    left = call(__NR_alarm, 0);
    ok(left > 0 && left <= 1000, "alarm returns what was left of alarm");
    is(call(__NR_alarm, 0), 0, "alarm 0 stops the timer");
    is(call(__NR_alarm, 0xFFFFFFFFu), 0, "alarm in 136 years");
    ok(call(__NR_alarm, 0) > 0, "it would have come");
    is(call(__NR_setitimer, 3, &value, 0), -EINVAL, "S9 setitimer of no timer");
    is(call(__NR_getitimer, 0xFFFFFFFFu, &old), -EINVAL, "S9 getitimer of no timer");
    value.value.fraction = 1000000;
    is(call(__NR_setitimer, 0, &value, 0), -EINVAL, "S8 setitimer with 1 000 000 microseconds");
    value = (struct itimer32){{-1, 0}, {1, 0}};
    is(call(__NR_setitimer, 0, &value, 0), -EINVAL, "S8 setitimer with a negative interval");
}

static void test_expiry(void)
{
    int before = freemem();
    is(status_of(start(die_of_alarm)), SIGALRM, "ITIMER_REAL sends SIGALRM");
    is(status_of(start(die_of_virtual)), SIGVTALRM, "ITIMER_VIRTUAL sends SIGVTALRM");
    is(status_of(start(die_of_profiling)), SIGPROF, "ITIMER_PROF sends SIGPROF");
    is(status_of(start(spin_in_the_kernel)), SIGPROF, "ITIMER_PROF counts the kernel's time");
    int ended = 0;
    for (int i = 0; i < 50; i++) {
        ended += WIFEXITED(status_of(start(end_with_a_timer)));
    }
    ok(ended > 0, "R8 processes end while their timers run");
    struct timespec wait = {0, 30 * MS};
    (void)call(__NR_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, &wait, 0);
    is(freemem(), before, "R8 all frames are back after processes with timers");
}

/* ---- Use ----------------------------------------------------------------------------------------- */

#define TOUCHED 50

static void touch_pages(void)
{
    char *area =
        mmap(NULL, TOUCHED * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < TOUCHED; i++) {
        area[i * (int)PAGE] = 1;
    }
}

static void test_usage(void)
{
    static struct rusage32 before, after, children, child;
    struct tms32 times;
    memset(&child, 0xFF, sizeof(child)); /* its pages are there */
    (void)call(__NR_getrusage, 0, &before);
    (void)call(__NR_getrusage, 0, &after);
    is(call(__NR_getrusage, 0, &before), 0, "getrusage");
    touch_pages();
    is(call(__NR_getrusage, 0, &after), 0, "getrusage again");
    is(after.minflt - before.minflt, TOUCHED, "ru_minflt counts every page fault");
    ok(after.majflt == 0 && after.maxrss >= TOUCHED * 4, "ru_majflt is 0, ru_maxrss in KB");
    is(call(__NR_getrusage, -1, &before), 0, "getrusage of the children");
    pid_t pid = start(touch_pages);
    int status;
    is(call(__NR_wait4, pid, &status, 0, &child), pid, "wait4 with usage");
    (void)call(__NR_getrusage, -1, &children);
    ok(child.minflt >= TOUCHED && child.maxrss >= TOUCHED * 4, "wait4 reports the child's use");
    is(children.minflt - before.minflt, child.minflt, "the parent gets the child's faults");
    long long used = now(CLOCK_PROCESS_CPUTIME_ID);
    (void)call(__NR_getrusage, 0, &after);
    long long sum = (after.user.seconds + after.system.seconds) * NS_PER_SECOND +
                    (after.user.fraction + after.system.fraction) * 1000ll;
    ok(sum + 2000 >= used, "user and system time are the CPU time");
    long ticks = call(__NR_times, &times);
    ok(ticks >= 0 && times.user + times.system <= ticks, "times, in 1/100 s");
    ok(times.children_user >= 0 && call(__NR_times, 0) >= ticks, "times of nothing: the time");
    is(call(__NR_getrusage, 2, &after), -EINVAL, "S9 getrusage of nobody");
}

static void spin_for_30_ms(void)
{
    long long until = now(CLOCK_PROCESS_CPUTIME_ID) + 30 * MS;
    while (now(CLOCK_PROCESS_CPUTIME_ID) < until) {
    }
}

static void test_children_times(void)
{
    struct rusage32 before, after;
    (void)call(__NR_getrusage, -1, &before);
    (void)status_of(start(spin_for_30_ms));
    (void)call(__NR_getrusage, -1, &after);
    long us =
        (after.user.seconds + after.system.seconds - before.user.seconds - before.system.seconds) *
            1000000 +
        after.user.fraction + after.system.fraction - before.user.fraction - before.system.fraction;
    ok(us >= 29990, "a child's CPU time is its parent's when it has waited");
}

static void test_sysinfo(void)
{
    struct sysinfo info;
    memset(&info, 0xFF, sizeof(info));
    is(call(__NR_sysinfo, &info), 0, "sysinfo");
    ok(info.mem_unit == 1 && info.totalram > info.freeram && info.freeram % PAGE == 0 &&
           info.totalswap == 0,
       "sysinfo: memory");
    ok(info.procs >= 2 && info.uptime >= 0, "sysinfo: processes and uptime");
}

int main(void)
{
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared[0] = 0;
    settle();
    test_clocks();
    test_time_of_day();
    test_resolution();
    test_wrong_clocks();
    test_bad_pointers();
    test_sleep();
    test_wrong_times();
    test_killed_sleeper(sleep_for_ever, "nanosleep for 292 years does not end");
    test_killed_sleeper(sleep_until_the_end, "nor does one until then");
    test_order_of_sleepers();
    test_setting();
    test_timers();
    test_expiry();
    test_usage();
    test_children_times();
    test_sysinfo();
    return done_testing();
}
