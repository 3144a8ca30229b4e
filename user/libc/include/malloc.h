/* <malloc.h>: extensions of malloc beyond <stdlib.h>. */
#ifndef FL_MALLOC_H
#define FL_MALLOC_H

#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Returns the usable bytes of this block, at least the size requested. */
size_t malloc_usable_size(void *pointer);

/* aligned_alloc under its old name; valloc aligns to pages, and pvalloc also rounds up to pages. */
__attribute__((malloc, alloc_size(2))) void *memalign(size_t alignment, size_t size);
__attribute__((malloc, alloc_size(1))) void *valloc(size_t size);
__attribute__((malloc)) void *pvalloc(size_t size);

/* What malloc holds, in bytes, headers and rounding included (glibc's names): altogether, in use, free,
 * and how many pieces are free. The other fields are 0. */
struct mallinfo2 {
    size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};
struct mallinfo {
    int arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};
struct mallinfo2 mallinfo2(void);
/* The same, at most INT_MAX each. */
struct mallinfo mallinfo(void);

/* Checks all of malloc's structures. Returns NULL, or a sentence that says what is wrong. */
const char *malloc_check(void);

#ifdef __cplusplus
}
#endif

#endif
