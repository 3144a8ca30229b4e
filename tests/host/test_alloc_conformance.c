/*
 * One suite over all allocators (alloc_ops.h): what any of them promises. Rows A1, A2, A3,
 * A6, A8 and A9 of bad-input.
 */
#include <string.h>

#include "tests/host/alloc_ops.h"
#include "tests/host/fake_os_pages.h"
#include "tests/host/support.h"
#include "user/alloc/os_pages.h"

#define WALK_STEPS   100000
#define WALK_SLOTS   512
#define CHECK_EVERY  97
#define REFUSALS_MAX 64
#ifndef FILL_ROUNDS
#define FILL_ROUNDS 1000
#endif
#define FILL_MAX 4096

static const struct alloc_ops *ops;

static void *take(size_t size)
{
    void *handle = ops->take(size);
    ops->check();
    return handle;
}

static void give(void *handle)
{
    ops->give(handle);
    ops->check();
}

/* Freed memory is taken again from the same place, joined with what is free on either side. */
static void joins(void)
{
    if (!ops->is_first_fit) {
        return;
    }
    size_t size = PAGE_SIZE / 4;
    for (int order = 0; order < 2; order++) {
        void *a = take(size), *b = take(size), *c = take(size), *d = take(size);
        give(order == 0 ? a : c);
        give(order == 0 ? c : a);
        give(b);
        void *abc = take(3 * size);
        assert_ptr_equal(abc, a);
        give(abc);
        assert_ptr_equal(take(size), a);
        assert_ptr_equal(take(size), b);
        give(b);
        give(d);
        assert_ptr_equal(take(2 * size), b);
        give(b);
        give(a);
    }
}

static void exact_fit(void)
{
    if (!ops->is_first_fit) {
        return;
    }
    void *whole = take(ops->max_size);
    assert_non_null(whole);
    give(whole);
    assert_ptr_equal(take(ops->max_size), whole);
    memset(ops->memory(whole), 0xA5, ops->max_size);
    give(whole);
}

static void bad_sizes(void)
{
    if (ops->is_refusing_zero) {
        assert_null(take(0));
    }
    assert_null(take(SIZE_MAX));
    assert_null(take(SIZE_MAX - 4095));
    if (ops->grain > 1) {
        assert_null(take((size_t)INT32_MIN));
        assert_null(take(1));
        assert_null(take(ops->grain + 1));
        assert_null(take(ops->max_size + ops->grain));
    }
}

static void bad_frees(void)
{
    char other[16];
    if (!ops->is_ignoring_bad_frees) {
        return;
    }
    void *a = take(2 * ops->grain), *b = take(2 * ops->grain);
    give(NULL);
    give(other);
    give((char *)a + 1);
    give((char *)a + ops->grain);
    give((char *)a - 1);
    give((void *)-1);
    give(b);
    give(b);
    assert_ptr_equal(take(2 * ops->grain), b);
    give(a);
    give(b);
}

/* A9: the same capacity each time. */
static void fill_and_drain(void)
{
    static void *handles[FILL_MAX];
    size_t capacity = 0, n_pages = 0;

    for (int round = 0; round < FILL_ROUNDS; round++) {
        size_t count = 0, live = 0;
        while (count < FILL_MAX && live + ops->grain <= ops->max_live &&
               (handles[count] = ops->take(ops->grain)) != NULL) {
            count++;
            live += ops->grain;
        }
        assert_true(round == 0 || count == capacity);
        capacity = count;
        for (size_t i = 0; i < count; i++) {
            ops->give(handles[(i * 7919) % count]);
        }
        if (round % CHECK_EVERY == 0) {
            ops->check();
        }
        n_pages = round == 0 ? fake_os_pages_count() : n_pages;
        assert_true(fake_os_pages_count() <= n_pages);
    }
    assert_true(capacity >= ops->max_live / ops->grain || capacity == FILL_MAX);
}

/* Pages refused at the n-th request, for every n: NULL, sound, and the next call works. */
static void refused(void)
{
    size_t sizes = ops->max_size / ops->grain;

    for (size_t n = 1; n < REFUSALS_MAX; n++) {
        void *handles[8];
        fake_os_pages_refuse(n);
        for (size_t i = 0; i < 8; i++) {
            handles[i] = take((1 + i * 31 % sizes) * ops->grain);
        }
        fake_os_pages_refuse(0);
        for (size_t i = 0; i < 8; i++) {
            if (handles[i] != NULL) {
                give(handles[i]);
            }
        }
        void *again = take(ops->max_size);
        assert_non_null(again);
        give(again);
        ops->finish();
        ops->start();
    }
}

/* ---- The random walk -------------------------------------------------------------------------- */

struct slot {
    void *handle;
    size_t size;
    unsigned char pattern;
};

static uint32_t random_state;

static uint32_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static void slot_check(const struct slot *slot)
{
    const unsigned char *bytes = ops->memory(slot->handle);

    size_t n_right = 0;

    assert_non_null(bytes);
    while (n_right < slot->size && bytes[n_right] == slot->pattern) {
        n_right++;
    }
    assert_int_equal(n_right, slot->size);
}

/* Mostly small, now and then up to the largest. */
static size_t random_size(void)
{
    size_t limit = random_next() % 8 == 0 ? ops->max_size : ops->max_size / 16;
    size_t grains = limit / ops->grain;
    return (1 + random_next() % (grains > 0 ? grains : 1)) * ops->grain;
}

/* Contents survive whatever happens around them: nothing overlaps. */
static void random_walk(void)
{
    static struct slot slots[WALK_SLOTS];
    size_t live = 0;

    memset(slots, 0, sizeof(slots));
    random_state = 20260521;
    print_message("%s: seed %u\n", ops->name, (unsigned int)random_state);
    for (int step = 0; step < WALK_STEPS; step++) {
        struct slot *slot = &slots[random_next() % WALK_SLOTS];
        size_t size = random_size();
        if (slot->handle != NULL) {
            slot_check(slot);
            ops->give(slot->handle);
            live -= slot->size;
            slot->handle = NULL;
        } else if (live + size <= ops->max_live && (slot->handle = ops->take(size)) != NULL) {
            slot->size = size;
            slot->pattern = (unsigned char)random_next();
            memset(ops->memory(slot->handle), slot->pattern, size);
            live += size;
        }
        if (step % CHECK_EVERY == 0) {
            ops->check();
        }
    }
    for (size_t i = 0; i < WALK_SLOTS; i++) {
        if (slots[i].handle != NULL) {
            give(slots[i].handle);
        }
    }
}

/* ---- All of it, for each ---------------------------------------------------------------------- */

static void run_all(void (*test)(void))
{
    for (size_t i = 0; i < alloc_ops_count; i++) {
        ops = &alloc_ops_table[i];
        ops->start();
        test();
        ops->check();
        ops->finish();
    }
}

#define CONFORMANCE(name)                                                                          \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        run_all(name);                                                                             \
    }

CONFORMANCE(joins)
CONFORMANCE(exact_fit)
CONFORMANCE(bad_sizes)
CONFORMANCE(bad_frees)
CONFORMANCE(fill_and_drain)
CONFORMANCE(refused)
CONFORMANCE(random_walk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joins),          cmocka_unit_test(test_exact_fit),
        cmocka_unit_test(test_bad_sizes),      cmocka_unit_test(test_bad_frees),
        cmocka_unit_test(test_fill_and_drain), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_random_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
