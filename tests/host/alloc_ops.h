/*
 * The allocators behind one small table, so that one suite runs over all of them. Another allocator is
 * another entry in alloc_ops.c.
 */
#ifndef TESTS_HOST_ALLOC_OPS_H
#define TESTS_HOST_ALLOC_OPS_H

#include <stdbool.h>
#include <stddef.h>

struct alloc_ops {
    const char *name;
    size_t grain;               /* sizes are multiples of it */
    size_t max_size;            /* that the tests ask for; simple and elastic: that there is */
    size_t max_live;            /* bytes the random walk keeps at most, when there is no limit */
    bool is_first_fit;          /* and joins: what a chain allocator promises and malloc does not */
    bool is_refusing_zero;      /* size 0 gives NULL */
    bool is_ignoring_bad_frees; /* malloc ends the program */
    void (*start)(void);
    void (*finish)(void);
    void *(*take)(size_t size); /* a handle: what the allocator calls an address */
    void (*give)(void *handle);
    void *(*memory)(void *handle);
    void (*check)(void);
};

extern const struct alloc_ops alloc_ops_table[];
extern const size_t alloc_ops_count;

#endif
