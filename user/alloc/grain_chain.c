#include "user/alloc/grain_chain.h"

char *grain_chain_alloc(struct grain_chain *grains, int size)
{
    struct segment *segment;

    if (!grains->is_ready || size <= 0 || size > PAGE_SIZE || (size & (grains->grain - 1)) != 0) {
        return NULL;
    }
    segment = chain_alloc(&grains->chain, (size_t)size);
    return segment != NULL ? segment_memory(segment, segment->start) : NULL;
}

void grain_chain_free(struct grain_chain *grains, const char *address)
{
    struct segment *segment =
        grains->is_ready ? chain_process_at_pointer(&grains->chain, address) : NULL;

    if (segment != NULL) {
        chain_free(&grains->chain, segment);
    }
}

void grain_chain_walk(const struct grain_chain *grains,
                      void (*visit)(const struct heap_piece *piece, void *context), void *context)
{
    if (grains->is_ready) {
        chain_walk(&grains->chain, visit, context);
    }
}

void grain_chain_check(const struct grain_chain *grains)
{
    if (grains->is_ready) {
        chain_check(&grains->chain);
    }
}
