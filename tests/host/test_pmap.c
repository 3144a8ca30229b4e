/* arch/pmap/pmap.c: page tables, against the model of a CPU that keeps every translation it may. */
#include "mm_support.h"

#include <asm/errno.h>

#include "mm/phys/frame_view.h"

#define VA   0x40000000u
#define SPAN (2u << 20) /* what one table maps */

static struct pmap *pmap, *other;
static uint32_t base; /* free frames with both pmaps made */

static struct pmap *pmap_make(void)
{
    struct pmap *p = kheap_zalloc(sizeof(*p));

    assert_int_equal(pmap_init(p), 0);
    return p;
}

static int setup(void **state)
{
    machine_setup(state);
    pmap = pmap_make();
    other = pmap_make();
    base = frame_free_count();
    pmap_activate(pmap);
    return 0;
}

static int setup_without_nx(void **state)
{
    cpu_info.nx = false;
    machine_start(MACHINE_FRAMES, 0);
    (void)state;
    pmap = pmap_make();
    other = pmap_make();
    base = frame_free_count();
    pmap_activate(pmap);
    return 0;
}

static void remove_all(struct pmap *p, struct vrange range)
{
    struct pmap_batch batch;
    bool more;

    do {
        more = pmap_remove(p, &range, &batch);
        (void)frame_unref_list(batch.pfn, batch.count);
        tlb_check();
    } while (more);
}

static int teardown(void **state)
{
    remove_all(pmap, vrange(USER_BASE, USER_END));
    remove_all(other, vrange(USER_BASE, USER_END));
    machine_check();
    assert_int_equal(pmap->tables + other->tables, 0);
    assert_int_equal(frame_free_count(), base);
    pmap_fini(pmap);
    pmap_fini(other);
    kheap_free(pmap, sizeof(*pmap));
    kheap_free(other, sizeof(*other));
    return machine_teardown(state);
}

/* A new frame at va. */
static pfn_t enter(uint32_t va, uint32_t prot)
{
    pfn_t pfn = frame_alloc(FRAME_USER, 0);

    assert_int_equal(pmap_enter(pmap, vaddr(va), pfn, prot), 0);
    tlb_check();
    return pfn;
}

/* Everything the CPU may do there, so that it keeps what it finds. */
static uint32_t rights_at(uint32_t va)
{
    return (cpu_try(va, VM_READ) ? PMAP_READ : 0) | (cpu_try(va, VM_WRITE) ? PMAP_WRITE : 0) |
           (cpu_try(va, VM_EXEC) ? PMAP_EXEC : 0);
}

/* ---- Single pages ---------------------------------------------------------------------------------- */

static void empty_space(void **state)
{
    (void)state;
    struct pmap_entry entry;
    vaddr_t va = vaddr(USER_BASE);

    assert_int_equal(pmap->tables, 0);
    assert_false(pmap_lookup(pmap, vaddr(VA), &entry));
    assert_false(pmap_next(pmap, &va, vaddr(USER_END), &entry));
    assert_int_equal(rights_at(VA), 0);
    assert_int_equal(rights_at(USER_BASE), 0);
    assert_int_equal(rights_at(USER_END - 1), 0);
}

static void a_pmap_costs_three_frames(void **state)
{
    (void)state;
    uint32_t before = frame_free_count();
    struct pmap *p = pmap_make();

    assert_int_equal(frame_free_count(), before - 3);
    pmap_fini(p);
    kheap_free(p, sizeof(*p));
    assert_int_equal(frame_free_count(), before);
}

static int init_attempt(void *context)
{
    return pmap_init(context);
}

static void init_undo(void *context)
{
    pmap_fini(context);
}

static void no_check(void *context)
{
    (void)context;
    machine_check();
}

static void init_fails_at_every_allocation(void **state)
{
    (void)state;
    struct pmap *p = kheap_zalloc(sizeof(*p));

    assert_int_equal(fail_every_allocation(init_attempt, init_undo, no_check, p), 3);
    kheap_free(p, sizeof(*p));
}

/* Every combination of rights, as the CPU sees it: any right implies read, write implies nothing
 * more, and execute needs the bit where there is NX. */
