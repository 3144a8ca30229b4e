/*
 * bad-input S18: no system call, fault or exit keeps interrupts off for long, whatever length a program
 * asks for, and a process in the middle of one hears that it is being killed.
 *
 * Each deed is done twice, by a child that has prepared what it needs. The first time the kernel's own
 * record of the longest stretch with interrupts off is read (irq_off_info), and the child's end is
 * measured as well. The second time the parent kills the child as soon as it gets the CPU, which is a
 * time slice after the deed began, and the time until the child is gone is bounded too.
 *
 * Times are instructions, so they are looked at on the repeatable clock alone (run --icount); elsewhere
 * the frames are. A kernel that measures nothing, the release one, leaves the second half. LATENCY=all in the environment does it with
 * nearly all memory there is, at most 1.7 GiB (tests/boot/latency.t).
 */
#include "calls.h"

#include <asm/mman.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mman.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <tamalloc.h>

#define STRETCH_MAX 1000000u /* the bound of the tests: instructions with interrupts off */

/* From a deed's beginning to the death of a child that is killed in its middle: a time slice and a
 * second one of the parent's, the way to the next step, and, for each page, its way back. */
#define SLICE          10000000u
#define DEATH_BASE     (3 * SLICE)
#define DEATH_PER_PAGE (machine.is_debug ? 12000u : 600u)

#define SOME_PAGES 8192u   /* 32 MiB                     */
#define MOST_PAGES 445644u /* 1.7 GiB                    */
#define SOME_AREAS 4000u
#define MOST_AREAS 65000u
#define SOME_KIDS  60u
#define MOST_KIDS  600u
#define ARGS_BYTES (1900u * 1024)

static struct fl_kernel_info machine;
static unsigned int n_pages, n_areas, n_kids;
static char *program;
static bool is_timed; /* times are instructions */

static struct {
    volatile int is_inside;         /* the deed is being done        */
    volatile unsigned long long t0; /* when it began                 */
    unsigned int stretch;           /* longest time without interrupts */
    char in[32];                    /* and where                     */
} * shared;

static unsigned long long now(void)
{
    unsigned int low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (unsigned long long)high << 32 | low;
}

/* The counter of the repeatable clock advances by one for each instruction, no other does. */
static bool has_repeatable_clock(void)
{
    for (int i = 0; i < 100; i++) {
        unsigned long long before = now();
        if (now() - before > 16) {
            return false;
        }
    }
    return true;
}

/* ---- Deeds ------------------------------------------------------------------------------------- */

static char *memory;

static char *map_with(unsigned int flags)
{
    return at((unsigned long)call(__NR_mmap2, 0, n_pages * PAGE, RIGHTS_RW, flags, -1, 0));
}

static void prepare_nothing(void)
{
}

static void prepare_untouched(void)
{
    memory = map_with(PRIVATE_ANON | MAP_NORESERVE);
}

static void prepare_pages(void)
{
    memory = map_with(PRIVATE_ANON | MAP_POPULATE | MAP_NORESERVE);
}

static void prepare_shared(void)
{
    memory = map_with(SHARED_ANON | MAP_POPULATE | MAP_NORESERVE);
}

/* Areas that cannot become one, each of one page that was written. */
static void prepare_areas(void)
{
    memory = map_with(PRIVATE_ANON | MAP_NORESERVE);
    (void)call(__NR_munmap, memory, n_pages * PAGE);
    memory = at((unsigned long)call(__NR_mmap2, 0, n_areas * PAGE, RIGHTS_RW, PRIVATE_ANON, -1, 0));
    for (unsigned int i = 0; i < n_areas; i += 2) {
        (void)call(__NR_mprotect, memory + i * PAGE, PAGE, PROT_READ);
    }
}

static void prepare_heap(void)
{
    memory = at((unsigned long)call(__NR_brk, 0));
    (void)call(__NR_brk, memory + n_pages / 2 * PAGE);
    (void)call(__NR_mlock, memory, n_pages / 2 * PAGE);
}

