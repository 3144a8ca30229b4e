/*
 * Contract 5: tamalloc (T1..T3), the memory statistics (T4, T5), overcommit (R4) and who dies when
 * memory runs out (R3); bad-input M23.
 */
#include <errno.h>
#include <faultline.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <tamalloc.h>
#include <unistd.h>

#include "calls.h"
#include "tap.h"

#define MIB       (1u << 20)
#define TAM_END   0x80000000u
#define STRICT    2
#define ALWAYS    1
#define HEURISTIC 0

static struct mem_usage_stats stats_now(void)
{
    struct mem_usage_stats stats = {0};
    (void)get_memory_usage_stats(getpid(), &stats, 1);
    return stats;
}

static unsigned long memory_bytes(void)
{
    struct fl_kernel_info info;
    (void)kernel_info(&info);
    return (unsigned long)info.frames_total * PAGE;
}

/* ---- T1, T2, T3 ---------------------------------------------------------------------------------- */

static void test_tamalloc(void)
{
    size_t size = memory_bytes() > 512 * MIB ? 1024 * MIB : 512 * MIB;
    struct mem_usage_stats before = stats_now();
    int free_before = freemem();
    char *p = tamalloc(size);
    int free_after = freemem();
    struct mem_usage_stats after = stats_now();
    if (!ok(p != NULL, "T3 more than the machine has succeeds")) {
        return;
    }
    is(free_after, free_before, "T1 no frame is taken at the call");
    is((long)after.vmrss, (long)before.vmrss, "T3 VmRSS is unchanged");
    is((long)(after.vmsize - before.vmsize), (long)(size / 1024), "T1 VmSize grows at the call");
    ok((uintptr_t)p + size <= TAM_END, "T1 the addresses lie below 0x80000000");

    int sum = 0;
    for (size_t at = 0; at < size; at += size / 64) {
        sum |= p[at] | p[at + PAGE - 1];
    }
    is(sum, 0, "T2 every byte reads as zero");
    is((long)stats_now().vmrss, (long)before.vmrss, "T2 a read costs no frame of the process");
    for (unsigned int i = 0; i < 100; i++) {
        p[i * 64 * PAGE] = 1;
    }
    is((long)(stats_now().vmrss - before.vmrss), 100 * 4, "T2 a write costs one page");
    is(munmap(p, size), 0, "T1 munmap releases it");
    is((long)stats_now().vmsize, (long)before.vmsize, "T1 VmSize is what it was after munmap");
    is(freemem(), free_before, "T1 freemem is what it was after munmap");
}

static void test_bad_sizes(void)
{
    struct mem_usage_stats before = stats_now();
    is(call(FL_NR_tamalloc, 0), -EINVAL, "M23 size 0 is EINVAL");
    errno = 0;
    ok(tamalloc(0) == NULL && errno == EINVAL, "T1 the wrapper returns NULL for size 0");
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 4095, 0xC0000000u, TAM_END,
                                   TAM_END - PAGE + 1};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        char name[64];
        errno = 0;
        snprintf(name, sizeof(name), "M23 size %#lx is ENOMEM", (unsigned long)sizes[i]);
        ok(tamalloc(sizes[i]) == NULL && errno == ENOMEM, name);
    }
    is((long)stats_now().vmsize, (long)before.vmsize, "T1 a refused size reserves nothing");
}

static void test_full(void)
{
    char *parts[256];
    int count = 0;
    while (count < 256 && (parts[count] = tamalloc(64 * MIB)) != NULL) {
        count++;
    }
    ok(count >= 24 && count < 32, "M23 the space below 0x80000000 can be filled");
    is(errno, ENOMEM, "M23 tamalloc of a full space is ENOMEM");
    if (count > 1) {
        ok(parts[1] + 64 * MIB == parts[0], "T1 addresses go downward from 0x80000000");
    }
    for (int i = 0; i < count; i++) {
        munmap(parts[i], 64 * MIB);
    }
    char *again = tamalloc(1);
    ok(again != NULL && (uintptr_t)again == TAM_END - PAGE,
       "T1 one byte takes a page, at the top again");
    munmap(again, PAGE);
}

/* ---- T4, T5 -------------------------------------------------------------------------------------- */

