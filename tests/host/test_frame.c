/* mm/phys/frame.c: the buddy allocator, references, counts, and failure injection. */
#include "mm_support.h"

#define ROUNDS 20000u

/* ---- Taking and giving back ---------------------------------------------------------------------- */

static void one_frame(void **state)
{
    (void)state;
    uint32_t before = frame_free_count();
    pfn_t pfn = frame_alloc(FRAME_USER, 0);

    assert_int_not_equal(pfn, PFN_NONE);
    assert_int_equal(frame_free_count(), before - 1);
    assert_int_equal(frame_owner_count(FRAME_USER), 1);
    assert_int_equal(frame_of(pfn)->owner, FRAME_USER);
    assert_int_equal(frame_of(pfn)->refs, 1);
    frame_check();
    frame_unref(pfn);
    assert_int_equal(frame_free_count(), before);
    assert_int_equal(frame_owner_count(FRAME_USER), 0);
    assert_int_equal(frame_owner_count(FRAME_FREE), before);
}

static void zeroed_frames(void **state)
{
    (void)state;
    /* Memory is not zero when the machine starts, nor after a frame was used. */
    for (uint32_t round = 0; round < 3; round++) {
        pfn_t pfn = frame_alloc(FRAME_KERNEL, FRAME_LOW | FRAME_ZEROED);
        uint8_t *page = pmap_direct(pfn);
        for (uint32_t i = 0; i < PAGE_SIZE; i++) {
            assert_int_equal(page[i], 0);
        }
        memset(page, 0x77, PAGE_SIZE);
        frame_unref(pfn);
    }
}

static void every_frame_once(void **state)
{
    (void)state;
    uint32_t n = frame_free_count(), total = frame_total_count();
    uint8_t *seen = calloc(frame_table_end, 1);
    pfn_t *taken = calloc(n, sizeof(*taken));

    for (uint32_t i = 0; i < n; i++) {
        taken[i] = frame_alloc(FRAME_USER, 0);
        assert_true(taken[i] != PFN_NONE && taken[i] < frame_table_end);
        assert_int_equal(seen[taken[i]]++, 0);
    }
    assert_int_equal(frame_free_count(), 0);
    assert_int_equal(frame_alloc(FRAME_USER, 0), PFN_NONE);
    assert_int_equal(frame_refusal(0), FRAME_NONE_FREE);
    assert_int_equal(frame_refusal(FRAME_LOW), FRAME_NONE_FREE);
    assert_int_equal(frame_alloc(FRAME_KERNEL, FRAME_LOW), PFN_NONE);
    assert_int_equal(frame_alloc_block(FRAME_KERNEL, 0), PFN_NONE);
    assert_int_equal(pmap_table_alloc(), PFN_NONE);
    frame_check();
    for (uint32_t i = 0; i < n; i++) {
        frame_unref(taken[i]);
    }
    assert_int_equal(frame_free_count(), n);
    assert_int_equal(frame_total_count(), total);
    /* Everything merged again: the largest block is there. */
    pfn_t block = frame_alloc_block(FRAME_KERNEL, FRAME_MAX_ORDER);
    assert_int_not_equal(block, PFN_NONE);
    frame_unref(block);
    free(taken);
    free(seen);
}

/* Frames that went back one by one are whole blocks again for whoever wants one, however few there
 * are and whatever they were before. */
static void single_frames_make_a_block(void **state)
{
    (void)state;
    const uint32_t n = frame_free_count();
    pfn_t *taken = calloc(n, sizeof(*taken)), tables[8];

    for (uint32_t i = 0; i < 8; i++) {
        tables[i] = pmap_table_alloc();
    }
    for (uint32_t i = 0; i < n - 8; i++) {
        taken[i] = frame_alloc(FRAME_USER, 0);
    }
    for (uint32_t i = 0; i < n - 8; i++) {
        if (taken[i] / 32 == 1024 / 32) {
            frame_unref(taken[i]);
            taken[i] = PFN_NONE;
        }
    }
    assert_int_equal(frame_free_count(), 32);
    pfn_t block = frame_alloc_block(FRAME_KERNEL, 5);
    assert_int_equal(block, 1024);
    frame_unref(block);
    block = frame_alloc_block(FRAME_KERNEL, 5);
    assert_int_equal(block, 1024);
    for (uint32_t i = 0; i < 8; i++) {
        pmap_table_free(tables[i]);
    }
    assert_int_not_equal(frame_alloc_block(FRAME_KERNEL, 0), PFN_NONE);
    frame_check();
    free(taken);
    machine_abandon();
}

