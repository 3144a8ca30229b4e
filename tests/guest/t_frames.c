/*
 * Out of memory, everywhere (bad-input R1, R2): each operation below is done again and again, and
 * each time the kernel refuses the next frame allocation, the first, the second, ... (once), or all
 * from there on, until the operation has had all it wanted. Frames are what everything else is made
 * of, so this fails page tables, kernel stacks, the kernel's heap and pages of users alike.
 *
 * Each time the operation gives its documented error and has changed nothing, or its process is
 * killed by SIGKILL (out of memory in a fault has no other answer); and freemem() is what it was.
 *
 * A process of its own does the operation, so that it may die. This process waits meanwhile and
 * must not need a frame itself: it owns all of its pages by then (settle).
 */
#include <asm/mman.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/uio.h>

#include "calls.h"
#include "tap.h"

#define RW            (PROT_READ | PROT_WRITE)
#define ONCE          0
#define FROM_THERE_ON 1
#define SWEEP_MAX     3000
#define FRESH         0x30000000u /* nothing is mapped near it, no page table is there */
#define LEAK          (-4000)     /* an answer of ours: something was changed nevertheless */
#define OPENS         40          /* more than a table's first size */
#define MANY          200         /* areas: more than one slab of records */

static const char *program;
static char *inherited; /* two pages of this process, which its children copy when they write */
static int file;

static volatile struct {
    int go, is_done, refused;
    long answer;
    int drift;
} * shared;

struct operation {
    const char *name;
    void (*prepare)(void); /* before anything is refused */
    long (*run)(void);
    long error;      /* the answer when memory ran out; 1: there is none, the process dies */
    bool is_lenient; /* may succeed although something was refused */
};
#define DIES 1

/* ---- What is done ---------------------------------------------------------------------------- */

static long map(unsigned long addr, unsigned long length, int flags)
{
    return call(__NR_mmap2, addr, length, RW, flags, -1, 0);
}

/* fork and the end of the refusals, without a write to memory in between, which would be a copy. */
static long run_fork(void)
{
    long pid, refused;
    __asm__ volatile("int $0x80\n\t"
                     "testl %%eax, %%eax\n\t"
                     "jnz 1f\n\t"
                     "movl %[exit], %%eax\n\t"
                     "xorl %%ebx, %%ebx\n\t"
                     "int $0x80\n"
                     "1:\tmovl %%eax, %%esi\n\t"
                     "movl %[fail], %%eax\n\t"
                     "xorl %%ebx, %%ebx\n\t"
                     "xorl %%ecx, %%ecx\n\t"
                     "int $0x80"
                     : "=a"(refused), "=&S"(pid)
                     : "0"((long)__NR_fork), [exit] "i"(__NR_exit), [fail] "i"(FL_NR_fail_frame)
                     : "ebx", "ecx", "memory", "cc");
    shared->refused = (int)refused;
    if (pid > 0) {
        (void)call(__NR_wait4, pid, 0, 0, 0);
        return 0;
    }
    return pid;
}

static void prepare_many_pages(void)
{
    memset(at((unsigned long)map(FRESH, 600 * PAGE, PRIVATE_ANON | MAP_FIXED)), 1, 600 * PAGE);
    for (unsigned long i = 0; i < MANY; i++) {
        (void)map(FRESH + 0x1000000 + 2 * i * PAGE, PAGE, PRIVATE_ANON | MAP_FIXED);
    }
}

static char *const no_arguments[] = {NULL, NULL};

static long run_exec(void)
{
    static char word[] = "nothing";
    char path[64];
    strlcpy(path, program, sizeof(path));
    char *const argv[] = {path, word, NULL};
    return call(__NR_execve, program, argv, no_arguments);
}

static void prepare_exec_by_segments(void)
{
    (void)run_policy(FL_POLICY_SEGMENT, FL_RUN_ANNOUNCE);
}

static char long_word[60000];

static void prepare_long_exec(void)
{
    memset(long_word, 'x', sizeof(long_word) - 1);
}

static long run_long_exec(void)
{
    static char word[] = "nothing";
    char path[64];
    strlcpy(path, program, sizeof(path));
    char *const argv[] = {path, word, long_word, long_word, NULL};
    return call(__NR_execve, program, argv, no_arguments);
}

