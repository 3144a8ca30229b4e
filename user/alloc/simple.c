/*
 * The simple allocator (contract 4, A1 to A3): a chain of one region of one page, in grains of 8
 * bytes. The records are static, so all 4096 bytes of the page are the program's.
 */
#include "user/alloc/include/alloc.h"

#include "user/alloc/chain.h"

#define GRAIN 8

static struct chain_record records[CHAIN_RECORDS(1, PAGE_SIZE / GRAIN)];
static struct chain chain;
static bool is_ready;

int init_alloc(void)
{
    if (is_ready) {
        return 0;
    }
    chain_init(&chain, 0, 1, records, array_size(records));
    is_ready = chain_add_region(&chain, PAGE_SIZE) != NULL;
    return is_ready ? 0 : -1;
}

int cleanup_alloc(void)
{
    if (is_ready) {
        chain_destroy(&chain);
        is_ready = false;
    }
    return 0;
}

char *alloc_mem(int size)
{
    if (!is_ready || size <= 0 || size > PAGE_SIZE || size % GRAIN != 0) {
        return NULL;
    }
    struct segment *segment = chain_alloc(&chain, (size_t)size);
    return segment != NULL ? segment_memory(segment, segment->start) : NULL;
}

void dealloc_mem(char *address)
{
    struct segment *segment = is_ready ? chain_process_at_pointer(&chain, address) : NULL;
    if (segment != NULL) {
        chain_free(&chain, segment);
    }
}

void alloc_walk(void (*visit)(const struct heap_piece *piece, void *context), void *context)
{
    if (is_ready) {
        chain_walk(&chain, visit, context);
    }
}

void alloc_check(void)
{
    if (is_ready) {
        chain_check(&chain);
    }
}
