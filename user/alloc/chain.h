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
 * What describes memory never lies in that memory: regions, segments and runs (below) are *records* from
 * a pool, either a static array or pages mapped for records alone.
 *
 * Walking the chains would answer every question; two indexes shorten the walk. The sub-chains are
 * cut into *runs*, of at most RUN_MAX neighbouring segments each:
 *
 *     sub-chain    [P <-> P <-> H <-> P] <-> [P <-> H <-> P] <-> [P <-> P <-> P <-> H]
 *
 * The tree of runs, ordered by address, knows of each subtree the largest hole in it. One descent leads
 * to the run of an address, or to the first run with a hole that is large enough, and a walk along that
 * run does the rest: the hole found is the one that a walk from the start would come to first. The tree
 * of regions, ordered by memory, leads from a pointer to its region.
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
    size_t hole_size; /* size if this is a HOLE, else 0 */
    enum segment_kind kind;
    struct run *run;
    TAILQ_ENTRY(segment) in_region;
};

TAILQ_HEAD(segment_list, segment);

/* Most segments of a run, 2 at least: more are more to walk, fewer make the tree higher. With 8 to 16
 * the sum of the two hardly changes. */
#define RUN_MAX 12

struct run {
    struct region *region;
    struct segment *first; /* the others follow it in the sub-chain */
    size_t n_segments;     /* 1 to RUN_MAX */
    size_t start;          /* of the first */
    size_t largest_hole;   /* in this run, 0 if it has none */
    size_t largest_left;   /* in all runs of the subtree on its left */
    size_t largest_right;  /* and on its right */
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
        SLIST_ENTRY(chain_record) next; /* while it is in the pool, or heads pages of the pool's */
    };
};

SLIST_HEAD(record_list, chain_record);

struct record_pool {
    struct record_list returned;
    struct chain_record *fresh; /* this one and all up to fresh_end were never used */
    const struct chain_record *fresh_end;
    size_t n_free; /* of both */
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
    struct run_index runs_by_address;
    struct region_index regions_by_memory;
    struct record_pool pool;
};

/* Most that one call takes: a new region, its run, its hole, and a segment carved out of that. */
#define CHAIN_RESERVE 4
/* Length of a static array of records with which a chain never runs short of them, even if every
 * segment is a run of its own. */
#define CHAIN_RECORDS(n_regions, n_segments) ((n_regions) + 2 * (n_segments) + CHAIN_RESERVE)
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

/* Aborts unless segments tile, holes are joined, runs and both indexes agree with the chains, sums match. */
void chain_check(const struct chain *chain);

#endif