static void blocks_of_every_order(void **state)
{
    (void)state;
    for (uint32_t order = 0; order <= FRAME_MAX_ORDER; order++) {
        uint32_t before = frame_free_count();
        pfn_t pfn = frame_alloc_block(FRAME_KERNEL, order);
        assert_int_not_equal(pfn, PFN_NONE);
        assert_int_equal(pfn % (1u << order), 0);
        assert_int_equal(frame_free_count(), before - (1u << order));
        assert_int_equal(frame_owner_count(FRAME_KERNEL),
                         1 + (1u << order)); /* and the zero page */
        for (uint32_t i = 0; i < 1u << order; i++) {
            assert_int_equal(frame_of(pfn + i)->owner, FRAME_KERNEL);
        }
        frame_check();
        frame_unref(pfn);
        assert_int_equal(frame_free_count(), before);
        frame_check();
    }
    assert_int_equal(frame_alloc_block(FRAME_KERNEL, FRAME_MAX_ORDER + 1), PFN_NONE);
}

/* Cutting and merging, step by step: four frames of one block, freed in all 24 orders. */
static void merge_in_every_order(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 256; code++) {
        uint32_t order[4] = {code & 3u, (code >> 2) & 3u, (code >> 4) & 3u, code >> 6};
        if (((1u << order[0]) | (1u << order[1]) | (1u << order[2]) | (1u << order[3])) != 15u) {
            continue;
        }
        pfn_t pfn = frame_alloc_block(FRAME_KERNEL, 2);
        /* Taken as a block, the four cannot be freed one by one: free it, and take its frames. */
        frame_unref(pfn);
        pfn_t one[4];
        for (uint32_t i = 0; i < 4; i++) {
            one[i] = frame_alloc(FRAME_USER, FRAME_LOW);
            frame_check();
        }
        for (uint32_t i = 0; i < 4; i++) {
            frame_unref(one[order[i]]);
            frame_check();
        }
        assert_int_equal(frame_free_count(), machine_free_at_start());
    }
}

/* ---- References ---------------------------------------------------------------------------------- */

static void references(void **state)
{
    (void)state;
    pfn_t pfn = frame_alloc(FRAME_USER, 0);
    uint32_t free_now = frame_free_count();

    frame_ref(pfn);
    frame_ref(pfn);
    frame_unref(pfn);
    frame_unref(pfn);
    assert_int_equal(frame_free_count(), free_now);
    assert_int_equal(frame_of(pfn)->refs, 1);
    frame_unref(pfn);
    assert_int_equal(frame_free_count(), free_now + 1);
}

/* R8: the count is wider than any number of mappings that fits into memory. */
static void more_than_16_bits_of_references(void **state)
{
    (void)state;
    pfn_t pfn = frame_alloc(FRAME_USER, 0);

    for (uint32_t i = 0; i < 70000; i++) {
        frame_ref(pfn);
    }
    assert_int_equal(frame_of(pfn)->refs, 70001);
    for (uint32_t i = 0; i < 70000; i++) {
        frame_unref(pfn);
    }
    assert_int_equal(frame_owner_count(FRAME_USER), 1);
    frame_unref(pfn);
}

static void lists_of_frames(void **state)
{
    (void)state;
    pfn_t list[5];

    for (uint32_t i = 0; i < 4; i++) {
        list[i] = frame_alloc(FRAME_USER, 0);
    }
    list[4] = frame_zero_page;
    uint32_t zero_refs = frame_of(frame_zero_page)->refs;
    assert_int_equal(frame_ref_list(list, 5), 4);
    assert_int_equal(frame_of(frame_zero_page)->refs, zero_refs + 1);
    assert_int_equal(frame_of(list[0])->refs, 2);
    assert_int_equal(frame_unref_list(list, 5), 4);
    assert_int_equal(frame_unref_list(list, 4), 4);
    assert_int_equal(frame_of(frame_zero_page)->refs, zero_refs);
    assert_int_equal(frame_ref_list(list, 0), 0);
    assert_int_equal(frame_unref_list(list, 0), 0);
}

/* Lists free runs of neighbours at once: ascending, descending, with gaps, with frames that somebody
 * else holds or that are cached between them, and over the zones' border. */
