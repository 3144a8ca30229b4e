/* Large blocks of malloc, each in an area of its own from the kernel. */
#ifndef ALLOC_MALLOC_LARGE_H
#define ALLOC_MALLOC_LARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "user/alloc/malloc/malloc_walk.h"

/* Larger requests are always refused: a pointer difference could not express them. */
#define REQUEST_MAX (SIZE_MAX / 2 - 64u * 1024)

/* Allocates a block, all zero. alignment is a power of two. Returns NULL with errno set if the
 * kernel refuses. */
must_check void *fl_large_alloc(size_t bytes, size_t alignment);

/* Frees a block and its area. Returns false if no large block starts there. */
must_check bool fl_large_free(void *block);

/* Returns the usable bytes of the block, or 0 if no large block starts there. */
must_check size_t fl_large_usable(const void *block);

/* Resizes a block, moving its pages if it must. Returns NULL, with the block unchanged, if the
 * kernel refuses or no large block starts there. */
must_check void *fl_large_resize(void *block, size_t bytes);

/* Returns the large block whose area contains the address, or NULL. */
must_check const void *fl_large_around(const void *at);

void fl_large_walk(struct heap_walk *walk);

/* Returns NULL, or the invariant that is broken. */
const char *fl_large_check(void);

#endif
