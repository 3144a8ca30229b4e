/*
 * The simple allocator (contract 4, A1 to A3): a chain with one region of one page, in grains of 8
 * bytes. The records are static, so all 4096 bytes of the page belong to the program.
 */
#include "user/alloc/include/alloc.h"

#include "user/alloc/grain_chain.h"

#define GRAIN 8

static struct chain_record records[CHAIN_RECORDS(1, PAGE_SIZE / GRAIN)];
static struct grain_chain simple = {.grain = GRAIN};

int init_alloc(void)
{
    if (!simple.is_ready) {
        chain_init(&simple.chain, 0, 1, records, array_size(records));
        simple.is_ready = chain_add_region(&simple.chain, PAGE_SIZE) != NULL;
    }
    return simple.is_ready ? 0 : -1;
}

int cleanup_alloc(void)
{
    if (simple.is_ready) {
        chain_destroy(&simple.chain);
        simple.is_ready = false;
    }
    return 0;
}

char *alloc_mem(int size)
{
    return grain_chain_alloc(&simple, size);
}

void dealloc_mem(char *address)
{
    grain_chain_free(&simple, address);
}

void alloc_walk(void (*visit)(const struct heap_piece *piece, void *context), void *context)
{
    grain_chain_walk(&simple, visit, context);
}

void alloc_check(void)
{
    grain_chain_check(&simple);
}
