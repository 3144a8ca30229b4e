/*
 * The fake behind fake_os_pages.h. Pages come from the host's mmap, so that a touch after unmapping
 * dies; a table of page numbers tells what is mapped.
 */
#define _GNU_SOURCE /* mremap */
#include "tests/host/fake_os_pages.h"

#include <errno.h>
#include <sys/mman.h>

#include "tests/host/support.h"
#include "user/alloc/os_pages.h"

/* Pages are marked in tables of 4 GiB, made when they are first needed: one where addresses have 32 bits. */
#define TABLE_PAGES ((size_t)1 << 20)
#define TABLES      ((size_t)1 << (sizeof(void *) == 4 ? 0 : 15))

static unsigned char *tables[TABLES];
static size_t n_mapped, n_calls, refuse_in;

void fake_os_pages_refuse(size_t n)
{
    refuse_in = n;
}

size_t fake_os_pages_count(void)
{
    return n_mapped;
}

size_t fake_os_pages_calls(void)
{
    return n_calls;
}

static unsigned char *mark_of(size_t page)
{
    unsigned char **table = &tables[page / TABLE_PAGES];

    if (*table == NULL) {
        *table = mmap(NULL, TABLE_PAGES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        assert_true(*table != MAP_FAILED);
    }
    return &(*table)[page % TABLE_PAGES];
}

static void mark(const void *start, size_t size, unsigned char value)
{
    size_t first = (size_t)start / PAGE_SIZE, count = size / PAGE_SIZE;

    assert_true(size > 0 && size % PAGE_SIZE == 0 && (size_t)start % PAGE_SIZE == 0);
    for (size_t i = first; i < first + count; i++) {
        assert_int_not_equal(*mark_of(i), value);
        *mark_of(i) = value;
    }
    n_mapped = value ? n_mapped + count : n_mapped - count;
}

/* Counts a request; true: it is the one to refuse. */
static bool is_refused(void)
{
    n_calls++;
    if (refuse_in != 0 && --refuse_in == 0) {
        errno = ENOMEM;
        return true;
    }
    return false;
}

/* The wish for a place, which a program has in mind for 32 bits. Where addresses have 64, ASan's shadow
 * lies there: the same distances, far above it. */
static void *place_for(void *wish)
{
#if UINTPTR_MAX > UINT32_MAX
    if (wish != NULL && (uintptr_t)wish <= UINT32_MAX) {
        return (char *)wish + ((uintptr_t)1 << 45);
    }
#endif
    return wish;
}

void *os_pages_map_near(void *start, size_t size)
{
    assert_true(size > 0 && size % PAGE_SIZE == 0);
    if (is_refused()) {
        return NULL;
    }
    start =
        mmap(place_for(start), size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) {
        return NULL;
    }
    mark(start, size, 1);
    return start;
}

void *os_pages_map(size_t size)
{
    return os_pages_map_near(NULL, size);
}

bool os_pages_unmap(void *start, size_t size)
{
    mark(start, size, 0);
    return munmap(start, size) == 0;
}

void *os_pages_remap(void *start, size_t old_size, size_t new_size, bool may_move)
{
    if (is_refused()) {
        return NULL;
    }
    void *moved = mremap(start, old_size, new_size, may_move ? MREMAP_MAYMOVE : 0);
    if (moved == MAP_FAILED) {
        return NULL;
    }
    mark(start, old_size, 0);
    mark(moved, new_size, 1);
    return moved;
}
