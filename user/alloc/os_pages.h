/*
 * What an allocator asks of the operating system: whole pages, nothing else. Every allocator of this
 * folder goes through these calls, so a host test can put a fake in their place that counts
 * pages and refuses the n-th request (tests/host/fake_os_pages.c).
 *
 * Preconditions, stated here once and checked by the fake: sizes are whole pages and not 0; a range
 * that is given back was handed out by these calls, in one piece or as a part of one, and is handed
 * in only once. A size need not be sensible otherwise: one that the address space cannot hold is
 * refused like any other.
 */
#ifndef ALLOC_OS_PAGES_H
#define ALLOC_OS_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#ifndef PAGE_SIZE
#define PAGE_SIZE 4096
#endif

/* Fresh private pages, readable and writable, all zero, resident only once touched. NULL: refused,
 * here and below, and errno says why: ENOMEM. */
__attribute__((warn_unused_result)) void *os_pages_map(size_t size);

/* The same, at `start` if nothing is mapped there, else anywhere. */
__attribute__((warn_unused_result)) void *os_pages_map_near(void *start, size_t size);

/* Gives pages back. false: the kernel could not (a range cut out of the middle of an area needs a
 * record more); the pages are then as they were, and errno too, as POSIX wants it of free(). */
bool os_pages_unmap(void *start, size_t size);

/* Makes a range from os_pages_map shorter or longer, with its contents; what is new is zero. With
 * may_move it may come to lie elsewhere. NULL: refused, the range is as it was. */
__attribute__((warn_unused_result)) void *os_pages_remap(void *start, size_t old_size,
                                                         size_t new_size, bool may_move);

#endif
