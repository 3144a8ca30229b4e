/*
 * The elastic allocator (contract 4, E1 to E3): a chain of regions of one page each, in grains of
 * 256 bytes. No request is larger than a page and every region is one page, so no block crosses
 * pages.
 *
 * The records are static, so that an allocation maps its page and nothing else. That bounds the
 * chain to PAGES_BOUND pages, whatever limit the program sets.
 */
#include "user/alloc/include/ealloc.h"

#include "user/alloc/grain_chain.h"

#define GRAIN       256
#define PAGES_BOUND 256

#ifndef EALLOC_MAX_PAGES
__attribute__((weak)) int ealloc_max_pages = 4;
#endif

static struct chain_record records[CHAIN_RECORDS(PAGES_BOUND, PAGES_BOUND *PAGE_SIZE / GRAIN)];
static struct grain_chain elastic = {.grain = GRAIN};

int einit_alloc(void)
{
    if (!elastic.is_ready) {
        chain_init(&elastic.chain, 0, 0, records, array_size(records));
        elastic.is_ready = true;
    }
    return 0;
}

int ecleanup_alloc(void)
{
    elastic.is_ready = false;
    return 0;
}

/* The program's limit, which it may change at any time, capped by the number of records. */
static size_t page_limit(void)
{
    if (ealloc_max_pages < 0) {
        return 0;
    }
    return ealloc_max_pages < PAGES_BOUND ? (size_t)ealloc_max_pages : PAGES_BOUND;
}

char *ealloc_mem(int size)
{
    elastic.chain.max_regions = page_limit();
    return grain_chain_alloc(&elastic, size);
}

void edealloc_mem(char *address)
{
    grain_chain_free(&elastic, address);
}

void ealloc_walk(void (*visit)(const struct heap_piece *piece, void *context), void *context)
{
    grain_chain_walk(&elastic, visit, context);
}

void ealloc_check(void)
{
    grain_chain_check(&elastic);
}