static void prepare_files(void)
{
    while (open("/dev/null", O_RDONLY) >= 0) {
    }
}

/* Half of them end at once, the others when they are orphans. */
static void prepare_kids(void)
{
    pid_t parent = getpid();
    for (unsigned int i = 0; i < n_kids; i++) {
        if (fork() == 0) {
            if (i % 2 == 0) {
                _exit(0);
            }
            while (getppid() == parent) {
                (void)sched_yield();
            }
            _exit(0);
        }
    }
}

static void populate(void)
{
    (void)map_with(PRIVATE_ANON | MAP_POPULATE | MAP_NORESERVE);
}

static void populate_shared(void)
{
    (void)map_with(SHARED_ANON | MAP_POPULATE | MAP_NORESERVE);
}

static void populate_area(void)
{
    unsigned int pages = n_pages < 0x40000 ? n_pages : 0x40000;
    (void)call(FL_NR_area_mmap, 0, pages * PAGE, RIGHTS_RW, 0x8020, -1, 0);
}

static void lock(void)
{
    (void)call(__NR_mlock, memory, n_pages * PAGE);
}

static void unmap(void)
{
    (void)call(__NR_munmap, memory, n_pages * PAGE);
}

static void unmap_areas(void)
{
    (void)call(__NR_munmap, memory, n_areas * PAGE);
}

static void protect(void)
{
    (void)call(__NR_mprotect, memory, n_pages * PAGE, PROT_READ);
}

static void protect_areas(void)
{
    (void)call(__NR_mprotect, memory, n_areas * PAGE, PROT_NONE);
}

static void discard(void)
{
    (void)call(__NR_madvise, memory, n_pages * PAGE, MADV_DONTNEED);
}

static void discard_areas(void)
{
    (void)call(__NR_madvise, memory, n_areas * PAGE, MADV_FREE);
}

static void sync_areas(void)
{
    (void)call(__NR_msync, memory, n_areas * PAGE, MS_SYNC);
}

static void list_areas(void)
{
    static struct fl_map_area list[MOST_AREAS + 64];
    (void)map_list(0, list, COUNT(list));
}

static void move(void)
{
    char *to = at((unsigned long)memory ^ 0x40000000u);
    if (n_pages > 0x30000) {
        to = at(0x08000000u);
    }
    (void)call(__NR_mremap, memory, n_pages * PAGE, n_pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
               to);
}

static void ask_resident(void)
{
    static char vector[MOST_PAGES];
    (void)call(__NR_mincore, memory, n_pages * PAGE, vector);
}

static void list_map(void)
{
    static struct fl_map_area list[64];
    (void)map_list(0, list, COUNT(list));
}

static void fork_once(void)
{
    if (fork() == 0) {
        _exit(0);
    }
}

static void read_zeros(void)
{
    int fd = open("/dev/zero", O_RDONLY);
    struct iovec all[2] = {{memory, n_pages / 2 * PAGE}, {memory, n_pages / 2 * PAGE}};
    (void)readv(fd, all, 2);
}

static void write_nothing(void)
{
    int fd = open("/dev/null", O_WRONLY);
    (void)write(fd, memory, n_pages * PAGE);
}

static void get_random(void)
{
    (void)call(__NR_getrandom, memory, n_pages / 4 * PAGE, 0);
}

static void shrink_heap(void)
{
    (void)call(__NR_brk, memory);
}

static void exec_nothing(void)
{
    char word[] = "nothing";
    char *argv[] = {program, word, NULL};
    execve(program, argv, NULL);
}

