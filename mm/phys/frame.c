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
 * In front of each zone's lists stands a magazine: a small stack of single frames, filled with a
 * block at a time, so that taking and giving back one frame is a handful of instructions. Frames in
 * a magazine are free and counted as free; they rejoin the lists when anything runs short.
 * frame_unref_list frees runs of neighbours as the largest blocks they make, without a stop there.
 *
 * Page tables come back all zero: pmap clears entry by entry and counts. They have a magazine of
 * their own, which saves the next table its clearing. (FreeBSD kept the same fact as PG_ZERO.) Debug
 * builds do not use that one, since there every freed frame is poisoned.
 */
#include "mm/phys/frame.h"

#include <stddef.h>

#include "arch/pmap.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "sync/lock.h"

enum zone { ZONE_LOW, ZONE_HIGH, ZONE_COUNT };

#define ORDERS              (FRAME_MAX_ORDER + 1u)
#define MAGAZINE_MAX        64u
#define MAGAZINE_FILL_ORDER 5u          /* filled with a block of this order */
#define FREED_POISON        0x01010101u /* debug builds: contract V10 */

struct frame *frame_table;
pfn_t frame_table_end;
pfn_t frame_zero_page;
uint32_t frame_total;

static pfn_t low_end;
static pfn_t heads; /* number of the first list head's record */

/* Under zone_lock: all that follows, the links and the states of free frames. */
static LOCK_DEFINE(zone_lock, LOCK_FRAME_ZONE);
static uint32_t free_mask[ZONE_COUNT]; /* bit o: the list of that order is not empty */
static uint32_t free_count;
static uint32_t held[FRAME_OWNER_COUNT];
static struct magazine {
    uint32_t count;
    pfn_t pfn[MAGAZINE_MAX];
} singles[ZONE_COUNT], zeroed_tables;
static uint32_t fail_countdown; /* 1: the next allocation fails; 0: no injection */
static bool fail_onward;
static uint32_t fail_count; /* allocations refused since the last frame_fail_at */
static uint32_t low_total;  /* usable low frames, free or not */

static inline enum zone zone_of(pfn_t pfn)
{
    return pfn >= low_end ? ZONE_HIGH : ZONE_LOW;
}

/* ---- Buddy lists ------------------------------------------------------------------------------ */

/* The order of a free frame that no list holds: inside a larger free block, or in a magazine. */
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

static inline void list_push_locked(enum zone zone, uint32_t order, pfn_t pfn)
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

static inline void list_unlink_locked(enum zone zone, uint32_t order, const struct frame *f)
{
    pfn_t next = f->next, prev = f->prev;

    frame_of(next)->prev = prev;
    frame_of(prev)->next = next;
    if (next == prev) { /* only the head is left */
        free_mask[zone] &= ~(1u << order);
    }
}

static void buddy_free_locked(pfn_t pfn, uint32_t order)
{
    enum zone zone = zone_of(pfn);

    lock_assert_held(&zone_lock);
    while (order < FRAME_MAX_ORDER) {
        pfn_t buddy = pfn ^ (1u << order);
        struct frame *b = frame_of(buddy);
        if (!is_free_block(b, order)) {
            break;
        }
        list_unlink_locked(zone, order, b);
        /* The upper half is no block of its own any more. */
        frame_of(pfn | (1u << order))->state = state_of(FRAME_FREE, FRAME_INNER);
        pfn &= buddy;
        order++;
    }
    list_push_locked(zone, order, pfn);
}

/* The first block of at least this order, cut down to it. */
static pfn_t buddy_take_locked(enum zone zone, uint32_t order)
{
    uint32_t mask = free_mask[zone] >> order;

    lock_assert_held(&zone_lock);
    if (mask == 0) {
        return PFN_NONE;
    }
    uint32_t have = order + (uint32_t)__builtin_ctz(mask);
    pfn_t pfn = frame_of(head_of(zone, have))->next;

    list_unlink_locked(zone, have, frame_of(pfn));
    while (have > order) {
        have--;
        list_push_locked(zone, have, pfn + (1u << have));
    }
    return pfn;
}