static void rights(void **state)
{
    (void)state;
    for (uint32_t prot = 0; prot < 8; prot++) {
        pfn_t pfn = enter(VA, prot);
        struct pmap_entry entry;
        assert_true(pmap_lookup(pmap, vaddr(VA), &entry));
        assert_int_equal(entry.pfn, pfn);
        uint32_t want = prot == 0 ? 0 : prot | PMAP_READ;
        if (prot != 0 && !cpu_info.nx) {
            want |= PMAP_EXEC;
        }
        assert_int_equal(entry.prot, want);
        assert_int_equal(rights_at(VA), want);
        assert_int_equal(rights_at(VA + PAGE_SIZE - 1), want);
        assert_int_equal(rights_at(VA - 1), 0);
        assert_int_equal(rights_at(VA + PAGE_SIZE), 0);
        remove_all(pmap, vrange(VA, VA + PAGE_SIZE));
        assert_int_equal(rights_at(VA), 0);
    }
}

/* From any rights to any others, on the same frame and on another one. */
static void enter_replaces(void **state)
{
    (void)state;
    for (uint32_t from = 0; from < 8; from++) {
        for (uint32_t to = 0; to < 8; to++) {
            pfn_t old = enter(VA, from);
            (void)rights_at(VA);
            pfn_t new = frame_alloc(FRAME_USER, 0);
            assert_int_equal(pmap_enter(pmap, vaddr(VA), old, to), 0);
            tlb_check();
            uint32_t want = to == 0 ? 0 : to | PMAP_READ;
            assert_int_equal(rights_at(VA), want);
            assert_int_equal(pmap_enter(pmap, vaddr(VA), new, from), 0);
            tlb_check();
            want = from == 0 ? 0 : from | PMAP_READ;
            assert_int_equal(rights_at(VA), want);
            frame_unref(old);
            assert_int_equal(pmap->tables, 1);
            remove_all(pmap, vrange(VA, VA + PAGE_SIZE));
            assert_int_equal(pmap->tables, 0);
        }
    }
}

static void first_and_last_page(void **state)
{
    (void)state;
    const uint32_t at[] = {USER_BASE, SPAN - PAGE_SIZE, SPAN,        0x3FFFF000u,
                           VA,        0x7FFFF000u,      0x80000000u, USER_END - PAGE_SIZE};
    struct pmap_entry entry;
    pfn_t pfn[array_size(at)];
    vaddr_t va = vaddr(USER_BASE);

    for (uint32_t i = 0; i < array_size(at); i++) {
        pfn[i] = enter(at[i], PMAP_READ | PMAP_WRITE);
        assert_int_equal(rights_at(at[i]), PMAP_READ | PMAP_WRITE);
    }
    for (uint32_t i = 0; i < array_size(at); i++) {
        assert_true(pmap_next(pmap, &va, vaddr(USER_END), &entry));
        assert_int_equal(va.raw, at[i]);
        assert_int_equal(entry.pfn, pfn[i]);
        va.raw += PAGE_SIZE;
    }
    assert_false(pmap_next(pmap, &va, vaddr(USER_END), &entry));
    va = vaddr(VA + PAGE_SIZE);
    assert_false(pmap_next(pmap, &va, vaddr(0x7FFFF000u), &entry));
}

/* ---- Tables come and go ---------------------------------------------------------------------------- */

/* Contract V9's figure: two pages in a fresh 2 MiB cost three frames. */
static void table_lives_with_its_entries(void **state)
{
    (void)state;
    enter(VA, PMAP_READ);
    enter(VA + SPAN - PAGE_SIZE, PMAP_READ);
    assert_int_equal(frame_free_count(), base - 3);
    assert_int_equal(pmap->tables, 1);
    enter(VA + SPAN, PMAP_READ);
    assert_int_equal(frame_free_count(), base - 5);
    (void)rights_at(VA);
    (void)rights_at(VA + SPAN);
    remove_all(pmap, vrange(VA, VA + PAGE_SIZE));
    assert_int_equal(frame_free_count(), base - 4);
    remove_all(pmap, vrange(VA + SPAN - PAGE_SIZE, VA + SPAN));
    assert_int_equal(frame_free_count(), base - 2);
    assert_int_equal(pmap->tables, 1);
    /* The CPU must have forgotten the table that went. */
    assert_int_equal(rights_at(VA), 0);
    enter(VA, PMAP_READ);
    assert_int_equal(rights_at(VA), PMAP_READ);
}

