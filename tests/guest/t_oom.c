/*
 * Who dies when memory runs out, and who does not (bad-input R12, R13, contract T4).
 *
 * A ballast takes nearly all of memory and may not be chosen, nor may this program. A hog holds more than
 * the innocents, each time in another form. Then an asker wants more than is free. The hog alone has to
 * die, whatever form its memory has, and the asker gets what it wants.
 */
#include <errno.h>
#include <faultline.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <tamalloc.h>
#include <unistd.h>

#include "calls.h"
#include "tap.h"

#define RIGHTS     (PROT_READ | PROT_WRITE)
#define ANON       (MAP_PRIVATE | MAP_ANONYMOUS)
#define ADJ_NEVER  (-1000)
#define ADJ_ALWAYS 1000
#define HOG        900 /* frames that the hog holds                    */
#define INNOCENT   250 /* and each of the innocents                    */
#define INNOCENTS  3
#define SPARE      120 /* frames that the ballast leaves to the asker  */
#define ASKED      (SPARE + 100)
#define STRICT     2

static struct fl_kernel_info machine;

static struct {
    volatile int is_ready;
} * shared;

static void wait_until_ready(void)
{
    while (!shared->is_ready) {
        (void)sched_yield();
    }
    shared->is_ready = 0;
}

__attribute__((noreturn)) static void stay(void)
{
    shared->is_ready = 1;
    for (;;) {
        (void)sched_yield();
    }
}

static void touch(char *p, unsigned int pages)
{
    for (unsigned int i = 0; i < pages; i++) {
        p[i * PAGE] = 1;
    }
}

static int score_of(pid_t pid)
{
    struct mem_usage_stats stats;
    return get_memory_usage_stats(pid, &stats, 1) == 1 ? stats.oom_score : -1;
}

/* ---- Forms of memory ----------------------------------------------------------------------------- */

static char *map(unsigned int pages, int prot, int flags)
{
    char *p = mmap(NULL, (size_t)pages * PAGE, prot, flags, -1, 0);
    if (p == MAP_FAILED) {
        _exit(1);
    }
    return p;
}

static void hold_private(void)
{
    touch(map(HOG, RIGHTS, ANON), HOG);
}

static void hold_shared(void)
{
    touch(map(HOG, RIGHTS, MAP_SHARED | MAP_ANONYMOUS), HOG);
}

/* The pages belong to the object; no page table shows them. */
static void hold_hidden(void)
{
    char *p = map(HOG, RIGHTS, MAP_SHARED | MAP_ANONYMOUS);
    touch(p, HOG);
    (void)madvise(p, HOG * PAGE, MADV_DONTNEED);
}

/* One page of zeros in every 2 MiB: a page table each, and nothing resident. */
static void hold_tables(void)
{
    volatile char *p = map(HOG * (TABLE_SPAN / PAGE), PROT_READ, ANON);
    for (unsigned int i = 0; i < HOG; i++) {
        (void)p[(size_t)i * TABLE_SPAN];
    }
}

/* Areas that cannot be merged. A record has 56 bytes. */
#define RECORDS 50000u
static void hold_records(void)
{
    char *p = map(RECORDS, PROT_READ, ANON);
    for (unsigned int i = 0; i < RECORDS; i += 2) {
        (void)mprotect(p + i * PAGE, PAGE, PROT_NONE);
    }
}

/* A family holds one object together: nothing is free before both are gone. */
static void hold_as_family(void)
{
    hold_hidden();
    (void)fork();
}

/* ---- T4: what counts ----------------------------------------------------------------------------- */

static pid_t start(void (*hold)(void), int adj)
{
    shared->is_ready = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)oom_score_adj(0, adj, NULL);
        hold();
        stay();
    }
    wait_until_ready();
    return child;
}

static void end(pid_t child)
{
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
}

static bool is_near(int score, unsigned int pages)
{
    int exact = (int)(pages * 1000 / machine.frames_total);
    return score >= exact && score <= exact + 3;
}

