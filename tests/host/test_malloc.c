/*
 * user/alloc/malloc/ under its own names (tests.mk renames them, so that the host keeps its malloc)
 * over a model of the kernel: 192 MiB of pages that are mapped and unmapped one by one, where what is
 * not mapped cannot be touched, and where the n-th request can be refused.
 *
 * abort() and write() are the test's own too: a misuse must end in abort with a line that names the
 * address, after which malloc_check() must still find everything in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/alloc/malloc/malloc_heap.h"
#include "user/alloc/malloc/malloc_slab.h"
#include "user/alloc/os_pages.h"

const char *malloc_check(void);

#define MODEL_PAGES    (48u * 1024)
#define RESIDENT_MAX   (50u * 1024 * sizeof(void *)) /* 200 KiB, in words */
#define NEAR_FIRST     0x88000000u                   /* the lowest address that malloc asks for */
#define SLOTS          2000u
#define WALK_STEPS     100000u
#define EXHAUST_ROUNDS 1000u
#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))

/* ---- The model of the kernel ------------------------------------------------------------------- */

static struct {
    char *base;
    unsigned char is_mapped[MODEL_PAGES];
    uint32_t n_mapped, limit;
    uint32_t hint;  /* page of NEAR_FIRST */
    long refuse_in; /* this many requests from now are granted; -1: all                    */
    bool refuse_for_ever;
    bool refuse_unmaps;
} model;

static bool is_refused(void)
{
    if (model.refuse_in > 0) {
        model.refuse_in--;
        return false;
    }
    if (model.refuse_in == 0 && !model.refuse_for_ever) {
        model.refuse_in = -1;
        return true;
    }
    return model.refuse_in == 0;
}

static bool is_free_range(uint32_t first, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (first + i >= MODEL_PAGES || model.is_mapped[first + i]) {
            return false;
        }
    }
    return true;
}

static void *model_set(uint32_t first, uint32_t n, bool is_mapped)
{
    char *start = model.base + (size_t)first * PAGE_SIZE;
    size_t size = (size_t)n * PAGE_SIZE;

    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(model.is_mapped[first + i], !is_mapped);
        model.is_mapped[first + i] = is_mapped;
    }
    model.n_mapped += is_mapped ? n : -n;
    if (!is_mapped) {
        assert_int_equal(madvise(start, size, MADV_DONTNEED), 0);
    }
    assert_int_equal(mprotect(start, size, is_mapped ? PROT_READ | PROT_WRITE : PROT_NONE), 0);
    return start;
}

static void *refuse(void)
{
    errno = ENOMEM;
    return NULL;
}

static void *map_from(uint32_t from, size_t size)
{
    uint32_t n = (uint32_t)(size / PAGE_SIZE);

    assert_true(size != 0 && size % PAGE_SIZE == 0);
    if (is_refused() || n > model.limit - model.n_mapped) {
        return refuse();
    }
    for (uint32_t first = from; first + n <= MODEL_PAGES; first++) {
        if (is_free_range(first, n)) {
            return model_set(first, n, true);
        }
    }
    return refuse();
}

void *os_pages_map(size_t size)
{
    return map_from(0, size);
}

/* The places asked for lie as far apart as 2 GiB allow; the model has room for an eighth of that. */
void *os_pages_map_near(void *start, size_t size)
{
    uint32_t pages = ((uint32_t)(uintptr_t)start - NEAR_FIRST) / PAGE_SIZE;
    return map_from(model.hint + pages / 8, size);
}

/* Something else of the program's, in the first page from here on that is free. */
static void *wall_behind(uintptr_t end)
{
    return map_from((uint32_t)((end - (uintptr_t)model.base) / PAGE_SIZE), PAGE_SIZE);
}

static uint32_t page_of(void *start, size_t size)
{
    size_t offset = (size_t)((char *)start - model.base);

    assert_true(size != 0 && size % PAGE_SIZE == 0 && offset % PAGE_SIZE == 0);
    return (uint32_t)(offset / PAGE_SIZE);
}

bool os_pages_unmap(void *start, size_t size)
{
    if (model.refuse_unmaps) {
        return false;
    }
    model_set(page_of(start, size), (uint32_t)(size / PAGE_SIZE), false);
    return true;
}