static void held_pages_keep_the_table(void **state)
{
    (void)state;
    enter(VA, 0);
    assert_int_equal(pmap->tables, 1);
    enter(VA + PAGE_SIZE, PMAP_READ);
    remove_all(pmap, vrange(VA + PAGE_SIZE, VA + 2 * PAGE_SIZE));
    assert_int_equal(pmap->tables, 1);
    remove_all(pmap, vrange(VA, VA + PAGE_SIZE));
    assert_int_equal(pmap->tables, 0);
}

static void reserve_and_trim(void **state)
{
    (void)state;
    frame_fail_at(1, false);
    assert_int_equal(pmap_reserve(pmap, vaddr(VA)), -ENOMEM);
    assert_int_equal(pmap->tables, 0);
    assert_int_equal(pmap_reserve(pmap, vaddr(VA)), 0);
    assert_int_equal(pmap_reserve(pmap, vaddr(VA + PAGE_SIZE)), 0);
    assert_int_equal(frame_free_count(), base - 1);
    frame_fail_at(1, true);
    assert_int_equal(pmap_enter(pmap, vaddr(VA), frame_zero_page, PMAP_READ), 0);
    frame_fail_at(0, false);
    frame_ref(frame_zero_page);
    pmap_trim(pmap, vaddr(VA + PAGE_SIZE));
    assert_int_equal(pmap->tables, 1);
    remove_all(pmap, vrange(VA, VA + PAGE_SIZE));
    assert_int_equal(pmap_reserve(pmap, vaddr(VA)), 0);
    pmap_trim(pmap, vaddr(VA));
    pmap_trim(pmap, vaddr(VA));
    assert_int_equal(pmap->tables, 0);
}

static void enter_without_a_table(void **state)
{
    (void)state;
    frame_fail_at(1, false);
    assert_int_equal(pmap_enter(pmap, vaddr(VA), 300, PMAP_READ), -ENOMEM);
    assert_int_equal(pmap->tables, 0);
    assert_int_equal(frame_free_count(), base);
}

/* What a look-up that found nothing leaves is enough to enter: with a table there, and without. */
static void enter_absent(void **state)
{
    (void)state;
    struct pmap_entry absent, entry;

    for (uint32_t round = 0; round < 2; round++) {
        vaddr_t va = vaddr(VA + PAGES(round));
        pfn_t pfn = frame_alloc(FRAME_USER, 0);
        assert_false(pmap_lookup(pmap, va, &absent));
        frame_fail_at(1, false);
        int err = pmap_enter_absent(pmap, va, &absent, pfn, PMAP_READ | PMAP_WRITE);
        assert_int_equal(frame_fail_at(0, false), round == 0);
        assert_int_equal(err, round == 0 ? -ENOMEM : 0);
        if (round == 0) {
            assert_int_equal(pmap->tables, 0);
            assert_int_equal(pmap_enter_absent(pmap, va, &absent, pfn, PMAP_READ | PMAP_WRITE), 0);
        }
        assert_int_equal(rights_at(va.raw), PMAP_READ | PMAP_WRITE);
        assert_true(pmap_lookup(pmap, va, &entry));
        assert_int_equal(entry.pfn, pfn);
        assert_int_equal(entry.prot, PMAP_READ | PMAP_WRITE);
        tlb_check();
    }
    assert_int_equal(pmap->tables, 1);
    /* The counts are right: the table goes with the second of the two. */
    remove_all(pmap, vrange(VA, VA + PAGE_SIZE));
    assert_int_equal(pmap->tables, 1);
    remove_all(pmap, vrange(VA + PAGE_SIZE, VA + PAGES(2)));
    assert_int_equal(pmap->tables, 0);
    /* No access: held. */
    pfn_t pfn = frame_alloc(FRAME_USER, 0);
    assert_false(pmap_lookup(pmap, vaddr(VA), &absent));
    assert_int_equal(pmap_enter_absent(pmap, vaddr(VA), &absent, pfn, 0), 0);
    assert_true(pmap_lookup(pmap, vaddr(VA), &entry));
    assert_int_equal(entry.prot, 0);
    assert_int_equal(rights_at(VA), 0);
}

