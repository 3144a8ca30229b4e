/*
 * Physical frames: a buddy allocator over all memory, with a record of every frame.
 *
 * Two zones: low frames are directly mapped, the kernel's own memory and page tables come from
 * them; high frames hold user pages, which take high memory first. freemem() is a sum kept at the
 * two places where frames move, so it is O(1) and exact.
 *
 * Locking: one spin lock, the frame zone's, covers free lists, magazines and counts. A frame in use
 * belongs to those who hold references; the count of references has no lock (docs/architecture.md).
 */
#ifndef MM_PHYS_FRAME_H
#define MM_PHYS_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/pmap.h"
#include "lib/addr.h"
#include "lib/compiler.h"

/* Who holds a frame. Checked on free; shown by tools. */
enum frame_owner {
    FRAME_RESERVED, /* not memory, or never given to the allocator */
    FRAME_FREE,
    FRAME_KERNEL, /* kernel heap, multi-page objects, boot         */
    FRAME_SLAB,   /* kernel object allocator                       */
    FRAME_TABLE,  /* page tables and directories                   */
    FRAME_STACK,  /* kernel stacks                                 */
    FRAME_USER,   /* a page of user memory without an object       */
    FRAME_CACHE,  /* a page of an object: file cache, shared memory */
    FRAME_OWNER_COUNT
};

struct vm_object;

/* One per frame, 16 bytes. Which union member is in use follows from owner. */
struct frame {
    uint32_t refs; /* mappings and other holders; 0 when free */
    union {
        struct {
            pfn_t next, prev; /* FREE: neighbours in the free list of its order     */
        };
        struct {
            struct vm_object *object; /* CACHE: who caches it,                        */
            uint32_t index;           /* and under which page number                  */
        };
    };
    union {
        struct {
            uint8_t owner; /* enum frame_owner                                */
            uint8_t order; /* FREE or a multi-page block's first frame: log2  */
            uint8_t flags;
            uint8_t pad;
        };
        uint32_t state; /* the four together: one comparison instead of three */
    };
};
_Static_assert(sizeof(void *) != 4 || sizeof(struct frame) == 16, "one frame record is 16 bytes");

/* Flags of frame_alloc. */
#define FRAME_LOW    1u /* directly mapped memory only         */
#define FRAME_ZEROED 2u /* all bytes zero                      */

#define FRAME_MAX_ORDER 10 /* largest block: 4 MiB */

extern struct frame *frame_table; /* indexed by frame number */
extern pfn_t frame_table_end;     /* first number without a record */

static inline struct frame *frame_of(pfn_t pfn)
{
    return &frame_table[pfn];
}
static inline pfn_t frame_pfn(const struct frame *f)
{
    return (pfn_t)(f - frame_table);
}

/* ---- Set-up (boot) ---------------------------------------------------------------------------- */

/* Returns how many records frame_init needs for frames [0, end): some more than one each. */
uint32_t frame_table_records(pfn_t end);
/* Starts the allocator with all frames RESERVED. table: frame_table_records(end) records, all zeros,
 * never freed. low_limit: the first frame that is not directly mapped. */
void frame_init(struct frame *table, pfn_t end, pfn_t low_limit);
/* Adds the frames [start, end) to the free memory. Each frame is added once (asserted). */
void frame_add_range(pfn_t start, pfn_t end);

/* ---- Allocating and freeing ------------------------------------------------------------------- */

/* Allocates one frame with one reference, or returns PFN_NONE: frame_alloc without FRAME_ZEROED. */
must_check pfn_t frame_take(enum frame_owner owner, bool low_only);
/* Allocates one frame with one reference, or returns PFN_NONE. flags: FRAME_LOW, FRAME_ZEROED. Inline
 * because flags are constants and most calls need half of it. */
must_check static inline pfn_t frame_alloc(enum frame_owner owner, uint32_t flags)
{
    pfn_t pfn = frame_take(owner, (flags & FRAME_LOW) != 0);

    if ((flags & FRAME_ZEROED) && pfn != PFN_NONE) {
        pmap_zero_page(pfn);
    }
    return pfn;
}
/* Allocates up to n frames with one reference each, contents undefined. Returns how many there were. */
must_check uint32_t frame_take_list(enum frame_owner owner, pfn_t *pfn, uint32_t n);
/* Allocates 2^order contiguous directly mapped frames, aligned to their size, or returns PFN_NONE. The
 * first has one reference; frame_unref of it frees the whole block. */
must_check pfn_t frame_alloc_block(enum frame_owner owner, uint32_t order);

/* Why a single frame was refused. */
enum frame_refusal {
    FRAME_NONE_FREE,     /* no frame at all is free                              */
    FRAME_NO_LOW_FREE,   /* no directly mapped frame is free, though others are  */
    FRAME_FAILURE_FORCED /* there is one: the failure was injected               */
};
/* Returns why frame_alloc(..., flags) has just failed. It follows from what is free, so the caller asks
 * before it frees anything and passes the answer on in its own result. */
enum frame_refusal frame_refusal(uint32_t flags);

void frame_ref(pfn_t pfn);
/* Drops a reference; the last one frees the frame (a CACHE frame leaves its object first). Freeing
 * a free, reserved or bad frame is a panic: it is a kernel bug. */
void frame_unref(pfn_t pfn);
/* The same for a list, in one pass: the inner loops of munmap and fork. Return how many of the frames
 * were not the shared zero page, which is what resident sizes count. */
uint32_t frame_unref_list(const pfn_t *pfn, uint32_t count);
uint32_t frame_ref_list(const pfn_t *pfn, uint32_t count);

/* The shared zero page: mapped read-only for reads of memory that nobody has written. It has one
 * reference more than mappings, and no resident size counts it. */
extern pfn_t frame_zero_page;

/* ---- Counting --------------------------------------------------------------------------------- */

uint32_t frame_free_count(void); /* freemem(): O(1), exact */
extern uint32_t frame_total;     /* usable frames, free or not */
static inline uint32_t frame_total_count(void)
{
    return frame_total;
}
uint32_t frame_low_total(void);                     /* usable frames that are directly mapped */
uint32_t frame_owner_count(enum frame_owner owner); /* frames held now, for tools */

/* ---- Failure injection ------------------------------------------------------------------------ */

/* Fails the n-th allocation from now (1 = the next); from_then_on: every later one too. n 0 ends
 * it. Gives how many were refused since the last call. Kernel command line failframe=N, call
 * FL_NR_fail_frame, host tests. */
uint32_t frame_fail_at(uint32_t n, bool from_then_on);
/* Ends it as well, but leaves the count for the next frame_fail_at(). */
void frame_fail_end(void);

/* Hook, defined in mm/pager/page_index.c: takes a CACHE frame, whose last reference has just gone, out
 * of its object's index. */
void frame_cache_release(struct frame *f);

/* Walks all free lists and records: lists, orders, merging, counts by owner. Panics on a broken invariant.
 * Gives the number of free frames found. O(memory). */
uint32_t frame_check(void);

#endif
