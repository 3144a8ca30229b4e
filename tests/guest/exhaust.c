/*
 * Uses memory up, in each overcommit mode and in several ways, and looks whether every frame comes
 * back (bad-input R1, R3). Not a t_ program: tests/boot/exhaust.t runs it on machines of several
 * sizes.
 *
 * In the first part a child takes what it can get, until a call says ENOMEM or the kernel kills it;
 * which of the two depends on the mode and the way. In the second part memory runs out at a place
 * of our choice: all frames but a few are taken, and then a process does one thing.
 *
 * Behind "# wanted: " stands each death for want of memory: whose, its adjustment, and, where that
 * is known, for whose page. tests/boot/exhaust.t compares the lines of the kernel with them.
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

#define STEP       (256u * 1024u)
#define RIGHTS     (PROT_READ | PROT_WRITE)
#define ANON       (MAP_PRIVATE | MAP_ANONYMOUS)
#define STRICT     2  /* the overcommit mode that promises no more than there is */
#define READY      77 /* a child's exit status: a call refused */
#define REFUSED    78 /* the same of a worker */
#define ADJ_NEVER  (-1000)
#define ADJ_ALWAYS 1000

static char *program;
static struct fl_kernel_info machine;

/* Memory of this program and all of its children. */
#define CROWD 200
static struct {
    volatile char is_done[CROWD]; /* by_crowd: the child has what it wanted            */
    volatile int is_full;         /* by_crowd: there are as many as there can be       */
    volatile int n_killed;        /* how many of them the kernel killed                */
    volatile int spare;           /* try_with: how many frames the holder leaves       */
    volatile int is_ready;        /* the ballast is there, the worker has prepared     */
    volatile int may_hold;        /* everybody has the pages that he needs             */
    volatile int is_held;         /* only the spare frames are free: the worker's turn */
} * shared;

static void wait_until(const volatile int *flag)
{
    while (*flag == 0) {
        (void)sched_yield();
    }
}

__attribute__((noreturn)) static void stay(void)
{
    for (;;) {
        (void)sched_yield();
    }
}

/* This program may not be chosen when memory runs out, and its children inherit that. */
static pid_t fork_with_adj(int adj)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)oom_score_adj(0, adj, NULL);
    }
    return child;
}

/* The kernel has to say that it killed this one, and for whose page, where that is known. */
static void want(pid_t dead, int adj, pid_t asked)
{
    printf("# wanted: exhaust[%d] (adj %d)", dead, adj);
    if (asked != 0) {
        printf(" for exhaust[%d]", asked);
    }
    printf("\n");
}

/* A round or more of the scheduler: who has been killed comes to its end. */
static void let_all_run(void)
{
    for (int i = 0; i < 10; i++) {
        (void)sched_yield();
    }
}

static bool is_gone(pid_t child)
{
    return waitpid(child, NULL, WNOHANG) == child;
}

static void end(pid_t child)
{
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
}

/* ---- Ways to take all there is ----------------------------------------------------------------- */

static void touch(char *p, size_t size)
{
    for (size_t i = 0; i < size; i += PAGE) {
        p[i] = 1;
    }
}

static void take_by_mmap(int flags)
{
    for (;;) {
        char *p = mmap(NULL, STEP, RIGHTS, ANON | flags, -1, 0);
        if (p == MAP_FAILED) {
            return;
        }
        touch(p, STEP);
    }
}

static void by_faults(void)
{
    take_by_mmap(0);
}

static void by_populate(void)
{
    take_by_mmap(MAP_POPULATE);
}

static void by_tamalloc(void)
{
    for (char *p; (p = tamalloc(STEP)) != NULL;) {
        touch(p, STEP);
    }
}

/* One page in every 2 MiB: page tables take as much as pages. */
static void by_tables(void)
{
    char *p = mmap(NULL, 1024u << 20, RIGHTS, ANON | MAP_NORESERVE, -1, 0);
    if (p != MAP_FAILED) {
        for (unsigned int i = 0; i < 512; i++) {
            p[(size_t)i * TABLE_SPAN] = 1;
        }
        take_by_mmap(0);
    }
}

/* Areas that cannot be merged: kernel objects. */
static void by_areas(void)
{
    for (unsigned int i = 0;; i++) {
        char *p = mmap(NULL, PAGE, i % 2 == 0 ? RIGHTS : PROT_READ, ANON, -1, 0);
        if (p == MAP_FAILED) {
            return;
        }
        if (i % 2 == 0) {
            *p = 1;
        }
    }
}