static long run_area_populate(void)
{
    return syscall6(FL_NR_area_mmap, TABLE_SPAN - 3 * PAGE, 6 * PAGE, RW,
                    MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
}

static long run_area_file_populate(void)
{
    return syscall6(FL_NR_area_mmap, 0, 4 * PAGE, PROT_READ, MAP_POPULATE, file, 5);
}

static long run_area_lazy(void)
{
    return syscall6(FL_NR_area_mmap, 0, 4 * PAGE, PROT_READ, 0, file, 0);
}

static void prepare_fresh(void)
{
    (void)map(FRESH, 4 * PAGE, PRIVATE_ANON | MAP_FIXED);
}

static long run_write_fault(void)
{
    *(volatile char *)at(FRESH) = 1;
    return 0;
}

static long run_read_fault(void)
{
    return *(volatile char *)at(FRESH);
}

static void prepare_zero_page(void)
{
    prepare_fresh();
    (void)run_read_fault();
}

static void prepare_shared(void)
{
    (void)map(FRESH, 4 * PAGE, SHARED_ANON | MAP_FIXED);
}

static void prepare_area(void)
{
    (void)syscall6(FL_NR_area_mmap, 0x10000000, 4 * PAGE, PROT_READ, 0, file, 1);
}

static long run_area_fault(void)
{
    return *(volatile char *)at(FL_MMAPBASE + 0x10000000) & 0;
}

static void prepare_file_shared(void)
{
    (void)call(__NR_mmap2, FRESH, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0);
}

static void prepare_file_private(void)
{
    (void)call(__NR_mmap2, FRESH, 4 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 0);
}

static long run_copy_on_write(void)
{
    inherited[0] = 2;
    inherited[PAGE] = 2;
    return 0;
}

static long run_stack_growth(void)
{
    volatile char *stack = (volatile char *)__builtin_frame_address(0);
    for (int i = 16; i < 40; i += 8) {
        stack[-i * (int)PAGE] = 1;
    }
    return 0;
}

static long run_map(void)
{
    for (unsigned long i = 0; i < MANY; i++) {
        int before = freemem();
        long answer = map(FRESH + 2 * i * PAGE, PAGE, PRIVATE_ANON | MAP_FIXED);
        if (!is_good(answer)) {
            return before == freemem() ? answer : LEAK;
        }
    }
    return 0;
}

static long run_map_shared(void)
{
    for (unsigned long i = 0; i < 2 * MANY; i++) {
        int before = freemem();
        long answer = map(FRESH + 2 * i * PAGE, PAGE, SHARED_ANON | MAP_FIXED);
        if (!is_good(answer)) {
            return before == freemem() ? answer : LEAK;
        }
    }
    return 0;
}

static long run_map_populate(void)
{
    long answer = map(FRESH, 4 * PAGE, PRIVATE_ANON | MAP_FIXED | MAP_POPULATE);
    return is_good(answer) ? 0 : answer;
}

static long run_map_file(void)
{
    long answer = call(__NR_mmap2, FRESH, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0);
    return is_good(answer) ? 0 : answer;
}

static void prepare_large(void)
{
    memset(at((unsigned long)map(FRESH, 2 * MANY * PAGE, PRIVATE_ANON | MAP_FIXED)), 7,
           2 * MANY * PAGE);
}

/* Every second page, so that each call cuts an area in two. */
static long run_unmap_middles(void)
{
    for (unsigned long i = 1; i < 2 * MANY - 1; i += 2) {
        int before = freemem();
        long answer = call(__NR_munmap, FRESH + i * PAGE, PAGE);
        if (answer != 0) {
            return before == freemem() && *at(FRESH + i * PAGE) == 7 ? answer : LEAK;
        }
    }
    return 0;
}

static long run_protect_middles(void)
{
    for (unsigned long i = 1; i < 2 * MANY - 1; i += 2) {
        int before = freemem();
        long answer = call(__NR_mprotect, FRESH + i * PAGE, PAGE, PROT_READ);
        if (answer != 0) {
            *at(FRESH + i * PAGE) = 7;
            return before == freemem() ? answer : LEAK;
        }
    }
    return 0;
}

static long run_map_over_middles(void)
{
    for (unsigned long i = 1; i < 2 * MANY - 1; i += 2) {
        int before = freemem();
        long answer =
            call(__NR_mmap2, FRESH + i * PAGE, PAGE, PROT_READ, PRIVATE_ANON | MAP_FIXED, -1, 0);
        if (!is_good(answer)) {
            return before == freemem() && *at(FRESH + i * PAGE) == 7 ? answer : LEAK;
        }
    }
    return 0;
}

static long run_move(void)
{
    for (unsigned long i = 1; i < 2 * MANY - 1; i += 2) {
        int before = freemem();
        unsigned long to = FRESH + 0x1000000 + i * TABLE_SPAN;
        long answer =
            call(__NR_mremap, FRESH + i * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
        if (!is_good(answer)) {
            return before == freemem() && *at(FRESH + i * PAGE) == 7 ? answer : LEAK;
        }
        if (*at(to) != 7) {
            return LEAK;
        }
    }
    return 0;
}

static long run_lock(void)
{
    return call(__NR_mlock, FRESH, 4 * PAGE);
}

static long run_populate_write(void)
{
    return call(__NR_madvise, FRESH, 4 * PAGE, MADV_POPULATE_WRITE);
}

static long run_break(void)
{
    long old = call(__NR_brk, 0);
    long new = call(__NR_brk, old + 0x10000);
    return new == old ? -ENOMEM : 0;
}

static long run_read(void)
{
    (void)call(__NR_lseek, file, 0, 0);
    return call(__NR_read, file, FRESH + PAGE - 100, PAGE) > 0 ? 0 : -EFAULT;
}

static long run_read_vectors(void)
{
    static struct iovec vectors[1024];
    return call(__NR_readv, file, vectors, 1024);
}

static long run_stat(void)
{
    return call(__NR_fstat64, file, FRESH + PAGE - 8);
}

static long run_random(void)
{
    return call(__NR_getrandom, FRESH, 3 * PAGE, 0) == 3 * PAGE ? 0 : -EFAULT;
}

static long run_uname(void)
{
    return call(__NR_uname, FRESH);
}

static long run_write(void)
{
    int sink = (int)call(__NR_open, "/dev/null", 1);
    if (sink < 0) {
        return sink;
    }
    long answer = call(__NR_stat64, FRESH, inherited);
    return answer == -ENOENT ? 0 : answer;
}

static long run_open(void)
{
    for (int i = 0; i < OPENS; i++) {
        int before = freemem();
        long fd = call(__NR_open, "/", 0);
        if (fd < 0) {
            return before == freemem() ? fd : LEAK;
        }
    }
    return 0;
}

static long run_duplicate(void)
{
    long fd = call(__NR_fcntl64, file, F_DUPFD, 900);
    return fd < 0 ? fd : 0;
}

static long run_path(void)
{
    return call(__NR_access, "/", 0);
}

static const struct operation operations[] = {
    {"fork", NULL, run_fork, -ENOMEM, false},
    {"fork with 600 pages and 200 areas", prepare_many_pages, run_fork, -ENOMEM, false},
    {"execve (E19)", NULL, run_exec, -ENOMEM, false},
    {"execve by segments, with a report (E19)", prepare_exec_by_segments, run_exec, -ENOMEM, false},
    {"execve with 120 KB of arguments (E19)", prepare_long_exec, run_long_exec, -ENOMEM, false},
    {"area_mmap, populated (M3)", NULL, run_area_populate, 0, false},
    {"area_mmap of a file, populated (M3)", NULL, run_area_file_populate, 0, false},
    {"area_mmap of a file", NULL, run_area_lazy, 0, false},
    {"a write fault (F14)", prepare_fresh, run_write_fault, DIES, false},
    {"a read fault (F14)", prepare_fresh, run_read_fault, DIES, false},
    {"a write to the zero page", prepare_zero_page, run_write_fault, DIES, false},
    {"a fault in shared memory", prepare_shared, run_write_fault, DIES, false},
    {"a fault in a file area", prepare_area, run_area_fault, DIES, false},
    {"a fault in a shared file", prepare_file_shared, run_read_fault, DIES, false},
    {"a write fault in a private file", prepare_file_private, run_write_fault, DIES, false},
    {"copy on write (F14)", NULL, run_copy_on_write, DIES, false},
    {"growth of the stack", NULL, run_stack_growth, DIES, false},
    {"mmap2 of 200 areas", NULL, run_map, -ENOMEM, false},
    {"mmap2 of 400 shared areas", NULL, run_map_shared, -ENOMEM, false},
    {"mmap2, populated", NULL, run_map_populate, -ENOMEM, true},
    {"mmap2 of a file", NULL, run_map_file, -ENOMEM, false},
    {"munmap of middles (M14)", prepare_large, run_unmap_middles, -ENOMEM, false},
    {"mprotect of middles", prepare_large, run_protect_middles, -ENOMEM, false},
    {"mmap2 over middles (M8)", prepare_large, run_map_over_middles, -ENOMEM, false},
    {"mremap into new page tables", prepare_large, run_move, -ENOMEM, false},
    {"mlock", prepare_fresh, run_lock, -ENOMEM, false},
    {"madvise POPULATE_WRITE", prepare_fresh, run_populate_write, -ENOMEM, false},
    {"brk", NULL, run_break, -ENOMEM, false},
    {"read into fresh pages", prepare_fresh, run_read, DIES, false},
    {"readv of 1024 vectors", NULL, run_read_vectors, -ENOMEM, false},
    {"fstat64 across two fresh pages", prepare_fresh, run_stat, DIES, false},
    {"getrandom into fresh pages", prepare_fresh, run_random, DIES, false},
    {"uname into a fresh page", prepare_fresh, run_uname, DIES, false},
    {"a path in a fresh page", prepare_fresh, run_write, -ENOMEM, false},
    {"open 40 times", NULL, run_open, -ENOMEM, false},
    {"a descriptor at 900", NULL, run_duplicate, -ENOMEM, false},
    {"access", NULL, run_path, -ENOMEM, false},
};

/* ---- The sweep ------------------------------------------------------------------------------- */

/* The process that does it. */
static int operate(const struct operation *op, unsigned int n, unsigned int mode)
{
    settle();
    if (op->prepare != NULL) {
        op->prepare();
    }
    while (shared->go == 0) {
        (void)call(__NR_sched_yield, 0);
    }
    int before = freemem();
    (void)call(FL_NR_fail_frame, n, mode);
    long answer = op->run();
    int refused = (int)call(FL_NR_fail_frame, 0, 0);
    shared->drift = before - freemem();
    shared->refused += refused;
    shared->answer = answer;
    shared->is_done = 1;
    return 0;
}

/* One time; gives wait's status word, and what was refused in shared->refused. */
static int attempt(const struct operation *op, unsigned int n, unsigned int mode)
{
    int status = -1;
    shared->go = shared->is_done = shared->refused = shared->drift = 0;
    shared->answer = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        _exit(operate(op, n, mode));
    }
    settle();
    shared->go = 1;
    (void)waitpid(child, &status, 0);
    shared->refused += (int)call(FL_NR_fail_frame, 0, 0);
    return status;
}

/* What is wrong with how it went; NULL: nothing. */
static const char *objection(const struct operation *op, int status)
{
    bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (is_killed) {
        bool may_die = op->error == DIES || op->run == run_exec || op->run == run_long_exec ||
                       op->run == run_write;
        return may_die && shared->refused > 0 ? NULL : "killed";
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return "ended strangely";
    }
    if (!shared->is_done) {
        return op->error == -ENOMEM ? NULL : "did not come to its end"; /* the new program's end */
    }
    if (shared->refused == 0 || op->is_lenient) {
        return op->error == 0 || shared->answer >= 0 ? NULL : "failed without a reason";
    }
    if (shared->answer != op->error) {
        return "another answer than documented";
    }
    return NULL;
}

/* May it have kept what it got before the failure? Those that do many steps check each. */
static bool keeps_what_it_got(const struct operation *op)
{
    return op->run == run_lock || op->run == run_populate_write || op->run == run_write ||
           op->run == run_map || op->run == run_map_shared || op->run == run_open ||
           op->run == run_unmap_middles || op->run == run_protect_middles ||
           op->run == run_map_over_middles || op->run == run_move;
}

static void sweep(const struct operation *op, unsigned int mode)
{
    const char *wrong = NULL;
    unsigned int n = 0;
    int drift = 0;
    char name[120];
    do {
        n++;
        int before = freemem();
        int status = attempt(op, n, mode);
        drift = before - freemem();
        wrong = objection(op, status);
        if (wrong == NULL && drift != 0) {
            wrong = "frames are missing";
        }
        if (wrong == NULL && shared->is_done && shared->refused > 0 && shared->drift != 0 &&
            !op->is_lenient && !keeps_what_it_got(op)) {
            wrong = "it failed and changed something";
        }
    } while (wrong == NULL && shared->refused > 0 && n < SWEEP_MAX);
    (void)snprintf(name, sizeof(name), "R1 R2: %s, %s: %u refusals", op->name,
                   mode == ONCE ? "each frame once" : "each frame and all after it", n - 1);
    if (!ok(wrong == NULL && n < SWEEP_MAX, name)) {
        diag("frame %u: %s; answer %ld, %d refused, drift %d and %d", n,
             wrong != NULL ? wrong : "no end", shared->answer, shared->refused, shared->drift,
             drift);
    }
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 1) {
        return 0;
    }
    settle();
    shared = map_shared(PAGE);
    if (call(FL_NR_fail_frame, 0, 0) < 0) {
        ok(false, "R1: the kernel was booted with failframe=0");
        return done_testing();
    }
    file = (int)call(__NR_open, program, 0);
    inherited = map_pages(2);
    memset(inherited, 1, 2 * PAGE);
    (void)attempt(&operations[0], 0, ONCE); /* what the first time alone costs */
    for (size_t i = 0; i < COUNT(operations); i++) {
        sweep(&operations[i], ONCE);
        sweep(&operations[i], FROM_THERE_ON);
    }
    return done_testing();
}