/* The object's pages count once for being resident, and once as the only holder's part of it. */
static void test_scores(void)
{
    static const struct {
        void (*hold)(void);
        unsigned int pages;
        const char *name;
    } forms[] = {
        {hold_private, HOG, "T4 private pages count"},
        {hold_shared, 2 * HOG, "T4 shared pages count in full, and as a part of their object"},
        {hold_hidden, HOG, "T4 shared pages count when no page table has them"},
        {hold_tables, HOG, "T4 page tables count"},
        {hold_records, RECORDS * 56 / PAGE, "T4 area records count"},
        {hold_as_family, HOG / 2, "T4 a shared object is divided by the processes that hold it"},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        pid_t child = start(forms[i].hold, 0);
        (void)sched_yield();
        int score = score_of(child);
        if (!ok(is_near(score, forms[i].pages), forms[i].name)) {
            diag("score %d, %u pages of %u", score, forms[i].pages, machine.frames_total);
        }
        if (forms[i].hold == hold_as_family) {
            end(child + 1); /* its child, an orphan afterwards */
            (void)kill(child + 1, SIGKILL);
        }
        end(child);
    }
}

/* ---- R12: the hog alone dies --------------------------------------------------------------------- */

static void hold_innocent(void)
{
    touch(map(INNOCENT, RIGHTS, ANON), INNOCENT);
}

static void hold_ballast(void)
{
    settle();
    unsigned int pages = (unsigned int)freemem();
    (void)map(pages - pages / 400 - SPARE, RIGHTS, ANON | MAP_NORESERVE | MAP_POPULATE);
}

/* In one call, as a copy into memory that is not there yet: 0 if all of it came. */
static int ask(void *unused)
{
    (void)unused;
    (void)oom_score_adj(0, 0, NULL);
    int zero = (int)call(__NR_open, "/dev/zero", 0);
    unsigned int pages = (unsigned int)freemem() + 100;
    char *p = map(pages, RIGHTS, ANON | MAP_NORESERVE);
    return call(__NR_read, zero, p, pages * PAGE) == (long)(pages * PAGE) ? 0 : 1;
}

static bool is_gone(pid_t child)
{
    int status;
    return waitpid(child, &status, WNOHANG) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGKILL;
}

static void let_all_run(void)
{
    for (int i = 0; i < 20; i++) {
        (void)sched_yield();
    }
}

static void check_survivors(const pid_t *innocents, int count, const char *name)
{
    int dead = 0;
    let_all_run();
    for (int i = 0; i < count; i++) {
        dead += is_gone(innocents[i]);
    }
    is(dead, 0, name);
    for (int i = 0; i < count; i++) {
        end(innocents[i]);
    }
}

static void test_hog(void (*hold)(void), const char *what)
{
    char line[96];
    pid_t innocents[INNOCENTS];
    int before = freemem();
    pid_t hog = start(hold, 0);
    for (int i = 0; i < INNOCENTS; i++) {
        innocents[i] = start(hold_innocent, 0);
    }
    pid_t ballast = start(hold_ballast, ADJ_NEVER);
    int status = status_of_child(ask, NULL);
    (void)snprintf(line, sizeof(line), "R12 a hog of %s: the call gets its pages", what);
    is(status, 0, line);
    let_all_run();
    (void)snprintf(line, sizeof(line), "R12 a hog of %s dies", what);
    ok(is_gone(hog), line);
    (void)snprintf(line, sizeof(line), "R12 a hog of %s: no innocent dies", what);
    check_survivors(innocents, INNOCENTS, line);
    end(ballast);
    let_all_run();
    (void)snprintf(line, sizeof(line), "R12 a hog of %s: every frame is back", what);
    is(freemem(), before, line);
}

static void test_hogs(void)
{
    test_hog(hold_private, "private pages");
    test_hog(hold_shared, "shared pages");
    test_hog(hold_hidden, "unmapped shared pages");
    test_hog(hold_tables, "page tables");
    test_hog(hold_records, "area records");
    test_hog(hold_as_family, "a family's pages");
}

/* ---- R12: a process that has not run yet --------------------------------------------------------- */

/* This program forks and uses memory up before the child has run. */
#define PAGES_PER_TABLE 512u

