/*
 * <mems.h>: MeMS, memory with addresses of its own. mems_malloc returns MeMS addresses, which count
 * up from a start that the program chooses; mems_get translates one into a pointer.
 * docs/allocators.md explains the implementation.
 *
 * The start address is 1000 by default. A program can define MEMS_START before this include (or
 * with -D), or store an address into mems_start before it calls mems_init.
 */
#ifndef FL_MEMS_H
#define FL_MEMS_H

#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef PAGE_SIZE
#define PAGE_SIZE 4096
#endif

/* A program that defines MEMS_START brings its own variable, which replaces the library's. It is
 * weak because several files of the program may do so. */
#ifdef MEMS_START
__attribute__((weak)) unsigned long mems_start = (MEMS_START);
#else
extern unsigned long mems_start;
#endif

/* Prepares the allocator. A second call changes nothing. */
void mems_init(void);

/* Unmaps everything. mems_init then starts over. */
void mems_finish(void);

/* Allocates exactly size bytes and returns their MeMS address. Returns NULL if size is 0, if
 * there is no memory, and before mems_init. */
void *mems_malloc(size_t size);

/* Frees what mems_malloc returned. Any other address prints an error and changes nothing. */
void mems_free(void *address);

/* Returns a pointer to the memory at any address inside an allocated segment. Any other address
 * prints an error and returns NULL. */
void *mems_get(void *address);

/* Prints both chains and the sums over them. */
void mems_print_stats(void);

#ifdef __cplusplus
}
#endif

#endif
