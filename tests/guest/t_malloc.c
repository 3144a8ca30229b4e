/*
 * malloc and its family inside the kernel: the same rules as tests/host/test_malloc.c, with real pages:
 * what becomes resident, what goes back, and how a misuse ends (bad-input A1 to A5, A8, A9).
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <tamalloc.h>
#include <unistd.h>

#include "tap.h"

#define KIB          1024u
#define MIB          (KIB * KIB)
#define RESIDENT_MAX 200u
#define SLOTS        1000u
#define STEPS        100000u
#define SEED         20261121u
#define AREAS_MAX    65530u /* of a map */

static unsigned long resident_kib(void)
{
    struct mem_usage_stats stats = {0};
    (void)get_memory_usage_stats(getpid(), &stats, 1);
    return stats.vmrss;
}

static bool is_sound(void)
{
    const char *wrong = malloc_check();
    if (wrong != NULL) {
        printf("# malloc_check: %s\n", wrong);
    }
    return wrong == NULL;
}

/* Pointers and sizes that the compiler shall not think about. */
static void *hide(void *p)
{
    __asm__ volatile("" : "+r"(p));
    return p;
}

static uint32_t random_state = SEED;

static uint32_t rnd(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* ---- Rules ------------------------------------------------------------------------------------- */

static void test_sizes(void)
{
    static const size_t too_large[] = {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 4095, SIZE_MAX / 2 + 1};
    bool is_refused = true;
    for (size_t i = 0; i < sizeof(too_large) / sizeof(too_large[0]); i++) {
        errno = 0;
        is_refused &= hide(malloc((size_t)hide((void *)too_large[i]))) == NULL && errno == ENOMEM;
    }
    ok(is_refused, "A3: sizes near SIZE_MAX give NULL and ENOMEM");
    errno = 0;
    ok(hide(calloc((size_t)hide((void *)0x10000), 0x10000)) == NULL && errno == ENOMEM,
       "A4: a product that wraps gives NULL and ENOMEM");
    void *block = NULL;
    ok(posix_memalign(&block, (size_t)hide((void *)3), 8) == EINVAL && block == NULL,
       "A5: an alignment that is no power of two");
    ok(hide(aligned_alloc((size_t)hide((void *)0x80000000u), 8)) == NULL,
       "A5: an alignment of 2 GiB");
    free(NULL);
    void *empty = malloc(0);
    ok(empty != NULL && (uintptr_t)empty % 16 == 0, "A3: malloc(0) returns a block");
    free(empty);
    block = aligned_alloc(65536, 100);
    ok(block != NULL && (uintptr_t)block % 65536 == 0, "a block aligned to 64 KiB");
    free(block);
    ok(is_sound(), "malloc_check after large blocks");
}

static void test_untouched(void)
{
    unsigned long before = resident_kib();
    char *block = calloc(16, MIB);
    ok(block != NULL && resident_kib() - before <= 16, "calloc of 16 MiB touches nothing");
    ok(block[0] == 0 && block[16 * MIB - 1] == 0, "calloc of 16 MiB returns zeros");
    memset(block, 1, 4096);
    char *grown = realloc(block, 64 * MIB);
    ok(grown != NULL && grown[4095] == 1 && resident_kib() - before <= 64,
       "realloc to 64 MiB moves pages and copies none");
    free(grown);
    ok(resident_kib() - before <= 16, "free of 64 MiB returns the pages");
}

/* While a map has no area left, the middle one of three blocks, which are one area, must stay. */
static void test_errno(void)
{
    void *below = hide(malloc(MIB)), *block = hide(malloc(MIB)), *above = hide(malloc(MIB));
    size_t size = (size_t)AREAS_MAX * PAGE_SIZE;
    char *areas = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *at = areas;
    while (areas != MAP_FAILED && mprotect(at, PAGE_SIZE, PROT_NONE) == 0) {
        at += 2 * PAGE_SIZE;
    }
    (void)mprotect(at, (size_t)(areas + size - at),
                   PROT_NONE); /* one more, where two are too many */
    void (*volatile give)(void *) =
        free; /* of free itself the compiler knows that it keeps errno */
    errno = 0;
    give(block);
    ok(areas != MAP_FAILED && errno == 0, "free keeps errno, also where the kernel refuses");
    (void)munmap(areas, size);
    free(below);
    free(above);
}

/* ---- Misuse ------------------------------------------------------------------------------------ */

static bool aborts(void (*deed)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        (void)close(STDERR_FILENO);
        deed();
        _exit(0);
    }
    (void)waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void free_twice(void)
{
    char *block = malloc(40), *again = hide(block);
    free(block);
    free(again);
}

static void free_large_twice(void)
{
    char *block = malloc(MIB), *again = hide(block);
    free(block);
    free(again);
}

static void free_inside(void)
{
    free(hide((char *)malloc(400) + 16));
}

static void free_off_by_one(void)
{
    free(hide((char *)malloc(400) + 1));
}

static void free_on_stack(void)
{
    char bytes[64];
    free(hide(bytes));
}

static void free_nothing_there(void)
{
    free(hide((void *)0xBFFF0000u));
}

static void realloc_freed(void)
{
    char *block = malloc(3000), *again = hide(block);
    free(block);
    (void)!realloc(again, 10);
}

static void test_misuse(void)
{
    ok(aborts(free_twice), "A2: double free is stopped");
    ok(aborts(free_large_twice), "A2: double free of a large block is stopped");
    ok(aborts(free_inside), "A2: free of an interior pointer is stopped");
    ok(aborts(free_off_by_one), "A2: free of a misaligned pointer is stopped");
    ok(aborts(free_on_stack), "A2: free of a stack pointer is stopped");
    ok(aborts(free_nothing_there), "A2: free of an unmapped pointer is stopped");
    ok(aborts(realloc_freed), "A4: realloc of a freed block is stopped");
}

/* ---- Walk -------------------------------------------------------------------------------------- */

static struct {
    unsigned char *block;
    size_t size;
} slots[SLOTS];

static bool slot_is_right(uint32_t i)
{
    unsigned char mark = (unsigned char)i;
    size_t size = slots[i].size;
    return size == 0 || (slots[i].block[0] == mark && slots[i].block[size / 2] == mark &&
                         slots[i].block[size - 1] == mark);
}

static void slot_set(uint32_t i, unsigned char *block, size_t size)
{
    slots[i].block = block;
    slots[i].size = block != NULL ? size : 0;
    memset(block, (int)i, slots[i].size);
}

static bool walk_step(void)
{
    uint32_t i = rnd() % SLOTS;
    size_t size = rnd() % 16 == 0 ? rnd() % 200000 : rnd() % 1200;
    bool is_right = slot_is_right(i);
    if (slots[i].block == NULL) {
        slot_set(i, malloc(size), size);
    } else if (rnd() % 3 == 0) {
        slot_set(i, realloc(slots[i].block, size + 1), size + 1);
    } else {
        free(slots[i].block);
        slot_set(i, NULL, 0);
    }
    return is_right;
}

static void test_walk(void)
{
    unsigned long before = resident_kib();
    bool is_right = true;
    printf("# seed %u\n", SEED);
    for (uint32_t step = 0; step < STEPS; step++) {
        is_right &= walk_step();
    }
    ok(is_right, "100 000 random steps keep the contents");
    ok(is_sound(), "malloc_check after random steps");
    for (uint32_t i = 0; i < SLOTS; i++) {
        free(slots[i].block);
    }
    unsigned long after = resident_kib();
    ok(after <= before + RESIDENT_MAX, "at most 200 KiB stay resident after all blocks are freed");
    ok(is_sound(), "malloc_check after all blocks are freed");
}

int main(void)
{
    test_sizes();
    test_untouched();
    test_errno();
    test_misuse();
    test_walk();
    return done_testing();
}
