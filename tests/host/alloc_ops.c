/*
 * The table of alloc_ops.h.
 */
#include "tests/host/alloc_ops.h"

#include <limits.h>
#include <stdlib.h>

#include "tests/host/support.h"
#include "user/alloc/include/alloc.h"
#include "user/alloc/include/ealloc.h"
#include "user/alloc/include/heapwalk.h"
#include "user/alloc/include/mems.h"

const char *malloc_check(void); /* the host has no <malloc.h> of ours */

static void *same_memory(void *handle)
{
    return handle;
}

static void simple_start(void)
{
    assert_int_equal(init_alloc(), 0);
}

static void simple_finish(void)
{
    assert_int_equal(cleanup_alloc(), 0);
}

static void *simple_take(size_t size)
{
    return alloc_mem(size <= INT_MAX ? (int)size : -1);
}

static void simple_give(void *handle)
{
    dealloc_mem(handle);
}

static void elastic_start(void)
{
    assert_int_equal(einit_alloc(), 0);
}

static void elastic_finish(void)
{
    assert_int_equal(ecleanup_alloc(), 0);
}

static void *elastic_take(size_t size)
{
    return ealloc_mem(size <= INT_MAX ? (int)size : -1);
}

static void elastic_give(void *handle)
{
    edealloc_mem(handle);
}

static void nothing(void)
{
}

static void check_malloc(void)
{
    const char *wrong = malloc_check();
    if (wrong != NULL) {
        fail_msg("malloc_check: %s", wrong);
    }
}

const struct alloc_ops alloc_ops_table[] = {
    {
        .name = "simple",
        .grain = 8,
        .max_size = PAGE_SIZE,
        .max_live = PAGE_SIZE,
        .is_first_fit = true,
        .is_refusing_zero = true,
        .is_ignoring_bad_frees = true,
        .start = simple_start,
        .finish = simple_finish,
        .take = simple_take,
        .give = simple_give,
        .memory = same_memory,
        .check = alloc_check,
    },
    {
        .name = "elastic",
        .grain = 256,
        .max_size = PAGE_SIZE,
        .max_live = 4 * PAGE_SIZE,
        .is_first_fit = true,
        .is_refusing_zero = true,
        .is_ignoring_bad_frees = true,
        .start = elastic_start,
        .finish = elastic_finish,
        .take = elastic_take,
        .give = elastic_give,
        .memory = same_memory,
        .check = ealloc_check,
    },
    {
        .name = "mems",
        .grain = 1,
        .max_size = 3 * PAGE_SIZE,
        .max_live = 64 * PAGE_SIZE,
        .is_first_fit = true,
        .is_refusing_zero = true,
        .is_ignoring_bad_frees = true,
        .start = mems_init,
        .finish = mems_finish,
        .take = mems_malloc,
        .give = mems_free,
        .memory = mems_get,
        .check = mems_check,
    },
    {
        .name = "malloc",
        .grain = 1,
        .max_size = 33 * PAGE_SIZE,
        .max_live = 1024 * PAGE_SIZE,
        .start = nothing,
        .finish = nothing,
        .take = malloc,
        .give = free,
        .memory = same_memory,
        .check = check_malloc,
    },
};

const size_t alloc_ops_count = sizeof(alloc_ops_table) / sizeof(alloc_ops_table[0]);