/* A copy into memory that is not there yet. */
static void by_copy(void)
{
    for (;;) {
        char *p = mmap(NULL, STEP, RIGHTS, ANON, -1, 0);
        if (p == MAP_FAILED || call(__NR_getrandom, p, STEP, 0) <= 0) {
            return;
        }
    }
}

/*
 * Children that each take a share and keep it, until fork refuses another one, and then one more
 * share; together they want more than there is. They are looked at when none of them wants more: who
 * is gone by then, the kernel has killed. Nothing is printed before memory is free again, for that
 * takes pages, too.
 */
static void by_crowd(void (*take)(void))
{
    static pid_t children[CROWD];
    static bool is_killed[CROWD];
    int count = 0;
    shared->is_full = 0;
    for (int i = 0; i < CROWD; i++) {
        shared->is_done[i] = 0;
    }
    while (count < CROWD && (children[count] = fork_with_adj(0)) >= 0) {
        if (children[count] == 0) {
            take();
            wait_until(&shared->is_full);
            take();
            shared->is_done[count] = 1;
            stay();
        }
        count++;
        (void)sched_yield();
    }
    shared->is_full = 1;
    for (int i = 0; i < count; i++) {
        while (!shared->is_done[i] && !(is_killed[i] = is_gone(children[i]))) {
            (void)sched_yield();
        }
    }
    let_all_run();
    for (int i = 0; i < count; i++) {
        is_killed[i] = is_killed[i] || is_gone(children[i]);
    }
    for (int i = 0; i < count; i++) {
        if (!is_killed[i]) {
            end(children[i]);
        }
    }
    shared->n_killed = 0;
    for (int i = 0; i < count; i++) {
        if (is_killed[i]) {
            want(children[i], 0, 0);
            shared->n_killed++;
        }
    }
    fflush(stdout);
}

static void take_pages(void)
{
    size_t size = machine.frames_total / (CROWD / 2) * PAGE;
    char *p = mmap(NULL, size, RIGHTS, ANON, -1, 0);
    if (p != MAP_FAILED) {
        touch(p, size);
    }
}

static void by_processes(void)
{
    by_crowd(take_pages);
}

/* What is only read is the page of zeros, and no promise: nothing but the tables takes frames. */
#define TABLES_READ 64u /* by one call         */
#define TABLE_AREAS 16  /* so many have room   */
static void read_tables(void)
{
    volatile char *p = mmap(NULL, TABLES_READ * TABLE_SPAN, PROT_READ, ANON, -1, 0);
    for (unsigned int i = 0; p != MAP_FAILED && i < TABLES_READ; i++) {
        (void)p[(size_t)i * TABLE_SPAN];
    }
}

static void take_tables(void)
{
    for (int i = 0; i < TABLE_AREAS; i++) {
        read_tables();
    }
}

static void by_tables_alone(void)
{
    by_crowd(take_tables);
}

enum way_end { END_KILLED, END_EITHER, END_CHILDREN, END_CHILDREN_ALWAYS };

/*
 * A way, and how it ends where memory may be promised that is not there: its process is killed, or
 * some of its children. In strict mode a call refuses before frames run out, but for page tables,
 * which nobody promises.
 */
static const struct way {
    void (*take)(void);
    const char *name;
    enum way_end end;
} ways[] = {
    {by_faults, "faults", END_KILLED},
    {by_populate, "populate", END_KILLED},
    {by_tamalloc, "tamalloc", END_KILLED},
    {by_tables, "page tables", END_KILLED},
    {by_areas, "areas", END_EITHER}, /* their number has a limit */
    {by_processes, "processes", END_CHILDREN},
    {by_copy, "copies", END_KILLED},
    {by_tables_alone, "page tables alone", END_CHILDREN_ALWAYS},
};

static bool is_end(const struct way *way, int mode, bool is_refused)
{
    switch (way->end) {
    case END_KILLED:
        return is_refused == (mode == STRICT);
    case END_EITHER:
        return is_refused || mode != STRICT;
    case END_CHILDREN:
        return is_refused && (shared->n_killed == 0) == (mode == STRICT);
    default:
        return is_refused && shared->n_killed > 0;
    }
}