static void enter_a_batch(void **state)
{
    (void)state;
    struct vrange range = vrange(VA + SPAN - PAGES(8), VA + SPAN + PAGES(8));
    struct pmap_batch batch = {.count = 3};

    /* Counted up to the end of the table, be it there or not, and up to what is there. */
    assert_int_equal(pmap_count_absent(pmap, range), 8);
    (void)enter(VA + SPAN - PAGES(3), PMAP_READ);
    assert_int_equal(pmap_count_absent(pmap, range), 5);
    assert_int_equal(pmap_count_absent(pmap, vrange(VA + SPAN - PAGES(3), VA + SPAN)), 0);
    assert_int_equal(pmap_count_absent(pmap, vrange(VA + SPAN - PAGES(2), VA + SPAN)), 2);
    assert_int_equal(pmap_count_absent(pmap, vrange(VA + SPAN - PAGES(2), VA + SPAN - PAGES(1))),
                     1);

    assert_int_equal(frame_take_list(FRAME_USER, batch.pfn, batch.count), batch.count);
    assert_int_equal(pmap_reserve(pmap, vaddr(VA + SPAN)), 0);
    pmap_enter_batch(pmap, vaddr(VA + SPAN), &batch, PMAP_READ | PMAP_WRITE);
    tlb_check();
    for (uint32_t i = 0; i < batch.count; i++) {
        struct pmap_entry entry;
        assert_true(pmap_lookup(pmap, vaddr(VA + SPAN + PAGES(i)), &entry));
        assert_int_equal(entry.pfn, batch.pfn[i]);
        assert_int_equal(rights_at(VA + SPAN + PAGES(i)), PMAP_READ | PMAP_WRITE);
    }
    assert_int_equal(pmap_count_absent(pmap, vrange(VA + SPAN + PAGES(3), VA + SPAN + PAGES(9))),
                     6);
    /* The table goes with the last of them. */
    remove_all(pmap, vrange(VA + SPAN, VA + SPAN + PAGES(2)));
    assert_int_equal(pmap->tables, 2);
    remove_all(pmap, vrange(VA + SPAN + PAGES(2), VA + SPAN + PAGES(3)));
    assert_int_equal(pmap->tables, 1);
}

/* ---- Ranges ---------------------------------------------------------------------------------------- */

/* Batches: as many pages as fit, one more, one less, and several batches. */
static uint32_t next_table(uint32_t start, uint32_t end)
{
    return pmap_next_table(pmap, vrange(start, end)).raw;
}

static void next_table_of_a_range(void **state)
{
    (void)state;
    assert_int_equal(next_table(USER_BASE, USER_END), USER_END);
    (void)enter(VA + 3 * SPAN + PAGE_SIZE, PMAP_READ);
    assert_int_equal(next_table(USER_BASE, USER_END), VA + 3 * SPAN);
    assert_int_equal(next_table(VA + PAGE_SIZE, VA + 4 * SPAN), VA + 3 * SPAN);
    assert_int_equal(next_table(VA + PAGE_SIZE, VA + 3 * SPAN), VA + 3 * SPAN);
    assert_int_equal(next_table(VA, VA + 3 * SPAN - PAGE_SIZE), VA + 3 * SPAN - PAGE_SIZE);
    /* The table is there, be there an entry at the address or not. */
    assert_int_equal(next_table(VA + 4 * SPAN - PAGE_SIZE, VA + 8 * SPAN),
                     VA + 4 * SPAN - PAGE_SIZE);
    assert_int_equal(next_table(VA + 4 * SPAN, USER_END), USER_END);
}

static void remove_in_batches(void **state)
{
    (void)state;
    const uint32_t counts[] = {
        1,   31,  32,  33, 34, PMAP_BATCH - 1, PMAP_BATCH, PMAP_BATCH + 1, 2 * PMAP_BATCH,
        511, 512, 513, 700};

    for (uint32_t c = 0; c < array_size(counts); c++) {
        uint32_t n = counts[c], start = VA + SPAN - PAGES(100), removed = 0;
        for (uint32_t i = 0; i < n; i++) {
            enter(start + PAGES(i), PMAP_READ | PMAP_WRITE);
            assert_int_equal(rights_at(start + PAGES(i)), PMAP_READ | PMAP_WRITE);
        }
        struct vrange left = vrange(start, start + PAGES(n));
        struct pmap_batch batch;
        bool more;
        do {
            more = pmap_remove(pmap, &left, &batch);
            tlb_check();
            removed += batch.count;
            assert_true(!more || batch.count == PMAP_BATCH);
            (void)frame_unref_list(batch.pfn, batch.count);
        } while (more);
        assert_int_equal(removed, n);
        assert_int_equal(left.start.raw, left.end.raw);
        assert_int_equal(pmap->tables, 0);
    }
}

