/*
 * <heapwalk.h>: a look into the allocators, for tools and tests. A walk shows every piece of memory an
 * allocator holds, used or free, in the allocator's own order; a check aborts the program if the
 * allocator's books are not in order.
 *
 * malloc's regions are the slabs of small blocks, the areas of the heap, and each large block. Its
 * pieces are whole blocks, with their headers and what was rounded up; a block that waits in the
 * cache is free.
 */
#ifndef FL_HEAPWALK_H
#define FL_HEAPWALK_H

#include <stddef.h>

struct heap_piece {
    size_t region;         /* which mapping it lies in, counted from 0 */
    unsigned long address; /* as the allocator counts: a MeMS address, a place in the chain */
    const void *memory;
    size_t size;
    int is_used;
};

/* The visitor may not call the allocator. */
void mems_walk(void (*visit)(const struct heap_piece *piece, void *context), void *context);
void alloc_walk(void (*visit)(const struct heap_piece *piece, void *context), void *context);
void ealloc_walk(void (*visit)(const struct heap_piece *piece, void *context), void *context);
void malloc_walk(void (*visit)(const struct heap_piece *piece, void *context), void *context);

void mems_check(void);
void alloc_check(void);
void ealloc_check(void);
/* malloc's check, which gives a sentence instead, is in <malloc.h>. */

#endif
