/*
 * The frame allocator: a binary buddy system over two zones.
 *
 * Free blocks of 2^order frames are aligned to their size and sit in a list per zone and order; the
 * lists are linked through the frame records, so free memory itself is never touched. Freeing a
 * block merges it with its buddy (the block whose number differs in bit `order`) as long as that
 * is free and whole. A bit per non-empty list makes allocation one bit scan.
 *
 * The table of records is longer than memory. It is padded to whole blocks of the largest order, so
 * that a buddy always has a record (RESERVED, if there is no such frame); behind that come the
 * heads of the lists, records too, which makes every list a ring without special cases at its ends.
 * Zones meet at a multiple of the largest order, so no two buddies lie in different ones.
 *
 * Page tables come back all zero: pmap clears entry by entry and counts. Up to TABLE_POOL_MAX of
 * them wait in a pool, counted as free, and save the next table its clearing; they join the buddy
 * lists as soon as anyone else runs short. (FreeBSD kept the same fact as PG_ZERO.) Debug builds
 * have no pool, since there every freed frame is poisoned.
 */
#include "mm/frame.h"

#include <stddef.h>

#include "arch/pmap.h"
#include "lib/assert.h"
#include "lib/string.h"

enum zone { ZONE_LOW, ZONE_HIGH, ZONE_COUNT };

#define ORDERS (FRAME_MAX_ORDER + 1u)
#define FRAME_POOLED 1u /* flags: free, but in the table pool and in no buddy list */
#define TABLE_POOL_MAX 32u
#define FREED_POISON 0x01 /* debug builds: contract V10 */

struct frame *frame_table;
pfn_t frame_table_end;
pfn_t frame_zero_page;

static pfn_t low_end;
static pfn_t heads;                    /* number of the first list head's record */
static uint32_t free_mask[ZONE_COUNT]; /* bit o: the list of that order is not empty */
static uint32_t free_count, total_count;
static uint32_t held[FRAME_OWNER_COUNT];
static pfn_t pool[TABLE_POOL_MAX];
static uint32_t pool_count;
static uint32_t fail_countdown; /* 1: the next allocation fails; 0: no injection */
static bool fail_onward;

static inline enum zone zone_of(pfn_t pfn)
{
    return pfn >= low_end ? ZONE_HIGH : ZONE_LOW;
}

/* ---- Buddy lists ------------------------------------------------------------------------------ */

/* Frames inside a larger free block keep owner FREE but have this order. */
#define FRAME_INNER 0xFFu

static inline uint32_t state_of(enum frame_owner owner, uint32_t order)
{
    return (uint32_t)owner | order << 8;
}

static inline pfn_t head_of(enum zone zone, uint32_t order)
{
    return heads + zone * ORDERS + order;
}

/* Is pfn the first frame of a free block of exactly this order that the lists hold? */
static inline bool is_free_block(const struct frame *f, uint32_t order)
{
    return f->state == state_of(FRAME_FREE, order);
}

static inline void list_push(enum zone zone, uint32_t order, pfn_t pfn)
{
    pfn_t head = head_of(zone, order);
    struct frame *f = frame_of(pfn), *h = frame_of(head);
    pfn_t first = h->next;

    f->state = state_of(FRAME_FREE, order);
    f->prev = head;
    f->next = first;
    frame_of(first)->prev = pfn;
    h->next = pfn;
    free_mask[zone] |= 1u << order;
}

static inline void list_unlink(enum zone zone, uint32_t order, const struct frame *f)
{
    pfn_t next = f->next, prev = f->prev;

    frame_of(next)->prev = prev;
    frame_of(prev)->next = next;
    if (next == prev) { /* only the head is left */
        free_mask[zone] &= ~(1u << order);
    }
}

