/*
 * A block of malloc's heap: the words around its content, and the seal in its header.
 *
 * Programs and the calls of malloc's parts name a block by the address of its content, a multiple
 * of GRAIN. The header is the word below the content.
 */
#ifndef ALLOC_MALLOC_BLOCK_H
#define ALLOC_MALLOC_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/list.h"

/* Sizes and content addresses are multiples of a grain, which is also the smallest block. */
#if __SIZEOF_POINTER__ == 4
#define GRAIN_SHIFT 4
#else
#define GRAIN_SHIFT 5
#endif
#define GRAIN (1u << GRAIN_SHIFT)

/* Passes arguments in registers: the convention between malloc's functions. */
#ifdef __i386__
#define reg_call __attribute__((regparm(3)))
#else
#define reg_call
#endif

/* may_alias: programs access the same memory with types of their own. */
struct __attribute__((may_alias)) block {
    /* Size of the block below, valid only while BLOCK_PREV_FREE is set. The word belongs to the
     * block below: it is the last of its content while that block is in use. */
    uint32_t size_below;
    /* In use: size, flags and seal. Free: just the size. The size includes the header. */
    uint32_t header;
    /* While free. The content starts here while in use. */
    LIST_ENTRY(block) in_bin;
};

#define CONTENT_OFFSET offsetof(struct block, in_bin)
#define HEADER_SIZE    sizeof(uint32_t)

_Static_assert(sizeof(struct block) + sizeof(uint32_t) - offsetof(struct block, header) <= GRAIN,
               "a grain holds a free block: header, links, and the copy of its size");

#define BLOCK_USED      1u                 /* allocated, or in the front cache       */
#define BLOCK_PREV_FREE 2u                 /* the block below is free                */
#define BLOCK_CACHED    4u                 /* freed, waiting in the front cache      */
#define SIZE_MASK       (0x20000u - GRAIN) /* size of a block in use        */
#define SEAL_SHIFT      17 /* above the size lies the seal, made of the content's address */
#define SEAL_MASK       0xFFFE0000u
#define SEAL            0x5AC20000u
#define STATE_MASK      (SEAL_MASK | BLOCK_CACHED | BLOCK_USED)

static inline void *content_of(const struct block *block)
{
    return (void *)((uintptr_t)block + CONTENT_OFFSET);
}

static inline struct block *block_of(const void *content)
{
    return (struct block *)(uintptr_t)((const char *)content - CONTENT_OFFSET);
}

/* The block that starts `size` bytes above this one. A size that was overwritten may wrap. */
static inline struct block *block_above(const struct block *block, size_t size)
{
    return (struct block *)((uintptr_t)block + size);
}

/* Bytes from one block up to another. */
static inline size_t block_distance(const struct block *from, const struct block *to)
{
    return (uintptr_t)to - (uintptr_t)from;
}

static inline uint32_t seal_of(const void *content)
{
    return (uint32_t)(uintptr_t)content << SEAL_SHIFT ^ SEAL;
}

/* Returns the header in front of any address, with the seal taken off: size and flags if the
 * seal was right. The seal covers the address from bit 0 on, so no header that malloc wrote is
 * right for an address that is not a multiple of GRAIN. */
static inline uint32_t header_open(const void *content)
{
    uint32_t header;

    __builtin_memcpy(&header, (const char *)content - HEADER_SIZE, sizeof(header));
    return header ^ seal_of(content);
}

static inline void header_seal(struct block *block, size_t size, uint32_t flags)
{
    block->header = seal_of(content_of(block)) ^ (uint32_t)size ^ flags;
}

/* True if the opened header is that of a block the program owns. */
static inline bool is_allocated(uint32_t opened)
{
    return (opened & STATE_MASK) == BLOCK_USED;
}

static inline bool is_cached(uint32_t opened)
{
    return (opened & STATE_MASK) == (BLOCK_USED | BLOCK_CACHED);
}

/* True for allocated and cached blocks. */
static inline bool is_used(uint32_t opened)
{
    return (opened & (SEAL_MASK | BLOCK_USED)) == BLOCK_USED;
}

static inline bool block_is_free(const struct block *block)
{
    return !(block->header & BLOCK_USED);
}

/* True if there may be a header in front of the address: it is sealed or looks free. */
static inline bool has_header(const void *content)
{
    return is_used(header_open(content)) || block_is_free(block_of(content));
}

/* Needs a block in use. */
static inline size_t used_size(const struct block *block)
{
    return block->header & SIZE_MASK;
}

/* Needs a free block. */
static inline size_t free_size(const struct block *block)
{
    return block->header;
}

/* Size of a block with room for so many bytes between its header and the next. */
static inline size_t size_for(size_t bytes)
{
    return (bytes + HEADER_SIZE + GRAIN - 1) & ~(size_t)(GRAIN - 1);
}

static inline size_t bytes_in(size_t size)
{
    return size - HEADER_SIZE;
}

#endif
