/* poll and select: over pipes, with timeouts, and with whoever makes a file ready meanwhile. */
#include "calls.h"

#include <fcntl.h>
#include <linux/poll.h>
#include <sys/mman.h>
#include <time.h>

#define MS       1000000l
#define SET      32 /* words of a set */
#define FOR_EVER (-1)

static int ends[2];
static char *page; /* nothing is behind it */

static long poll_for(int fd, int events, int milliseconds, int *found)
{
    struct pollfd entry = {.fd = fd, .events = (short)events, .revents = 0x55};
    long ready = call(__NR_poll, &entry, 1, milliseconds);
    *found = entry.revents;
    return ready;
}

static void drain(void)
{
    char byte;
    (void)call(__NR_read, ends[0], &byte, 1);
}

static void put(void)
{
    (void)call(__NR_write, ends[1], "x", 1);
}

static long long now(void)
{
    struct timespec time = {0};
    (void)call(__NR_clock_gettime64, CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000ll * MS + time.tv_nsec;
}

/* ---- poll -------------------------------------------------------------------------------------- */

static void test_poll(void)
{
    int found;
    is(poll_for(ends[0], POLLIN, 0, &found), 0, "poll: an empty pipe is not readable");
    is(found, 0, "poll: no events then");
    is(poll_for(ends[1], POLLOUT | POLLIN, 0, &found), 1, "poll: its other end is writable");
    is(found, POLLOUT, "poll: and not readable");
    put();
    is(poll_for(ends[0], POLLIN | POLLOUT, FOR_EVER, &found), 1, "poll: a byte makes it readable");
    is(found, POLLIN, "poll: POLLIN");
    is(poll_for(ends[0], 0, 0, &found), 0, "poll: nobody asked for it");
    drain();
    is(poll_for(UNUSED_FD, POLLIN, FOR_EVER, &found), 1, "S7 poll of a closed descriptor");
    is(found, POLLNVAL, "S7 poll: POLLNVAL");
    is(poll_for(-1, POLLIN, 0, &found), 0, "S7 poll ignores a negative descriptor");
    is(found, 0, "S7 poll: no events of a negative descriptor");
}

static void test_timeout(void)
{
    int found;
    long long before = now();
    is(poll_for(ends[0], POLLIN, 20, &found), 0, "poll waits in vain");
    ok(now() - before >= 20 * MS, "poll waits for its time");
    before = now();
    is(call(__NR_poll, 0, 0, 20), 0, "poll of nothing is a sleep");
    ok(now() - before >= 20 * MS, "that lasts");
    struct timespec wanted = {.tv_nsec = 20 * MS};
    is(call(__NR_ppoll_time64, 0, 0, &wanted, 0, 0), 0, "ppoll sleeps, too");
    ok(wanted.tv_sec == 0 && wanted.tv_nsec == 0, "ppoll writes what is left: nothing");
}

static void write_later(void)
{
    struct timespec wait = {.tv_nsec = 20 * MS};
    (void)call(__NR_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, &wait, 0);
    put();
    _exit(0);
}

static void test_wake(void)
{
    int found, status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        write_later();
    }
    is(poll_for(ends[0], POLLIN, FOR_EVER, &found), 1, "poll wakes when another process writes");
    drain();
    (void)waitpid(child, &status, 0);
}

static void wait_for_ever(void)
{
    int found;
    _exit((int)poll_for(ends[0], POLLIN, FOR_EVER, &found));
}

static void test_kill(void)
{
    int status, before = freemem();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        wait_for_ever();
    }
    for (int i = 0; i < 20; i++) {
        (void)call(__NR_sched_yield, 0);
    }
    (void)kill(child, SIGKILL);
    (void)waitpid(child, &status, 0);
    is(status, SIGKILL, "a process that polls for ever can be killed");
    is(freemem(), before, "R8 all frames are back after it");
}

static void test_hang_up(void)
{
    int found, pair[2];
    (void)call(__NR_pipe, pair);
    (void)close(pair[1]);
    is(poll_for(pair[0], 0, FOR_EVER, &found), 1, "poll reports a writer's end unasked");
    is(found, POLLHUP, "poll: POLLHUP");
    (void)close(pair[0]);
    (void)call(__NR_pipe, pair);
    (void)close(pair[0]);
    is(poll_for(pair[1], POLLOUT, FOR_EVER, &found), 1, "poll reports a reader's end");
    ok((found & POLLERR) != 0, "poll: POLLERR");
    (void)close(pair[1]);
}

