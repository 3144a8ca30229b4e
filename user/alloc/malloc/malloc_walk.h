/* The state of malloc_walk. Each part of malloc visits its own pieces and counts its regions. */
#ifndef ALLOC_MALLOC_WALK_H
#define ALLOC_MALLOC_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "user/alloc/include/heapwalk.h"

struct heap_walk {
    void (*visit)(const struct heap_piece *piece, void *context);
    void *context;
    struct heap_piece piece;
};

static inline void walk_piece(struct heap_walk *walk, const void *start, size_t size, bool is_used)
{
    walk->piece.address = (unsigned long)start;
    walk->piece.memory = start;
    walk->piece.size = size;
    walk->piece.is_used = is_used;
    walk->visit(&walk->piece, walk->context);
}

#endif