static void buddy_free(pfn_t pfn, uint32_t order)
{
    enum zone zone = zone_of(pfn);

    while (order < FRAME_MAX_ORDER) {
        pfn_t buddy = pfn ^ (1u << order);
        struct frame *b = frame_of(buddy);
        if (!is_free_block(b, order)) {
            break;
        }
        list_unlink(zone, order, b);
        /* The upper half is no block of its own any more. */
        frame_of(pfn | (1u << order))->state = state_of(FRAME_FREE, FRAME_INNER);
        pfn &= buddy;
        order++;
    }
    list_push(zone, order, pfn);
}

/* The first block of at least this order, cut down to it. */
static pfn_t buddy_take(enum zone zone, uint32_t order)
{
    uint32_t mask = free_mask[zone] >> order;

    if (mask == 0) {
        return PFN_NONE;
    }
    uint32_t have = order + (uint32_t)__builtin_ctz(mask);
    pfn_t pfn = frame_of(head_of(zone, have))->next;

    list_unlink(zone, have, frame_of(pfn));
    while (have > order) {
        have--;
        list_push(zone, have, pfn + (1u << have));
    }
    return pfn;
}

static bool pool_drain(void)
{
    if (pool_count == 0) {
        return false;
    }
    while (pool_count > 0) {
        pfn_t pfn = pool[--pool_count];
        frame_of(pfn)->flags = 0;
        buddy_free(pfn, 0);
    }
    return true;
}

/* ---- Set-up ----------------------------------------------------------------------------------- */

static uint32_t padded(pfn_t end)
{
    return (end + (1u << FRAME_MAX_ORDER) - 1u) & ~((1u << FRAME_MAX_ORDER) - 1u);
}

uint32_t frame_table_records(pfn_t end)
{
    return padded(end) + ZONE_COUNT * ORDERS;
}

void frame_init(struct frame *table, pfn_t end, pfn_t low_limit)
{
    frame_table = table;
    frame_table_end = end;
    low_end = low_limit;
    heads = padded(end);
    for (uint32_t i = heads; i < frame_table_records(end); i++) {
        table[i].next = table[i].prev = i;
    }
    memset(free_mask, 0, sizeof(free_mask));
    memset(held, 0, sizeof(held));
    free_count = total_count = pool_count = fail_countdown = 0;
    frame_zero_page = PFN_NONE;
    assert(low_end >= end || low_end % (1u << FRAME_MAX_ORDER) == 0);
}

void frame_add_range(pfn_t start, pfn_t end)
{
    assert(start > PFN_NONE && start <= end && end <= frame_table_end);
    for (pfn_t pfn = start; pfn < end; pfn++) {
        assert(frame_of(pfn)->owner == FRAME_RESERVED);
        frame_of(pfn)->state = state_of(FRAME_FREE, FRAME_INNER);
    }
    free_count += end - start;
    total_count += end - start;
    for (pfn_t pfn = start; pfn < end;) {
        uint32_t order = FRAME_MAX_ORDER;
        while (pfn % (1u << order) != 0 || end - pfn < (1u << order)) {
            order--;
        }
        buddy_free(pfn, order);
        pfn += 1u << order;
    }
    if (frame_zero_page == PFN_NONE) {
        frame_zero_page = frame_alloc(FRAME_KERNEL, FRAME_LOW | FRAME_ZEROED);
    }
}

/* ---- Taking ----------------------------------------------------------------------------------- */

void frame_fail_at(uint32_t n, bool from_then_on)
{
    fail_countdown = n;
    fail_onward = from_then_on;
}

static bool is_failure_due(void)
{
    if (fail_countdown == 0) {
        return false;
    }
    if (fail_countdown > 1) {
        fail_countdown--;
        return false;
    }
    fail_countdown = fail_onward ? 1 : 0;
    return true;
}