static void runs_in_lists(void **state)
{
    (void)state;
    static pfn_t list[400], kept[400];

    for (uint32_t shape = 0; shape < 6; shape++) {
        uint32_t before = frame_free_count(), n = 0, keep = 0;
        for (; n < array_size(list); n++) {
            bool is_cached = shape == 4 && n % 7 == 0;
            list[n] = frame_alloc(is_cached ? FRAME_CACHE : FRAME_USER, 0);
            if (is_cached) {
                frame_of(list[n])->object = NULL;
            }
        }
        for (uint32_t i = 0; i < n / 2 && shape == 1; i++) {
            pfn_t other = list[i];
            list[i] = list[n - 1 - i];
            list[n - 1 - i] = other;
        }
        for (uint32_t i = 0; i < n; i += 3) {
            if (shape == 2) { /* a second reference */
                frame_ref(list[i]);
                kept[keep++] = list[i];
            } else if (shape == 3) { /* a gap */
                kept[keep++] = list[i];
                list[i] = frame_zero_page;
                frame_ref(frame_zero_page);
            }
        }
        assert_int_equal(frame_unref_list(list, n), shape == 3 ? n - keep : n);
        frame_check();
        assert_int_equal(frame_free_count(), before - keep);
        assert_int_equal(frame_unref_list(kept, keep), keep);
        frame_check();
        assert_int_equal(frame_free_count(), before);
    }
    /* All of it is whole again. */
    pfn_t block = frame_alloc_block(FRAME_KERNEL, 9);
    assert_int_not_equal(block, PFN_NONE);
    frame_unref(block);
}

static int compare_pfn(const void *a, const void *b)
{
    pfn_t x = *(const pfn_t *)a, y = *(const pfn_t *)b;

    return x < y ? -1 : x > y;
}

static void a_run_over_the_zones_border(void **state)
{
    (void)state;
    static pfn_t list[MACHINE_FRAMES];
    uint32_t n = 0;

    for (pfn_t pfn; (pfn = frame_alloc(FRAME_USER, 0)) != PFN_NONE;) {
        list[n++] = pfn;
    }
    qsort(list, n, sizeof(list[0]), compare_pfn);
    assert_int_equal(frame_unref_list(list, n), n);
    assert_int_equal(frame_check(), machine_free_at_start());
}

static void double_free_panics(void **state)
{
    (void)state;
    pfn_t pfn = frame_alloc(FRAME_USER, 0);

    frame_unref(pfn);
    expect_panic("free or reserved", frame_unref(pfn));
}

static void double_free_of_a_merged_frame_panics(void **state)
{
    (void)state;
    pfn_t pfn = frame_alloc_block(FRAME_KERNEL, 3);

    frame_unref(pfn);
    expect_panic("free or reserved", frame_unref(pfn + 3));
}

static void free_inside_a_block_panics(void **state)
{
    (void)state;
    pfn_t pfn = frame_alloc_block(FRAME_KERNEL, 3);

    expect_panic("free or reserved", frame_unref(pfn + 1));
}

static void free_of_reserved_panics(void **state)
{
    (void)state;
    expect_panic("free or reserved", frame_unref(200)); /* boot's hole below 1 MiB */
}

static void free_of_none_panics(void **state)
{
    (void)state;
    expect_panic("free or reserved", frame_unref(PFN_NONE));
}

static void free_past_the_end_panics(void **state)
{
    (void)state;
    expect_panic("frame_table_end", frame_unref(frame_table_end));
}

static void free_far_past_the_end_panics(void **state)
{
    (void)state;
    expect_panic("frame_table_end", frame_unref(0xFFFFFFFFu));
}

static void reference_to_a_free_frame_panics(void **state)
{
    (void)state;
    pfn_t pfn = frame_alloc(FRAME_USER, 0);

    frame_unref(pfn);
    expect_panic("free or reserved", frame_ref(pfn));
}

static void reference_past_the_end_panics(void **state)
{
    (void)state;
    expect_panic("past the end", frame_ref(frame_table_end));
}

static void double_free_in_a_list_panics(void **state)
{
    (void)state;
    pfn_t pfn = frame_alloc(FRAME_USER, 0);
    pfn_t list[2] = {pfn, pfn};

    expect_panic("free or reserved", (void)frame_unref_list(list, 2));
}

static void range_given_twice_panics(void **state)
{
    (void)state;
    expect_panic("FRAME_RESERVED", frame_add_range(150, 170));
}

static void frame_0_panics(void **state)
{
    (void)state;
    expect_panic("start > PFN_NONE", frame_add_range(0, 1));
}

/* ---- Zones --------------------------------------------------------------------------------------- */

static int two_zones(void **state)
{
    (void)state;
    machine_start(MACHINE_FRAMES, 2048);
    return 0;
}

