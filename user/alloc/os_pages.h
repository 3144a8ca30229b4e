/*
 * What the allocators ask of the operating system: whole pages, nothing else. Every allocator in
 * this folder uses these calls, so a host test can replace them with a fake that counts pages and
 * refuses the n-th request (tests/host/fake_os_pages.c).
 *
 * Preconditions, stated here once and checked by the fake: a size is a multiple of PAGE_SIZE and
 * not 0, but may be larger than the address space, which fails like any other request. A range may
 * be unmapped or remapped only if these calls returned it, whole or in part, and only once.
 */
#ifndef ALLOC_OS_PAGES_H
#define ALLOC_OS_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/compiler.h"

#ifndef PAGE_SIZE
#define PAGE_SIZE 4096
#endif

static inline size_t whole_pages(size_t bytes)
{
    return (bytes + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
}

/* Maps fresh private pages, readable and writable, all zero, resident only once touched. Returns
 * NULL with errno ENOMEM if the kernel refuses. */
must_check void *os_pages_map(size_t size);

/* Does the same, at `start` if nothing is mapped there, else anywhere. */
must_check void *os_pages_map_near(void *start, size_t size);

/* Unmaps pages. Returns false, with the pages unchanged, if the kernel cannot: to cut a range
 * out of the middle of an area it needs one more record. errno is preserved, as POSIX demands of
 * free(). */
bool os_pages_unmap(void *start, size_t size);

/* Resizes a range, keeping its contents; new pages are zero. The range may move only with may_move.
 * Returns NULL with errno ENOMEM, and the range unchanged, if the kernel refuses. */
must_check void *os_pages_remap(void *start, size_t old_size, size_t new_size, bool may_move);

#endif
