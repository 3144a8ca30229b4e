/*
 * <heapwalk.h>: views of the allocators' insides, for tools and tests. A walk shows every piece of
 * memory an allocator holds, used or free, in the allocator's own order. A check aborts the program
 * if the allocator's records are inconsistent.
 *
 * The regions of malloc are its slabs of small blocks, the areas of its heap, and each large block.
 * Its pieces are whole blocks, with headers and rounding included; a block in the cache counts as
 * free.
 */
#ifndef FL_HEAPWALK_H
#define FL_HEAPWALK_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct heap_piece {
    size_t region;         /* the mapping that contains it, counted from 0 */
    unsigned long address; /* in the allocator's terms: a MeMS address, a place in the chain */
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
/* malloc_check, in <malloc.h>, returns a sentence instead. */

#ifdef __cplusplus
}
#endif

#endif
