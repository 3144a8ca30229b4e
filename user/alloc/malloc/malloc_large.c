/*
 * Large blocks of malloc. Each has an area of its own, which mremap grows, shrinks or moves by
 * rewriting page tables instead of copying, and which is unmapped as soon as the block is freed.
 *
 * A record of one grain lies just below the block. The records hang in a hash table by the page
 * number of their blocks, and a pointer is believed only if the table has a block at exactly that
 * address: nothing that the program has written can be mistaken for a record.
 */
#include "user/alloc/malloc/malloc_large.h"

#include <errno.h>

#include "user/alloc/malloc/malloc_block.h"
#include "user/alloc/os_pages.h"

#define N_CHAINS   256u
#define PAGE_SHIFT 12

struct large {
    struct large *next;
    uintptr_t start; /* of the area */
    size_t size;     /* of the area */
    size_t unused;   /* keeps the block aligned */
};

_Static_assert(sizeof(struct large) == GRAIN, "the record fills the grain below the block");

static struct large *chains[N_CHAINS];

static inline struct large *record_of(const void *block)
{
    return (struct large *)((uintptr_t)block - sizeof(struct large));
}

static inline void *large_block(struct large *record)
{
    return record + 1;
}

static inline struct large **chain_of(const void *block)
{
    return &chains[((uintptr_t)block >> PAGE_SHIFT) % N_CHAINS];
}

/* Returns the link to the block's record, or to the NULL at the end of the chain. */
static struct large **find(const void *block)
{
    struct large **link = chain_of(block);

    while (*link != NULL && *link != record_of(block)) {
        link = &(*link)->next;
    }
    return link;
}

static void insert(struct large *record)
{
    struct large **chain = chain_of(large_block(record));

    record->next = *chain;
    *chain = record;
}

/* Unmaps the pages that only an alignment above a page needed, if the kernel can. */
static void trim_ends(struct large *record, size_t bytes)
{
    uintptr_t first = (uintptr_t)record & ~(uintptr_t)(PAGE_SIZE - 1);
    uintptr_t end = (uintptr_t)large_block(record) + whole_pages(bytes);

    if (first > record->start && os_pages_unmap((void *)record->start, first - record->start)) {
        record->size -= first - record->start;
        record->start = first;
    }
    if (end < record->start + record->size &&
        os_pages_unmap((void *)end, record->start + record->size - end)) {
        record->size = end - record->start;
    }
}

void *fl_large_alloc(size_t bytes, size_t alignment)
{
    bytes = bytes > 0 ? bytes : 1; /* malloc(0) is a block too */
    size_t before = alignment > GRAIN ? alignment : GRAIN;
    size_t size = whole_pages(bytes + before + (alignment > PAGE_SIZE ? alignment : 0));
    uintptr_t start;

    if (bytes > REQUEST_MAX || alignment > REQUEST_MAX / 2 || size < bytes) {
        errno = ENOMEM;
        return NULL;
    }
    start = (uintptr_t)os_pages_map(size);
    if (start == 0) {
        return NULL;
    }
    struct large *record =
        record_of((void *)((start + GRAIN + alignment - 1) & ~(uintptr_t)(alignment - 1)));
    record->start = start;
    record->size = size;
    if (alignment > PAGE_SIZE) {
        trim_ends(record, bytes);
    }
    insert(record);
    return large_block(record);
}

bool fl_large_free(void *block)
{
    struct large **link = find(block), *record = *link, *next;

    if (record == NULL) {
        return false;
    }
    next = record->next;
    if (os_pages_unmap((void *)record->start, record->size)) {
        *link = next;
    }
    return true;
}

size_t fl_large_usable(const void *block)
{
    const struct large *record = *find(block);

    return record != NULL ? record->start + record->size - (uintptr_t)block : 0;
}

void *fl_large_resize(void *block, size_t bytes)
{
    struct large **link = find(block), *record = *link;
    uintptr_t offset, moved;
    size_t size;

    if (record == NULL || bytes > REQUEST_MAX) {
        return NULL;
    }
    offset = (uintptr_t)record - record->start;
    size = whole_pages(bytes + offset + sizeof(struct large));
    if (size < bytes) {
        return NULL;
    }
    if (size == record->size) {
        return block;
    }
    *link = record->next;
    moved = (uintptr_t)os_pages_remap((void *)record->start, record->size, size, true);
    if (moved == 0) {
        insert(record);
        return NULL;
    }
    record = (struct large *)(moved + offset);
    record->start = moved;
    record->size = size;
    insert(record);
    return large_block(record);
}

const void *fl_large_around(const void *at)
{
    for (uint32_t i = 0; i < N_CHAINS; i++) {
        for (struct large *record = chains[i]; record != NULL; record = record->next) {
            if ((uintptr_t)at - record->start < record->size) {
                return large_block(record);
            }
        }
    }
    return NULL;
}

void fl_large_walk(struct heap_walk *walk)
{
    for (uint32_t i = 0; i < N_CHAINS; i++) {
        for (struct large *record = chains[i]; record != NULL; record = record->next) {
            walk_piece(walk, (const void *)record->start, record->size, true);
            walk->piece.region++;
        }
    }
}

const char *fl_large_check(void)
{
    for (uint32_t i = 0; i < N_CHAINS; i++) {
        for (struct large *record = chains[i]; record != NULL; record = record->next) {
            const void *block = large_block(record);
            if (chain_of(block) != &chains[i] || (uintptr_t)block % GRAIN != 0 ||
                (uintptr_t)block - record->start >= record->size) {
                return "a large block's record is broken";
            }
        }
    }
    return NULL;
}
