/*
 * The chain engine against a model that does what the contract says and nothing clever: a walk from
 * the start of the chain for the first hole that fits. The index must choose the same hole, always.
 */
#include "tests/host/fake_os_pages.h"
#include "tests/host/support.h"
#include "user/alloc/chain.h"

#define STEPS       100000
#define LIVE_MAX    300
#define CHECK_EVERY 101

static struct chain chain;
static struct segment *live[LIVE_MAX];
static size_t n_live;
static uint32_t random_state;

static uint32_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* Where a plain walk would put size bytes: the end of the chain if no hole fits. */
static size_t plain_first_fit(size_t size)
{
    struct region *region;
    struct segment *segment;

    TAILQ_FOREACH (region, &chain.regions, in_chain) {
        TAILQ_FOREACH (segment, &region->segments, in_region) {
            if (segment->kind == SEGMENT_HOLE && segment->size >= size) {
                return segment->start;
            }
        }
    }
    return chain.end;
}

/* The segment of an address, by a plain walk. */
static struct segment *plain_segment_of(size_t address)
{
    struct region *region;
    struct segment *segment;

    TAILQ_FOREACH (region, &chain.regions, in_chain) {
        TAILQ_FOREACH (segment, &region->segments, in_region) {
            if (address >= segment->start && address - segment->start < segment->size) {
                return segment;
            }
        }
    }
    return NULL;
}

static void take_one(void)
{
    size_t size = 1 + random_next() % (random_next() % 16 == 0 ? 9000 : 300);
    size_t expected = plain_first_fit(size);
    struct segment *segment = chain_alloc(&chain, size);

    assert_non_null(segment);
    assert_int_equal(segment->start, expected);
    assert_int_equal(segment->size, size);
    live[n_live++] = segment;
}

static void give_one(void)
{
    size_t i = random_next() % n_live;

    chain_free(&chain, live[i]);
    live[i] = live[--n_live];
}

static void look_up(void)
{
    size_t address = chain.start - 2 + random_next() % (chain.end - chain.start + 4);
    struct segment *segment = chain_segment_of(&chain, address);

    assert_ptr_equal(segment, plain_segment_of(address));
    bool is_start =
        segment != NULL && segment->kind == SEGMENT_PROCESS && segment->start == address;
    assert_ptr_equal(chain_process_at(&chain, address), is_start ? segment : NULL);
    if (segment != NULL) {
        assert_ptr_equal(chain_process_at_pointer(&chain, segment_memory(segment, address)),
                         is_start ? segment : NULL);
    }
}

/* How many runs the sub-chains are cut into: the records that are neither a region nor a segment. */
static size_t count_runs(void)
{
    size_t n_runs = chain.pool.n_used - chain.n_regions;
    struct region *region;

    TAILQ_FOREACH (region, &chain.regions, in_chain) {
        n_runs -= region->n_segments;
    }
    return n_runs;
}

/* Begins and ends with all of the chain free. Gives the most runs per region that there were. */
static size_t walk_at_random(void)
{
    size_t most_runs = 0;

    n_live = 0;
    for (int step = 0; step < STEPS; step++) {
        bool is_growing = step / (STEPS / 10) % 2 == 0;
        if (n_live < LIVE_MAX && (n_live == 0 || random_next() % 8 < (is_growing ? 5 : 3))) {
            take_one();
        } else {
            give_one();
        }
        look_up();
        if (step % CHECK_EVERY == 0) {
            size_t n_runs = count_runs() / chain.n_regions;
            most_runs = n_runs > most_runs ? n_runs : most_runs;
            chain_check(&chain);
        }
    }
    while (n_live > 0) {
        give_one();
        chain_check(&chain);
    }
    return most_runs;
}

static void start(uint32_t seed)
{
    random_state = seed;
    printf("seed %u\n", (unsigned int)random_state);
    chain_init(&chain, 1000, CHAIN_NO_LIMIT, NULL, 0);
}

static void finish(void)
{
    chain_check(&chain);
    chain_destroy(&chain);
    assert_int_equal(fake_os_pages_count(), 0);
}

static void first_fit_is_the_walks(void **state)
{
    (void)state;
    start(4096);
    walk_at_random();
    finish();
}