void *os_pages_remap(void *start, size_t old_size, size_t new_size, bool may_move)
{
    uint32_t first = page_of(start, old_size);
    uint32_t old_n = (uint32_t)(old_size / PAGE_SIZE), n = (uint32_t)(new_size / PAGE_SIZE);
    void *moved;

    assert_true(new_size != 0 && new_size % PAGE_SIZE == 0);
    if (n < old_n) {
        model_set(first + n, old_n - n, false);
        return start;
    }
    if (n < MODEL_PAGES && is_free_range(first + old_n, n - old_n)) {
        if (is_refused() || n - old_n > model.limit - model.n_mapped) {
            return refuse();
        }
        model_set(first + old_n, n - old_n, true);
        return start;
    }
    moved = may_move ? map_from(0, new_size) : refuse();
    if (moved != NULL) {
        memcpy(moved, start, old_size);
        model_set(first, old_n, false);
    }
    return moved;
}

/* ---- abort and write --------------------------------------------------------------------------- */

static jmp_buf aborted;
static bool is_abort_expected;
static char said[256];

void abort(void)
{
    if (!is_abort_expected) {
        print_error("unexpected: %s\n", said);
        _exit(1);
    }
    is_abort_expected = false;
    longjmp(aborted, 1);
}

ssize_t write(int fd, const void *text, size_t n)
{
    assert_int_equal(fd, STDERR_FILENO);
    assert_true(n < sizeof(said));
    memcpy(said, text, n);
    said[n] = '\0';
    return (ssize_t)n;
}