/* Frees [start, end), whose frames are in nobody's hands, as the largest blocks it is made of. */
static noinline_fn void buddy_free_range_locked(pfn_t start, pfn_t end)
{
    while (start < end) {
        uint32_t order = FRAME_MAX_ORDER;
        while (start % (1u << order) != 0 || end - start < (1u << order)) {
            order--;
        }
        buddy_free_locked(start, order);
        start += 1u << order;
    }
}

/* ---- Magazines -------------------------------------------------------------------------------- */

static inline bool magazine_put_locked(struct magazine *m, pfn_t pfn)
{
    lock_assert_held(&zone_lock);
    if (m->count == MAGAZINE_MAX) {
        return false;
    }
    frame_of(pfn)->state = state_of(FRAME_FREE, FRAME_INNER);
    m->pfn[m->count++] = pfn;
    return true;
}

/* Fills an empty magazine with a block, so that it is handed out in ascending order. The zone has
 * a free block. */
static noinline_fn void magazine_fill_locked(enum zone zone)
{
    struct magazine *m = &singles[zone];
    uint32_t mask = free_mask[zone];
    uint32_t order = MAGAZINE_FILL_ORDER;

    if (mask >> order == 0) {
        order = 31u - (uint32_t)__builtin_clz(mask);
    }
    pfn_t pfn = buddy_take_locked(zone, order), count = 1u << order;

    /* The frames behind the first are marked as they have to be. */
    frame_of(pfn)->state = state_of(FRAME_FREE, FRAME_INNER);
    for (uint32_t i = 0; i < count; i++) {
        m->pfn[i] = pfn + count - 1 - i;
    }
    m->count = count;
}

static inline pfn_t magazine_take_locked(enum zone zone)
{
    struct magazine *m = &singles[zone];

    lock_assert_held(&zone_lock);
    if (m->count == 0) {
        if (free_mask[zone] == 0) {
            return PFN_NONE;
        }
        magazine_fill_locked(zone);
    }
    return m->pfn[--m->count];
}

static uint32_t magazine_empty_locked(struct magazine *m)
{
    uint32_t count = m->count;

    while (m->count > 0) {
        buddy_free_locked(m->pfn[--m->count], 0);
    }
    return count;
}

/* Everything that is free joins the lists; false if all of it was there already. */
static cold_fn bool magazines_drain_locked(void)
{
    uint32_t count = magazine_empty_locked(&zeroed_tables);

    for (uint32_t zone = 0; zone < ZONE_COUNT; zone++) {
        count += magazine_empty_locked(&singles[zone]);
    }
    return count > 0;
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
    free_count = frame_total = low_total = fail_countdown = 0;
    zeroed_tables.count = singles[ZONE_LOW].count = singles[ZONE_HIGH].count = 0;
    frame_zero_page = PFN_NONE;
    assert(low_end >= end || low_end % (1u << FRAME_MAX_ORDER) == 0);
}

void frame_add_range(pfn_t start, pfn_t end)
{
    assert(start > PFN_NONE && start <= end && end <= frame_table_end);
    lock_acquire(&zone_lock);
    for (pfn_t pfn = start; pfn < end; pfn++) {
        assert(frame_of(pfn)->owner == FRAME_RESERVED);
        frame_of(pfn)->state = state_of(FRAME_FREE, FRAME_INNER);
    }
    free_count += end - start;
    frame_total += end - start;
    low_total += start < low_end ? (end < low_end ? end : low_end) - start : 0;
    buddy_free_range_locked(start, end);
    lock_release(&zone_lock);
    if (frame_zero_page == PFN_NONE) {
        frame_zero_page = frame_alloc(FRAME_KERNEL, FRAME_LOW | FRAME_ZEROED);
    }
}

/* ---- Taking ----------------------------------------------------------------------------------- */

uint32_t frame_fail_at(uint32_t n, bool from_then_on)
{
    lock_acquire(&zone_lock);
    uint32_t refused = fail_count;

    fail_countdown = n;
    fail_onward = from_then_on;
    fail_count = 0;
    lock_release(&zone_lock);
    return refused;
}

void frame_fail_end(void)
{
    lock_acquire(&zone_lock);
    fail_countdown = 0;
    fail_onward = false;
    lock_release(&zone_lock);
}

static bool is_failure_due_locked(void)
{
    if (fail_countdown == 0) {
        return false;
    }
    if (fail_countdown > 1) {
        fail_countdown--;
        return false;
    }
    fail_countdown = fail_onward ? 1 : 0;
    fail_count++;
    return true;
}

