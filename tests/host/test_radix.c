/* mm/phys/radix.c: the index of an object's pages. */
#include "mm_support.h"

#include <asm/errno.h>

#include "mm/phys/radix.h"

#define ROUNDS 20000u

static struct radix tree;

static int setup(void **state)
{
    memset(&tree, 0, sizeof(tree));
    return machine_setup(state);
}

static void insert(uint32_t index, pfn_t pfn)
{
    assert_int_equal(radix_insert(&tree, index, pfn), 0);
}

static void is_empty(void)
{
    uint32_t index = 0;

    assert_int_equal(tree.count, 0);
    assert_null(tree.root);
    assert_int_equal(tree.height, 0);
    assert_int_equal(radix_next(&tree, &index), PFN_NONE);
    assert_int_equal(frame_free_count(), machine_free_at_start());
}

/* Around every power of the node's size, and both ends. */
static const uint32_t edges[] = {0,
                                 1,
                                 62,
                                 63,
                                 64,
                                 65,
                                 4094,
                                 4095,
                                 4096,
                                 4097,
                                 262142,
                                 262143,
                                 262144,
                                 262145,
                                 1u << 23,
                                 RADIX_INDEX_MAX - 1,
                                 RADIX_INDEX_MAX};

static void empty(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < array_size(edges); i++) {
        uint32_t index = edges[i];
        assert_int_equal(radix_get(&tree, index), PFN_NONE);
        assert_int_equal(radix_next(&tree, &index), PFN_NONE);
    }
    assert_int_equal(radix_get(&tree, 0xFFFFFFFFu), PFN_NONE);
    is_empty();
}

/* One page alone, anywhere: found, its neighbours not, and nothing is left when it goes. */
static void one_page(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < array_size(edges); i++) {
        insert(edges[i], 1000 + i);
        assert_int_equal(radix_get(&tree, edges[i]), 1000 + i);
        assert_int_equal(radix_get(&tree, edges[i] + 1), PFN_NONE);
        assert_int_equal(radix_get(&tree, edges[i] - 1), PFN_NONE);
        uint32_t index = 0;
        assert_int_equal(radix_next(&tree, &index), 1000 + i);
        assert_int_equal(index, edges[i]);
        index++;
        assert_int_equal(radix_next(&tree, &index), PFN_NONE);
        radix_remove(&tree, edges[i]);
        is_empty();
    }
}

/* Every pair of edges, put in and taken out in both orders. */
static void pairs(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < array_size(edges); i++) {
        for (uint32_t j = 0; j < array_size(edges); j++) {
            if (i == j) {
                continue;
            }
            insert(edges[i], 1000 + i);
            insert(edges[j], 1000 + j);
            assert_int_equal(tree.count, 2);
            assert_int_equal(radix_get(&tree, edges[i]), 1000 + i);
            assert_int_equal(radix_get(&tree, edges[j]), 1000 + j);
            radix_remove(&tree, edges[i]);
            assert_int_equal(radix_get(&tree, edges[i]), PFN_NONE);
            assert_int_equal(radix_get(&tree, edges[j]), 1000 + j);
            radix_remove(&tree, edges[j]);
            is_empty();
        }
    }
}

static void too_large_an_index(void **state)
{
    (void)state;
    assert_int_equal(radix_insert(&tree, RADIX_INDEX_MAX + 1, 5), -EFBIG);
    assert_int_equal(radix_insert(&tree, 0xFFFFFFFFu, 5), -EFBIG);
    is_empty();
}

static void twice_panics(void **state)
{
    (void)state;
    insert(7, 100);
    expect_panic("PFN_NONE", (void)!radix_insert(&tree, 7, 101));
}

static void removing_nothing_panics(void **state)
{
    (void)state;
    insert(7, 100);
    expect_panic("PFN_NONE", radix_remove(&tree, 8));
}

/* ---- Failure -------------------------------------------------------------------------------------- */

struct insertion {
    uint32_t index, others;
};

static int try_insert(void *context)
{
    const struct insertion *in = context;

    return radix_insert(&tree, in->index, 500);
}

static void take_out(void *context)
{
    const struct insertion *in = context;

    radix_remove(&tree, in->index);
}

static void others_are_there(void *context)
{
    const struct insertion *in = context;
    uint32_t index = 0, found = 0;

    for (pfn_t pfn; (pfn = radix_next(&tree, &index)) != PFN_NONE; index++) {
        found += index != in->index;
    }
    assert_int_equal(found, in->others);
    assert_true(tree.count - found <= 1);
}

/* Beside nothing, and beside one other page at each edge. */
static void insert_fails_at_every_allocation(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < array_size(edges); i++) {
        struct insertion in = {edges[i], 0};
        fail_every_allocation(try_insert, take_out, others_are_there, &in);
        is_empty();
        for (uint32_t j = 0; j < array_size(edges); j++) {
            if (i != j) {
                insert(edges[j], 400);
                in.others = 1;
                fail_every_allocation(try_insert, take_out, others_are_there, &in);
                radix_remove(&tree, edges[j]);
                is_empty();
            }
        }
    }
}

/* ---- At random ------------------------------------------------------------------------------------ */

#define SPAN 9000u

/* Against a plain array, spread over the index space by a factor that changes per run. */
static void random_walk(void **state)
{
    (void)state;
    uint64_t random = seed_choose("radix random_walk");
    static pfn_t model[SPAN];
    const uint32_t factors[] = {1, 61, RADIX_INDEX_MAX / SPAN};

    for (uint32_t f = 0; f < array_size(factors); f++) {
        uint32_t factor = factors[f], limit = f == 0 ? SPAN : 200;
        for (uint32_t round = 0; round < ROUNDS; round++) {
            uint32_t at = random_below(&random, limit);
            if (model[at] == PFN_NONE && tree.count < 600) {
                if (random_below(&random, 8) == 0) {
                    frame_fail_at(1 + random_below(&random, 3), false);
                }
                if (radix_insert(&tree, at * factor, at + 1) == 0) {
                    model[at] = at + 1;
                }
                frame_fail_at(0, false);
            } else if (model[at] != PFN_NONE) {
                radix_remove(&tree, at * factor);
                model[at] = PFN_NONE;
            }
            uint32_t probe = random_below(&random, limit);
            assert_int_equal(radix_get(&tree, probe * factor), model[probe]);
            uint32_t index = probe * factor;
            pfn_t pfn = radix_next(&tree, &index);
            while (probe < limit && model[probe] == PFN_NONE) {
                probe++;
            }
            assert_int_equal(pfn, probe < limit ? model[probe] : PFN_NONE);
            assert_true(pfn == PFN_NONE || index == probe * factor);
        }
        for (uint32_t at = 0; at < limit; at++) {
            if (model[at] != PFN_NONE) {
                radix_remove(&tree, at * factor);
                model[at] = PFN_NONE;
            }
        }
        is_empty();
    }
}

#define MACHINE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, machine_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(empty),
        MACHINE_TEST(one_page),
        MACHINE_TEST(pairs),
        MACHINE_TEST(too_large_an_index),
        MACHINE_TEST(twice_panics),
        MACHINE_TEST(removing_nothing_panics),
        MACHINE_TEST(insert_fails_at_every_allocation),
        MACHINE_TEST(random_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