static void remove_touches_nothing_else(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 8; i++) {
        enter(VA + PAGES(i), PMAP_READ);
        (void)rights_at(VA + PAGES(i));
    }
    remove_all(pmap, vrange(VA + PAGES(2), VA + PAGES(5)));
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(rights_at(VA + PAGES(i)), i < 2 || i >= 5 ? PMAP_READ : 0);
    }
    remove_all(pmap, vrange(VA + PAGES(2), VA + PAGES(5))); /* a hole: nothing to do */
    remove_all(pmap, vrange(USER_BASE, VA));
    assert_int_equal(rights_at(VA), PMAP_READ);
}

/* From any rights to any: only ever less, and prot 0 holds the page. */
static void protect_takes_away(void **state)
{
    (void)state;
    for (uint32_t pages = 1; pages < 40; pages += 19) { /* flushed one by one, and all at once */
        for (uint32_t from = 0; from < 8; from++) {
            for (uint32_t to = 0; to < 8; to++) {
                for (uint32_t i = 0; i < pages; i++) {
                    enter(VA + PAGES(i), from);
                    (void)rights_at(VA + PAGES(i));
                }
                enter(VA + PAGES(pages), 7);
                pmap_protect(pmap, vrange(VA, VA + PAGES(pages)), to);
                tlb_check();
                uint32_t had = from == 0 ? 0 : from | PMAP_READ;
                uint32_t want = had & (to == 0 ? 0 : to | PMAP_READ);
                for (uint32_t i = 0; i < pages; i++) {
                    struct pmap_entry entry;
                    assert_true(pmap_lookup(pmap, vaddr(VA + PAGES(i)), &entry));
                    assert_int_equal(entry.prot, want);
                    assert_int_equal(rights_at(VA + PAGES(i)), want);
                }
                assert_int_equal(rights_at(VA + PAGES(pages)), 7);
                remove_all(pmap, vrange(VA, VA + PAGES(pages + 1)));
            }
        }
    }
}

/* Copies range into `other`, taking the references; gives the number of pages. */
static uint32_t share(struct vrange range, bool cow)
{
    struct pmap_batch batch;
    uint32_t shared = 0;
    int more;

    do {
        more = pmap_share(other, pmap, &range, cow, &batch);
        assert_true(more >= 0);
        (void)frame_ref_list(batch.pfn, batch.count);
        shared += batch.count;
    } while (more > 0);
    pmap_flush(pmap);
    tlb_check();
    return shared;
}

static void share_with_cow(void **state)
{
    (void)state;
    struct pmap_entry a, b;

    for (uint32_t prot = 0; prot < 8; prot++) {
        enter(VA + PAGES(prot), prot);
        (void)rights_at(VA + PAGES(prot));
    }
    assert_int_equal(share(vrange(VA, VA + SPAN), true), 8);
    for (uint32_t prot = 0; prot < 8; prot++) {
        vaddr_t va = vaddr(VA + PAGES(prot));
        assert_true(pmap_lookup(pmap, va, &a) && pmap_lookup(other, va, &b));
        assert_int_equal(a.pfn, b.pfn);
        assert_int_equal(a.prot, b.prot);
        uint32_t want = prot == 0 ? 0 : (prot | PMAP_READ) & ~PMAP_WRITE;
        assert_int_equal(a.prot & PMAP_ACCESS, want);
        assert_int_equal(rights_at(va.raw), want);
        assert_int_equal(a.prot & PMAP_COW, PMAP_COW);
        /* The mark does not survive the next entering. */
        assert_int_equal(pmap_enter(pmap, va, a.pfn, PMAP_READ | PMAP_WRITE), 0);
        assert_true(pmap_lookup(pmap, va, &a));
        assert_int_equal(a.prot, PMAP_READ | PMAP_WRITE);
    }
    assert_int_equal(other->tables, 1);
}

static void share_without_cow(void **state)
{
    (void)state;
    struct pmap_entry a, b;

    for (uint32_t prot = 0; prot < 8; prot++) {
        enter(VA + PAGES(prot), prot);
    }
    assert_int_equal(share(vrange(VA + PAGES(1), VA + PAGES(7)), false), 6);
    for (uint32_t prot = 0; prot < 8; prot++) {
        vaddr_t va = vaddr(VA + PAGES(prot));
        assert_true(pmap_lookup(pmap, va, &a));
        bool is_shared = prot >= 1 && prot < 7;
        assert_int_equal(pmap_lookup(other, va, &b), is_shared);
        assert_true(!is_shared || (a.pfn == b.pfn && a.prot == b.prot));
        assert_int_equal(a.prot, prot == 0 ? 0 : prot | PMAP_READ);
    }
}

