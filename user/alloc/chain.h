/*
 * The chain engine, on which the simple allocator, the elastic one and MeMS are three thin
 * policies.
 *
 *     main chain   region ------------------> region ----------> region
 *                    |                          |                  |
 *     sub-chains   P <-> P <-> H              P <-> H            P <-> P
 *
 * A *region* is a run of whole pages from one os_pages_map. Its *segments* tile it without a gap:
 * PROCESS is allocated, HOLE is free, and no two HOLEs of a region touch. Both chains are doubly
 * linked lists. The *address* of a segment is its place in the chain: the first region begins at
 * the chain's start and each further one where its predecessor ends, wherever the kernel put their
 * memory.
 *
 * Memory is never described inside itself: regions, segments and runs (below) are *records* from a
 * pool, which is either a static array or pages mapped for records alone.
 *
 * A walk along the chains would answer every question; two indexes shorten it. The sub-chains are
 * divided into *runs* of at most RUN_MAX neighbouring segments:
 *
 *     sub-chain    [P <-> P <-> H <-> P] <-> [P <-> H <-> P] <-> [P <-> P <-> P <-> H]
 *
 * The tree of runs is ordered by address and knows the largest hole of each subtree. One descent
 * leads to the run around an address, or to the first run with a large enough hole, and a walk
 * along that run does the rest. The hole found is the first one that a walk from the start would
 * find. The tree of regions, ordered by memory, leads from a pointer to its region.
 *
 * Programs have one thread; nothing is locked.
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
    size_t hole_size; /* size if this is a HOLE, else 0 */
    enum segment_kind kind;
    struct run *run;
    TAILQ_ENTRY(segment) in_region;
};

TAILQ_HEAD(segment_list, segment);

/* Maximum number of segments in a run, at least 2. Longer runs are longer to walk, shorter ones
 * make the tree higher; from 8 to 16 the sum of the two hardly changes. */
#define RUN_MAX 12

struct run {
    struct region *region;
    struct segment *first; /* the others follow it in the sub-chain */
    size_t n_segments;     /* 1 to RUN_MAX */
    size_t start;          /* address of the first */
    size_t largest_hole;   /* in this run, 0 if it has none */
    size_t largest_left;   /* in the left subtree */
    size_t largest_right;  /* in the right subtree */
    RB_ENTRY(run) in_index;
};

RB_HEAD(run_index, run);

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
        struct run run;
        struct region region;
        SLIST_ENTRY(chain_record) next; /* while free, or at the head of the pool's pages */
    };
};

SLIST_HEAD(record_list, chain_record);

struct record_pool {
    struct record_list freed;
    struct chain_record *fresh; /* from here to fresh_end all are still unused */
    const struct chain_record *fresh_end;
    size_t n_free; /* freed and fresh */
    size_t n_used;
    bool is_growing;          /* maps pages when it runs out of records */
    struct record_list pages; /* those pages */
};

struct chain {
    struct region_list regions; /* the main chain */
    size_t n_regions;
    size_t max_regions;
    size_t start; /* address of the first region */
    size_t end;   /* address after the last */
    struct run_index runs_by_address;
    struct region_index regions_by_memory;
    struct record_pool pool;
};

/* Maximum number of records that one call uses: a new region, its run, its hole, and the hole
 * that is left of that. */
#define CHAIN_RESERVE 4
/* Length of a static array of records that always suffices, even if every segment is a run of
 * its own. */
#define CHAIN_RECORDS(n_regions, n_segments) ((n_regions) + 2 * (n_segments) + CHAIN_RESERVE)
/* max_regions of an unbounded chain. */
#define CHAIN_NO_LIMIT ((size_t)-1)

/*
 * Makes an empty chain of at most max_regions regions. Forgets what the chain held before without
 * unmapping it.
 *
 *   needs: n_records from CHAIN_RECORDS; or records NULL, then the pool maps its own pages
 */
void chain_init(struct chain *chain, size_t start, size_t max_regions, struct chain_record *records,
                size_t n_records);

/* Unmaps all regions and the pool's pages; the chain is then empty. */
void chain_destroy(struct chain *chain);

/* Appends a region of as many pages as size bytes need, all one HOLE. Returns NULL if the limit is
 * reached, or no memory or no addresses are left. */
must_check struct segment *chain_add_region(struct chain *chain, size_t size);

/*
 * Allocates a PROCESS segment of exactly size bytes from the first HOLE in chain order that is
 * large enough, else from a new region.
 *
 *   needs: size > 0
 *   gives: NULL, with the chain unchanged, if a region is needed and cannot be added
 */
must_check struct segment *chain_alloc(struct chain *chain, size_t size);

/* Turns a PROCESS segment into a HOLE and joins it with the HOLEs next to it in its region. */
void chain_free(struct chain *chain, struct segment *segment);

/* Returns the segment around this address, of either kind, or NULL. */
must_check struct segment *chain_segment_of(const struct chain *chain, size_t address);

/* Returns the PROCESS segment that starts at this address, or NULL. */
must_check struct segment *chain_process_at(const struct chain *chain, size_t address);
/* Does the same for a pointer into a region's memory. */
must_check struct segment *chain_process_at_pointer(const struct chain *chain, const void *pointer);

/* Returns a pointer to the byte at this address, which must lie in the segment. */
static inline char *segment_memory(const struct segment *segment, size_t address)
{
    const struct region *region = segment->run->region;
    return region->memory + (address - region->start);
}

/* Shows every segment, in chain order. */
void chain_walk(const struct chain *chain,
                void (*visit)(const struct heap_piece *piece, void *context), void *context);

/* Aborts unless segments tile their regions, holes are joined, runs and both indexes agree with the
 * chains, and all sums match. */
void chain_check(const struct chain *chain);

#endif