/* The same in one region that holds everything, whose sub-chain is many runs. When all is free again,
 * one hole is left of it, in one run. */
static void first_fit_across_runs(void **state)
{
    (void)state;
    start(1000);
    struct segment *whole = chain_alloc(&chain, (size_t)LIVE_MAX * 9000);
    assert_non_null(whole);
    chain_free(&chain, whole);
    assert_true(walk_at_random() > LIVE_MAX / RUN_MAX);
    assert_int_equal(chain.n_regions, 1);
    assert_int_equal(TAILQ_FIRST(&chain.regions)->n_segments, 1);
    assert_int_equal(count_runs(), 1);
    finish();
}

/* A run goes with its last segment, in whatever order they go: of three runs full of them every stride-th
 * is given back, then the one behind each of these, and so on. */
static void runs_empty(void **state)
{
    enum { COUNT = 3 * RUN_MAX, SIZE = PAGE_SIZE / COUNT };
    struct segment *segments[COUNT];

    (void)state;
    for (size_t stride = 1; stride < COUNT; stride++) {
        chain_init(&chain, 1000, CHAIN_NO_LIMIT, NULL, 0);
        for (size_t i = 0; i < COUNT; i++) {
            segments[i] = chain_alloc(&chain, SIZE);
            assert_non_null(segments[i]);
        }
        assert_true(count_runs() >= 3);
        for (size_t first = 0; first < stride; first++) {
            for (size_t i = first; i < COUNT; i += stride) {
                chain_free(&chain, segments[i]);
                chain_check(&chain);
            }
        }
        assert_int_equal(count_runs(), 1);
        finish();
    }
}

/* A static array of records holds a page that is full of the smallest segments, however often and in
 * whatever order they came and went before. */
static void static_records_suffice(void **state)
{
    enum { COUNT = 512, SIZE = PAGE_SIZE / COUNT };
    static struct chain_record records[CHAIN_RECORDS(1, COUNT)];
    static struct segment *segments[COUNT];

    (void)state;
    random_state = 8;
    chain_init(&chain, 0, 1, records, array_size(records));
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            segments[i] = chain_alloc(&chain, SIZE);
            assert_non_null(segments[i]);
        }
        assert_null(chain_alloc(&chain, SIZE));
        chain_check(&chain);
        for (size_t n = COUNT; n > 0; n--) {
            size_t i = random_next() % n;
            chain_free(&chain, segments[i]);
            segments[i] = segments[n - 1];
        }
        chain_check(&chain);
    }
    finish();
}

/* A pool without an array maps pages again and again. */
static void records_grow(void **state)
{
    enum { COUNT = 5000 };
    static struct segment *segments[COUNT];

    (void)state;
    chain_init(&chain, 1000, CHAIN_NO_LIMIT, NULL, 0);
    for (size_t i = 0; i < COUNT; i++) {
        segments[i] = chain_alloc(&chain, 1);
        assert_non_null(segments[i]);
        if (i % CHECK_EVERY == 0) {
            chain_check(&chain);
        }
    }
    assert_true(fake_os_pages_count() - chain.n_regions >
                COUNT * sizeof(struct chain_record) / PAGE_SIZE);
    for (size_t i = 0; i < COUNT; i++) {
        chain_free(&chain, segments[i]);
    }
    finish();
}

/* Addresses may not wrap: the region that would is refused, and the chain goes on. */
static void addresses_end(void **state)
{
    (void)state;
    chain_init(&chain, SIZE_MAX - 2 * PAGE_SIZE + 1, CHAIN_NO_LIMIT, NULL, 0);
    assert_null(chain_alloc(&chain, 2 * PAGE_SIZE));
    struct segment *segment = chain_alloc(&chain, PAGE_SIZE);
    assert_non_null(segment);
    assert_null(chain_alloc(&chain, PAGE_SIZE));
    chain_free(&chain, segment);
    assert_non_null(chain_alloc(&chain, PAGE_SIZE));
    chain_check(&chain);
    chain_destroy(&chain);
    assert_int_equal(fake_os_pages_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_fit_is_the_walks),
        cmocka_unit_test(first_fit_across_runs),
        cmocka_unit_test(runs_empty),
        cmocka_unit_test(static_records_suffice),
        cmocka_unit_test(records_grow),
        cmocka_unit_test(addresses_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