static void exhaust(const struct way *way, int mode)
{
    char line[96];
    int before = freemem(), status = 0;
    bool is_crowd = way->end == END_CHILDREN || way->end == END_CHILDREN_ALWAYS;
    pid_t child = fork_with_adj(is_crowd ? ADJ_NEVER : 0);
    if (child == 0) {
        way->take();
        _exit(READY);
    }
    (void)waitpid(child, &status, 0);
    bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    bool is_refused = WIFEXITED(status) && WEXITSTATUS(status) == READY;
    if (is_killed) {
        want(child, 0, child);
    }
    (void)snprintf(line, sizeof(line), "mode %d, %s: refused or killed", mode, way->name);
    if (!ok((is_refused || is_killed) && is_end(way, mode, is_refused), line)) {
        diag("status %x, %d children killed", (unsigned int)status, shared->n_killed);
    }
    for (int i = 0; i < 1000 && freemem() != before; i++) {
        (void)sched_yield();
    }
    (void)snprintf(line, sizeof(line), "mode %d, %s: every frame is back", mode, way->name);
    is(freemem(), before, line);
}

/* ---- Out of memory at one place ---------------------------------------------------------------- */

/*
 * Four processes: the ballast holds nearly all of memory, and this program waits; both cannot be
 * chosen. The holder takes the rest but for a few frames. Then the worker does one thing. The holder
 * has the higher score: a fault that finds no frame ends it, and the worker goes on; a call that
 * finds none says so, and nobody ends.
 */
#define BALLAST_LEAVES 900 /* frames, for the others */
#define HELD           0x20000000u
#define HELD_PAGES     1024u
#define FRESH          0x30000000u /* nothing is mapped near it, no page table is there */
#define SPARE_MAX      100
#define MANY           200 /* areas: more than one slab of records */
#define OPENS          40  /* more than a table's first size       */

struct operation {
    const char *name;
    void (*prepare)(void);
    long (*run)(void); /* 0 or -ENOMEM */
    bool is_refused;   /* out of memory is an answer of the call */
};

static int file;
static char *inherited;

static long map(unsigned int pages, int prot, int flags)
{
    return call(__NR_mmap2, FRESH, pages * PAGE, prot, ANON | MAP_FIXED | flags, -1, 0);
}

static void prepare_table(void)
{
    (void)map(4, RIGHTS, 0);
    at(FRESH)[3 * PAGE] = 1;
}

static void prepare_fresh(void)
{
    (void)map(4, RIGHTS, 0);
}

static long run_write(void)
{
    *(volatile char *)at(FRESH) = 1;
    return 0;
}

static long run_read(void)
{
    (void)*(volatile char *)at(FRESH);
    return 0;
}

static void prepare_zero_page(void)
{
    prepare_table();
    (void)run_read();
}

static void prepare_file(void)
{
    (void)call(__NR_mmap2, FRESH, PAGE, RIGHTS, MAP_PRIVATE | MAP_FIXED, file, 0);
}

static void prepare_shared(void)
{
    (void)call(__NR_mmap2, FRESH, PAGE, RIGHTS, SHARED_ANON | MAP_FIXED, -1, 0);
}

static long run_copy_on_write(void)
{
    *(volatile char *)inherited = 2;
    return 0;
}

static long run_stack_growth(void)
{
    volatile char *stack = (volatile char *)__builtin_frame_address(0);
    stack[-20 * (int)PAGE] = 1;
    return 0;
}

static long run_getrandom(void)
{
    return call(__NR_getrandom, FRESH, 3 * PAGE, 0) == 3 * PAGE ? 0 : -EFAULT;
}

static long run_file_read(void)
{
    (void)call(__NR_lseek, file, 0, 0);
    return call(__NR_read, file, FRESH + PAGE - 100, 200) == 200 ? 0 : -EFAULT;
}

static long run_populate(void)
{
    (void)map(4, RIGHTS, MAP_POPULATE);
    touch(at(FRESH), 4 * PAGE);
    return 0;
}

