/* mm/phys/kheap.c: object caches, their reserve, and kernel memory of odd sizes. */
#include "mm_support.h"

#include <asm/errno.h>

#define ROUNDS 20000u

static struct kcache cache;

static uint32_t slab_frames(void)
{
    return frame_owner_count(FRAME_SLAB);
}

/* ---- Caches -------------------------------------------------------------------------------------- */

static void init_takes_no_memory(void **state)
{
    (void)state;
    kcache_init(&cache, "test", 64);
    assert_int_equal(frame_free_count(), machine_free_at_start());
    assert_int_equal(cache.object_size, 64);
    assert_true(cache.per_slab > 60);
    kcache_check(&cache);
}

static void bad_object_sizes_panic(void **state)
{
    (void)state;
    expect_panic("object_size", kcache_init(&cache, "test", 7));
    expect_panic("object_size", kcache_init(&cache, "test", 0));
    expect_panic("object_size", kcache_init(&cache, "test", 12));
    expect_panic("object_size", kcache_init(&cache, "test", 4096));
}

/* Every object of two slabs and one more: distinct, aligned, writable to the last byte. */
static void fill_and_drain(uint32_t size, bool forward)
{
    kcache_init(&cache, "test", size);
    uint32_t n = cache.per_slab * 2u + 1u;
    uint8_t **object = calloc(n, sizeof(*object));

    for (uint32_t i = 0; i < n; i++) {
        object[i] = kcache_alloc(&cache);
        assert_non_null(object[i]);
        assert_int_equal((uintptr_t)object[i] % 8, 0);
        memset(object[i], (int)(i & 0xFF), size);
        kcache_check(&cache);
    }
    assert_int_equal(slab_frames(), 3);
    assert_int_equal(cache.in_use, n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = forward ? i : n - 1 - i;
        for (uint32_t b = 0; b < size; b++) {
            assert_int_equal(object[at][b], at & 0xFF);
        }
        kcache_free(&cache, object[at]);
        kcache_check(&cache);
    }
    assert_int_equal(slab_frames(), 0);
    assert_int_equal(cache.slabs, 0);
    free(object);
}

static void fill_and_drain_sizes(void **state)
{
    (void)state;
    const uint32_t sizes[] = {8, 16, 24, 56, 64, 256, 1000, 1352, 1360, 2024, 2032};

    for (uint32_t i = 0; i < array_size(sizes); i++) {
        fill_and_drain(sizes[i], true);
        fill_and_drain(sizes[i], false);
    }
}

static void slab_is_given_back_at_once(void **state)
{
    (void)state;
    kcache_init(&cache, "test", 64);
    for (uint32_t i = 0; i < 3; i++) {
        void *object = kcache_alloc(&cache);
        assert_int_equal(frame_free_count(), machine_free_at_start() - 1);
        kcache_free(&cache, object);
        assert_int_equal(frame_free_count(), machine_free_at_start());
    }
}

static void no_memory(void **state)
{
    (void)state;
    kcache_init(&cache, "test", 64);
    frame_fail_at(1, false);
    assert_null(kcache_alloc(&cache));
    kcache_check(&cache);
    assert_int_equal(cache.slabs, 0);
}

/* ---- The reserve ---------------------------------------------------------------------------------- */

static void reserve_moves_no_frame(void **state)
{
    (void)state;
    void *object[64];

    kcache_init(&cache, "test", 56);
    assert_int_equal(kcache_reserve(&cache, 64), 0);
    uint32_t base = frame_free_count();
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 64; i++) {
            object[i] = kcache_alloc_reserved(&cache);
            memset(object[i], 0xAB, 56);
            kcache_check(&cache);
            assert_int_equal(cache.reserve, 63 - i);
            assert_int_equal(frame_free_count(), base);
        }
        for (uint32_t i = 0; i < 64; i++) {
            kcache_free_reserved(&cache, object[round == 1 ? 63 - i : i]);
            kcache_check(&cache);
            assert_int_equal(frame_free_count(), base);
        }
        assert_int_equal(cache.reserve, 64);
    }
    kcache_unreserve(&cache);
    kcache_check(&cache);
    assert_int_equal(slab_frames(), 0);
}

static void empty_reserve_panics(void **state)
{
    (void)state;
    kcache_init(&cache, "test", 56);
    assert_int_equal(kcache_reserve(&cache, 1), 0);
    assert_non_null(kcache_alloc_reserved(&cache));
    expect_panic("reserve", assert_non_null(kcache_alloc_reserved(&cache)));
}

