/*
 * Bad input R6 to R10: many processes, short ones, lost ones, shared pages, and
 * programs that never stop.
 */
#include "deed.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#define EXIT_GOOD     42
#define PROCESS_LIMIT 4096 /* more than there may be */
#define PID_LIMIT     32768

/* Memory that parent and children see alike. */
static volatile int *shared;

static void *map_shared(size_t bytes)
{
    return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static bool is_good(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GOOD;
}

static int collect_all(void)
{
    int count = 0;
    while (waitpid(-1, NULL, 0) > 0) {
        count++;
    }
    return count;
}

/* Gives frames time to come back: orphans end when they get the CPU. */
static bool comes_back(int before)
{
    for (int i = 0; i < 1000 && freemem() != before; i++) {
        (void)sched_yield();
    }
    return freemem() == before;
}

/* ---- R6: as many as there can be --------------------------------------------------------------- */

enum chain_end { CHAIN_DEPTH, CHAIN_ERRNO, CHAIN_WORDS };

/* Each process makes one and waits for it. The deepest one meets the limit: of processes, or of
 * memory, and then either fork says so or who next needs a page is killed. */
static void chain(int depth)
{
    for (;;) {
        shared[CHAIN_DEPTH] = depth > shared[CHAIN_DEPTH] ? depth : shared[CHAIN_DEPTH];
        pid_t child = fork();
        if (child < 0) {
            shared[CHAIN_ERRNO] = errno;
            _exit(EXIT_GOOD);
        }
        if (child > 0) {
            int status = wait_for(child);
            bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
            _exit(is_killed || is_good(status) ? EXIT_GOOD : 1);
        }
        depth++;
    }
}

/* Is there memory for as many processes as there may be? */
static bool has_room_for_all(void)
{
    const unsigned int frames_each = 24; /* and some to spare */
    return machine()->frames_free / frames_each > PROCESS_LIMIT;
}

static void test_process_limit(void)
{
    bool has_room = has_room_for_all();
    fflush(stdout);
    int before = freemem();
    for (int i = 0; i < CHAIN_WORDS; i++) {
        shared[i] = 0;
    }
    pid_t child = fork();
    if (child == 0) {
        chain(1);
    }
    int status = wait_for(child);
    int after = freemem();
    int depth = shared[CHAIN_DEPTH], error = shared[CHAIN_ERRNO];
    diag("%d processes in a chain, then %s", depth, error == 0 ? "no memory" : strerror(error));
    ok(is_good(status), "R6 a chain of forks ends and is taken apart");
    ok(has_room ? error == EAGAIN : error == EAGAIN || error == ENOMEM || error == 0,
       "R6 fork at the limit is EAGAIN, and ENOMEM if memory ends before");
    ok(depth > 500 && depth < PROCESS_LIMIT, "R6 the chain had many processes");
    is(after, before, "R6 all frames are back after the chain");
}

/* Everybody forks as fast as it can. */
static void bomb(void)
{
    for (;;) {
        if (fork() < 0) {
            shared[0]++;
            (void)sched_yield();
        }
    }
}

static void test_fork_bomb(void)
{
    if (!has_room_for_all()) {
        skip("R6 a fork bomb", "without memory for all processes anybody may be killed");
        return;
    }
    int before = freemem();
    shared[0] = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        bomb();
    }
    while (shared[0] < 100) {
        (void)sched_yield();
    }
    ok(true, "R6 a fork bomb meets the limit, and others keep running");
    /* All but pid 1 and the caller. A second call for who was born meanwhile: none can be. */
    is(kill(-1, SIGKILL), 0, "R6 kill(-1) ends the fork bomb");
    (void)collect_all();
    ok(comes_back(before), "R6 all frames are back after the fork bomb");
    child = fork();
    if (child == 0) {
        _exit(EXIT_GOOD);
    }
    ok(is_good(wait_for(child)), "R6 fork works again after the fork bomb");
}

/* ---- R7: short lives --------------------------------------------------------------------------- */

static pid_t make_short(void)
{
    pid_t child = fork();
    if (child == 0) {
        _exit(EXIT_GOOD);
    }
    return child;
}

/* A short child has ended after so many turns, though a tick may take some of them away. */
#define ENDS_WITHIN 32

/* More processes than there are pids, one after the other; one that nobody has waited for yet keeps
 * its pid meanwhile. */
