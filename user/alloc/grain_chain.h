/*
 * What the simple and the elastic allocator share: a chain that serves requests of whole grains, up
 * to a page, and finds blocks by their pointers.
 */
#ifndef ALLOC_GRAIN_CHAIN_H
#define ALLOC_GRAIN_CHAIN_H

#include <stdbool.h>

#include "user/alloc/chain.h"

struct grain_chain {
    struct chain chain;
    int grain;     /* bytes, a power of two                */
    bool is_ready; /* while false, the calls below do nothing */
};

/* Allocates size bytes. Returns NULL unless size is a multiple of the grain from 1 grain to a
 * page, and chain_alloc finds room. */
must_check char *grain_chain_alloc(struct grain_chain *grains, int size);

/* Frees the block that starts at this address. Does nothing if there is none. */
void grain_chain_free(struct grain_chain *grains, const char *address);

void grain_chain_walk(const struct grain_chain *grains,
                      void (*visit)(const struct heap_piece *piece, void *context), void *context);

void grain_chain_check(const struct grain_chain *grains);

#endif