/* Ordinary objects never eat into the reserve, whatever they cost in slabs. */
static void ordinary_objects_leave_the_reserve_alone(void **state)
{
    (void)state;
    void *ordinary[200], *reserved[64];

    kcache_init(&cache, "test", 56);
    assert_int_equal(kcache_reserve(&cache, 64), 0);
    uint32_t base = slab_frames();
    for (uint32_t i = 0; i < 200; i++) {
        ordinary[i] = kcache_alloc(&cache);
        assert_non_null(ordinary[i]);
        kcache_check(&cache);
        assert_true(cache.free_objects >= cache.reserve);
    }
    frame_fail_at(1, true);
    for (uint32_t i = 0; i < 64; i++) {
        reserved[i] = kcache_alloc_reserved(&cache);
        assert_non_null(reserved[i]);
    }
    frame_fail_at(0, false);
    for (uint32_t i = 0; i < 200; i++) {
        kcache_free(&cache, ordinary[i]);
        kcache_check(&cache);
    }
    for (uint32_t i = 0; i < 64; i++) {
        kcache_free_reserved(&cache, reserved[i]);
        kcache_check(&cache);
    }
    kcache_unreserve(&cache);
    assert_true(base > 0);
    assert_int_equal(slab_frames(), 0);
}

/*
 * Taking from the reserve between an ordinary object's life and death must not keep that object's
 * slab: freemem() counts (contract V7).
 */
static void reserve_holds_no_ordinary_slab(void **state)
{
    (void)state;
    void *ordinary[128];
    uint32_t n = 0;

    kcache_init(&cache, "test", 56);
    assert_int_equal(kcache_reserve(&cache, 64), 0);
    uint32_t base = frame_free_count();
    do {
        ordinary[n++] = kcache_alloc(&cache);
    } while (frame_free_count() == base);
    void *reserved = kcache_alloc_reserved(&cache);

    kcache_free(&cache, ordinary[--n]);
    kcache_check(&cache);
    assert_int_equal(frame_free_count(), base);
    kcache_free_reserved(&cache, reserved);
    assert_int_equal(frame_free_count(), base);
    while (n > 0) {
        kcache_free(&cache, ordinary[--n]);
    }
    kcache_unreserve(&cache);
}

static int reserve_attempt(void *context)
{
    (void)context;
    return kcache_reserve(&cache, 300);
}

static void reserve_undo(void *context)
{
    (void)context;
    kcache_unreserve(&cache);
    kcache_check(&cache);
    assert_int_equal(slab_frames(), 0);
    assert_int_equal(kcache_reserve(&cache, 10), 0);
}

static void reserve_check(void *context)
{
    (void)context;
    kcache_check(&cache);
    assert_true(cache.reserve >= 10);
}

/* A reservation that fails leaves an earlier one as it was. */
static void reserve_fails_at_every_allocation(void **state)
{
    (void)state;
    kcache_init(&cache, "test", 56);
    assert_int_equal(kcache_reserve(&cache, 10), 0);
    assert_in_range(fail_every_allocation(reserve_attempt, reserve_undo, reserve_check, NULL), 2,
                    9);
    kcache_unreserve(&cache);
}

static void cache_random_walk(void **state)
{
    (void)state;
    uint64_t random = seed_choose("kheap cache_random_walk");
    static void *object[400];
    static bool is_reserved[400];
    uint32_t n = 0;

    kcache_init(&cache, "test", 56);
    assert_int_equal(kcache_reserve(&cache, 64), 0);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        if (random_below(&random, 2) == 0 && n < 400) {
            bool from_reserve = cache.reserve > 0 && random_below(&random, 3) == 0;
            if (random_below(&random, 20) == 0) {
                frame_fail_at(1, false);
            }
            object[n] = from_reserve ? kcache_alloc_reserved(&cache) : kcache_alloc(&cache);
            frame_fail_at(0, false);
            assert_true(object[n] != NULL || !from_reserve);
            if (object[n] != NULL) {
                memset(object[n], 0x5A, 56);
                is_reserved[n++] = from_reserve;
            }
        } else if (n > 0) {
            uint32_t at = random_below(&random, n);
            (is_reserved[at] ? kcache_free_reserved : kcache_free)(&cache, object[at]);
            n--;
            object[at] = object[n];
            is_reserved[at] = is_reserved[n];
        }
        kcache_check(&cache);
    }
    while (n > 0) {
        n--;
        (is_reserved[n] ? kcache_free_reserved : kcache_free)(&cache, object[n]);
    }
    kcache_unreserve(&cache);
}