static void share_in_batches(void **state)
{
    (void)state;
    const uint32_t counts[] = {1, PMAP_BATCH - 1, PMAP_BATCH, PMAP_BATCH + 1, 512, 513, 1100};

    for (uint32_t c = 0; c < array_size(counts); c++) {
        for (uint32_t i = 0; i < counts[c]; i++) {
            enter(VA + PAGES(i), PMAP_READ | PMAP_WRITE);
        }
        assert_int_equal(share(vrange(USER_BASE, USER_END), true), counts[c]);
        assert_int_equal(other->tables, pmap->tables);
        remove_all(pmap, vrange(USER_BASE, USER_END));
        /* The other side has it all still. */
        struct pmap_entry entry;
        vaddr_t va = vaddr(USER_BASE);
        for (uint32_t i = 0; i < counts[c]; i++) {
            assert_true(pmap_next(other, &va, vaddr(USER_END), &entry));
            assert_int_equal(va.raw, VA + PAGES(i));
            va.raw += PAGE_SIZE;
        }
        remove_all(other, vrange(USER_BASE, USER_END));
        assert_int_equal(frame_free_count(), base);
    }
}

/* A table of the source without a page in the range leaves none in the copy. */
static void share_of_nothing(void **state)
{
    (void)state;
    enter(VA, PMAP_READ);
    assert_int_equal(share(vrange(VA + PAGE_SIZE, VA + SPAN), true), 0);
    assert_int_equal(other->tables, 0);
}

static int share_attempt(void *context)
{
    struct vrange left = vrange(USER_BASE, USER_END);
    struct pmap_batch batch;
    int more;

    (void)context;
    do {
        more = pmap_share(other, pmap, &left, true, &batch);
        (void)frame_ref_list(batch.pfn, batch.count);
    } while (more > 0);
    pmap_flush(pmap);
    if (more < 0) {
        remove_all(other, vrange(USER_BASE, USER_END));
    }
    return more;
}

static void share_undo(void *context)
{
    (void)context;
    remove_all(other, vrange(USER_BASE, USER_END));
}

static void share_fails_at_every_allocation(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        for (uint32_t j = 0; j < 1 + 100 * i; j++) {
            enter(VA + i * SPAN + PAGES(j), PMAP_READ | PMAP_WRITE);
        }
    }
    assert_int_equal(fail_every_allocation(share_attempt, share_undo, no_check, NULL), 5);
}

/* ---- Which space is active --------------------------------------------------------------------------- */

static void inactive_spaces_cost_no_flush(void **state)
{
    (void)state;
    enter(VA, PMAP_READ | PMAP_WRITE);
    pmap_activate(other);
    uint32_t pages = tlb_page_flushes, loads = tlb_loads;
    pmap_protect(pmap, vrange(VA, VA + PAGE_SIZE), PMAP_READ);
    pmap_flush(pmap);
    remove_all(pmap, vrange(VA, VA + PAGE_SIZE));
    assert_int_equal(tlb_page_flushes, pages);
    assert_int_equal(tlb_loads, loads);
    pmap_activate(other);
    assert_int_equal(tlb_loads, loads); /* it is loaded already */
    pmap_activate(pmap);
    assert_int_equal(tlb_loads, loads + 1);
}

static void each_space_sees_its_own(void **state)
{
    (void)state;
    pfn_t mine = enter(VA, PMAP_READ | PMAP_WRITE);
    pfn_t its = frame_alloc(FRAME_USER, 0);

    assert_int_equal(pmap_enter(other, vaddr(VA), its, PMAP_READ), 0);
    assert_ptr_equal(cpu_try(VA, VM_WRITE), pmap_direct(mine));
    pmap_activate(other);
    assert_ptr_equal(cpu_try(VA, VM_READ), pmap_direct(its));
    assert_null(cpu_try(VA, VM_WRITE));
    pmap_activate_kernel();
    assert_null(cpu_try(VA, VM_READ));
    pmap_activate(pmap);
    assert_ptr_equal(cpu_try(VA, VM_READ), pmap_direct(mine));
}

