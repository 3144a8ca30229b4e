/*
 * <mems.h>: MeMS, memory with addresses of its own. mems_malloc gives MeMS addresses, which count up
 * from a start of your choice; mems_get translates one into a pointer. docs/allocators.md tells how
 * it works inside.
 *
 * The start address is 1000, or what MEMS_START says where the program defines it before this
 * include (or with -D), or what the program stores into mems_start before mems_init.
 */
#ifndef FL_MEMS_H
#define FL_MEMS_H

#include <stddef.h>
#include <stdio.h>

#ifndef PAGE_SIZE
#define PAGE_SIZE 4096
#endif

/* A program with MEMS_START brings the variable, with that value, itself; the library's own, with the
 * default, then gives way. Weak, because several files of the program may do so. */
#ifdef MEMS_START
__attribute__((weak)) unsigned long mems_start = (MEMS_START);
#else
extern unsigned long mems_start;
#endif

void mems_init(void);
/* Unmaps everything; mems_init then starts over. */
void mems_finish(void);

/* size bytes, exactly; gives their MeMS address. NULL: size 0, no memory, or before mems_init. */
void *mems_malloc(size_t size);
/* address: what mems_malloc gave. Anything else prints an error and changes nothing. */
void mems_free(void *address);
/* The memory behind any address inside an allocated segment. Else: an error is printed, NULL. */
void *mems_get(void *address);

void mems_print_stats(void);

#endif
