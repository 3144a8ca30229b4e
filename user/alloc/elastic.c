/*
 * The elastic allocator (contract 4, E1 to E3): a chain of regions of one page each, in grains of 256
 * bytes. No request is larger than a page and every region is one, so a chunk never crosses pages.
 *
 * The records are static (an allocation maps its page and nothing else) and therefore bounded:
 * PAGES_BOUND pages, however large the program sets its limit.
 */
#include "user/alloc/include/ealloc.h"

#include "user/alloc/chain.h"

#define GRAIN       256
#define PAGES_BOUND 256

#ifndef EALLOC_MAX_PAGES
__attribute__((weak)) int ealloc_max_pages = 4;
#endif

static struct chain_record records[CHAIN_RECORDS(PAGES_BOUND, PAGES_BOUND *PAGE_SIZE / GRAIN)];
static struct chain chain;
static bool is_ready;

int einit_alloc(void)
{
    if (!is_ready) {
        chain_init(&chain, 0, 0, records, array_size(records));
        is_ready = true;
    }
    return 0;
}

int ecleanup_alloc(void)
{
    is_ready = false;
    return 0;
}

/* The program's limit, which it may change at any time, as far as the records go. */
static size_t page_limit(void)
{
    if (ealloc_max_pages < 0) {
        return 0;
    }
    return ealloc_max_pages < PAGES_BOUND ? (size_t)ealloc_max_pages : PAGES_BOUND;
}

char *ealloc_mem(int size)
{
    if (!is_ready || size <= 0 || size > PAGE_SIZE || size % GRAIN != 0) {
        return NULL;
    }
    chain.max_regions = page_limit();
    struct segment *segment = chain_alloc(&chain, (size_t)size);
    return segment != NULL ? segment_memory(segment, segment->start) : NULL;
}

void edealloc_mem(char *address)
{
    struct segment *segment = is_ready ? chain_process_at_pointer(&chain, address) : NULL;
    if (segment != NULL) {
        chain_free(&chain, segment);
    }
}

void ealloc_walk(void (*visit)(const struct heap_piece *piece, void *context), void *context)
{
    if (is_ready) {
        chain_walk(&chain, visit, context);
    }
}

void ealloc_check(void)
{
    if (is_ready) {
        chain_check(&chain);
    }
}