static long run_area_populate(void)
{
    long answer = syscall6(FL_NR_area_mmap, TABLE_SPAN - 3 * PAGE, 6 * PAGE, RIGHTS,
                           MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return answer == 0 ? -ENOMEM : 0;
}

static long run_lock(void)
{
    return call(__NR_mlock, FRESH, 4 * PAGE);
}

static long run_fork(void)
{
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child > 0 && waitpid(child, NULL, 0) == child ? 0 : -errno;
}

static long run_exec(void)
{
    static char word[] = "nothing";
    char *const argv[] = {program, word, NULL}, *const envp[] = {NULL};
    return call(__NR_execve, program, argv, envp);
}

static long run_areas(void)
{
    for (unsigned long i = 0; i < MANY; i++) {
        unsigned long place = FRESH + 2 * i * PAGE;
        long answer = call(__NR_mmap2, place, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
        if (!is_good(answer)) {
            return answer;
        }
    }
    return 0;
}

static long run_open(void)
{
    for (int i = 0; i < OPENS; i++) {
        long fd = call(__NR_open, "/", 0);
        if (fd < 0) {
            return fd;
        }
    }
    return 0;
}

static const struct operation operations[] = {
    {"a page", prepare_table, run_write, false},
    {"a page and its table", prepare_fresh, run_write, false},
    {"a table for the page of zeros", prepare_fresh, run_read, false},
    {"a page in the place of zeros", prepare_zero_page, run_write, false},
    {"a shared page", prepare_shared, run_write, false},
    {"a page of a file", prepare_file, run_read, false},
    {"a copy of a file's page", prepare_file, run_write, false},
    {"a copy on write", NULL, run_copy_on_write, false},
    {"growth of the stack", NULL, run_stack_growth, false},
    {"getrandom into fresh pages", prepare_fresh, run_getrandom, false},
    {"read into fresh pages", prepare_fresh, run_file_read, false},
    {"mmap(MAP_POPULATE), and a touch", NULL, run_populate, false},
    {"area_mmap(MAP_POPULATE)", NULL, run_area_populate, true},
    {"mlock", prepare_fresh, run_lock, true},
    {"fork", NULL, run_fork, true},
    {"execve", NULL, run_exec, true},
    {"records of areas", NULL, run_areas, true},
    {"a table of descriptors", NULL, run_open, true},
};

/* Partly in page tables: those nobody has promised, so that in strict mode, too, something is left
 * to promise. */
static void be_ballast(void)
{
    settle();
    for (int i = 0; i < TABLE_AREAS && freemem() > 2 * BALLAST_LEAVES; i++) {
        read_tables();
    }
    size_t size = (size_t)(freemem() - BALLAST_LEAVES) * PAGE;
    char *p = mmap(NULL, size, RIGHTS, ANON | MAP_NORESERVE | MAP_POPULATE, -1, 0);
    shared->is_ready = p == MAP_FAILED ? -1 : 1;
    stay();
}

static pid_t start_ballast(void)
{
    shared->is_ready = 0;
    pid_t child = fork_with_adj(ADJ_NEVER);
    if (child == 0) {
        be_ballast();
    }
    wait_until(&shared->is_ready);
    settle();
    return child;
}

/* Its tables come first, so that from there on a touch is one frame. */
static void hold(void)
{
    settle();
    char *p = mmap(at(HELD), HELD_PAGES * PAGE, RIGHTS, ANON | MAP_NORESERVE | MAP_FIXED, -1, 0);
    for (unsigned int i = 0; p != MAP_FAILED && i < HELD_PAGES; i += TABLE_SPAN / PAGE) {
        p[i * PAGE] = 1;
    }
    wait_until(&shared->may_hold);
    for (unsigned int i = 0; p != MAP_FAILED && i < HELD_PAGES && freemem() > shared->spare; i++) {
        p[i * PAGE] = 1;
    }
    shared->is_held = freemem() == shared->spare ? 1 : -1;
    stay();
}

static int work(const struct operation *op)
{
    settle();
    if (op->prepare != NULL) {
        op->prepare();
    }
    shared->is_ready = 1;
    wait_until(&shared->is_held);
    long answer = op->run();
    return answer == 0 ? 0 : answer == -ENOMEM ? REFUSED : 1;
}

/* How it went. */
struct outcome {
    bool is_held;          /* the holder left as many frames as it should  */
    int status;            /* of the worker                                 */
    bool is_worker_killed; /* by the kernel, as is the holder               */
    bool is_holder_killed;
    int drift;
};

static struct outcome try_with(const struct operation *op, int spare, int worker_adj,
                               int holder_adj)
{
    struct outcome outcome = {0};
    int before = freemem();
    shared->spare = spare;
    shared->is_ready = shared->may_hold = shared->is_held = 0;
    pid_t worker = fork_with_adj(worker_adj);
    if (worker == 0) {
        _exit(work(op));
    }
    pid_t holder = fork_with_adj(holder_adj);
    if (holder == 0) {
        hold();
    }
    wait_until(&shared->is_ready);
    settle();
    shared->may_hold = 1;
    (void)waitpid(worker, &outcome.status, 0);
    let_all_run();
    outcome.is_holder_killed = is_gone(holder);
    if (!outcome.is_holder_killed) {
        end(holder);
    }
    outcome.drift = before - freemem();
    outcome.is_held = shared->is_held == 1;
    outcome.is_worker_killed = WIFSIGNALED(outcome.status);
    if (outcome.is_holder_killed) {
        /* After a fork the page may be the child's. */
        want(holder, holder_adj, op->run == run_fork ? 0 : worker);
    }
    if (outcome.is_worker_killed) {
        want(worker, worker_adj, worker);
    }
    return outcome;
}

/* What is wrong with it; NULL: nothing. */
static const char *objection(const struct operation *op, const struct outcome *outcome)
{
    bool is_refused = WIFEXITED(outcome->status) && WEXITSTATUS(outcome->status) == REFUSED;
    if (!outcome->is_held) {
        return "the holder could not do its part";
    }
    if (outcome->is_worker_killed) {
        return "the worker was killed, whose score is lower";
    }
    if (is_refused && (!op->is_refused || outcome->is_holder_killed)) {
        return op->is_refused ? "killed and refused" : "refused";
    }
    if (!is_refused && (!WIFEXITED(outcome->status) || WEXITSTATUS(outcome->status) != 0)) {
        return "another answer than documented";
    }
    return outcome->drift != 0 ? "frames are missing" : NULL;
}

/* With no frame to spare, then with more and more, until there are enough. */
static void sweep(const struct operation *op, int mode)
{
    const char *wrong = NULL;
    struct outcome outcome;
    char line[96];
    int spare = 0;
    for (;; spare++) {
        outcome = try_with(op, spare, 0, 0);
        bool is_short = outcome.is_holder_killed || outcome.status != 0;
        wrong = objection(op, &outcome);
        if (wrong == NULL && spare == 0 && !is_short) {
            wrong = "no shortage";
        }
        if (wrong == NULL && spare == SPARE_MAX) {
            wrong = "no end";
        }
        if (wrong != NULL || !is_short) {
            break;
        }
    }
    (void)snprintf(line, sizeof(line), "mode %d, out of memory for %s", mode, op->name);
    if (!ok(wrong == NULL, line)) {
        diag("%d frames to spare: %s; status %x, drift %d", spare, wrong,
             (unsigned int)outcome.status, outcome.drift);
    }
}

/* Who dies is decided by the score, and a process can set its part of that. */
static void test_adjustments(void)
{
    const struct operation *op = &operations[0];
    struct outcome outcome = try_with(op, 0, ADJ_ALWAYS, 0);
    ok(outcome.is_worker_killed && !outcome.is_holder_killed, "+1000 dies for one that holds more");
    outcome = try_with(op, 0, 0, ADJ_NEVER);
    ok(outcome.is_worker_killed && !outcome.is_holder_killed,
       "-1000 lives, and one with less dies");
    outcome = try_with(op, 0, ADJ_NEVER, ADJ_NEVER + 1);
    ok(outcome.is_holder_killed && !outcome.is_worker_killed,
       "-999 may die, though its score is 0");
    outcome = try_with(op, 0, ADJ_NEVER, ADJ_NEVER);
    ok(outcome.is_worker_killed && !outcome.is_holder_killed,
       "the process that asks dies where no other may");
}

static void test_places(int mode)
{
    int before = freemem();
    pid_t ballast = start_ballast();
    if (ok(shared->is_ready == 1, "the ballast of the exhausted machine is mapped")) {
        for (size_t i = 0; i < COUNT(operations); i++) {
            sweep(&operations[i], mode);
        }
        test_adjustments();
    }
    end(ballast);
    is(freemem(), before, "every frame is back after all exhaustion");
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return 0; /* run_exec's program */
    }
    program = argv[0];
    (void)kernel_info(&machine);
    (void)oom_score_adj(0, ADJ_NEVER, NULL);
    shared = map_shared(sizeof(*shared));
    inherited = map_pages(1);
    *inherited = 1;
    file = (int)call(__NR_open, "/bin/sum", 0);
    settle();
    ok(true, "ready");
    diag("%u frames", machine.frames_total);
    for (int mode = 0; mode <= STRICT; mode++) {
        is(overcommit(mode, 50) >= 0, 1, "the overcommit mode is set");
        for (size_t i = 0; i < COUNT(ways); i++) {
            exhaust(&ways[i], mode);
        }
        is(overcommit(mode, 100), mode, "mode 2 has all memory to promise");
        test_places(mode);
    }
    return done_testing();
}