static pfn_t take(uint32_t order, bool low_only)
{
    pfn_t pfn = PFN_NONE;

    if (unlikely(is_failure_due())) {
        return PFN_NONE;
    }
    if (!low_only) {
        pfn = buddy_take(ZONE_HIGH, order);
    }
    if (pfn == PFN_NONE) {
        pfn = buddy_take(ZONE_LOW, order);
    }
    if (unlikely(pfn == PFN_NONE) && pool_drain()) {
        pfn = buddy_take(ZONE_LOW, order);
    }
    return pfn;
}

static inline void hand_out(pfn_t pfn, enum frame_owner owner, uint32_t order)
{
    struct frame *f = frame_of(pfn);

    f->refs = 1;
    f->state = state_of(owner, order);
    free_count -= 1u << order;
    held[owner] += 1u << order;
}

pfn_t frame_alloc(enum frame_owner owner, uint32_t flags)
{
    pfn_t pfn = take(0, flags & FRAME_LOW);

    if (unlikely(pfn == PFN_NONE)) {
        return PFN_NONE;
    }
    hand_out(pfn, owner, 0);
    if (flags & FRAME_ZEROED) {
        pmap_zero_page(pfn);
    }
    return pfn;
}

pfn_t frame_alloc_block(enum frame_owner owner, uint32_t order)
{
    pfn_t pfn = order <= FRAME_MAX_ORDER ? take(order, true) : PFN_NONE;

    if (pfn == PFN_NONE) {
        return PFN_NONE;
    }
    for (uint32_t i = 1; i < 1u << order; i++) {
        frame_of(pfn + i)->owner = (uint8_t)owner;
    }
    hand_out(pfn, owner, order);
    return pfn;
}

/* ---- Giving back ------------------------------------------------------------------------------ */

static void poison(pfn_t pfn, uint32_t order)
{
#ifdef FAULTLINE_DEBUG
    for (uint32_t i = 0; i < 1u << order; i++) {
        void *page = pmap_window_open(pfn + i);
        memset(page, FREED_POISON, PAGE_SIZE);
        pmap_window_close(page);
    }
#else
    (void)pfn;
    (void)order;
#endif
}

/* The last reference to a block, or to a page that an object caches, is gone. */
static cold_fn void release_special(struct frame *f)
{
    pfn_t pfn = frame_pfn(f);
    uint32_t order = f->order;

    if (f->owner == FRAME_CACHE) {
        frame_cache_release(f);
    }
    for (uint32_t i = 1; i < 1u << order; i++) {
        frame_of(pfn + i)->state = state_of(FRAME_FREE, FRAME_INNER);
    }
    held[f->owner] -= 1u << order;
    free_count += 1u << order;
    poison(pfn, order);
    buddy_free(pfn, order);
}

/* The last reference to any frame is gone; single frames are the case that counts. */
static void release(struct frame *f)
{
    uint32_t state = f->state;

    if (unlikely(state > FRAME_USER)) {
        release_special(f);
        return;
    }
    held[state]--;
    free_count++;
    poison(frame_pfn(f), 0);
    buddy_free(frame_pfn(f), 0);
}
_Static_assert(FRAME_CACHE > FRAME_USER, "release tells single frames without an object by state");

static cold_fn void bad_reference(const struct frame *f)
{
    if (f < frame_table || f >= frame_table + frame_table_end) {
        panic("frame %x: reference dropped or taken past the end of memory", frame_pfn(f));
    }
    panic("frame %x: reference dropped or taken while free or reserved (owner %u, refs %u)",
          frame_pfn(f), f->owner, f->refs);
}

void frame_ref(pfn_t pfn)
{
    struct frame *f = frame_of(pfn);

    if (unlikely(pfn >= frame_table_end || f->owner <= FRAME_FREE || f->refs == 0)) {
        bad_reference(f);
    }
    f->refs++;
}

/* A free frame has no references, a reserved one neither: one test catches both a double free
 * and a bad one. */
static inline void drop(struct frame *f)
{
    uint32_t refs = f->refs;

    if (unlikely(refs == 0)) {
        bad_reference(f);
    }
    f->refs = refs - 1;
    if (refs == 1) {
        release(f);
    }
}