static void user_pages_take_high_frames_first(void **state)
{
    (void)state;
    pfn_t *high = calloc(MACHINE_FRAMES, sizeof(*high));
    uint32_t n = 0;

    while (n < 2048) {
        high[n] = frame_alloc(FRAME_USER, 0);
        assert_in_range(high[n], 2048, 4095);
        n++;
    }
    high[n] = frame_alloc(FRAME_USER, 0);
    assert_in_range(high[n], 1, 2047);
    n++;
    frame_check();
    while (n > 0) {
        frame_unref(high[--n]);
    }
    free(high);
}

static void low_frames_only_where_asked(void **state)
{
    (void)state;
    pfn_t low[2048];
    uint32_t n = 0;

    while ((low[n] = frame_alloc(FRAME_KERNEL, FRAME_LOW)) != PFN_NONE) {
        assert_in_range(low[n], 1, 2047);
        n++;
    }
    assert_int_equal(frame_free_count(), 2048);
    assert_int_equal(frame_refusal(FRAME_LOW), FRAME_NO_LOW_FREE);
    assert_int_equal(frame_refusal(0), FRAME_FAILURE_FORCED);
    assert_int_equal(frame_low_total(), n + 1); /* and the page of zeros */
    assert_int_equal(pmap_table_alloc(), PFN_NONE);
    assert_int_equal(frame_alloc_block(FRAME_KERNEL, 0), PFN_NONE);
    pfn_t pfn = frame_alloc(FRAME_USER, 0);
    assert_in_range(pfn, 2048, 4095);
    frame_unref(pfn);
    frame_check();
    while (n > 0) {
        frame_unref(low[--n]);
    }
}

/* ---- Page tables --------------------------------------------------------------------------------- */

static void tables_are_zero(void **state)
{
    (void)state;
    pfn_t pfn[50];

    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 50; i++) {
            pfn[i] = pmap_table_alloc();
            assert_int_equal(frame_of(pfn[i])->owner, FRAME_TABLE);
            assert_int_equal(frame_of(pfn[i])->flags, 0);
            const uint8_t *page = pmap_direct(pfn[i]);
            for (uint32_t b = 0; b < PAGE_SIZE; b++) {
                assert_int_equal(page[b], 0);
            }
        }
        assert_int_equal(frame_owner_count(FRAME_TABLE), 50);
        frame_check();
        for (uint32_t i = 0; i < 50; i++) {
            pmap_table_free(pfn[i]);
            frame_check();
        }
        assert_int_equal(frame_free_count(), machine_free_at_start());
    }
}

/* Tables that wait for their next use are free memory to everybody else. */
static void waiting_tables_are_free_memory(void **state)
{
    (void)state;
    pfn_t pfn[40];
    uint32_t n = 0;

    for (uint32_t i = 0; i < 40; i++) {
        pfn[i] = pmap_table_alloc();
    }
    for (uint32_t i = 0; i < 40; i++) {
        pmap_table_free(pfn[i]);
    }
    while (frame_alloc(FRAME_USER, 0) != PFN_NONE) {
        n++;
    }
    assert_int_equal(n, machine_free_at_start());
    assert_int_equal(frame_free_count(), 0);
    frame_check();
    machine_abandon();
}

static void double_free_of_a_table_panics(void **state)
{
    (void)state;
    pfn_t pfn = pmap_table_alloc();

    pmap_table_free(pfn);
    expect_panic("free or reserved", pmap_table_free(pfn));
}

/* ---- Failure injection --------------------------------------------------------------------------- */

static void fail_at_n(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 3; n++) {
        frame_fail_at(n, false);
        for (uint32_t i = 1; i <= 5; i++) {
            pfn_t pfn = i == 2   ? frame_alloc_block(FRAME_KERNEL, 1)
                        : i == 3 ? pmap_table_alloc()
                                 : frame_alloc(FRAME_USER, 0);
            assert_int_equal(pfn == PFN_NONE, i == n);
            assert_int_equal(frame_refusal(0), FRAME_FAILURE_FORCED);
            assert_int_equal(frame_refusal(FRAME_LOW), FRAME_FAILURE_FORCED);
            if (pfn != PFN_NONE) {
                frame_unref(pfn);
            }
        }
    }
    assert_int_equal(frame_fail_at(2, true), 1);
    pfn_t pfn = frame_alloc(FRAME_USER, 0);
    frame_unref(pfn);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(frame_alloc(FRAME_USER, 0), PFN_NONE);
    }
    assert_int_equal(frame_fail_at(0, false), 4);
    assert_int_equal(frame_fail_at(0, false), 0);
    pfn = frame_alloc(FRAME_USER, 0);
    assert_int_not_equal(pfn, PFN_NONE);
    frame_unref(pfn);
}

