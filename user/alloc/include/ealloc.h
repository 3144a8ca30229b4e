/*
 * <ealloc.h>: the elastic allocator. Pages are mapped one by one as they are needed, up to a limit,
 * and handed out in multiples of 256 bytes.
 *
 * The limit is 4 pages, or what EALLOC_MAX_PAGES says where the program defines it before this
 * include (or with -D), or what the program stores into ealloc_max_pages. The library's records are
 * static; there are enough for 256 pages, whatever the limit says, and what is not used of them is never
 * resident.
 */
#ifndef FL_EALLOC_H
#define FL_EALLOC_H

#include <stddef.h> /* NULL */

#ifndef PAGE_SIZE
#define PAGE_SIZE 4096
#endif

/* As in <mems.h>: the program's variable replaces the library's. */
#ifdef EALLOC_MAX_PAGES
__attribute__((weak)) int ealloc_max_pages = (EALLOC_MAX_PAGES);
#else
extern int ealloc_max_pages;
#endif

/* Maps nothing. 0. A second call changes nothing. */
int einit_alloc(void);
/* Forgets every page; they stay mapped. 0. */
int ecleanup_alloc(void);

/* size bytes: a multiple of 256, 256 to 4096. Anything else, or no room: NULL. */
char *ealloc_mem(int size);
/* Ignores what ealloc_mem did not give or what is free already. Never unmaps. */
void edealloc_mem(char *address);

#endif