static void test_short_lives(void)
{
    const char *is_long = getenv("LONG");
    int count = is_long != NULL && strcmp(is_long, "1") == 0 ? 100000 : PID_LIMIT + 1000;
    int wraps = 0, failed = 0, taken = 0;
    pid_t zombie = make_short(), last = 0;
    for (int i = 0; i < ENDS_WITHIN; i++) {
        (void)sched_yield();
    }
    int before = freemem();
    for (int i = 0; i < count; i++) {
        pid_t child = make_short();
        failed += !is_good(wait_for(child));
        wraps += child < last;
        taken += child == zombie || child == getpid() || child <= 1;
        last = child;
    }
    int after = freemem();
    diag("%d processes", count);
    is(failed, 0, "R7 short-lived processes all end well");
    ok(wraps >= 1, "R7 pids wrap");
    is(taken, 0, "R7 a pid in use is not assigned again");
    is(after, before, "R7 short-lived processes leak no frame");
    ok(is_good(wait_for(zombie)), "R7 a zombie stays until it is waited for");
}

#define ORPHANS 50

static void test_orphans(void)
{
    int before = freemem();
    shared[0] = 0;
    shared[1] = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < ORPHANS; i++) {
            if (fork() == 0) {
                while (shared[0] == 0) {
                    (void)sched_yield();
                }
                shared[1] += getppid() == 1;
                _exit(0);
            }
        }
        _exit(EXIT_GOOD);
    }
    ok(is_good(wait_for(child)), "R7 a parent ends before its children");
    shared[0] = 1;
    ok(comes_back(before), "R7 the orphans are collected by pid 1");
    is(shared[1], ORPHANS, "R7 the orphans become children of pid 1");
    is(waitpid(-1, NULL, WNOHANG), -1, "R7 the orphans do not become ours");
}

static void test_zombies(void)
{
    int before = freemem();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < ORPHANS; i++) {
            if (fork() == 0) {
                _exit(0);
            }
        }
        for (int i = 0; i < 3 * ORPHANS; i++) {
            (void)sched_yield();
        }
        _exit(EXIT_GOOD);
    }
    ok(is_good(wait_for(child)), "R7 a parent ends without waiting for its zombies");
    ok(comes_back(before), "R7 the zombies are collected by pid 1");
}

/* ---- R8: one page, many references ------------------------------------------------------------- */

#define MAPPINGS 40000u /* of one process; with its child's they are more than 2^16 */

static bool reads_all(volatile uint32_t *const *areas)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < MAPPINGS; i++) {
        count += *areas[i] == 0x464C457Fu; /* "\177ELF" */
    }
    return count == MAPPINGS;
}

static int make_references(const char *program)
{
    static volatile uint32_t *areas[MAPPINGS];
    int fd = open(program, O_RDONLY);
    for (uint32_t i = 0; i < MAPPINGS; i++) {
        areas[i] = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
        if (areas[i] == MAP_FAILED) {
            return 1;
        }
    }
    if (!reads_all(areas)) {
        return 2;
    }
    pid_t child = fork();
    if (child == 0) {
        _exit(reads_all(areas) ? EXIT_GOOD : 3);
    }
    return is_good(wait_for(child)) && reads_all(areas) ? EXIT_GOOD : 4;
}

static void test_references(const char *program)
{
    fflush(stdout);
    int before = freemem();
    pid_t child = fork();
    if (child == 0) {
        _exit(make_references(program));
    }
    int status = wait_for(child);
    int after = freemem();
    is(WEXITSTATUS(status), EXIT_GOOD, "R8 one page mapped more than 2^16 times");
    is(after, before, "R8 all processes drop their mappings of the page");
    int fd = open(program, O_RDONLY);
    volatile uint32_t *area = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    is(*area, 0x464C457F, "R8 freemem after the mappings is what it was");
    (void)munmap((void *)(uint32_t)area, PAGE);
    (void)close(fd);
}

/* ---- R9: copy on write ------------------------------------------------------------------------- */

static _Alignas(4096) volatile uint32_t cow_page[PAGE / 4];

static void pass_turn(int turn)
{
    shared[0] = turn;
}

static void wait_turn(int turn)
{
    while (shared[0] != turn) {
        (void)sched_yield();
    }
}

/* Who writes first, parent or child; each must see its own. */
static bool write_in_order(bool is_parent_first)
{
    cow_page[0] = 1;
    cow_page[1] = 5;
    shared[0] = 0;
    pid_t child = fork();
    if (child == 0) {
        wait_turn(is_parent_first ? 1 : 0);
        bool is_old = cow_page[0] == 1;
        cow_page[0] = 2;
        pass_turn(is_parent_first ? 2 : 1);
        wait_turn(is_parent_first ? 3 : 2);
        _exit(is_old && cow_page[0] == 2 && cow_page[1] == 5 ? EXIT_GOOD : 1);
    }
    wait_turn(is_parent_first ? 0 : 1);
    bool is_old = cow_page[0] == 1;
    cow_page[0] = 3;
    pass_turn(is_parent_first ? 1 : 2);
    if (is_parent_first) {
        wait_turn(2);
        is_old = is_old && cow_page[0] == 3;
        pass_turn(3);
    }
    return is_good(wait_for(child)) && is_old && cow_page[0] == 3 && cow_page[1] == 5;
}