#define expect_stop(statement, words)                                                              \
    do {                                                                                           \
        is_abort_expected = true;                                                                  \
        if (setjmp(aborted) == 0) {                                                                \
            statement;                                                                             \
            is_abort_expected = false;                                                             \
            fail_msg("not stopped: %s", #statement);                                               \
        }                                                                                          \
        if (strstr(said, words) == NULL) {                                                         \
            fail_msg("says: %s", said);                                                            \
        }                                                                                          \
        check();                                                                                   \
    } while (0)

/* Pointers that the compiler shall not think about. */
static void *hide(void *p)
{
    __asm__ volatile("" : "+r"(p));
    return p;
}

static void check(void)
{
    const char *wrong = malloc_check();

    if (wrong != NULL) {
        fail_msg("malloc_check: %s", wrong);
    }
}

static int model_init(void **state)
{
    (void)state;
    model.base = mmap(NULL, (size_t)MODEL_PAGES * PAGE_SIZE, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    model.hint = MODEL_PAGES / 2;
    model.refuse_in = -1;
    model.limit = MODEL_PAGES;
    return model.base == MAP_FAILED;
}

static int all_is_free(void **state)
{
    (void)state;
    check();
    if (model.n_mapped * PAGE_SIZE > RESIDENT_MAX) {
        print_error("%u KiB stay mapped\n", model.n_mapped * 4);
        return 1;
    }
    return 0;
}

/* ---- The walk ---------------------------------------------------------------------------------- */

static uint32_t random_state;

static uint32_t rnd(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static struct slot {
    unsigned char *block;
    size_t size;
    unsigned char mark;
} slots[SLOTS];

static unsigned char mark_at(const struct slot *slot, size_t i)
{
    return (unsigned char)(slot->mark + i * 7);
}

static void slot_fill(struct slot *slot, size_t from)
{
    slot->mark = from == 0 ? (unsigned char)rnd() : slot->mark;
    for (size_t i = from; i < slot->size; i++) {
        slot->block[i] = mark_at(slot, i);
    }
}

static void slot_verify(const struct slot *slot, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (slot->block[i] != mark_at(slot, i)) {
            fail_msg("byte %zu of %zu at %p changed", i, slot->size, (void *)slot->block);
        }
    }
}

static size_t any_size(void)
{
    switch (rnd() % 16) {
    case 0:
        return rnd() % 3;
    case 1:
    case 2:
        return rnd() % 20000;
    case 3:
        return rnd() % 8 == 0 ? rnd() % 400000 : rnd() % 140000;
    default:
        return rnd() % 1100;
    }
}

static void slot_take(struct slot *slot)
{
    size_t size = any_size(), alignment = (size_t)16 << rnd() % 10;

    switch (rnd() % 8) {
    case 0:
        slot->block = calloc(1, size);
        for (size_t i = 0; slot->block != NULL && i < size; i++) {
            assert_int_equal(slot->block[i], 0);
        }
        break;
    case 1:
        slot->block = aligned_alloc(alignment, size);
        assert_int_equal((uintptr_t)slot->block % alignment, 0);
        break;
    default:
        slot->block = malloc(size);
    }
    slot->size = size;
    if (slot->block != NULL) {
        assert_int_equal((uintptr_t)slot->block % GRAIN, 0);
        assert_true(malloc_usable_size(slot->block) >= size);
        slot_fill(slot, 0);
    }
}

static void slot_drop(struct slot *slot)
{
    slot_verify(slot, slot->size);
    free(slot->block);
    slot->block = NULL;
}

static void slot_resize(struct slot *slot)
{
    size_t size = any_size() + 1, kept = slot->size < size ? slot->size : size;
    void *block = realloc(slot->block, size);

    if (block == NULL) {
        slot_verify(slot, slot->size);
        return;
    }
    slot->block = block;
    slot_verify(slot, kept);
    slot->size = size;
    slot_fill(slot, kept);
}

static void walk(uint32_t seed, uint32_t steps, uint32_t n_slots, uint32_t check_every)
{
    random_state = seed;
    for (uint32_t i = 0; i < steps; i++) {
        struct slot *slot = &slots[rnd() % n_slots];
        if (slot->block == NULL) {
            slot_take(slot);
        } else if (rnd() % 4 == 0) {
            slot_resize(slot);
        } else {
            slot_drop(slot);
        }
        if (i % check_every == 0) {
            check();
        }
    }
    for (uint32_t i = 0; i < n_slots; i++) {
        if (slots[i].block != NULL) {
            slot_drop(&slots[i]);
        }
    }
    check();
}

static void random_walk(void **state)
{
    (void)state;
    print_message("seeds 1, 77, 4711\n");
    walk(1, WALK_STEPS, SLOTS, 100);
    walk(77, WALK_STEPS / 4, 20, 1);
    walk(4711, WALK_STEPS / 4, 300, 50);
}

/* The growing area is hemmed in again and again, so that there are many areas. */
static void many_areas(void **state)
{
    void *walls[40];
    struct slot *slot = slots;

    (void)state;
    random_state = 5;
    for (uint32_t i = 0; i < COUNT(walls); i++) {
        walls[i] = wall_behind((uintptr_t)content_of(fl_heap.end));
        for (uint32_t k = 0; k < SLOTS / COUNT(walls); k++, slot++) {
            slot->size = rnd() % 8000;
            slot->block = malloc(slot->size);
            assert_non_null(slot->block);
            slot_fill(slot, 0);
        }
        check();
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        slot_drop(&slots[i]);
    }
    for (uint32_t i = 0; i < COUNT(walls); i++) {
        assert_true(os_pages_unmap(walls[i], PAGE_SIZE));
    }
    check();
}

/* A8: every n-th request is refused, once and from then on. */
static void refused(void **state)
{
    (void)state;
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
        for (long n = 0; n < 60; n++) {
            model.refuse_for_ever = for_ever;
            model.refuse_in = n;
            walk(n + 1u, 300, 40, 1);
            model.refuse_in = -1;
            void *later = malloc(300000);
            assert_non_null(later);
            free(later);
        }
    }
    model.refuse_for_ever = false;
}

/* Small blocks come from the heap when the slabs cannot grow, and from slabs again when they can. */
static void slabs_hemmed_in(void **state)
{
    struct slot *slot;
    void *wall;

    (void)state;
    random_state = 7;
    slots[0].block = malloc(slots[0].size = 40);
    slot_fill(&slots[0], 0);
    wall = wall_behind(fl_slabs.first);
    for (slot = slots + 1; slot < slots + SLOTS; slot++) {
        slot->size = rnd() % (SMALL_MAX + 1);
        slot->block = malloc(slot->size);
        assert_non_null(slot->block);
        slot_fill(slot, 0);
    }
    check();
    assert_false(slab_contains(slots[SLOTS - 1].block));
    assert_true(os_pages_unmap(wall, PAGE_SIZE));
    for (slot = slots; slot < slots + SLOTS; slot++) {
        slot_drop(slot);
    }
    check();
    for (slot = slots; slot < slots + SLOTS; slot++) {
        slot->block = malloc(slot->size = 40);
        slot_fill(slot, 0);
    }
    assert_true(slab_contains(slots[SLOTS - 1].block));
    for (slot = slots; slot < slots + SLOTS; slot++) {
        slot_drop(slot);
    }
}

/* The kernel takes nothing back for a while: all stays sound, and what the heap and the slabs have is
 * given back later. (A large block that was refused is lost.) */
static void unmap_refused(void **state)
{
    (void)state;
    model.refuse_unmaps = true;
    random_state = 11;
    for (uint32_t i = 0; i < SLOTS; i++) {
        slots[i].block = malloc(slots[i].size = rnd() % (i % 2 != 0 ? 100 : 2000));
        slot_fill(&slots[i], 0);
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        slot_drop(&slots[i]);
    }
    check();
    assert_true(model.n_mapped * PAGE_SIZE > RESIDENT_MAX);
    model.refuse_unmaps = false;
    walk(12, 2000, 300, 10);
}

/* A block that becomes shorter needs no memory, even where it would move. */
static void shrink_without_memory(void **state)
{
    static const struct {
        size_t from, to;
    } of[] = {{60, 10}, {1000, 20}, {100000, 500}, {300000, 10000}};

    (void)state;
    for (uint32_t i = 0; i < COUNT(of); i++) {
        unsigned char *block = malloc(of[i].from), *shorter;
        memset(block, 0x5A, of[i].from);
        model.refuse_in = 0;
        model.refuse_for_ever = true;
        shorter = realloc(block, of[i].to);
        model.refuse_for_ever = false;
        model.refuse_in = -1;
        assert_non_null(shorter);
        assert_int_equal(shorter[of[i].to - 1], 0x5A);
        check();
        free(shorter);
    }
}

/* Takes blocks of this size until nothing is left, gives all back, and says how many there were. */
static uint32_t exhaust(size_t size)
{
    void **chain = NULL, **block;
    uint32_t n = 0;

    while ((block = malloc(size)) != NULL) {
        *block = chain;
        chain = block;
        n++;
    }
    assert_int_equal(errno, ENOMEM);
    while (chain != NULL) {
        block = *chain;
        free(chain);
        chain = (void **)block;
    }
    return n;
}

/* A9: until nothing is left, 1 000 times: as much each time, and nothing stays. */
static void exhausted(void **state)
{
    static const size_t of[] = {40, 700, 30000, 300000};

    (void)state;
    model.limit = 512;
    for (uint32_t i = 0; i < COUNT(of); i++) {
        uint32_t first = 0;
        for (uint32_t round = 0; round < EXHAUST_ROUNDS; round++) {
            uint32_t n = exhaust(of[i]);
            first = round == 1 ? n : first; /* before, the heap began somewhere else */
            assert_true(n > 0 && (round == 0 || n == first));
            assert_true(model.n_mapped * PAGE_SIZE <= RESIDENT_MAX);
        }
        check();
    }
    model.limit = MODEL_PAGES;
}

/* ---- Rules ------------------------------------------------------------------------------------- */

static void sizes(void **state)
{
    static const size_t too_large[] = {SIZE_MAX,      SIZE_MAX - 1,    SIZE_MAX - 4,
                                       SIZE_MAX - 16, SIZE_MAX - 4095, SIZE_MAX / 2 + 1,
                                       INT32_MAX};
    (void)state;
    for (size_t i = 0; i < COUNT(too_large); i++) {
        size_t size = (size_t)hide((void *)too_large[i]);
        errno = 0;
        assert_null(malloc(size));
        assert_int_equal(errno, ENOMEM);
        errno = 0;
        assert_null(calloc(size, 1));
        assert_int_equal(errno, ENOMEM);
        assert_null(aligned_alloc(64, size));
        void *block = malloc(10);
        assert_null(realloc(block, size));
        free(block);
        check();
    }
    for (size_t size = 0; size < 300000; size += size < 5000 ? 1 : 997) {
        unsigned char *block = malloc(size);
        assert_non_null(block);
        memset(block, 0xFF, malloc_usable_size(block));
        memset(block, 0xFF, size);
        free(block);
    }
}

static void rules(void **state)
{
    void *block = NULL;

    (void)state;
    free(NULL);
    assert_int_equal(malloc_usable_size(NULL), 0);
    errno = 0;
    assert_null(calloc((size_t)hide((void *)0x10000), 0x10000));
    assert_int_equal(errno, ENOMEM);
    assert_null(realloc(malloc(5), 0));
    for (size_t i = 0; i < 4; i++) {
        static const size_t wrong[] = {0, 3, 24, 0x80000001u};
        assert_null(aligned_alloc((size_t)hide((void *)wrong[i]), 100));
        assert_int_equal(posix_memalign(&block, (size_t)hide((void *)wrong[i]), 100), EINVAL);
    }
    assert_null(aligned_alloc((size_t)hide((void *)0x80000000u), 100));
    assert_int_equal(posix_memalign(&block, 2, 100), EINVAL);
    assert_int_equal(posix_memalign(&block, 0x80000000u, 100), ENOMEM);
    assert_null(block);
    for (size_t alignment = sizeof(void *); alignment <= 1u << 20; alignment *= 2) {
        for (size_t size = 0; size < 300000; size = size * 5 + 3) {
            assert_int_equal(posix_memalign(&block, alignment, size), 0);
            assert_int_equal((uintptr_t)block % alignment, 0);
            assert_true(malloc_usable_size(block) >= size);
            memset(block, 1, size);
            check();
            free(block);
        }
    }
}

/* Large blocks grow by pages that move; the last block of the heap grows where it lies. */
static void growing(void **state)
{
    char *block = malloc(1);
    size_t last = 0;

    (void)state;
    block[0] = 'x';
    for (size_t size = 2; size < 40u << 20; size += size / 3 + 1) {
        block = realloc(block, size);
        assert_non_null(block);
        assert_int_equal(block[last], last == 0 ? 'x' : 'y');
        assert_int_equal(block[0], 'x');
        last = size - 1;
        block[last] = 'y';
        check();
    }
    for (size_t size = last; size > 1; size -= size / 3 + 1) {
        block[size - 1] = 'z';
        block = realloc(block, size);
        assert_int_equal(block[0], 'x');
        assert_int_equal(block[size - 1], 'z');
        check();
    }
    free(block);
}

static void clear(void **state)
{
    unsigned char *dirty = malloc(50000), *block;

    (void)state;
    memset(dirty, 0xAA, 50000);
    free(dirty);
    for (int i = 0; i < 3; i++) {
        block = calloc(60000 + (size_t)i * 50000, 1);
        for (size_t k = 0; k < 60000 + (size_t)i * 50000; k++) {
            assert_int_equal(block[k], 0);
        }
        memset(block, 0xBB, 60000);
        free(block);
    }
}

/* ---- Misuse (A2, A10) -------------------------------------------------------------------------- */

static void misuse_of(size_t size)
{
    char *other = malloc(size), *block = malloc(size), *behind = malloc(size);
    char address[32];

    memset(block, 0, size);
    for (volatile size_t at = 1; at < size; at += at < 64 ? 1 : at / 3) {
        expect_stop(free(hide(block + at)), "middle of a block");
    }
    (void)snprintf(address, sizeof(address), "%p", (void *)block);
    expect_stop(free(hide(block + 1)), address);
    expect_stop((void)!realloc(hide(block + 8), 100), "middle of a block");
    free(block);
    expect_stop(free(hide(block)), size > LARGE_MIN ? "not from malloc" : "double free");
    expect_stop((void)!realloc(hide(block), 100),
                size > LARGE_MIN ? "not from malloc" : "double free");
    expect_stop((void)malloc_usable_size(hide(block)),
                size > LARGE_MIN ? "not from malloc" : "double free");
    free(other);
    expect_stop(free(hide(block)), size > LARGE_MIN ? "not from malloc" : "invalid pointer");
    free(behind);
    expect_stop(free(hide(block)), "invalid pointer");
}

static void misuse(void **state)
{
    static const size_t of[] = {1,   12,  24,   48,   59,    64,     65,
                                100, 500, 1020, 2000, 30000, 100000, 200000};
    static char of_data[64];
    char on_stack[64];

    (void)state;
    for (size_t i = 0; i < COUNT(of); i++) {
        void *keeps_top_away = malloc(of[i]);
        misuse_of(of[i]);
        free(keeps_top_away);
    }
    expect_stop(free(hide(on_stack + 16)), "not from malloc");
    expect_stop(free(hide(of_data)), "not from malloc");
    expect_stop(free(hide((void *)1)), "not from malloc");
    expect_stop(free(hide((void *)16)), "not from malloc");
    expect_stop(free(hide((void *)-1)), "not from malloc");
    expect_stop(free(hide((void *)-16)), "not from malloc");
}

/* One byte behind a block (A10). The released build sees it if it hits the next header. */
static void overrun_of(unsigned char *block, size_t at)
{
    unsigned char *behind = hide(block + at), was = *behind;
    char address[32];

    (void)snprintf(address, sizeof(address), "%p", (void *)block);
    *behind ^= 0xFF;
    is_abort_expected = true;
    if (setjmp(aborted) == 0) {
        free(block);
        fail_msg("at %zu: not stopped", at);
    }
    if (strstr(said, address) == NULL) {
        fail_msg("says: %s", said);
    }
    *behind = was;
}

static void overrun(void **state)
{
    unsigned char *pins[64];
    size_t size = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(pins); i++, size = size * 5 / 4 + 4) {
        unsigned char *block = malloc(size), *next = malloc(size);
        size_t at = size;
#ifndef FAULTLINE_DEBUG
        at = malloc_usable_size(block) + 3;
#endif
        if (at == size || next == block + at + 1) {
            overrun_of(block, at);
        }
        pins[i] = next;
        free(block);
    }
    for (size_t i = 0; i < COUNT(pins); i++) {
        free(pins[i]);
    }
}