static void test_bad_polls(void)
{
    struct timespec wrong = {.tv_nsec = 1000000000}, none = {0};
    struct pollfd entry = {.fd = ends[1], .events = POLLOUT};
    char *end = page + PAGE - 4;
    is(call(__NR_poll, 0, 1, 0), -EFAULT, "S2 poll of NULL");
    is(call(__NR_poll, end, 1, 0), -EFAULT, "S2 poll of an entry that ends in a hole");
    is(call(__NR_poll, KERNEL_BASE, 1, 0), -EFAULT, "S2 poll of the kernel's half");
    is(call(__NR_poll, &entry, 1025, 0), -EINVAL, "S11 poll of 1025 entries");
    is(call(__NR_poll, &entry, 0xFFFFFFFFu, 0), -EINVAL, "S11 poll of 2^32 - 1 entries");
    is(call(__NR_ppoll_time64, &entry, 1, &wrong, 0, 0), -EINVAL, "S8 ppoll with no time");
    is(call(__NR_ppoll_time64, &entry, 1, 1, 0, 0), -EFAULT, "S2 ppoll with a bad timeout");
    is(call(__NR_ppoll_time64, &entry, 1, &none, &none, 4), -EINVAL,
       "S9 ppoll with 4 bytes of mask");
    is(call(__NR_ppoll_time64, &entry, 1, &none, end, 8), -EFAULT, "S2 ppoll with a bad mask");
    is(call(__NR_ppoll_time64, &entry, 1, &none, &none, 8), 1, "ppoll with a mask");
    is(call(__NR_ppoll, &entry, 1, 0, 0, 0), 1, "ppoll without a timeout");
}

