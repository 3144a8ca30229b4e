/*
 * <alloc.h>: the simple allocator. It allocates multiples of 8 bytes from one page and keeps all of
 * its records outside that page.
 */
#ifndef FL_ALLOC_H
#define FL_ALLOC_H

#include <stddef.h> /* NULL */

#ifdef __cplusplus
extern "C" {
#endif

#ifndef PAGE_SIZE
#define PAGE_SIZE 4096
#endif

/* Maps the page. Returns 0, or -1 if there is no memory. A second call changes nothing. */
int init_alloc(void);

/* Unmaps the page. Returns 0. */
int cleanup_alloc(void);

/* Allocates size bytes: a multiple of 8, from 8 to 4096. Returns NULL for any other size, and if no
 * hole is large enough. */
char *alloc_mem(int size);

/* Frees a block. Ignores an address that alloc_mem did not return or that is already free. */
void dealloc_mem(char *address);

#ifdef __cplusplus
}
#endif

#endif