static void test_child_that_never_ran(void)
{
    int before = freemem();
    pid_t innocent = start(hold_innocent, 500);
    pid_t ballast = start(hold_ballast, ADJ_NEVER);
    unsigned int pages = (unsigned int)freemem() + 50;
    char *p = map(pages, RIGHTS, ANON | MAP_NORESERVE);
    /* The page tables first: below, one touch may then take one frame and no more, so that memory is
     * used up to the last frame and not beyond. */
    for (unsigned int at = 0; at < pages; at += PAGES_PER_TABLE) {
        p[at * PAGE] = 1;
    }
    p[(pages - 1) * PAGE] = 1;
    (void)sched_yield(); /* a fresh slice */
    pid_t child = fork();
    if (child == 0) {
        stay();
    }
    (void)oom_score_adj(child, ADJ_ALWAYS, NULL);
    unsigned int i = 0;
    while (freemem() > 0) {
        p[i++ * PAGE] = 1;
    }
    p[i++ * PAGE] = 1;
    while (freemem() > 0 && i < pages) {
        p[i++ * PAGE] = 1;
    }
    for (int round = 0; round < 3; round++) {
        (void)sched_yield(); /* the child runs now, and no frame is free */
    }
    /* This program itself needs some again: fork left its data copy on write. */
    (void)madvise(p, PAGES_PER_TABLE * PAGE, MADV_DONTNEED);
    let_all_run();
    ok(is_gone(child), "R12 a child that is chosen before it first ran dies");
    check_survivors(&innocent, 1,
                    "R12 a child that is chosen before it first ran takes nobody along");
    end(ballast);
    unmap_pages(p, pages);
    is(freemem(), before, "R12 every frame is back");
}

/* ---- R13: a lack that is no lack of frames ------------------------------------------------------- */

/* The index keeps the whole page, and the access after the call the recursion, with every compiler. */
static int go_deep(int depth)
{
    volatile char frame[PAGE];
    unsigned int i = (unsigned int)depth % PAGE;
    frame[i] = (char)depth;
    int below = depth == 0 ? 0 : go_deep(depth - 1);
    return below + frame[i];
}

static int grow_stack(void *unused)
{
    (void)unused;
    (void)oom_score_adj(0, 0, NULL);
    (void)overcommit(STRICT, 0);
    volatile int depth = 40;
    return go_deep(depth) < 0 ? 0 : 1;
}

/* A view of shared memory that begins at the last page of another one, again and again: page numbers
 * beyond what an index can hold, if the calls let it come that far. */
#define VIEW 0x20000000ul
static int reach_far(void *unused)
{
    (void)unused;
    (void)oom_score_adj(0, 0, NULL);
    char *p = map(1, RIGHTS, MAP_SHARED | MAP_ANONYMOUS);
    p = at((unsigned long)call(__NR_mremap, p, PAGE, VIEW, MREMAP_MAYMOVE));
    for (int i = 0; i < 140 && is_good((long)p); i++) {
        long next = call(__NR_mremap, p + VIEW - PAGE, 0, VIEW, MREMAP_MAYMOVE);
        if (!is_good(next)) {
            break;
        }
        (void)call(__NR_munmap, p, VIEW);
        p = at((unsigned long)next);
    }
    p[0] = 1;
    p[VIEW - PAGE] = 1;
    return 0;
}

static void test_other_lacks(void)
{
    pid_t innocents[INNOCENTS];
    int before = freemem();
    for (int i = 0; i < INNOCENTS; i++) {
        innocents[i] = start(hold_innocent, ADJ_ALWAYS / 2);
    }
    int status = status_of_child(grow_stack, NULL);
    is(overcommit(0, 50), STRICT, "the overcommit mode is set back");
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
       "R13 the stack beyond the strict limit: SIGSEGV");
    status = status_of_child(reach_far, NULL);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS,
       "R13 a page number beyond shared memory: SIGBUS");
    check_survivors(innocents, INNOCENTS, "R13 nobody else dies of the strict limit");
    is(freemem(), before, "R13 every frame is back");
}

/* Each request fits, their sum does not. */
static int fork_with_promises(void *unused)
{
    (void)unused;
    unsigned int pages = machine.frames_total / 10 * 6;
    char *a = map(pages, RIGHTS, ANON), *b = map(pages, RIGHTS, ANON);
    a[0] = b[0] = 1;
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child < 0 || waitpid(child, NULL, 0) != child;
}

int main(void)
{
    (void)kernel_info(&machine);
    (void)oom_score_adj(0, ADJ_NEVER, NULL);
    shared = map_shared(sizeof(*shared));
    settle();
    test_scores();
    test_hogs();
    test_child_that_never_ran();
    test_other_lacks();
    is(status_of_child(fork_with_promises, NULL), 0,
       "R4 fork in mode 0 adds no promises that were judged one by one");
    return done_testing();
}