static void test_statistics(void)
{
    struct mem_usage_stats all[16], one;
    is(get_memory_usage_stats(-1, all, 16), -EINVAL,
       "M23 get_memory_usage_stats of a negative pid is EINVAL");
    is(get_memory_usage_stats(0, NULL, 16), -EINVAL,
       "M23 get_memory_usage_stats into NULL is EINVAL");
    is(get_memory_usage_stats(30000, all, 16), -ESRCH,
       "T4 get_memory_usage_stats of an unknown pid is ESRCH");
    is(get_memory_usage_stats(0, all, 0), 0, "M23 get_memory_usage_stats of max 0 returns 0");
    is(get_memory_usage_stats(0, (void *)0xC0000000u, 16), -EFAULT,
       "M23 get_memory_usage_stats into a bad buffer is EFAULT");
    is(get_memory_usage_stats(getpid(), (void *)0x1000, 1), -EFAULT,
       "M23 get_memory_usage_stats into an unmapped buffer is EFAULT");
    is(get_memory_usage_stats(0, all, 1), 1, "T4 get_memory_usage_stats returns as many as max");
    is(all[0].pid, 1, "T4 get_memory_usage_stats sorts by ascending pids");
    is(all[0].oom_score, 0, "T6 pid 1 has score 0");
    long count = get_memory_usage_stats(0, all, SIZE_MAX);
    ok(count >= 2 && count < 16,
       "M23 get_memory_usage_stats of a huge max returns as many as exist");
    bool ascending = true;
    for (long i = 1; i < count; i++) {
        ascending = ascending && all[i - 1].pid < all[i].pid;
    }
    ok(ascending, "T4 get_memory_usage_stats of all processes sorts by ascending pids");
    is(get_memory_usage_stats(getpid(), &one, 1), 1,
       "T4 get_memory_usage_stats of one pid returns one");
    ok(one.pid == getpid() && one.vmsize >= one.vmrss && one.vmrss > 0,
       "T4 get_memory_usage_stats of the caller returns the caller");
    is(one.committed_percent, (int)(one.vmrss * 100 / one.vmsize),
       "T4 committed_percent is rounded down");
    long thousandth = (long)(memory_bytes() / PAGE / 1000), pages = (long)one.vmrss / 4;
    ok(one.oom_score >= pages / (thousandth + 1) && one.oom_score <= (pages + 40) / thousandth + 1,
       "T4 oom_score is the resident pages and a few of the kernel's for the map");

    struct global_mem_stats sums;
    is(get_global_memory_usage_stats(NULL), -EINVAL,
       "T5 get_global_memory_usage_stats into NULL is EINVAL");
    is(get_global_memory_usage_stats((void *)0xC0000000u), -EFAULT,
       "T5 get_global_memory_usage_stats into a bad buffer is EFAULT");
    is(get_global_memory_usage_stats(&sums), 0,
       "T5 get_global_memory_usage_stats sums all processes");
    unsigned long reserved = 0;
    char *p = tamalloc(100 * MIB);
    count = get_memory_usage_stats(0, all, 16);
    for (long i = 0; i < count; i++) {
        reserved += all[i].vmsize;
    }
    (void)get_global_memory_usage_stats(&sums);
    is((long)sums.total_reserved_mb, (long)(reserved / 1024),
       "T5 get_global_memory_usage_stats adds pages first and converts last");
    munmap(p, 100 * MIB);
}

static void test_score_adj(void)
{
    int old = 0;
    is(oom_score_adj(0, 300, &old), 0, "oom_score_adj sets an adjustment");
    is(old, 0, "oom_score_adj returns the old adjustment");
    ok(stats_now().oom_score >= 300, "the score includes the adjustment");
    is(oom_score_adj(0, -1000, NULL), 0, "oom_score_adj accepts -1000");
    is(stats_now().oom_score, 0, "the score is never negative");
    ok(oom_score_adj(0, 1001, NULL) == -1 && errno == EINVAL, "oom_score_adj of 1001 is EINVAL");
    ok(oom_score_adj(1, 0, NULL) == -1 && errno == EPERM, "oom_score_adj cannot change pid 1");
    ok(oom_score_adj(30000, 0, NULL) == -1 && errno == ESRCH,
       "oom_score_adj of an unknown pid is ESRCH");
    (void)oom_score_adj(0, 0, NULL);
}

/* ---- R4: overcommit ------------------------------------------------------------------------------ */

static void *map(size_t size, int flags)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/* Maps, says whether that worked, and unmaps. */
static bool can_map(size_t size, int flags)
{
    void *p = map(size, flags);
    if (p == MAP_FAILED) {
        return false;
    }
    munmap(p, size);
    return true;
}

static bool can_tamalloc(size_t size)
{
    void *p = tamalloc(size);
    if (p == NULL) {
        return false;
    }
    munmap(p, size);
    return true;
}