static void fini_of_the_active_space(void **state)
{
    (void)state;
    struct pmap *p = pmap_make();

    pmap_activate(p);
    pmap_fini(p);
    tlb_check();
    memset(p, 0xEE, sizeof(*p));
    kheap_free(p, sizeof(*p));
    assert_null(cpu_try(VA, VM_READ));
    /* One that lies where the dead one lay is loaded anew. */
    uint32_t loads = tlb_loads;
    p = pmap_make();
    pmap_activate(p);
    assert_int_equal(tlb_loads, loads + 1);
    pmap_fini(p);
    kheap_free(p, sizeof(*p));
}

static void fini_with_mappings_panics(void **state)
{
    (void)state;
    enter(VA, PMAP_READ);
    expect_panic("tables == 0", pmap_fini(pmap));
}

/* ---- The kernel's half ------------------------------------------------------------------------------- */

#define KSTACK 0xF8002000u

static void kernel_pages(void **state)
{
    (void)state;
    pfn_t a = frame_alloc(FRAME_STACK, 0), b = frame_alloc(FRAME_STACK, 0);

    frame_fail_at(1, false);
    assert_int_equal(pmap_kernel_enter(KSTACK, a), -ENOMEM);
    assert_int_equal(pmap_kernel_enter(KSTACK, a), 0);
    assert_int_equal(pmap_kernel_enter(KSTACK + PAGE_SIZE, b), 0);
    assert_ptr_equal(cpu_access_kernel(KSTACK), pmap_direct(a));
    assert_ptr_equal(cpu_access_kernel(KSTACK + PAGE_SIZE), pmap_direct(b));
    assert_null(cpu_access_kernel(KSTACK - 1)); /* the guard */
    assert_null(cpu_try(KSTACK, VM_READ));      /* not the user's */
    tlb_check();
    /* Every address space has it. */
    pmap_activate(other);
    assert_ptr_equal(cpu_access_kernel(KSTACK), pmap_direct(a));
    assert_int_equal(pmap_kernel_remove(KSTACK), a);
    tlb_check();
    assert_null(cpu_access_kernel(KSTACK));
    assert_int_equal(pmap_kernel_remove(KSTACK + PAGE_SIZE), b);
    tlb_check();
    assert_null(cpu_access_kernel(KSTACK + PAGE_SIZE));
    frame_unref(a);
    frame_unref(b);
    assert_int_equal(frame_free_count(), base);
}

/* ---- Frames as memory -------------------------------------------------------------------------------- */

static void direct_memory(void **state)
{
    (void)state;
    assert_int_equal(pmap_direct_limit(), MACHINE_FRAMES);
    for (pfn_t pfn = 1; pfn < MACHINE_FRAMES; pfn += 97) {
        assert_int_equal(pmap_direct_pfn(pmap_direct(pfn)), pfn);
        assert_int_equal(pmap_direct_pfn((char *)pmap_direct(pfn) + 4095), pfn);
    }
}

static void zero_and_copy(void **state)
{
    (void)state;
    pfn_t a = frame_alloc(FRAME_USER, 0), b = frame_alloc(FRAME_USER, 0);
    uint8_t *to = pmap_window_open(a), *from = pmap_window_open(b);

    for (uint32_t i = 0; i < PAGE_SIZE; i++) {
        from[i] = (uint8_t)(i * 13);
        to[i] = 0xFF;
    }
    pmap_copy_page(a, b);
    assert_memory_equal(to, from, PAGE_SIZE);
    pmap_zero_page(a);
    for (uint32_t i = 0; i < PAGE_SIZE; i++) {
        assert_int_equal(to[i], 0);
        assert_int_equal(from[i], (uint8_t)(i * 13));
    }
    pmap_window_close(from);
    pmap_window_close(to);
    uint8_t *view = frame_view_open(b);
    assert_int_equal(view[1], 13);
    frame_view_close(view);
    frame_unref(a);
    frame_unref(b);
}

/* ---- What the panic screen prints ---------------------------------------------------------------------- */