/* ---- Odd sizes ------------------------------------------------------------------------------------ */

static void every_size(void **state)
{
    (void)state;
    for (uint32_t size = 1; size <= 4200; size++) {
        uint8_t *p = kheap_alloc(size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % (size >= 32 ? 32 : 16), 0);
        memset(p, 0xC3, size);
        kheap_free(p, size);
    }
    assert_int_equal(frame_free_count(), machine_free_at_start());
}

static void two_at_a_time_do_not_overlap(void **state)
{
    (void)state;
    for (uint32_t size = 1; size <= 2100; size++) {
        uint8_t *a = kheap_alloc(size), *b = kheap_alloc(size);
        memset(a, 0x11, size);
        memset(b, 0x22, size);
        for (uint32_t i = 0; i < size; i++) {
            assert_int_equal(a[i], 0x11);
        }
        kheap_free(a, size);
        kheap_free(b, size);
    }
}

static void edges(void **state)
{
    (void)state;
    assert_null(kheap_alloc(0));
    assert_null(kheap_zalloc(0));
    assert_null(kheap_alloc((1u << 20) + 1));
    assert_null(kheap_alloc(SIZE_MAX));
    kheap_free(NULL, 0);
    kheap_free(NULL, 100);
    const struct {
        uint32_t size, frames;
    } large[] = {{2016, 1},
                 {2017, 1},
                 {4095, 1},
                 {4096, 1},
                 {4097, 2},
                 {8192, 2},
                 {8193, 4},
                 {1u << 19, 128},
                 {(1u << 19) + 1, 256},
                 {(1u << 20) - 1, 256},
                 {1u << 20, 256}};
    for (uint32_t i = 0; i < array_size(large); i++) {
        uint8_t *p = kheap_alloc(large[i].size);
        assert_non_null(p);
        assert_int_equal(frame_free_count(), machine_free_at_start() - large[i].frames);
        memset(p, 1, large[i].size);
        kheap_free(p, large[i].size);
        assert_int_equal(frame_free_count(), machine_free_at_start());
    }
}

static void zalloc_is_zero(void **state)
{
    (void)state;
    const uint32_t sizes[] = {1, 15, 16, 17, 100, 2016, 2017, 4096, 20000};

    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < array_size(sizes); i++) {
            uint8_t *p = kheap_zalloc(sizes[i]);
            for (uint32_t b = 0; b < sizes[i]; b++) {
                assert_int_equal(p[b], 0);
            }
            memset(p, 0xFF, sizes[i]);
            kheap_free(p, sizes[i]);
        }
    }
}

static void heap_without_memory(void **state)
{
    (void)state;
    const uint32_t sizes[] = {1, 2016, 2017, 100000};

    for (uint32_t i = 0; i < array_size(sizes); i++) {
        frame_fail_at(1, false);
        assert_null(kheap_alloc(sizes[i]));
        frame_fail_at(1, false);
        assert_null(kheap_zalloc(sizes[i]));
    }
}

#ifdef FAULTLINE_DEBUG
static void freed_objects_are_poisoned(void **state)
{
    (void)state;
    uint8_t *keep = kheap_alloc(64), *p = kheap_alloc(64);

    memset(p, 0, 64);
    kheap_free(p, 64);
    for (uint32_t i = sizeof(void *); i < 64; i++) {
        assert_int_equal(p[i], KHEAP_POISON);
    }
    kheap_free(keep, 64);
}
#endif

#define MACHINE_TEST(name) cmocka_unit_test_setup_teardown(name, machine_setup, machine_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(init_takes_no_memory),
        MACHINE_TEST(bad_object_sizes_panic),
        MACHINE_TEST(fill_and_drain_sizes),
        MACHINE_TEST(slab_is_given_back_at_once),
        MACHINE_TEST(no_memory),
        MACHINE_TEST(reserve_moves_no_frame),
        MACHINE_TEST(empty_reserve_panics),
        MACHINE_TEST(ordinary_objects_leave_the_reserve_alone),
        MACHINE_TEST(reserve_holds_no_ordinary_slab),
        MACHINE_TEST(reserve_fails_at_every_allocation),
        MACHINE_TEST(cache_random_walk),
        MACHINE_TEST(every_size),
        MACHINE_TEST(two_at_a_time_do_not_overlap),
        MACHINE_TEST(edges),
        MACHINE_TEST(zalloc_is_zero),
        MACHINE_TEST(heap_without_memory),
#ifdef FAULTLINE_DEBUG
        MACHINE_TEST(freed_objects_are_poisoned),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
