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

static void first_fit_is_the_walks(void **state)
{
    (void)state;
    random_state = 4096;
    printf("seed %u\n", (unsigned int)random_state);
    chain_init(&chain, 1000, CHAIN_NO_LIMIT, NULL, 0);
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
            chain_check(&chain);
        }
    }
    chain_check(&chain);
    chain_destroy(&chain);
    assert_int_equal(fake_os_pages_count(), 0);
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
        cmocka_unit_test(addresses_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
