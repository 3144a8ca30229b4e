/* <malloc.h>: extensions of malloc beyond <stdlib.h>. */
#ifndef FL_MALLOC_H
#define FL_MALLOC_H

#include <stdlib.h>

/* Returns the usable bytes of this block, at least the size requested. */
size_t malloc_usable_size(void *pointer);

/* Checks all of malloc's structures. Returns NULL, or a sentence that says what is wrong. */
const char *malloc_check(void);

#endif