static inline pfn_t take_single_locked(bool low_only)
{
    pfn_t pfn = low_only ? PFN_NONE : magazine_take_locked(ZONE_HIGH);

    if (pfn == PFN_NONE) {
        pfn = magazine_take_locked(ZONE_LOW);
    }
    if (pfn == PFN_NONE) {
        pfn = magazines_drain_locked() ? magazine_take_locked(ZONE_LOW) : PFN_NONE;
    }
    return pfn;
}

/* A request that fails without injection has drained the magazines, so the lists tell all. */
static bool is_low_free(void)
{
    return free_mask[ZONE_LOW] != 0 || singles[ZONE_LOW].count != 0 || zeroed_tables.count != 0;
}

enum frame_refusal frame_refusal(uint32_t flags)
{
    if (free_count == 0) {
        return FRAME_NONE_FREE;
    }
    return (flags & FRAME_LOW) && !is_low_free() ? FRAME_NO_LOW_FREE : FRAME_FAILURE_FORCED;
}

static inline void hand_out_locked(pfn_t pfn, enum frame_owner owner, uint32_t order)
{
    struct frame *f = frame_of(pfn);

    f->refs = 1;
    f->state = state_of(owner, order);
    free_count -= 1u << order;
    held[owner] += 1u << order;
}

pfn_t frame_take(enum frame_owner owner, bool low_only)
{
    lock_acquire(&zone_lock);
    pfn_t pfn = is_failure_due_locked() ? PFN_NONE : take_single_locked(low_only);

    if (pfn != PFN_NONE) {
        hand_out_locked(pfn, owner, 0);
    }
    lock_release(&zone_lock);
    return pfn;
}

uint32_t frame_take_list(enum frame_owner owner, pfn_t *pfn, uint32_t n)
{
    uint32_t taken = 0;

    lock_acquire(&zone_lock);
    while (taken < n && !is_failure_due_locked() &&
           (pfn[taken] = take_single_locked(false)) != PFN_NONE) {
        hand_out_locked(pfn[taken], owner, 0);
        taken++;
    }
    lock_release(&zone_lock);
    return taken;
}

static pfn_t take_block_locked(enum frame_owner owner, uint32_t order)
{
    if (order > FRAME_MAX_ORDER || is_failure_due_locked()) {
        return PFN_NONE;
    }
    pfn_t pfn = buddy_take_locked(ZONE_LOW, order);

    if (pfn == PFN_NONE && magazines_drain_locked()) {
        pfn = buddy_take_locked(ZONE_LOW, order);
    }
    if (pfn == PFN_NONE) {
        return PFN_NONE;
    }
    for (uint32_t i = 1; i < 1u << order; i++) {
        frame_of(pfn + i)->owner = (uint8_t)owner;
    }
    hand_out_locked(pfn, owner, order);
    return pfn;
}

pfn_t frame_alloc_block(enum frame_owner owner, uint32_t order)
{
    lock_acquire(&zone_lock);
    pfn_t pfn = take_block_locked(owner, order);

    lock_release(&zone_lock);
    return pfn;
}

/* ---- Giving back ------------------------------------------------------------------------------ */

static void poison(pfn_t pfn, uint32_t order)
{
#ifdef FAULTLINE_DEBUG
    for (uint32_t i = 0; i < 1u << order; i++) {
        pmap_fill_page(pfn + i, FREED_POISON);
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
    lock_acquire(&zone_lock);
    for (uint32_t i = 1; i < 1u << order; i++) {
        frame_of(pfn + i)->state = state_of(FRAME_FREE, FRAME_INNER);
    }
    held[f->owner] -= 1u << order;
    free_count += 1u << order;
    poison(pfn, order);
    buddy_free_locked(pfn, order);
    lock_release(&zone_lock);
}

/* A single frame without an object that lost its last reference, up to where it is put. */
static inline void retire_locked(struct frame *f)
{
    held[f->state]--;
    free_count++;
    poison(frame_pfn(f), 0);
}
_Static_assert(FRAME_CACHE > FRAME_USER, "is_plain tells single frames without an object by state");

static inline bool is_plain(const struct frame *f)
{
    return f->state <= FRAME_USER;
}

static void release(struct frame *f)
{
    if (!is_plain(f)) {
        release_special(f);
        return;
    }
    pfn_t pfn = frame_pfn(f);

    lock_acquire(&zone_lock);
    retire_locked(f);
    if (!magazine_put_locked(&singles[zone_of(pfn)], pfn)) {
        buddy_free_locked(pfn, 0);
    }
    lock_release(&zone_lock);
}

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

    if (pfn >= frame_table_end || f->owner <= FRAME_FREE || f->refs == 0) {
        bad_reference(f);
    }
    f->refs++;
}