static void a_waiting_table_fails_as_any_frame(void **state)
{
    (void)state;
    pmap_table_free(pmap_table_alloc());
    frame_fail_at(1, false);
    assert_int_equal(pmap_table_alloc(), PFN_NONE);
    assert_int_equal(frame_free_count(), machine_free_at_start());
}

/* ---- At random ----------------------------------------------------------------------------------- */

struct held {
    pfn_t pfn;
    uint32_t order, refs;
};

/* Takes and frees blocks, frames and tables; no two may overlap and the counts follow. */
static void random_walk(void **state)
{
    (void)state;
    uint64_t random = seed_choose("frame random_walk");
    static struct held held[600];
    uint8_t *owned = calloc(frame_table_end, 1);
    uint32_t n = 0, frames = 0;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t choice = random_below(&random, 8);
        if (choice < 4 && n < array_size(held)) {
            uint32_t order = choice == 0 ? random_below(&random, 7) : 0;
            pfn_t pfn = choice == 0   ? frame_alloc_block(FRAME_KERNEL, order)
                        : choice == 1 ? pmap_table_alloc()
                                      : frame_alloc(FRAME_USER, choice == 2 ? FRAME_LOW : 0);
            if (pfn == PFN_NONE) {
                continue;
            }
            for (uint32_t i = 0; i < 1u << order; i++) {
                assert_int_equal(owned[pfn + i]++, 0);
            }
            frames += 1u << order;
            held[n++] = (struct held){pfn, order, 1};
        } else if (choice == 4 && n > 0) {
            struct held *h = &held[random_below(&random, n)];
            frame_ref(h->pfn);
            h->refs++;
        } else if (n > 0) {
            struct held *h = &held[random_below(&random, n)];
            bool is_table = frame_of(h->pfn)->owner == FRAME_TABLE && h->refs == 1;
            if (is_table) {
                memset(pmap_direct(h->pfn), 0, PAGE_SIZE);
                pmap_table_free(h->pfn);
            } else {
                frame_unref(h->pfn);
            }
            if (--h->refs == 0) {
                memset(owned + h->pfn, 0, 1u << h->order);
                frames -= 1u << h->order;
                *h = held[--n];
            }
        }
        assert_int_equal(frame_free_count(), machine_free_at_start() - frames);
        if (round % 64 == 0) {
            frame_check();
        }
    }
    while (n > 0) {
        n--;
        while (held[n].refs-- > 0) {
            frame_unref(held[n].pfn);
        }
    }
    free(owned);
}

#define MACHINE_TEST(name) cmocka_unit_test_setup_teardown(name, machine_setup, machine_teardown)
#define ZONES_TEST(name)   cmocka_unit_test_setup_teardown(name, two_zones, machine_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(one_frame),
        MACHINE_TEST(zeroed_frames),
        MACHINE_TEST(every_frame_once),
        MACHINE_TEST(single_frames_make_a_block),
        MACHINE_TEST(blocks_of_every_order),
        MACHINE_TEST(merge_in_every_order),
        MACHINE_TEST(references),
        MACHINE_TEST(more_than_16_bits_of_references),
        MACHINE_TEST(lists_of_frames),
        MACHINE_TEST(runs_in_lists),
        MACHINE_TEST(double_free_panics),
        MACHINE_TEST(double_free_of_a_merged_frame_panics),
        MACHINE_TEST(free_inside_a_block_panics),
        MACHINE_TEST(free_of_reserved_panics),
        MACHINE_TEST(free_of_none_panics),
        MACHINE_TEST(free_past_the_end_panics),
        MACHINE_TEST(free_far_past_the_end_panics),
        MACHINE_TEST(reference_to_a_free_frame_panics),
        MACHINE_TEST(reference_past_the_end_panics),
        MACHINE_TEST(double_free_in_a_list_panics),
        MACHINE_TEST(range_given_twice_panics),
        MACHINE_TEST(frame_0_panics),
        ZONES_TEST(user_pages_take_high_frames_first),
        ZONES_TEST(low_frames_only_where_asked),
        MACHINE_TEST(tables_are_zero),
        MACHINE_TEST(waiting_tables_are_free_memory),
        MACHINE_TEST(double_free_of_a_table_panics),
        MACHINE_TEST(fail_at_n),
        MACHINE_TEST(a_waiting_table_fails_as_any_frame),
        MACHINE_TEST(random_walk),
        ZONES_TEST(a_run_over_the_zones_border),
        ZONES_TEST(runs_in_lists),
        ZONES_TEST(every_frame_once),
        ZONES_TEST(blocks_of_every_order),
        ZONES_TEST(random_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
