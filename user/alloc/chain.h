/*
 * The chain engine, of which the simple allocator, the elastic one and MeMS are three policies.
 *
 *     main chain   region ------------------> region ----------> region
 *                    |                          |                  |
 *     sub-chains   P <-> P <-> H              P <-> H            P <-> P
 *
 * A *region* is a run of whole pages from one os_pages_map. Its *segments* tile it without a gap:
 * PROCESS is handed out, HOLE is free, and no two HOLEs touch within a region. Both chains are doubly
 * linked lists. A segment's *address* is its place in the chain: regions follow each other without a
 * gap from the chain's start on, whatever places in memory the kernel gave them.
 *
 * What describes memory never lies in that memory: regions and segments are *records* from a pool,
 * either a static array or pages mapped for records alone.
 *
 * Walking the chains would answer every question; two indexes answer it in logarithmic time. The tree
 * of segments, ordered by address, knows of each subtree the largest hole in it: the leftmost hole
 * that is large enough is found by one descent, and it is the hole that a walk would come to first.
 * The tree of regions, ordered by memory, leads from a pointer to its region.
 *
 * One thread. Nothing here is safe against a second one.
 */
#ifndef ALLOC_CHAIN_H
#define ALLOC_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/compiler.h"
#include "lib/list.h"
#include "lib/tree.h"
#include "user/alloc/include/heapwalk.h"
#include "user/alloc/os_pages.h"

enum segment_kind { SEGMENT_HOLE, SEGMENT_PROCESS };

struct segment {
    size_t start; /* address of the first byte */
    size_t size;
    enum segment_kind kind;
    struct region *region;
    TAILQ_ENTRY(segment) in_region;
    RB_ENTRY(segment) in_index;
    size_t hole_size; /* size if this is a HOLE, else 0 */
    size_t
        largest_hole; /* the largest hole_size of this segment and of all below it in the index */
};

TAILQ_HEAD(segment_list, segment);
RB_HEAD(segment_index, segment);

struct region {
    size_t start;
    size_t size; /* whole pages */
    char *memory;
    struct segment_list segments; /* the sub-chain */
    size_t n_segments;
    TAILQ_ENTRY(region) in_chain;
    RB_ENTRY(region) in_index;
};

TAILQ_HEAD(region_list, region);
RB_HEAD(region_index, region);

struct chain_record {
    union {
        struct segment segment;
        struct region region;
        SLIST_ENTRY(chain_record) next; /* while it is in the pool, or heads pages of the pool's */
    };
};

SLIST_HEAD(record_list, chain_record);

struct record_pool {
    struct record_list returned;
    struct chain_record *fresh; /* this one and all up to fresh_end were never used */
    const struct chain_record *fresh_end;
    size_t n_returned;
    size_t n_used;
    bool is_growing;          /* maps pages of its own when it runs dry */
    struct record_list pages; /* those pages */
};

struct chain {
    struct region_list regions; /* the main chain */
    size_t n_regions;
    size_t max_regions;
    size_t start; /* address of the first region */
    size_t end;   /* address after the last */
    struct segment_index segments_by_address;
    struct region_index regions_by_memory;
    struct record_pool pool;
};

/* Most that one call takes: a new region, its hole, and a segment carved out of that. */
#define CHAIN_RESERVE 3
/* Length of a static array of records with which a chain never runs short of them. */
#define CHAIN_RECORDS(n_regions, n_segments) ((n_regions) + (n_segments) + CHAIN_RESERVE)
/* For a chain without such a limit. */
#define CHAIN_NO_LIMIT ((size_t)-1)

/*
 * An empty chain of at most max_regions regions. Whatever it held before is forgotten, not unmapped.
 *
 *   needs: n_records from CHAIN_RECORDS; or records NULL, then the pool maps its own pages
 */
void chain_init(struct chain *chain, size_t start, size_t max_regions, struct chain_record *records,
                size_t n_records);

/* Unmaps all regions and the pool's pages; the chain is then empty. */
void chain_destroy(struct chain *chain);

/* Appends a region of as many pages as size bytes need, all one HOLE. NULL: the limit is reached, or
 * there is no memory or no address left. */
must_check struct segment *chain_add_region(struct chain *chain, size_t size);

/*
 * A PROCESS segment of exactly size bytes: from the first HOLE in chain order that is large enough,
 * else from a new region.
 *
 *   needs: size > 0
 *   gives: NULL if chain_add_region cannot; the chain is then as it was
 */
must_check struct segment *chain_alloc(struct chain *chain, size_t size);

/* Turns a PROCESS segment into a HOLE and joins it with the HOLEs beside it, within its region. */
void chain_free(struct chain *chain, struct segment *segment);

/* The segment that holds this address, of either kind, or NULL. */
must_check struct segment *chain_segment_of(const struct chain *chain, size_t address);

/* The PROCESS segment that starts at this address, or NULL: what may be freed by it. */
must_check struct segment *chain_process_at(const struct chain *chain, size_t address);
/* The same for a pointer into a region's memory. */
must_check struct segment *chain_process_at_pointer(const struct chain *chain, const void *pointer);

/* Where the byte at this address is. The address lies in the segment. */
char *segment_memory(const struct segment *segment, size_t address);

/* Shows every segment, in chain order. */
void chain_walk(const struct chain *chain,
                void (*visit)(const struct heap_piece *piece, void *context), void *context);

/* Aborts unless segments tile, holes are joined, both indexes agree with the chains, sums match. */
void chain_check(const struct chain *chain);

#endif