/* A free frame has no references, a reserved one neither: one test catches both a double free
 * and a bad one. */
static inline void drop(struct frame *f)
{
    uint32_t refs = f->refs;

    if (refs == 0) {
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

/* How many references of a list were to the zero page shows in its count; asking for each frame
 * would cost more than the rest. */
uint32_t frame_unref_list(const pfn_t *pfn, uint32_t count)
{
    struct frame *const table = frame_table;
    const struct frame *const zero_page = frame_of(frame_zero_page);
    uint32_t zero_before = zero_page->refs;
    pfn_t run_start = PFN_NONE, run_end = PFN_NONE; /* neighbours whose last reference went */

    for (const pfn_t *end = pfn + count; pfn < end; pfn++) {
        struct frame *f = &table[*pfn];
        uint32_t refs = f->refs;
        debug_assert(*pfn < frame_table_end);
        if (refs > 1) {
            f->refs = refs - 1;
            continue;
        }
        if (refs == 0 || !is_plain(f)) {
            drop(f);
            continue;
        }
        lock_acquire(&zone_lock);
        f->refs = 0;
        retire_locked(f);
        f->state = state_of(FRAME_FREE, FRAME_INNER);
        if (*pfn != run_end) {
            buddy_free_range_locked(run_start, run_end);
            run_start = *pfn;
        }
        run_end = *pfn + 1;
        lock_release(&zone_lock);
    }
    lock_acquire(&zone_lock);
    buddy_free_range_locked(run_start, run_end);
    lock_release(&zone_lock);
    return count - (zero_before - zero_page->refs);
}

uint32_t frame_ref_list(const pfn_t *pfn, uint32_t count)
{
    struct frame *const table = frame_table;
    const struct frame *const zero_page = frame_of(frame_zero_page);
    uint32_t zero_before = zero_page->refs;

    unrolled_loop
    for (uint32_t i = 0; i < count; i++) {
        table[pfn[i]].refs++;
    }
    return count - (zero_page->refs - zero_before);
}

/* ---- Page tables (hooks of arch/pmap.h) ------------------------------------------------------- */

pfn_t pmap_table_alloc(void)
{
    if (zeroed_tables.count == 0) {
        return frame_alloc(FRAME_TABLE, FRAME_LOW | FRAME_ZEROED);
    }
    lock_acquire(&zone_lock);
    pfn_t pfn = is_failure_due_locked() ? PFN_NONE : zeroed_tables.pfn[--zeroed_tables.count];

    if (pfn != PFN_NONE) {
        hand_out_locked(pfn, FRAME_TABLE, 0);
    }
    lock_release(&zone_lock);
    return pfn;
}

void pmap_table_free(pfn_t pfn)
{
    struct frame *f = frame_of(pfn);

#ifndef FAULTLINE_DEBUG
    if (f->refs == 1 && f->state == FRAME_TABLE && zeroed_tables.count < MAGAZINE_MAX) {
        lock_acquire(&zone_lock);
        f->refs = 0;
        retire_locked(f);
        magazine_put_locked(&zeroed_tables, pfn);
        lock_release(&zone_lock);
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

uint32_t frame_low_total(void)
{
    return low_total;
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
    uint32_t found = zeroed_tables.count + singles[ZONE_LOW].count + singles[ZONE_HIGH].count;
    uint32_t records[FRAME_OWNER_COUNT] = {0};

    lock_acquire(&zone_lock);
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
        const struct frame *f = frame_of(pfn);
        assert(f->owner < FRAME_OWNER_COUNT);
        records[f->owner]++;
    }
    assert(found == free_count);
    for (uint32_t owner = FRAME_FREE; owner < FRAME_OWNER_COUNT; owner++) {
        assert(records[owner] == frame_owner_count((enum frame_owner)owner));
    }
    lock_release(&zone_lock);
    return found;
}