static void test_read_only_entries(void)
{
    struct pollfd *entry = (struct pollfd *)page;
    entry->fd = ends[1];
    entry->events = POLLOUT;
    (void)mprotect(page, PAGE, PROT_READ);
    is(call(__NR_poll, entry, 1, 0), -EFAULT, "S2 poll of entries that cannot be written");
    (void)mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

static void test_refusal(void)
{
    struct pollfd entries[600];
    int refused = 0, before = freemem();
    memset(entries, 0xFF, sizeof(entries));
    for (int n = 1; n <= 4; n++) {
        (void)call(FL_NR_fail_frame, n, 0);
        refused += call(__NR_poll, entries, 600, 0) == -ENOMEM;
    }
    (void)call(FL_NR_fail_frame, 0, 0);
    ok(refused > 0, "poll without memory is ENOMEM");
    is(freemem(), before, "and takes none");
}

/* ---- select ------------------------------------------------------------------------------------ */

static uint32_t sets[3][SET];

static void clear_sets(void)
{
    memset(sets, 0, sizeof(sets));
}

static void mark(int set, int fd)
{
    sets[set][fd / 32] |= 1u << fd % 32;
}

static bool is_marked(int set, int fd)
{
    return (sets[set][fd / 32] >> fd % 32 & 1) != 0;
}

static void mark_ends(void)
{
    clear_sets();
    mark(0, ends[0]);
    mark(1, ends[1]);
    mark(2, ends[0]);
}

static void test_select(void)
{
    int32_t none[2] = {0, 0}, short_time[2] = {0, 20000}, much[2] = {0, 5000000};
    int count = ends[1] + 1;
    mark_ends();
    is(call(__NR__newselect, count, sets[0], sets[1], sets[2], none), 1, "select: one is ready");
    ok(!is_marked(0, ends[0]) && is_marked(1, ends[1]) && !is_marked(2, ends[0]),
       "select: the writable end");
    put();
    mark_ends();
    is(call(__NR__newselect, count, sets[0], sets[1], sets[2], 0), 2, "select: both are ready");
    ok(is_marked(0, ends[0]) && is_marked(1, ends[1]), "select: both ends");
    mark_ends();
    is(call(__NR__newselect, count, sets[0], sets[1], 0, much), 2,
       "select takes 5 000 000 microseconds");
    ok(much[0] >= 0 && much[0] <= 5 && (much[0] > 0 || much[1] > 0), "select leaves some of them");
    drain();
    long long before = now();
    clear_sets();
    mark(0, ends[0]);
    is(call(__NR__newselect, count, sets[0], 0, 0, short_time), 0, "select waits in vain");
    ok(now() - before >= 20 * MS && !is_marked(0, ends[0]), "select waits for its time");
    ok(short_time[0] == 0 && short_time[1] == 0, "select leaves nothing of it");
    is(call(__NR__newselect, 0, 0, 0, 0, none), 0, "select of nothing");
}

static void test_bad_selects(void)
{
    int32_t none[2] = {0, 0}, wrong[2] = {-1, 0}, negative[2] = {0, -1};
    clear_sets();
    mark(0, UNUSED_FD);
    is(call(__NR__newselect, UNUSED_FD + 1, sets[0], 0, 0, none), -EBADF,
       "S7 select of a closed descriptor");
    is(call(__NR__newselect, UNUSED_FD, sets[0], 0, 0, none), 0,
       "S7 unless it is beyond the count");
    is(call(__NR__newselect, 0xFFFFFFFFu, sets[0], 0, 0, none), -EINVAL, "S6 select of -1");
    clear_sets();
    is(call(__NR__newselect, 0x7FFFFFFF, sets[0], sets[1], sets[2], none), 0,
       "S6 select of 2^31 - 1 descriptors");
    is(call(__NR__newselect, 1, 1, 0, 0, none), -EFAULT, "S2 select of a bad set");
    is(call(__NR__newselect, 64, page + PAGE - 4, 0, 0, none), -EFAULT,
       "S2 select of a set that ends in a hole");
    is(call(__NR__newselect, 32, page + PAGE - 4, 0, 0, none), 0, "S2 the part needed is there");
    is(call(__NR__newselect, 0, 0, 0, 0, wrong), -EINVAL, "S8 select with negative seconds");
    is(call(__NR__newselect, 0, 0, 0, 0, negative), -EINVAL,
       "S8 select with negative microseconds");
    is(call(__NR__newselect, 0, 0, 0, 0, KERNEL_BASE), -EFAULT, "S2 select with a bad timeout");
}

static void test_pselect(void)
{
    struct timespec time = {.tv_nsec = 20 * MS};
    static uint32_t mask[2];
    static struct {
        void *mask;
        uint32_t size;
    } good = {mask, 8}, wrong = {mask, 12}, bad = {(void *)KERNEL_BASE, 8};
    mark_ends();
    is(call(__NR_pselect6_time64, ends[1] + 1, 0, sets[1], 0, &time, &good), 1, "pselect6");
    ok(time.tv_sec == 0 && time.tv_nsec > 0 && time.tv_nsec <= 20 * MS,
       "pselect6 leaves some time");
    is(call(__NR_pselect6_time64, 0, 0, 0, 0, &time, 0), 0, "pselect6 sleeps");
    is(time.tv_nsec, 0, "pselect6 leaves no time");
    is(call(__NR_pselect6, 0, 0, 0, 0, &time, &wrong), -EINVAL,
       "S9 pselect6 with 12 bytes of mask");
    is(call(__NR_pselect6, 0, 0, 0, 0, &time, &bad), -EFAULT, "S2 pselect6 with a bad mask");
    is(call(__NR_pselect6, 0, 0, 0, 0, &time, 1), -EFAULT, "S2 pselect6 with a bad argument");
}

/* ---- Signals ------------------------------------------------------------------------------------ */

static volatile int caught;

static void catch (int signal)
{
    (void)signal;
    caught++;
}

static void set_alarm(void)
{
    static const int32_t soon[4] = {0, 0, 0, 20000};
    (void)call(__NR_setitimer, 0, soon, 0);
}

static bool is_blocked(void)
{
    sigset_t mask;
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    return sigismember(&mask, SIGALRM) == 1;
}

static void test_signals(void)
{
    static const uint32_t nothing[2], long_time[4] = {1000, 0, 0, 0};
    static struct {
        const void *mask;
        uint32_t size;
    } argument = {nothing, 8};
    struct sigaction action = {.sa_flags = SA_RESTART};
    struct timespec left = {.tv_sec = 1000};
    sigset_t alarm_only;
    int found;
    action.sa_handler = catch;
    (void)sigaction(SIGALRM, &action, NULL);
    set_alarm();
    is(poll_for(ends[0], POLLIN, FOR_EVER, &found), -EINTR,
       "a handler ends poll, SA_RESTART or not");
    is(caught, 1, "the handler ran");
    (void)sigemptyset(&alarm_only);
    (void)sigaddset(&alarm_only, SIGALRM);
    (void)sigprocmask(SIG_BLOCK, &alarm_only, NULL);
    (void)raise(SIGALRM);
    is(poll_for(ends[0], POLLIN, 0, &found), 0, "a blocked signal does not end poll");
    is(caught, 1, "it waits");
    is(call(__NR_ppoll_time64, 0, 0, &left, nothing, 8), -EINTR, "the mask of ppoll lets it in");
    is(caught, 2, "then it is handled");
    ok(is_blocked(), "after ppoll it is blocked again");
    ok(left.tv_sec >= 0 && left.tv_sec < 1000, "ppoll leaves the rest of the time");
    (void)raise(SIGALRM);
    is(call(__NR_pselect6_time64, 0, 0, 0, 0, long_time, &argument), -EINTR,
       "so does that of pselect6");
    is(caught, 3, "and it is handled");
    mark_ends();
    (void)raise(SIGALRM);
    is(call(__NR_pselect6_time64, ends[1] + 1, 0, sets[1], 0, 0, &argument), 1,
       "a file that is ready comes first");
    ok(is_blocked(), "the mask is the old one");
    (void)sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
    is(caught, 4, "and the signal is still there");
    (void)signal(SIGALRM, SIG_DFL);
}

int main(void)
{
    page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)munmap(page + PAGE, PAGE);
    memset(page, 0, PAGE);
    (void)call(__NR_pipe, ends);
    settle();
    test_poll();
    test_timeout();
    test_wake();
    test_kill();
    test_hang_up();
    test_bad_polls();
    test_read_only_entries();
    test_refusal();
    test_select();
    test_bad_selects();
    test_pselect();
    test_signals();
    return done_testing();
}
