/*
 * The heap below malloc: blocks of up to LARGE_MIN bytes of content. Every block is named by the
 * address of its content.
 */
#ifndef ALLOC_MALLOC_HEAP_H
#define ALLOC_MALLOC_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/alloc/malloc/malloc_block.h"
#include "user/alloc/malloc/malloc_walk.h"

/* Larger requests get an area of their own from the kernel (malloc_large.h). */
#define LARGE_MIN (120u * 1024)

/* All blocks of the growing area lie in [first, top). */
extern struct heap {
    struct block *first;
    struct block *top;       /* the next one to be made; unused from here to the end */
    struct block *end;       /* where the area's end leaves room for just a header   */
    struct block *untouched; /* the memory from this block's content to the end is still zero */
    size_t mapped;           /* bytes in all areas                                           */
    size_t held;             /* bytes in blocks in use, cached ones included                 */
} fl_heap;

/* Allocates a block of this size (size_for). Returns NULL with errno set if the kernel refuses. */
must_check reg_call void *fl_heap_alloc(size_t size);

/* Does the same, with that many bytes of the content zero. Clears only what may have been
 * written. */
must_check void *fl_heap_alloc_zeroed(size_t size, size_t bytes);

/* Frees an allocated block and joins it with free neighbours. Stops the program if the headers
 * around the block were overwritten. */
reg_call void fl_heap_free(void *content);

/* Resizes an allocated block where it lies. Returns false, with the block unchanged, if there is no
 * room. */
must_check reg_call bool fl_heap_resize(void *content, size_t size);

/* Frees the part of a block below `at`, a multiple of GRAIN inside it; the rest stays allocated. */
reg_call void fl_heap_cut_front(void *content, void *at);

/* True if the address lies in one of the heap's areas. */
must_check reg_call bool fl_heap_contains(const void *at);

/* Explains what is wrong with a pointer into the heap; *found becomes the block around it, if
 * known. */
const char *fl_heap_blame(const void *at, const void **found);

void fl_heap_walk(struct heap_walk *walk);

/* Returns NULL, or the invariant that is broken. n_cached: how many blocks the cache holds. */
const char *fl_heap_check(uint32_t n_cached);

#endif
