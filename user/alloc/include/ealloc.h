/*
 * <ealloc.h>: the elastic allocator. It maps pages one by one as they are needed, up to a limit,
 * and allocates multiples of 256 bytes from them.
 *
 * The limit is 4 pages by default. A program can define EALLOC_MAX_PAGES before this include (or
 * with -D), or store a limit into ealloc_max_pages at any time. The library's static records
 * suffice for 256 pages, whatever the limit is; unused ones are never resident.
 */
#ifndef FL_EALLOC_H
#define FL_EALLOC_H

#include <stddef.h> /* NULL */

#ifdef __cplusplus
extern "C" {
#endif

#ifndef PAGE_SIZE
#define PAGE_SIZE 4096
#endif

/* As in <mems.h>: the program's variable replaces the library's. */
#ifdef EALLOC_MAX_PAGES
__attribute__((weak)) int ealloc_max_pages = (EALLOC_MAX_PAGES);
#else
extern int ealloc_max_pages;
#endif

/* Prepares the allocator; maps nothing. Returns 0. A second call changes nothing. */
int einit_alloc(void);

/* Forgets every page but leaves it mapped. Returns 0. */
int ecleanup_alloc(void);

/* Allocates size bytes: a multiple of 256, from 256 to 4096. Returns NULL for any other size,
 * and if no hole is large enough and no page can be added. */
char *ealloc_mem(int size);

/* Frees a block; never unmaps its page. Ignores an address that ealloc_mem did not return or
 * that is already free. */
void edealloc_mem(char *address);

#ifdef __cplusplus
}
#endif

#endif
