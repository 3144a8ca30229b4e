/* The end of programs that misuse malloc or overwrite its heap. */
#ifndef ALLOC_MALLOC_STOP_H
#define ALLOC_MALLOC_STOP_H

#include "lib/compiler.h"

/* Writes one line about an address to descriptor 2, then aborts. */
noreturn_fn cold_fn void fl_malloc_stop(const void *address, const char *what);

#endif