static void describe(void **state)
{
    (void)state;
    char text[200], cut[200];

    pmap_describe(vaddr(VA), text, sizeof(text));
    assert_non_null(strstr(text, "pdpt[1]="));
    assert_non_null(strstr(text, "not present"));
    enter(VA + PAGES(5), PMAP_READ);
    pmap_describe(vaddr(VA + PAGES(5)), text, sizeof(text));
    assert_non_null(strstr(text, "pd[0]="));
    assert_non_null(strstr(text, "pt[5]="));
    assert_null(strstr(text, "not present"));
    pmap_describe(vaddr(VA), text, sizeof(text));
    assert_non_null(strstr(text, "(not present)"));
    pmap_describe(vaddr(0xC0C00000u), text, sizeof(text)); /* a large page */
    assert_null(strstr(text, " pt["));
    pmap_describe(vaddr(VA), text, sizeof(text));
    for (uint32_t size = 1; size < 120; size++) {
        memset(cut, '#', sizeof(cut));
        pmap_describe(vaddr(VA), cut, size);
        assert_true(strlen(cut) < size);
        assert_int_equal(cut[size], '#');
        assert_memory_equal(cut, text, strlen(cut));
    }
}

/* ---- At random ----------------------------------------------------------------------------------------- */

#define MODEL_PAGES 1600u
#define ROUNDS      1500u

/* Enter, protect, remove on one active space against an array. */
static void random_walk(void **state)
{
    (void)state;
    uint64_t random = seed_choose("pmap random_walk");
    static struct pmap_entry model[MODEL_PAGES];
    const uint32_t start = VA + SPAN - PAGES(300);

    memset(model, 0, sizeof(model));
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t from = random_below(&random, MODEL_PAGES);
        uint32_t n = 1 + random_below(&random, random_below(&random, 4) == 0 ? 700 : 20);
        uint32_t prot = random_below(&random, 8), choice = random_below(&random, 8);
        n = n > MODEL_PAGES - from ? MODEL_PAGES - from : n;
        struct vrange range = vrange(start + PAGES(from), start + PAGES(from + n));
        for (uint32_t i = from; i < from + n && choice < 5; i++) {
            pfn_t old = model[i].pfn;
            model[i].pfn = enter(start + PAGES(i), prot);
            model[i].prot = prot == 0 ? 0 : prot | PMAP_READ;
            if (old != PFN_NONE) {
                frame_unref(old);
            }
        }
        if (choice == 5) {
            pmap_protect(pmap, range, prot);
        } else if (choice >= 6) {
            remove_all(pmap, range);
        }
        for (uint32_t i = from; i < from + n && choice >= 5; i++) {
            model[i].prot &= choice >= 6 || prot == 0 ? 0 : prot | PMAP_READ;
            model[i].pfn = choice >= 6 ? PFN_NONE : model[i].pfn;
        }
        tlb_check();
        for (uint32_t k = 0; k < 40; k++) {
            uint32_t i = random_below(&random, MODEL_PAGES);
            struct pmap_entry entry;
            assert_int_equal(pmap_lookup(pmap, vaddr(start + PAGES(i)), &entry),
                             model[i].pfn != PFN_NONE);
            assert_int_equal(rights_at(start + PAGES(i)), model[i].prot);
        }
    }
}

#define PMAP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PMAP_TEST(empty_space),
        PMAP_TEST(a_pmap_costs_three_frames),
        PMAP_TEST(init_fails_at_every_allocation),
        PMAP_TEST(rights),
        cmocka_unit_test_setup_teardown(rights, setup_without_nx, teardown),
        PMAP_TEST(enter_replaces),
        PMAP_TEST(first_and_last_page),
        PMAP_TEST(table_lives_with_its_entries),
        PMAP_TEST(held_pages_keep_the_table),
        PMAP_TEST(reserve_and_trim),
        PMAP_TEST(enter_without_a_table),
        PMAP_TEST(enter_absent),
        PMAP_TEST(enter_a_batch),
        PMAP_TEST(next_table_of_a_range),
        PMAP_TEST(remove_in_batches),
        PMAP_TEST(remove_touches_nothing_else),
        PMAP_TEST(protect_takes_away),
        PMAP_TEST(share_with_cow),
        PMAP_TEST(share_without_cow),
        PMAP_TEST(share_in_batches),
        PMAP_TEST(share_of_nothing),
        PMAP_TEST(share_fails_at_every_allocation),
        PMAP_TEST(inactive_spaces_cost_no_flush),
        PMAP_TEST(each_space_sees_its_own),
        PMAP_TEST(fini_of_the_active_space),
        cmocka_unit_test_setup_teardown(fini_with_mappings_panics, setup, machine_teardown),
        PMAP_TEST(kernel_pages),
        PMAP_TEST(direct_memory),
        PMAP_TEST(zero_and_copy),
        PMAP_TEST(describe),
        PMAP_TEST(random_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