static void test_cow_order(bool is_parent_first)
{
    (void)write_in_order(is_parent_first); /* what is touched for the first time */
    int before = freemem();
    bool is_right = write_in_order(is_parent_first);
    int after = freemem();
    ok(is_right, is_parent_first ? "R9 copy on write, the parent writes first"
                                 : "R9 copy on write, the child writes first");
    is(after, before, "R9 all frames are back after copy on write");
}

static void test_cow_last_owner(void)
{
    cow_page[0] = 1;
    pid_t child = fork();
    if (child == 0) {
        _exit(EXIT_GOOD);
    }
    (void)wait_for(child);
    int before = freemem();
    cow_page[0] = 2;
    is(freemem(), before, "R9 after the child's end the parent writes without a copy");

    child = fork();
    if (child == 0) {
        wait_turn(1);
        int free_before = freemem();
        cow_page[0] = 7; /* the parent has its copy, so this is the child's alone */
        _exit(freemem() == free_before && cow_page[1] == 5 ? EXIT_GOOD : 1);
    }
    shared[0] = 0;
    cow_page[0] = 3;
    pass_turn(1);
    ok(is_good(wait_for(child)), "R9 after the parent's copy the child writes without one");
    is(cow_page[0], 3, "R9 the parent keeps its own page");
}

static void test_cow_and_exec(char *program)
{
    int before = freemem();
    cow_page[0] = 1;
    pid_t child = fork();
    if (child == 0) {
        char word[] = "exec";
        char *const argv[] = {program, word, NULL}, *const envp[] = {NULL};
        cow_page[0] = 9;
        execve(program, argv, envp);
        _exit(1);
    }
    cow_page[0] = 4;
    ok(is_good(wait_for(child)), "R9 the child starts another program before the parent writes");
    ok(cow_page[0] == 4 && freemem() == before,
       "R9 the parent's page is its own after the child's execve");
}

static void test_cow_generations(void)
{
    int before = freemem();
    cow_page[0] = 1;
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            cow_page[0] += 2;
            _exit(cow_page[0] == 3 ? EXIT_GOOD : 1);
        }
        cow_page[0] += 10;
        _exit(is_good(wait_for(grandchild)) && cow_page[0] == 11 ? EXIT_GOOD : 1);
    }
    ok(is_good(wait_for(child)) && cow_page[0] == 1, "R9 three generations, three copies");
    is(freemem(), before, "R9 all frames are back after three generations");
}

/* ---- R10: endless loops ------------------------------------------------------------------------ */

static void test_endless(const char *name, void (*loop)(void))
{
    int before = freemem();
    pid_t endless[2];
    shared[0] = 0;
    for (int i = 0; i < 2; i++) {
        endless[i] = fork();
        if (endless[i] == 0) {
            loop();
        }
    }
    pid_t worker = fork();
    if (worker == 0) {
        for (int i = 0; i < 20; i++) {
            shared[0]++;
            (void)sched_yield();
        }
        _exit(EXIT_GOOD);
    }
    ok(is_good(wait_for(worker)) && shared[0] == 20, name);
    bool is_dead = true;
    for (int i = 0; i < 2; i++) {
        (void)kill(endless[i], SIGKILL);
        is_dead = is_dead && WTERMSIG(wait_for(endless[i])) == SIGKILL;
    }
    ok(is_dead && freemem() == before, "R10 endless loops and calls can be killed");
}

static void loop_in_user_mode(void)
{
    for (;;) {
        __asm__ volatile("");
    }
}

static void loop_in_calls(void)
{
    for (;;) {
        (void)getppid();
    }
}

static void loop_in_failing_calls(void)
{
    for (;;) {
        (void)syscall(-1);
    }
}

/* Touches and drops a page: an endless row of page faults. */
static void loop_in_faults(void)
{
    for (;;) {
        volatile char *area =
            mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *area = 1;
        (void)munmap((void *)(uint32_t)area, PAGE);
    }
}

static void test_loops(void)
{
    test_endless("R10 others run beside endless loops in user mode", loop_in_user_mode);
    test_endless("R10 others run beside endless calls", loop_in_calls);
    test_endless("R10 others run beside endless calls that do not exist", loop_in_failing_calls);
    test_endless("R10 others run beside endless page faults", loop_in_faults);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return EXIT_GOOD;
    }
    shared = map_shared(PAGE);
    shared[0] = 0;
    cow_page[0] = 1;
    deed_warm_up();
    test_cow_order(true);
    test_cow_order(false);
    test_cow_last_owner();
    test_cow_and_exec(argv[0]);
    test_cow_generations();
    test_loops();
    test_orphans();
    test_zombies();
    test_references(argv[0]);
    test_process_limit();
    test_fork_bomb();
    test_short_lives();
    return done_testing();
}