void frame_unref(pfn_t pfn)
{
    assert(pfn < frame_table_end);
    drop(frame_of(pfn));
}

uint32_t frame_unref_list(const pfn_t *pfn, uint32_t count)
{
    uint32_t zero_pages = 0;

    for (uint32_t i = 0; i < count; i++) {
        debug_assert(pfn[i] < frame_table_end);
        zero_pages += pfn[i] == frame_zero_page;
        drop(frame_of(pfn[i]));
    }
    return count - zero_pages;
}

uint32_t frame_ref_list(const pfn_t *pfn, uint32_t count)
{
    uint32_t zero_pages = 0;

    for (uint32_t i = 0; i < count; i++) {
        zero_pages += pfn[i] == frame_zero_page;
        frame_of(pfn[i])->refs++;
    }
    return count - zero_pages;
}

/* ---- Page tables (hooks of arch/pmap.h) ------------------------------------------------------- */

pfn_t pmap_table_alloc(void)
{
    if (pool_count == 0) {
        return frame_alloc(FRAME_TABLE, FRAME_LOW | FRAME_ZEROED);
    }
    if (unlikely(is_failure_due())) {
        return PFN_NONE;
    }
    pfn_t pfn = pool[--pool_count];

    frame_of(pfn)->flags = 0;
    hand_out(pfn, FRAME_TABLE, 0);
    return pfn;
}

void pmap_table_free(pfn_t pfn)
{
    struct frame *f = frame_of(pfn);

#ifndef FAULTLINE_DEBUG
    if (pool_count < TABLE_POOL_MAX && f->refs == 1 && f->owner == FRAME_TABLE) {
        f->refs = 0;
        f->owner = FRAME_FREE;
        f->flags = FRAME_POOLED;
        held[FRAME_TABLE]--;
        free_count++;
        pool[pool_count++] = pfn;
        return;
    }
#endif
    drop(f);
}

/* ---- Counting --------------------------------------------------------------------------------- */

uint32_t frame_free_count(void)
{
    return free_count;
}

uint32_t frame_total_count(void)
{
    return total_count;
}

uint32_t frame_owner_count(enum frame_owner owner)
{
    return owner == FRAME_FREE ? free_count : held[owner];
}

/* One free block: aligned, linked back, all its frames free, and its buddy not free as well. */
static void check_block(enum zone zone, uint32_t order, pfn_t pfn, pfn_t prev)
{
    const struct frame *f = frame_of(pfn);

    assert(is_free_block(f, order) && f->prev == prev && f->refs == 0);
    assert(pfn % (1u << order) == 0 && zone_of(pfn) == zone);
    for (uint32_t i = 1; i < 1u << order; i++) {
        assert(frame_of(pfn + i)->state == state_of(FRAME_FREE, FRAME_INNER));
    }
    assert(order == FRAME_MAX_ORDER || !is_free_block(frame_of(pfn ^ (1u << order)), order));
}

uint32_t frame_check(void)
{
    uint32_t found = pool_count, records = 0;

    for (uint32_t zone = 0; zone < ZONE_COUNT; zone++) {
        for (uint32_t order = 0; order < ORDERS; order++) {
            pfn_t head = head_of((enum zone)zone, order), prev = head;
            assert(!(free_mask[zone] & (1u << order)) == (frame_of(head)->next == head));
            for (pfn_t pfn = frame_of(head)->next; pfn != head; pfn = frame_of(pfn)->next) {
                check_block((enum zone)zone, order, pfn, prev);
                prev = pfn;
                found += 1u << order;
            }
        }
    }
    for (pfn_t pfn = 0; pfn < frame_table_end; pfn++) {
        records += frame_of(pfn)->owner == FRAME_FREE;
    }
    assert(found == free_count && records == free_count);
    return found;
}
