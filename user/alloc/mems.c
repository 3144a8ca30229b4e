/*
 * MeMS (contract 3): a chain of any number of regions, in single bytes, whose addresses are the
 * program's view of memory. They count up from mems_start, wherever the kernel puts the regions;
 * mems_get translates them. All memory, the records included, comes from mmap in whole pages, and
 * mems_finish unmaps it.
 */
#include "user/alloc/include/mems.h"

#include <stdint.h>

#include "user/alloc/chain.h"

#ifndef MEMS_START
__attribute__((weak)) unsigned long mems_start = 1000;
#endif

static struct chain chain = {.regions = TAILQ_HEAD_INITIALIZER(chain.regions)};
static bool is_ready;

void mems_init(void)
{
    if (!is_ready) {
        chain_init(&chain, mems_start, CHAIN_NO_LIMIT, NULL, 0);
        is_ready = true;
    }
}

void mems_finish(void)
{
    if (is_ready) {
        chain_destroy(&chain);
        is_ready = false;
    }
}

void *mems_malloc(size_t size)
{
    struct segment *segment = is_ready && size > 0 ? chain_alloc(&chain, size) : NULL;
    return segment != NULL ? (void *)segment->start : NULL;
}

void mems_free(void *address)
{
    struct segment *segment = is_ready ? chain_process_at(&chain, (size_t)address) : NULL;

    if (segment == NULL) {
        (void)fprintf(stderr, "mems_free: no PROCESS segment starts at %lu\n",
                      (unsigned long)address);
        return;
    }
    chain_free(&chain, segment);
}

void *mems_get(void *address)
{
    struct segment *segment = is_ready ? chain_segment_of(&chain, (size_t)address) : NULL;

    if (segment == NULL || segment->kind != SEGMENT_PROCESS) {
        (void)fprintf(stderr, "mems_get: address %lu is in no PROCESS segment\n",
                      (unsigned long)address);
        return NULL;
    }
    return segment_memory(segment, (size_t)address);
}

/* ---- Statistics ------------------------------------------------------------------------------ */

/* Prints the first and last address of a range. */
static void print_range(const char *name, size_t start, size_t size)
{
    printf("%s[%lu:%lu]", name, (unsigned long)start, (unsigned long)(start + size - 1));
}

/* Prints one line: the region and its sub-chain. Returns the bytes in its holes. */
static size_t print_region(const struct region *region)
{
    const struct segment *segment;
    size_t unused = 0;

    print_range("MAIN", region->start, region->size);
    printf("-> ");
    TAILQ_FOREACH (segment, &region->segments, in_region) {
        bool is_hole = segment->kind == SEGMENT_HOLE;
        print_range(is_hole ? "H" : "P", segment->start, segment->size);
        printf(" <-> ");
        unused += is_hole ? segment->size : 0;
    }
    printf("NULL\n");
    return unused;
}

void mems_print_stats(void)
{
    const struct region *region;
    size_t unused = 0;

    printf("----- MeMS SYSTEM STATS -----\n");
    TAILQ_FOREACH (region, &chain.regions, in_chain) {
        unused += print_region(region);
    }
    printf("Pages used:\t%lu\n", (unsigned long)((chain.end - chain.start) / PAGE_SIZE));
    printf("Space unused:\t%lu\n", (unsigned long)unused);
    printf("Main Chain Length:\t%lu\n", (unsigned long)chain.n_regions);
    printf("Sub-chain Length array: [");
    TAILQ_FOREACH (region, &chain.regions, in_chain) {
        printf("%lu, ", (unsigned long)region->n_segments);
    }
    printf("]\n-----------------------------\n");
}

void mems_walk(void (*visit)(const struct heap_piece *piece, void *context), void *context)
{
    chain_walk(&chain, visit, context);
}

void mems_check(void)
{
    if (is_ready) {
        chain_check(&chain);
    }
}