#define expect_overrun(statement, address)                                                         \
    do {                                                                                           \
        is_abort_expected = true;                                                                  \
        if (setjmp(aborted) == 0) {                                                                \
            statement;                                                                             \
            fail_msg("not stopped: %s", #statement);                                               \
        }                                                                                          \
        assert_non_null(strstr(said, address));                                                    \
    } while (0)

/* Headers whose sizes do not fit what follows. */
static void overrun_headers(void **state)
{
    unsigned char *block = malloc(2000), *last = malloc(2000), *header = hide(last - HEADER_SIZE);
    unsigned char was[HEADER_SIZE];
    char address[32];

    (void)state;
    free(malloc(2000)); /* so there is something above the top */
    assert_ptr_equal(block_above(block_of(last), used_size(block_of(last))), fl_heap.top);
    memset(last, 0, 2000);
    memset(content_of(fl_heap.top), 0, GRAIN);
    memcpy(was, header, sizeof(was));

    header[0] ^= GRAIN; /* beyond the top, where all is zero */
    (void)snprintf(address, sizeof(address), "%p", (void *)last);
    expect_overrun(free(hide(last)), address);
    memset(header, 'B', sizeof(was)); /* looks free and large */
    (void)snprintf(address, sizeof(address), "%p", (void *)block);
    expect_overrun((void)!realloc(hide(block), 2100), address);

    memcpy(header, was, sizeof(was));
    free(last);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(sizes, all_is_free),
        cmocka_unit_test_teardown(rules, all_is_free),
        cmocka_unit_test_teardown(growing, all_is_free),
        cmocka_unit_test_teardown(clear, all_is_free),
        cmocka_unit_test_teardown(misuse, all_is_free),
        cmocka_unit_test_teardown(overrun, all_is_free),
        cmocka_unit_test_teardown(overrun_headers, all_is_free),
        cmocka_unit_test_teardown(random_walk, all_is_free),
        cmocka_unit_test_teardown(many_areas, all_is_free),
        cmocka_unit_test_teardown(slabs_hemmed_in, all_is_free),
        cmocka_unit_test_teardown(refused, all_is_free),
        cmocka_unit_test_teardown(exhausted, all_is_free),
        cmocka_unit_test_teardown(unmap_refused, all_is_free),
        cmocka_unit_test_teardown(shrink_without_memory, all_is_free),
    };

    return cmocka_run_group_tests(tests, model_init, NULL);
}