static void test_overcommit(void)
{
    size_t memory = memory_bytes(), more = memory + 64 * MIB;
    bool fits_space = more < 900 * MIB;
    if (!fits_space) {
        skip("R4 overcommit", "the machine has more memory than the address space has room");
        return;
    }
    is(overcommit(HEURISTIC, FL_KEEP), HEURISTIC, "the heuristic is the default overcommit mode");
    ok(!can_map(more, 0) && errno == ENOMEM, "mode 0: one call for more than all memory is ENOMEM");
    ok(can_map(more, MAP_NORESERVE), "mode 0: MAP_NORESERVE of more than all memory succeeds");
    ok(can_map(memory - MIB, 0), "mode 0: a call for less than all memory succeeds");
    ok(can_tamalloc(more), "mode 0: tamalloc reserves nothing");
    is(overcommit(ALWAYS, FL_KEEP), HEURISTIC, "mode 1 is set");
    ok(can_map(more, 0), "mode 1: a call for more than all memory succeeds");
    is(overcommit(STRICT, 50), ALWAYS, "mode 2 is set");
    ok(!can_map(memory / 2 + MIB, 0) && errno == ENOMEM, "R4 mode 2: beyond the limit is ENOMEM");
    ok(!can_map(memory / 2 + MIB, MAP_NORESERVE), "mode 2: MAP_NORESERVE does not avoid the limit");
    ok(!can_tamalloc(memory / 2 + MIB), "mode 2: tamalloc does not avoid the limit");
    ok(can_map(memory / 4, 0), "mode 2: a call within the limit succeeds");
    char *ro = mmap(NULL, memory / 2 + MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ok(ro != MAP_FAILED, "mode 2: memory that cannot be written is not charged");
    ok(mprotect(ro, memory / 2 + MIB, PROT_READ | PROT_WRITE) == -1 && errno == ENOMEM,
       "mode 2: mprotect charges memory that becomes writable");
    munmap(ro, memory / 2 + MIB);
    char *half = map(memory / 3, 0);
    ok(half != MAP_FAILED, "mode 2: a third of memory succeeds");
    fflush(stdout);
    ok(fork() == -1 && errno == ENOMEM, "mode 2: fork that would charge it twice is ENOMEM");
    munmap(half, memory / 3);
    ok(can_map(memory / 3, 0), "mode 2: munmap returns the charge");
    ok(overcommit(3, FL_KEEP) == -1 && errno == EINVAL, "overcommit mode 3 is EINVAL");
    ok(overcommit(FL_KEEP, 101) == -1 && errno == EINVAL, "overcommit ratio 101 is EINVAL");
    is(overcommit(HEURISTIC, 50), STRICT, "overcommit mode 0 is set again");
}

/* ---- R3: out of memory --------------------------------------------------------------------------- */

enum role { SMALL, LARGE, LAST, ROLES };

/* Touches size bytes, says so, and waits to be killed. */
static void hog(size_t size, volatile int *done)
{
    char *p = tamalloc(size);
    for (size_t at_byte = 0; p != NULL && at_byte < size; at_byte += PAGE) {
        p[at_byte] = 1;
    }
    *done = 1;
    for (;;) {
        (void)sched_yield();
    }
}

static pid_t start_hog(size_t size, volatile int *done)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        hog(size, done);
    }
    while (child > 0 && *done == 0 && kill(child, 0) == 0 && waitpid(child, NULL, WNOHANG) == 0) {
        (void)sched_yield();
    }
    return child;
}

static bool is_alive(pid_t child)
{
    return waitpid(child, NULL, WNOHANG) == 0;
}

static void end(pid_t child)
{
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
}

/* Three programs want more than there is: the one that holds most goes, the others live. */
static void test_out_of_memory(void)
{
    size_t memory = memory_bytes();
    if (memory > 800 * MIB) {
        skip("R3 out of memory", "the machine has more memory than one program can hold");
        return;
    }
    int *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    volatile int *done = page;
    done[SMALL] = done[LARGE] = done[LAST] = 0;
    int before = freemem();
    pid_t small = start_hog(memory / 8, &done[SMALL]);
    pid_t large = start_hog(memory / 2, &done[LARGE]);
    pid_t last = start_hog(memory / 2 - memory / 32, &done[LAST]);
    int status = 0;
    ok(waitpid(large, &status, 0) == large || !is_alive(large),
       "R3 the process with the highest score dies");
    ok(done[LAST] == 1 && is_alive(last), "R3 the process that found no frame goes on");
    ok(is_alive(small), "R3 the small process goes on");
    end(small);
    end(last);
    is(freemem(), before, "R3 every frame is back after the kill");
    munmap(page, PAGE);
}

/* Four times the memory that exists, by one program. */
static void test_too_much(void)
{
    size_t size = memory_bytes() * 4;
    if (size / 4 > 400 * MIB) {
        skip("R3 four times the memory", "it would not fit below 0x80000000");
        return;
    }
    int before = freemem(), status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        volatile int unused = 0;
        hog(size < 1600 * MIB ? size : 1600 * MIB, &unused);
    }
    ok(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
       "R3 touching four times the memory ends one process");
    is(freemem(), before, "R3 every frame is back after four times the memory was touched");
}

int main(void)
{
    settle();
    (void)memory_bytes();
    (void)stats_now();
    munmap(tamalloc(PAGE), PAGE);
    test_tamalloc();
    test_bad_sizes();
    test_full();
    test_statistics();
    test_score_adj();
    test_overcommit();
    test_out_of_memory();
    test_too_much();
    return done_testing();
}