static void exec_long(void)
{
    static char strings[ARGS_BYTES / 2], *argv[ARGS_BYTES / 100];
    memset(strings, 'x', sizeof(strings));
    size_t n = 0;
    argv[n++] = program;
    argv[n++] = strings + sizeof(strings) - 8;
    memcpy(argv[1], "nothing", 8);
    for (size_t i = 100; i + 100000 < sizeof(strings); i += 100000) {
        strings[i] = '\0';
        argv[n++] = strings + i - 99000 * (i > 100000);
    }
    for (size_t i = sizeof(strings) - 90000; i < sizeof(strings) - 100; i += 100) {
        strings[i] = '\0';
        argv[n++] = strings + i - 99;
    }
    execve(program, argv, NULL);
}

static void find_long_path(void)
{
    static char path[PATH_MAX];
    for (size_t i = 0; i + 10 < sizeof(path); i += 9) {
        memcpy(path + i, "tests/../", 10);
    }
    (void)open(path, O_RDONLY);
}

static void read_directory(void)
{
    static char entries[1 << 20];
    int fd = open("/many", O_RDONLY);
    if (fd < 0) {
        fd = open("/tests", O_RDONLY);
    }
    while (call(__NR_getdents64, fd, entries, sizeof(entries)) > 0) {
    }
}

static void ask_usage(void)
{
    static struct {
        int words[5];
    } list[4096];
    (void)call(FL_NR_get_memory_usage_stats, 0, list, COUNT(list));
    int sums[4];
    (void)call(FL_NR_get_global_memory_usage_stats, sums);
}

static void signal_kids(void)
{
    (void)kill(-1, 0);
}

static void nothing(void)
{
}

struct deed {
    const char *name;
    void (*prepare)(void), (*run)(void);
    bool is_long; /* takes more than a time slice with many pages */
};

static const struct deed deeds[] = {
    {"populate", prepare_nothing, populate, true},
    {"populate of shared memory", prepare_nothing, populate_shared, true},
    {"populate of an area", prepare_nothing, populate_area, true},
    {"mlock", prepare_untouched, lock, true},
    {"munmap", prepare_pages, unmap, true},
    {"munmap of shared memory", prepare_shared, unmap, true},
    {"munmap of many areas", prepare_areas, unmap_areas, false},
    {"exit", prepare_pages, nothing, false},
    {"exit with shared memory", prepare_shared, nothing, false},
    {"exit with many areas", prepare_areas, nothing, false},
    {"exit with many files", prepare_files, nothing, false},
    {"exit with many children", prepare_kids, nothing, false},
    {"mprotect", prepare_pages, protect, true},
    {"mprotect of many areas", prepare_areas, protect_areas, false},
    {"MADV_DONTNEED", prepare_pages, discard, true},
    {"MADV_FREE of many areas", prepare_areas, discard_areas, false},
    {"msync of many areas", prepare_areas, sync_areas, false},
    {"map_list of many areas", prepare_areas, list_areas, false},
    {"map_list of many pages", prepare_pages, list_map, false},
    {"mremap", prepare_pages, move, true},
    {"mincore", prepare_pages, ask_resident, true},
    {"fork", prepare_pages, fork_once, true},
    {"fork with shared memory", prepare_shared, fork_once, true},
    {"fork with many areas", prepare_areas, fork_once, false},
    {"readv of /dev/zero", prepare_untouched, read_zeros, true},
    {"write to /dev/null", prepare_untouched, write_nothing, false},
    {"getrandom", prepare_untouched, get_random, true},
    {"brk", prepare_heap, shrink_heap, true},
    {"execve in place of many pages", prepare_pages, exec_nothing, false},
    {"execve with long arguments", prepare_nothing, exec_long, false},
    {"a long path", prepare_nothing, find_long_path, false},
    {"getdents64", prepare_nothing, read_directory, false},
    {"statistics of many processes", prepare_kids, ask_usage, false},
    {"kill of everybody", prepare_kids, signal_kids, false},
};

/* ---- Doing them -------------------------------------------------------------------------------- */

/* The longest stretch since it was asked for last joins what the deed has shown so far. */
static void note_stretch(void)
{
    struct fl_irq_off_info info;
    (void)irq_off_info(&info);
    if (info.recent > shared->stretch) {
        shared->stretch = info.recent;
        memcpy(shared->in, info.recent_in, sizeof(shared->in));
    }
}

