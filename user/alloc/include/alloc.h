/*
 * <alloc.h>: the simple allocator. One page, handed out in multiples of 8 bytes; nothing of its
 * bookkeeping is in that page.
 */
#ifndef FL_ALLOC_H
#define FL_ALLOC_H

#include <stddef.h> /* NULL */

#ifndef PAGE_SIZE
#define PAGE_SIZE 4096
#endif

/* Maps the page. 0, or -1 if there is no memory. A second call changes nothing. */
int init_alloc(void);
/* Unmaps the page. 0. */
int cleanup_alloc(void);

/* size bytes: a multiple of 8, 8 to 4096. Anything else, or no room: NULL. */
char *alloc_mem(int size);
/* Ignores what alloc_mem did not give or what is free already. */
void dealloc_mem(char *address);

#endif
