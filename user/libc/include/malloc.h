/* <malloc.h>: what <stdlib.h> does not say about malloc. */
#ifndef FL_MALLOC_H
#define FL_MALLOC_H

#include <stdlib.h>

/* Bytes that may be used at this block: at least what was asked for. */
size_t malloc_usable_size(void *pointer);

/* Looks at everything malloc knows. NULL: all is well; else one sentence, what is wrong. */
const char *malloc_check(void);

#endif