__attribute__((noreturn)) static void do_deed(const struct deed *deed)
{
    struct fl_irq_off_info info;
    deed->prepare();
    (void)irq_off_info(&info); /* what came before is not the deed's */
    shared->t0 = now();
    shared->is_inside = 1;
    deed->run();
    shared->is_inside = 2;
    _exit(0);
}

/* Orphans end by themselves, once they get the CPU. */
static void wait_for_frames(int wanted)
{
    while (waitpid(-1, NULL, 0) > 0) {
    }
    for (int i = 0; i < 10000 && freemem() != wanted; i++) {
        (void)sched_yield();
    }
}

static pid_t start_deed(const struct deed *deed)
{
    struct fl_irq_off_info info;
    (void)irq_off_info(&info);
    shared->stretch = 0;
    shared->is_inside = 0;
    shared->in[0] = '\0';
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        do_deed(deed);
    }
    return child;
}

static void measure(const struct deed *deed)
{
    char name[120];
    int before = freemem();
    pid_t child = start_deed(deed);
    (void)waitpid(child, NULL, 0);
    wait_for_frames(before);
    note_stretch();
    diag("%s: at most %u, in %s", deed->name, shared->stretch, shared->in);
    (void)snprintf(name, sizeof(name), "S18 %s lets interrupts in", deed->name);
    ok(!is_timed || shared->stretch <= STRETCH_MAX, name);
    (void)snprintf(name, sizeof(name), "S18 %s: all is back", deed->name);
    is(before - freemem(), 0, name);
}

static void kill_inside(const struct deed *deed)
{
    char name[120];
    int status = 0, before = freemem();
    pid_t child = start_deed(deed);
    while (shared->is_inside == 0) {
        (void)sched_yield();
    }
    bool was_inside = shared->is_inside == 1;
    (void)kill(child, SIGKILL);
    (void)waitpid(child, &status, 0);
    unsigned long long took = now() - shared->t0;
    wait_for_frames(before);
    diag("%s, killed %s: gone after %llu", deed->name, was_inside ? "inside" : "behind", took);
    (void)snprintf(name, sizeof(name), "S18 %s hears a kill", deed->name);
    ok(!is_timed || took <= DEATH_BASE + (unsigned long long)DEATH_PER_PAGE * n_pages, name);
    (void)snprintf(name, sizeof(name), "S18 %s, killed: all is back", deed->name);
    is(before - freemem(), 0, name);
}

/* A first argument is the name of one deed; "nothing" is what execve's deeds start. */
int main(int argc, char **argv)
{
    const char *how_much = getenv("LATENCY");
    bool is_all = how_much != NULL && strcmp(how_much, "all") == 0;
    const char *only = argc > 1 ? argv[1] : NULL;
    if (only != NULL && strcmp(only, "nothing") == 0) {
        return 0;
    }
    settle();
    (void)kernel_info(&machine);
    program = argv[0];
    is_timed = has_repeatable_clock();
    shared = map_shared(sizeof(*shared));
    n_pages = is_all ? (unsigned int)freemem() / 100 * 93 : SOME_PAGES;
    n_pages = n_pages < MOST_PAGES ? n_pages : MOST_PAGES;
    n_areas = is_all ? MOST_AREAS : SOME_AREAS;
    n_kids = is_all ? MOST_KIDS : SOME_KIDS;
    diag("%u pages, %u areas, %u children%s", n_pages, n_areas, n_kids,
         is_timed ? "" : ": this is no repeatable clock, only frames are compared");
    note_stretch();
    for (size_t i = 0; i < COUNT(deeds); i++) {
        if (only != NULL && strcmp(only, deeds[i].name) != 0) {
            continue;
        }
        measure(&deeds[i]);
        if (deeds[i].is_long) {
            kill_inside(&deeds[i]);
        }
    }
    return done_testing();
}
