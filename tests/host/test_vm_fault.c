/* mm/vm_fault.c, the pagers and fork: how pages come in, who shares them, and what it costs. */
#include "mm_support.h"

#include <asm/errno.h>

#include "mm/pager/file_store.h"

#define A        0x40000000u
#define B        0x80000000u
#define SPAN     (2u << 20)
#define TEACHING (VM_NO_MERGE | VM_TEACHING | VM_OWN_ZERO)

static struct vm_map *map;
static uint32_t base; /* free frames with the map and one area record's frame */
static struct fake_file file;

#define FILE_SIZE (PAGES(40) + 100)

static int setup(void **state)
{
    machine_setup(state);
    map = vm_map_create(2);
    assert_non_null(map);
    base = frame_free_count();
    fake_file_init(&file, FILE_SIZE);
    return 0;
}

static int setup_without_nx(void **state)
{
    cpu_info.nx = false;
    machine_start(MACHINE_FRAMES, 0);
    (void)state;
    map = vm_map_create(2);
    base = frame_free_count();
    fake_file_init(&file, FILE_SIZE);
    return 0;
}

static int teardown(void **state)
{
    map_check(map);
    vm_map_destroy(map);
    (void)vm_source_discard(&file.source);
    fake_file_free(&file);
    return machine_teardown(state);
}

static struct vm_map_counts counts(struct vm_map *m)
{
    struct vm_map_counts c;

    vm_map_counts(m, &c);
    return c;
}

static struct vrange pages_at(uint32_t start, uint32_t pages)
{
    return vrange(start, start + PAGES(pages));
}

static uint32_t used(void)
{
    return base - frame_free_count();
}

static uint32_t faults(uint32_t account, enum vm_cause cause)
{
    return vm_map_account(map, account)->faults[cause];
}

static void unmap_all(struct vm_map *m)
{
    assert_int_equal(vm_map_remove(m, vrange(USER_BASE, USER_END)), 0);
    map_check(m);
}

/* An access with the cause it must have; nothing must be stale after it. */
static void takes(uint32_t va, uint32_t access, enum vm_cause cause)
{
    enum vm_cause got = user_cause(map, va, access);

    if (got != cause) {
        fail_msg("access %u at %x: %s instead of %s", access, va,
                 got == VM_CAUSE_COUNT ? "no fault" : vm_cause_word(got),
                 cause == VM_CAUSE_COUNT ? "no fault" : vm_cause_word(cause));
    }
    map_check(map);
}
#define NO_FAULT VM_CAUSE_COUNT

static void cause_words(void **state)
{
    (void)state;
    assert_string_equal(vm_cause_word(VM_CAUSE_DEMAND_ZERO), "demand-zero");
    assert_string_equal(vm_cause_word(VM_CAUSE_IO), "i/o");
    assert_string_equal(vm_cause_word(VM_CAUSE_NULL_POINTER), "null");
    assert_string_equal(vm_cause_word(VM_CAUSE_COUNT), "unknown");
    assert_string_equal(vm_cause_word(0xFFFFFFFFu), "unknown");
}

/* ---- Anonymous memory ------------------------------------------------------------------------------ */

/* T2: a read takes no frame of one's own, a write one; V9: the table counts. */
static void read_then_write(void **state)
{
    (void)state;
    add_anon(map, A, 4, RW);
    takes(A, VM_READ, VM_CAUSE_DEMAND_ZERO);
    assert_int_equal(used(), 1); /* the table */
    assert_int_equal(counts(map).rss_pages, 0);
    assert_int_equal(user_frame(map, A), frame_zero_page);
    takes(A, VM_READ, NO_FAULT);
    takes(A, VM_WRITE, VM_CAUSE_DEMAND_ZERO);
    assert_int_equal(used(), 2);
    assert_int_equal(counts(map).rss_pages, 1);
    assert_int_not_equal(user_frame(map, A), frame_zero_page);
    takes(A + 1, VM_WRITE, NO_FAULT);
    takes(A + PAGES(1) + 5, VM_WRITE, VM_CAUSE_DEMAND_ZERO);
    assert_int_equal(used(), 3); /* V9: two pages in a fresh 2 MiB: three frames */
    for (uint32_t i = 0; i < PAGE_SIZE; i++) {
        assert_int_equal(user_read(map, A + PAGES(1) + i), 0);
    }
    assert_int_equal(faults(FL_ACCOUNT_MMAP, VM_CAUSE_DEMAND_ZERO), 3);
    assert_int_equal(vm_map_account(map, FL_ACCOUNT_MMAP)->pages, 2);
    unmap_all(map);
    assert_int_equal(used(), 0);
    assert_int_equal(frame_of(frame_zero_page)->refs, 1);
}

/* V5, L6: these areas get frames of their own for a read too. */
static void own_zero_pages(void **state)
{
    (void)state;
    struct vm_area_spec spec = anon_spec(A, 2, RW);

    spec.flags = TEACHING;
    spec.account = FL_ACCOUNT_AREA;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    takes(A, VM_READ, VM_CAUSE_DEMAND_ZERO);
    assert_int_equal(used(), 2);
    assert_int_equal(counts(map).rss_pages, 1);
    takes(A, VM_WRITE, NO_FAULT);
    takes(A + PAGES(1), VM_WRITE, VM_CAUSE_DEMAND_ZERO);
    assert_int_equal(used(), 3);
    assert_int_equal(faults(FL_ACCOUNT_AREA, VM_CAUSE_DEMAND_ZERO), 2);
}

static void pages_are_cleared(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 3; round++) {
        add_anon(map, A, 8, RW);
        for (uint32_t i = 0; i < 8; i++) {
            for (uint32_t b = 0; b < PAGE_SIZE; b += 64) {
                assert_int_equal(user_read(map, A + PAGES(i) + b), 0);
                user_write(map, A + PAGES(i) + b, 0xFF);
            }
        }
        unmap_all(map);
    }
}

/* ---- Refusals -------------------------------------------------------------------------------------- */

static void nothing_there(void **state)
{
    (void)state;
    const struct {
        uint32_t va;
        enum vm_cause cause;
    } tries[] = {
        {0, VM_CAUSE_NULL_POINTER},
        {1, VM_CAUSE_NULL_POINTER},
        {4095, VM_CAUSE_NULL_POINTER},
        {4096, VM_CAUSE_NO_AREA},
        {A - 1, VM_CAUSE_NO_AREA},
        {A + PAGES(2), VM_CAUSE_NO_AREA},
        {USER_END - 1, VM_CAUSE_NO_AREA},
        {USER_END, VM_CAUSE_KERNEL_ADDRESS},
        {USER_END + 1, VM_CAUSE_KERNEL_ADDRESS},
        {0xFFFFFFFFu, VM_CAUSE_KERNEL_ADDRESS},
    };
    uint32_t count[VM_CAUSE_COUNT] = {0};

    add_anon(map, A, 2, RW);
    for (uint32_t i = 0; i < array_size(tries); i++) {
        for (uint32_t access = 1; access <= 4; access *= 2) {
            user_refused(map, tries[i].va, access, VM_FAULT_NO_MAPPING, tries[i].cause);
            count[tries[i].cause]++;
            assert_int_equal(vm_map_unplaced_faults(map)[tries[i].cause], count[tries[i].cause]);
        }
    }
    assert_int_equal(used(), 0);
}

static void wrong_access(void **state)
{
    (void)state;
    add_anon(map, A, 1, 0);
    add_anon(map, A + PAGES(1), 1, VM_READ);
    add_anon(map, A + PAGES(2), 1, VM_WRITE);
    add_anon(map, A + PAGES(3), 1, VM_EXEC);
    for (uint32_t access = 1; access <= 4; access *= 2) {
        user_refused(map, A, access, VM_FAULT_BAD_ACCESS, VM_CAUSE_NO_ACCESS);
    }
    for (uint32_t round = 0; round < 2; round++) { /* absent, then present (V6) */
        user_refused(map, A + PAGES(1), VM_WRITE, VM_FAULT_BAD_ACCESS, VM_CAUSE_READ_ONLY);
        if (cpu_info.nx) {
            user_refused(map, A + PAGES(1), VM_EXEC, VM_FAULT_BAD_ACCESS, VM_CAUSE_NO_EXEC);
        } else {
            assert_non_null(cpu_access(map, A + PAGES(1), VM_EXEC).byte);
        }
        user_refused(map, A + PAGES(3), VM_WRITE, VM_FAULT_BAD_ACCESS, VM_CAUSE_READ_ONLY);
        assert_int_equal(user_read(map, A + PAGES(1)), 0);
        assert_int_equal(user_read(map, A + PAGES(3)), 0); /* F7 */
    }
    user_write(map, A + PAGES(2), 1); /* F7 */
    assert_int_equal(user_read(map, A + PAGES(2)), 1);
    assert_non_null(cpu_access(map, A + PAGES(3), VM_EXEC).byte);
    assert_int_equal(faults(FL_ACCOUNT_MMAP, VM_CAUSE_NO_ACCESS), 3);
    assert_int_equal(faults(FL_ACCOUNT_MMAP, VM_CAUSE_READ_ONLY), 4);
}

/* F7: an area for writing only can be read, at once and when what is read may not be written. */
static void read_of_write_only(void **state)
{
    (void)state;
    add_anon(map, A, 2, VM_WRITE);
    takes(A, VM_READ, VM_CAUSE_DEMAND_ZERO);
    assert_int_equal(user_frame(map, A), frame_zero_page);
    takes(A, VM_WRITE, VM_CAUSE_DEMAND_ZERO);
    takes(A, VM_READ, NO_FAULT);
    takes(A + PAGES(1), VM_WRITE, VM_CAUSE_DEMAND_ZERO);
    struct vm_map *other = vm_map_fork(map);
    takes(A, VM_READ, NO_FAULT);
    takes(A, VM_WRITE, VM_CAUSE_COPY_ON_WRITE);
    vm_map_destroy(other);
    assert_int_equal(vm_map_protect(map, pages_at(A, 2), 0), 0);
    assert_int_equal(vm_map_protect(map, pages_at(A, 2), VM_WRITE), 0);
    takes(A, VM_READ, VM_CAUSE_RESIDENT);
    takes(A, VM_WRITE, NO_FAULT);
}

/* ---- mprotect and faults --------------------------------------------------------------------------- */

/* M17: rights that are taken are gone at once, rights that are given come with the next fault, and
 * the bytes are there. */
static void rights_come_and_go(void **state)
{
    (void)state;
    add_anon(map, A, 40, RW);
    for (uint32_t n = 1; n <= 40; n += 39) { /* flushed page by page; all at once */
        for (uint32_t i = 0; i < 40; i++) {
            user_write(map, A + PAGES(i), (uint8_t)(i + 1));
        }
        assert_int_equal(vm_map_protect(map, pages_at(A, n), VM_READ), 0);
        map_check(map);
        user_refused(map, A, VM_WRITE, VM_FAULT_BAD_ACCESS, VM_CAUSE_READ_ONLY);
        takes(A, VM_READ, n == 0 ? NO_FAULT : VM_CAUSE_COUNT);
        assert_int_equal(vm_map_protect(map, pages_at(A, n), 0), 0);
        map_check(map);
        user_refused(map, A, VM_READ, VM_FAULT_BAD_ACCESS, VM_CAUSE_NO_ACCESS);
        assert_int_equal(counts(map).rss_pages, 40);
        assert_int_equal(vm_map_protect(map, pages_at(A, n), VM_READ), 0);
        map_check(map);
        takes(A, VM_READ, VM_CAUSE_RESIDENT);
        assert_int_equal(user_read(map, A), 1);
        user_refused(map, A, VM_WRITE, VM_FAULT_BAD_ACCESS, VM_CAUSE_READ_ONLY);
        assert_int_equal(vm_map_protect(map, pages_at(A, n), RW), 0);
        map_check(map);
        uint32_t before = used();
        takes(A, VM_WRITE, VM_CAUSE_RESIDENT);
        assert_int_equal(used(), before);
        for (uint32_t i = 0; i < 40; i++) {
            assert_int_equal(user_read(map, A + PAGES(i)), i + 1);
        }
        assert_int_equal(vm_map_protect(map, pages_at(A, n), RW | VM_EXEC), 0);
        map_check(map);
        takes(A, VM_EXEC, VM_CAUSE_RESIDENT);
        assert_int_equal(vm_map_protect(map, pages_at(A, n), RW), 0);
        map_check(map);
        user_refused(map, A, VM_EXEC, VM_FAULT_BAD_ACCESS, VM_CAUSE_NO_EXEC);
    }
}

/* A write fault on a PROT_NONE round trip of the zero page must not write the zero page. */
static void zero_page_through_prot_none(void **state)
{
    (void)state;
    add_anon(map, A, 1, RW);
    takes(A, VM_READ, VM_CAUSE_DEMAND_ZERO);
    assert_int_equal(vm_map_protect(map, pages_at(A, 1), 0), 0);
    assert_int_equal(vm_map_protect(map, pages_at(A, 1), RW), 0);
    user_write(map, A, 1);
    map_check(map);
    const uint8_t *zero = pmap_direct(frame_zero_page);
    for (uint32_t i = 0; i < PAGE_SIZE; i++) {
        assert_int_equal(zero[i], 0);
    }
    assert_int_equal(counts(map).rss_pages, 1);
}

/* ---- The stack ------------------------------------------------------------------------------------- */

static void add_stack(uint32_t pages)
{
    struct vm_area_spec spec = anon_spec(USER_END - PAGES(pages), pages, RW);

    spec.flags = VM_GROWS_DOWN;
    spec.account = FL_ACCOUNT_STACK;
    assert_int_equal(vm_map_insert(map, &spec), 0);
}

static uint32_t stack_start(void)
{
    struct vm_area_info info;

    assert_true(vm_map_area_of(map, vaddr(USER_END - 1), &info));
    return info.range.start.raw;
}

static void stack_grows_to_its_limit(void **state)
{
    (void)state;
    add_stack(1);
    takes(USER_END - 4, VM_WRITE, VM_CAUSE_DEMAND_ZERO);
    takes(USER_END - PAGES(1) - 4, VM_WRITE, VM_CAUSE_STACK_GROW);
    assert_int_equal(stack_start(), USER_END - PAGES(2));
    takes(USER_END - PAGES(10) + 3, VM_READ, VM_CAUSE_STACK_GROW);
    assert_int_equal(stack_start(), USER_END - PAGES(10));
    takes(USER_END - PAGES(5), VM_WRITE, VM_CAUSE_DEMAND_ZERO);
    assert_int_equal(counts(map).size_pages, 10);
    takes(VM_STACK_FLOOR, VM_WRITE, VM_CAUSE_STACK_GROW);
    assert_int_equal(stack_start(), VM_STACK_FLOOR);
    assert_int_equal(counts(map).size_pages, VM_STACK_MAX >> PAGE_SHIFT);
    user_refused(map, VM_STACK_FLOOR - 1, VM_WRITE, VM_FAULT_NO_MAPPING, VM_CAUSE_GUARD);
    user_refused(map, VM_STACK_GUARD_FLOOR, VM_WRITE, VM_FAULT_NO_MAPPING, VM_CAUSE_GUARD);
    user_refused(map, VM_STACK_GUARD_FLOOR - 1, VM_WRITE, VM_FAULT_NO_MAPPING, VM_CAUSE_NO_AREA);
    assert_int_equal(faults(FL_ACCOUNT_STACK, VM_CAUSE_STACK_GROW), 3);
    assert_int_equal(vm_map_unplaced_faults(map)[VM_CAUSE_GUARD], 2);
}

static void stack_keeps_its_distance(void **state)
{
    (void)state;
    uint32_t below = USER_END - PAGES(400);

    add_stack(1);
    add_anon(map, below - PAGE_SIZE, 1, RW);
    takes(below + VM_STACK_GUARD, VM_WRITE, VM_CAUSE_STACK_GROW);
    user_refused(map, below + VM_STACK_GUARD - 1, VM_WRITE, VM_FAULT_NO_MAPPING, VM_CAUSE_GUARD);
    assert_int_equal(stack_start(), below + VM_STACK_GUARD);
}

/* The flag is the stack's: what has an object does not grow, its offsets would go below 0. */
static void an_object_does_not_grow_down(void **state)
{
    (void)state;
    struct vm_area_spec spec = anon_spec(USER_END - PAGES(2), 2, RW);

    spec.flags = VM_GROWS_DOWN | VM_SHARED;
    spec.object = vm_object_shared_anon(16, false);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    vm_object_unref(spec.object);
    user_refused(map, USER_END - PAGES(2) - 1, VM_WRITE, VM_FAULT_NO_MAPPING, VM_CAUSE_GUARD);
}

/* Out of memory while the stack grows: the map is as before. */
static int grow_attempt(void *context)
{
    (void)context;
    struct access a = cpu_access(map, USER_END - SPAN - PAGES(3), VM_WRITE);

    assert_true(a.byte != NULL || a.result == VM_FAULT_FORCED);
    return a.byte != NULL ? 0 : -ENOMEM;
}

static void grow_undo(void *context)
{
    (void)context;
    unmap_all(map);
    add_stack(1);
}

static void grow_check(void *context)
{
    (void)context;
    map_check(map);
    uint32_t start = stack_start();
    assert_true(start == USER_END - PAGES(1) || start == USER_END - SPAN - PAGES(3));
    assert_int_equal(start == USER_END - PAGES(1),
                     user_frame(map, USER_END - SPAN - PAGES(3)) == PFN_NONE);
}

static void stack_growth_fails_at_every_allocation(void **state)
{
    (void)state;
    add_stack(1);
    assert_int_equal(fail_every_allocation(grow_attempt, grow_undo, grow_check, NULL), 2);
}

/* ---- Files ----------------------------------------------------------------------------------------- */

/* pages of the file from byte offset, as mmap maps it. */
static void map_file(struct vm_map *m, uint32_t start, uint32_t pages, uint64_t offset,
                     uint32_t prot, uint32_t flags)
{
    struct vm_object *object = vm_object_of_file(&file.source);
    struct vm_area_spec spec = anon_spec(start, pages, prot);

    assert_non_null(object);
    spec.object = object;
    spec.offset = offset;
    spec.flags = flags;
    assert_int_equal(vm_map_insert(m, &spec), 0);
    vm_object_unref(object);
    map_check(m);
}

/* The page cache is weak: it lives while it is mapped, costs its frames, and goes (V9). */
static void file_pages_live_while_mapped(void **state)
{
    (void)state;
    map_file(map, A, 5, PAGES(3), VM_READ, VM_SHARED | VM_MAY_NOT_WRITE);
    uint32_t with_area = used();
    for (uint32_t i = 0; i < 5; i++) {
        takes(A + PAGES(i), VM_READ, VM_CAUSE_FILE_IN);
        for (uint32_t b = 0; b < PAGE_SIZE; b++) {
            assert_int_equal(user_read(map, A + PAGES(i) + b), fake_byte(PAGES(3 + i) + b));
        }
    }
    assert_int_equal(file.reads, 5);
    assert_int_equal(frame_owner_count(FRAME_CACHE), 5);
    assert_int_equal(counts(map).rss_pages, 5);
    /* A second mapping of the same pages, private: the same frames, nothing is read. */
    map_file(map, B, 5, PAGES(3), RW, 0);
    for (uint32_t i = 0; i < 5; i++) {
        takes(B + PAGES(i), VM_READ, VM_CAUSE_FILE_IN);
        assert_int_equal(user_frame(map, B + PAGES(i)), user_frame(map, A + PAGES(i)));
    }
    assert_int_equal(file.reads, 5);
    assert_int_equal(file.refs, 1);
    /* Unmapped on one side the frames stay, on both they go. */
    assert_int_equal(vm_map_remove(map, pages_at(A, 2)), 0);
    assert_int_equal(frame_owner_count(FRAME_CACHE), 5);
    assert_int_equal(vm_map_remove(map, pages_at(B, 2)), 0);
    map_check(map);
    assert_int_equal(frame_owner_count(FRAME_CACHE), 3);
    takes(A + PAGES(2), VM_READ, NO_FAULT);
    assert_int_equal(vm_map_remove(map, pages_at(B, 5)), 0);
    assert_int_equal(vm_map_remove(map, pages_at(A, 5)), 0);
    map_check(map);
    assert_int_equal(used(), 0);
    assert_int_equal(file.refs, 0);
    assert_null(file.source.object);
    assert_true(with_area > 0);
}

static void private_writes_stay_private(void **state)
{
    (void)state;
    map_file(map, A, 3, 0, RW, 0);
    map_file(map, B, 3, 0, VM_READ, VM_SHARED);
    takes(B, VM_READ, VM_CAUSE_FILE_IN);
    takes(A, VM_WRITE, VM_CAUSE_FILE_IN); /* not there: read and copied in one fault */
    user_write(map, A, 0x99);
    assert_int_equal(user_read(map, B), fake_byte(0));
    assert_int_equal(user_read(map, A + 1), fake_byte(1));
    takes(A + PAGES(1), VM_READ, VM_CAUSE_FILE_IN);
    pfn_t cached = user_frame(map, A + PAGES(1));
    assert_int_equal(frame_of(cached)->owner, FRAME_CACHE);
    takes(A + PAGES(1), VM_WRITE, VM_CAUSE_COPY_ON_WRITE);
    assert_int_not_equal(user_frame(map, A + PAGES(1)), cached);
    /* The copy took the page's last reference along: the cache has only what B maps. */
    assert_int_equal(frame_owner_count(FRAME_CACHE), 1);
    user_write(map, A + PAGES(1), 0x98);
    assert_int_equal(user_read(map, B + PAGES(1)), fake_byte(PAGES(1)));
    assert_int_equal(counts(map).rss_pages, 4);
    /* Discarded, the private page is the file's again. */
    assert_int_equal(vm_map_discard(map, pages_at(A, 3)), 0);
    assert_int_equal(user_read(map, A), fake_byte(0));
    map_check(map);
}

static void read_of_a_write_only_file(void **state)
{
    (void)state;
    map_file(map, B, 4, 0, VM_READ, VM_SHARED);
    assert_int_equal(vm_map_populate(map, pages_at(B, 4), false), 0);
    map_file(map, A, 4, 0, VM_WRITE, VM_AROUND);
    takes(A + PAGES(1), VM_READ, VM_CAUSE_FILE_IN);
    takes(A + PAGES(2), VM_READ, NO_FAULT); /* came along */
    takes(A + PAGES(2), VM_WRITE, VM_CAUSE_COPY_ON_WRITE);
    takes(A + PAGES(2), VM_READ, NO_FAULT);
}

static void shared_writes_are_seen(void **state)
{
    (void)state;
    map_file(map, A, 2, 0, RW, VM_SHARED);
    map_file(map, B, 2, 0, VM_READ, VM_SHARED);
    takes(A, VM_READ, VM_CAUSE_FILE_IN);
    takes(A, VM_WRITE, VM_CAUSE_RESIDENT); /* the file must know what is written */
    takes(A, VM_WRITE, NO_FAULT);
    user_write(map, A, 0x77);
    assert_int_equal(user_read(map, B), 0x77);
    takes(A + PAGES(1), VM_WRITE, VM_CAUSE_FILE_IN);
    user_write(map, A + PAGES(1), 0x78);
    assert_int_equal(user_read(map, B + PAGES(1)), 0x78);
    assert_int_equal(frame_owner_count(FRAME_USER), 0);
}

/* F12, F14: the last page ends in zeros, the next is SIGBUS's, and nothing leaks on the way. */
static void end_of_file(void **state)
{
    (void)state;
    map_file(map, A, 3, PAGES(39), RW, 0);
    takes(A + PAGES(1), VM_READ, VM_CAUSE_FILE_IN);
    for (uint32_t b = 0; b < PAGE_SIZE; b++) {
        assert_int_equal(user_read(map, A + PAGES(1) + b), b < 100 ? fake_byte(PAGES(40) + b) : 0);
    }
    uint32_t before = frame_free_count();
    for (uint32_t access = 1; access <= 2; access *= 2) {
        user_refused(map, A + PAGES(2), access, VM_FAULT_IO, VM_CAUSE_IO);
        assert_int_equal(frame_free_count(), before);
    }
    assert_int_equal(faults(FL_ACCOUNT_MMAP, VM_CAUSE_IO), 2);
    /* R13: cut short while mapped, what is in stays. */
    file.source.size = PAGES(40);
    takes(A + PAGES(1), VM_READ, NO_FAULT);
    file.source.size = 0;
    user_refused(map, A, VM_READ, VM_FAULT_IO, VM_CAUSE_IO);
    map_check(map);
}

static void a_read_that_fails(void **state)
{
    (void)state;
    map_file(map, A, 3, 0, RW, 0);
    uint32_t before = frame_free_count();
    for (uint32_t access = 1; access <= 2; access *= 2) {
        file.fail_read = 1;
        user_refused(map, A, access, VM_FAULT_IO, VM_CAUSE_IO);
        assert_int_equal(frame_free_count(), before);
        map_check(map);
    }
    assert_int_equal(user_read(map, A), fake_byte(0)); /* the next time it works */
}

/* A page whose frame outlives the mapping and the object: kept by somebody's reference. */
static void a_pinned_page_outlives_its_file(void **state)
{
    (void)state;
    map_file(map, A, 1, 0, VM_READ, VM_SHARED);
    assert_int_equal(user_read(map, A), fake_byte(0));
    pfn_t pfn = user_frame(map, A);
    frame_ref(pfn);
    unmap_all(map);
    assert_int_equal(file.refs, 0);
    assert_int_equal(frame_owner_count(FRAME_CACHE), 1);
    /* It is not found again by a new object. */
    map_file(map, A, 1, 0, VM_READ, VM_SHARED);
    assert_int_equal(user_read(map, A), fake_byte(0));
    assert_int_not_equal(user_frame(map, A), pfn);
    frame_unref(pfn);
    machine_check();
}

static void far_pages_of_a_large_file(void **state)
{
    (void)state;
    file.source.size = 1ull << 44; /* the most that mmap2's 32-bit page offset reaches */
    map_file(map, A, 1, 1ull << 43, VM_READ, VM_SHARED);
    uint32_t before = frame_free_count();
    user_refused(map, A, VM_READ, VM_FAULT_IO, VM_CAUSE_IO);
    assert_int_equal(frame_free_count(), before);
    assert_false(vm_map_is_resident(map, vaddr(A)));
}

/* Fault-around: 16 pages aligned, only what is cached, within the area, no fault counted. */
static void around(void **state)
{
    (void)state;
    map_file(map, B, 40, 0, VM_READ, VM_SHARED);
    for (uint32_t i = 0; i < 40; i += 2) {
        (void)user_read(map, B + PAGES(i));
    }
    map_file(map, A + PAGES(5), 30, PAGES(5), VM_READ, VM_AROUND);
    uint32_t before = counts(map).rss_pages, reads = file.reads;
    takes(A + PAGES(6), VM_READ, VM_CAUSE_FILE_IN);
    for (uint32_t i = 5; i < 35; i++) {
        bool want = i % 2 == 0 && i < 16;
        assert_int_equal(user_frame(map, A + PAGES(i)) != PFN_NONE, want);
    }
    assert_int_equal(counts(map).rss_pages, before + 5);
    assert_int_equal(file.reads, reads);
    assert_int_equal(faults(FL_ACCOUNT_MMAP, VM_CAUSE_FILE_IN), 21);
    takes(A + PAGES(8), VM_READ, NO_FAULT);
    assert_int_equal(user_read(map, A + PAGES(8) + 7), fake_byte(PAGES(8) + 7));
    takes(A + PAGES(7), VM_READ, VM_CAUSE_FILE_IN);
    takes(A + PAGES(33), VM_READ, VM_CAUSE_FILE_IN);
    assert_int_equal(user_frame(map, A + PAGES(34)) != PFN_NONE, true);
    assert_int_equal(user_frame(map, A + PAGES(31)), PFN_NONE);
    unmap_all(map);
    assert_int_equal(used(), 0);
}

/* What comes along is never writable in a private area. */
static void around_is_copied_on_write(void **state)
{
    (void)state;
    map_file(map, B, 16, 0, VM_READ, VM_SHARED);
    for (uint32_t i = 0; i < 16; i++) {
        (void)user_read(map, B + PAGES(i));
    }
    map_file(map, A, 16, 0, RW, VM_AROUND);
    takes(A + PAGES(3), VM_READ, VM_CAUSE_FILE_IN);
    for (uint32_t i = 0; i < 16; i++) {
        takes(A + PAGES(i), VM_WRITE, VM_CAUSE_COPY_ON_WRITE);
        user_write(map, A + PAGES(i), 0x55);
        assert_int_equal(user_read(map, B + PAGES(i)), fake_byte(PAGES(i)));
    }
}

static void mincore(void **state)
{
    (void)state;
    map_file(map, A, 3, 0, VM_READ, VM_SHARED);
    map_file(map, B, 3, 0, VM_READ, VM_SHARED);
    add_anon(map, B + SPAN, 2, RW);
    assert_false(vm_map_is_resident(map, vaddr(A)));
    (void)user_read(map, A);
    uint32_t refs = frame_of(user_frame(map, A))->refs;
    assert_true(vm_map_is_resident(map, vaddr(A)));
    assert_true(vm_map_is_resident(map, vaddr(B))); /* in the cache, not in the table */
    assert_false(vm_map_is_resident(map, vaddr(B + PAGES(1))));
    assert_false(vm_map_is_resident(map, vaddr(B + SPAN)));
    user_write(map, B + SPAN, 1);
    assert_true(vm_map_is_resident(map, vaddr(B + SPAN)));
    assert_int_equal(frame_of(user_frame(map, A))->refs, refs);
    assert_int_equal(vm_map_resident(map, vrange(USER_BASE, USER_END)), 2);
    (void)user_read(map, B + SPAN + PAGES(1)); /* the zero page is nobody's */
    assert_int_equal(vm_map_resident(map, vrange(USER_BASE, USER_END)), 2);
}

/* ---- File copies ----------------------------------------------------------------------------------- */

/* V5: any byte offset, zeros past the end, a frame of one's own for each page, file and position
 * untouched. */
static void file_copies(void **state)
{
    (void)state;
    const uint64_t offsets[] = {0,
                                1,
                                100,
                                4095,
                                4096,
                                4097,
                                PAGES(39) + 100,
                                PAGES(39) + 101,
                                PAGES(40) + 99,
                                PAGES(40) + 100,
                                PAGES(41),
                                1ull << 33};

    for (uint32_t i = 0; i < array_size(offsets); i++) {
        struct vm_object *object = vm_object_file_copy(&file.source);
        struct vm_area_spec spec = anon_spec(A, 3, RW);
        spec.flags = TEACHING;
        spec.account = FL_ACCOUNT_AREA;
        spec.object = object;
        spec.offset = offsets[i];
        assert_int_equal(vm_map_insert(map, &spec), 0);
        vm_object_unref(object);
        for (uint32_t page = 0; page < 3; page++) {
            uint64_t start = offsets[i] + PAGES(page);
            takes(A + PAGES(page), page == 1 ? VM_WRITE : VM_READ,
                  start < FILE_SIZE ? VM_CAUSE_FILE_IN : VM_CAUSE_DEMAND_ZERO);
            takes(A + PAGES(page), VM_WRITE, NO_FAULT);
            for (uint32_t b = 0; b < PAGE_SIZE; b += 3) {
                assert_int_equal(user_read(map, A + PAGES(page) + b),
                                 start + b < FILE_SIZE ? fake_byte(start + b) : 0);
            }
        }
        assert_int_equal(frame_owner_count(FRAME_CACHE), 0);
        assert_int_equal(frame_owner_count(FRAME_USER), 3);
        assert_int_equal(file.refs, 1);
        unmap_all(map);
        assert_int_equal(file.refs, 0);
        assert_int_equal(used(), 0);
    }
}

/* ---- Objects without memory ----------------------------------------------------------------------- */

static struct vm_object *object_made;

static int make_file(void *context)
{
    (void)context;
    object_made = vm_object_of_file(&file.source);
    return object_made != NULL ? 0 : -ENOMEM;
}

static int make_shared(void *context)
{
    (void)context;
    object_made = vm_object_shared_anon(16, false);
    return object_made != NULL ? 0 : -ENOMEM;
}

static void drop_object(void *context)
{
    (void)context;
    assert_int_equal(object_made->refs, 1);
    assert_string_equal(object_made->pager->describe(object_made),
                        file.refs > 0 ? "/fake" : "/dev/zero (shared)");
    vm_object_unref(object_made);
    object_made = NULL;
}

static void no_object_no_reference(void *context)
{
    (void)context;
    machine_check();
    if (object_made == NULL) {
        assert_int_equal(file.refs, 0);
        assert_null(file.source.object);
    }
}

static void objects_fail_at_every_allocation(void **state)
{
    (void)state;
    int (*const make[])(void *) = {make_file, make_shared};

    vm_map_destroy(map); /* so that the kernel heap has no room left over anywhere */
    for (uint32_t i = 0; i < array_size(make); i++) {
        object_made = NULL;
        assert_int_equal(fail_every_allocation(make[i], drop_object, no_object_no_reference, NULL),
                         1);
        assert_int_equal(file.refs, 0);
    }
    vm_object_unref(NULL);
    map = vm_map_create(0);
}

/* The object of file copies lies in the source: it needs no memory, and all areas share it. */
static void file_copies_need_no_memory(void **state)
{
    (void)state;
    uint32_t before = frame_free_count();
    frame_fail_at(1, true);
    struct vm_object *object = vm_object_file_copy(&file.source);
    assert_non_null(object);
    assert_ptr_equal(vm_object_file_copy(&file.source), object);
    assert_int_equal(object->refs, 2);
    assert_int_equal(file.refs, 1);
    assert_int_equal(frame_fail_at(0, false), 0);
    assert_string_equal(object->pager->describe(object), "/fake");
    vm_object_unref(object);
    vm_object_unref(object);
    assert_int_equal(file.refs, 0);
    assert_int_equal(frame_free_count(), before);
    assert_ptr_equal(vm_object_file_copy(&file.source), object); /* and again */
    vm_object_unref(object);
}

/* ---- Shared anonymous memory ----------------------------------------------------------------------- */

static void shared_anonymous_memory(void **state)
{
    (void)state;
    struct vm_object *object = vm_object_shared_anon(100, false);
    struct vm_area_spec spec = anon_spec(A, 100, RW);

    spec.flags = VM_SHARED;
    spec.object = object;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    spec.range = pages_at(B, 100);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    vm_object_unref(object);
    takes(A + PAGES(70), VM_READ, VM_CAUSE_DEMAND_ZERO);
    assert_int_not_equal(user_frame(map, A + PAGES(70)), frame_zero_page);
    takes(A + PAGES(70), VM_WRITE, NO_FAULT);
    user_write(map, A + PAGES(70), 5);
    assert_int_equal(user_read(map, B + PAGES(70)), 5);
    struct vm_map *child = vm_map_fork(map);
    user_write(child, B + PAGES(70), 6);
    assert_int_equal(user_read(map, A + PAGES(70)), 6);
    user_write(child, A + PAGES(3), 7);
    assert_int_equal(user_read(map, B + PAGES(3)), 7);
    /* Unmapped everywhere but in the other process, the bytes are still there. */
    unmap_all(map);
    assert_int_equal(user_read(child, A + PAGES(70)), 6);
    assert_int_equal(vm_map_discard(child, pages_at(A, 100)), 0);
    assert_int_equal(user_read(child, A + PAGES(70)), 6);
    vm_map_check(child);
    vm_map_destroy(child);
    assert_int_equal(used(), 0);
}

/* ---- Clusters: the loader's segment policy --------------------------------------------------------- */

/* An image of pages that all come together; the n-th page asked for may fail. */
static struct vm_object cluster_object;
static uint32_t cluster_asked, cluster_fail_at;
static enum vm_fault_result cluster_error;
static uint64_t cluster_start, cluster_end;
static bool is_cluster_destroyed;

static enum vm_fault_result cluster_get_page(struct vm_object *object, uint64_t offset,
                                             struct vm_page *out)
{
    assert_ptr_equal(object, &cluster_object);
    if (++cluster_asked == cluster_fail_at) {
        return cluster_error;
    }
    pfn_t pfn = frame_alloc(FRAME_USER, 0);
    if (pfn == PFN_NONE) {
        return vm_fault_of_refusal(0);
    }
    memset(pmap_direct(pfn), (int)(offset >> PAGE_SHIFT), PAGE_SIZE);
    *out = (struct vm_page){
        .pfn = pfn, .cause = VM_CAUSE_IMAGE_IN, .bytes_lost = (uint16_t)(offset >> PAGE_SHIFT)};
    return VM_FAULT_RESUME;
}

static void cluster_range(struct vm_object *object, uint64_t offset, uint64_t *start, uint64_t *end)
{
    (void)object;
    assert_true(offset % PAGE_SIZE == 0);
    *start = cluster_start;
    *end = cluster_end;
}

static void cluster_destroy(struct vm_object *object)
{
    (void)object;
    is_cluster_destroyed = true;
}

static const char *cluster_describe(struct vm_object *object)
{
    (void)object;
    return "";
}

static const struct vm_pager cluster_pager = {
    .name = "cluster",
    .get_page = cluster_get_page,
    .cluster = cluster_range,
    .destroy = cluster_destroy,
    .describe = cluster_describe,
};

/* Two areas of one object, side by side: pages 0..3 read and execute, 4..9 read and write. */
static void map_cluster(uint64_t start, uint64_t end)
{
    struct vm_area_spec spec = anon_spec(A, 4, VM_READ | VM_EXEC);

    vm_object_init(&cluster_object, &cluster_pager);
    cluster_start = start;
    cluster_end = end;
    cluster_asked = cluster_fail_at = 0;
    is_cluster_destroyed = false;
    spec.object = &cluster_object;
    spec.account = VM_ACCOUNT_FIRST_SEGMENT;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    spec.range = pages_at(A + PAGES(4), 6);
    spec.prot = RW;
    spec.offset = PAGES(4);
    spec.account = VM_ACCOUNT_FIRST_SEGMENT + 1;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    vm_object_unref(&cluster_object);
}

static void cluster_comes_in_one_fault(void **state)
{
    (void)state;
    map_cluster(PAGES(2), PAGES(7));
    takes(A + PAGES(5), VM_WRITE, VM_CAUSE_IMAGE_IN);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(user_frame(map, A + PAGES(i)) != PFN_NONE, i >= 2 && i < 7);
    }
    assert_int_equal(counts(map).rss_pages, 5);
    assert_int_equal(faults(VM_ACCOUNT_FIRST_SEGMENT, VM_CAUSE_IMAGE_IN), 0);
    assert_int_equal(faults(VM_ACCOUNT_FIRST_SEGMENT + 1, VM_CAUSE_IMAGE_IN), 1);
    assert_int_equal(vm_map_account(map, VM_ACCOUNT_FIRST_SEGMENT)->pages, 2);
    assert_int_equal(vm_map_account(map, VM_ACCOUNT_FIRST_SEGMENT + 1)->pages, 3);
    assert_int_equal(vm_map_account(map, VM_ACCOUNT_FIRST_SEGMENT)->bytes_lost, 2 + 3);
    assert_int_equal(vm_map_account(map, VM_ACCOUNT_FIRST_SEGMENT + 1)->bytes_lost, 4 + 5 + 6);
    for (uint32_t i = 2; i < 7; i++) {
        takes(A + PAGES(i), i < 4 ? VM_EXEC : VM_WRITE, NO_FAULT);
        assert_int_equal(user_read(map, A + PAGES(i)), i);
    }
    unmap_all(map);
    assert_true(is_cluster_destroyed);
    assert_int_equal(used(), 0);
}

static void cluster_of_one_page(void **state)
{
    (void)state;
    map_cluster(PAGES(5), PAGES(6));
    takes(A + PAGES(5), VM_READ, VM_CAUSE_IMAGE_IN);
    assert_int_equal(counts(map).rss_pages, 1);
    map_check(map);
}

static void cluster_leaves_present_pages_alone(void **state)
{
    (void)state;
    map_cluster(PAGES(5), PAGES(6));
    user_write(map, A + PAGES(5), 0x99);
    cluster_start = 0;
    cluster_end = PAGES(100); /* reaches past the areas: cut to them */
    takes(A + PAGES(2), VM_READ, VM_CAUSE_IMAGE_IN);
    assert_int_equal(user_read(map, A + PAGES(5)), 0x99);
    assert_int_equal(counts(map).rss_pages, 10);
    assert_int_equal(cluster_asked, 10);
}

static int cluster_attempt(void *context)
{
    (void)context;
    struct access a = cpu_access(map, A + PAGES(5), VM_WRITE);

    assert_true(a.byte != NULL || a.result == VM_FAULT_FORCED);
    return a.byte != NULL ? 0 : -ENOMEM;
}

/* Memory runs out at each page of the cluster: never a half entry, and the fault is taken again. */
static void cluster_without_memory(void **state)
{
    (void)state;
    for (uint32_t n = 1; n < 20; n++) {
        map_cluster(0, PAGES(10));
        frame_fail_at(n, true);
        int err = cluster_attempt(NULL);
        frame_fail_at(0, false);
        map_check(map);
        assert_int_equal(err == 0, n > 11); /* ten pages and a table */
        assert_int_equal(user_frame(map, A + PAGES(5)) != PFN_NONE, err == 0);
        assert_int_equal(cluster_attempt(NULL), 0);
        assert_int_equal(counts(map).rss_pages, 10);
        unmap_all(map);
        assert_true(is_cluster_destroyed);
        assert_int_equal(used(), 0);
    }
}

static void image_page_that_cannot_be_had(void **state)
{
    (void)state;
    map_cluster(PAGES(5), PAGES(6));
    cluster_fail_at = 1;
    cluster_error = VM_FAULT_IO;
    user_refused(map, A + PAGES(5), VM_READ, VM_FAULT_IO, VM_CAUSE_IO);
    map_check(map);
    takes(A + PAGES(5), VM_READ, VM_CAUSE_IMAGE_IN);
}

/* ---- Memory runs out in a fault -------------------------------------------------------------------- */

static uint32_t try_va, try_access;

static int fault_attempt(void *context)
{
    (void)context;
    struct access a = cpu_access(map, try_va, try_access);

    assert_true(a.byte != NULL || a.result == VM_FAULT_FORCED);
    if (a.byte == NULL) {
        assert_int_equal(a.fault.cause, VM_CAUSE_OUT_OF_MEMORY);
        assert_int_equal(a.fault.pfn, PFN_NONE);
    }
    return a.byte != NULL ? 0 : -ENOMEM;
}

static void map_check_ours(void *context)
{
    (void)context;
    map_check(map);
}

static void remap_all(void *context)
{
    (void)context;
    unmap_all(map);
    add_anon(map, A, 2, RW);
    map_file(map, B, 4, 0, RW, 0);
    map_file(map, B + SPAN, 4, PAGES(20), VM_READ, VM_SHARED);
}

/* F14, R1: each kind of fault fails at each of its allocations and leaves nothing behind. */
static void faults_fail_at_every_allocation(void **state)
{
    (void)state;
    const struct {
        uint32_t va, access, allocations;
    } tries[] = {
        {A, VM_READ, 1},  /* a table */
        {A, VM_WRITE, 2}, /* and a page */
        {B, VM_READ, 3},  /* page, index node, table */
        {B, VM_WRITE, 4}, /* and the copy */
        {B + SPAN, VM_READ, 3},
    };

    for (uint32_t i = 0; i < array_size(tries); i++) {
        remap_all(NULL);
        try_va = tries[i].va;
        try_access = tries[i].access;
        assert_int_equal(fail_every_allocation(fault_attempt, remap_all, map_check_ours, NULL),
                         tries[i].allocations);
    }
    /* An upgrade: the zero page and a cached page are there and are to be written. */
    remap_all(NULL);
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t va = i == 0 ? A : B;
        (void)user_read(map, va);
        frame_fail_at(1, false);
        assert_int_equal(cpu_access(map, va, VM_WRITE).result, VM_FAULT_FORCED);
        map_check(map);
        assert_int_equal(user_read(map, va), i == 0 ? 0 : fake_byte(0));
        takes(va, VM_WRITE, i == 0 ? VM_CAUSE_DEMAND_ZERO : VM_CAUSE_COPY_ON_WRITE);
    }
    /* Counted when the caller gives up, and not before. */
    const struct vm_fault given_up = {.cause = VM_CAUSE_OUT_OF_MEMORY};

    assert_int_equal(vm_map_unplaced_faults(map)[VM_CAUSE_OUT_OF_MEMORY], 0);
    vm_fault_give_up(map, &given_up);
    assert_int_equal(vm_map_unplaced_faults(map)[VM_CAUSE_OUT_OF_MEMORY], 1);
    assert_int_equal(faults(FL_ACCOUNT_MMAP, VM_CAUSE_OUT_OF_MEMORY), 0);
}

/* M24: a page in every 2 MiB costs two frames each, until memory is gone; all of it comes back. */
static void a_page_in_every_table(void **state)
{
    (void)state;
    uint32_t n = 0;
    struct access a;

    vm_map_destroy(map);
    machine_start(1000, 0);
    map = vm_map_create(0);
    base = frame_free_count();
    struct vm_area_spec spec = anon_spec(A, (USER_END - A) >> PAGE_SHIFT, RW);

    spec.flags = VM_NO_RESERVE; /* more than the machine has */
    assert_int_equal(vm_map_insert(map, &spec), 0);
    uint32_t with_area = frame_free_count();
    while ((a = cpu_access(map, A + n * SPAN, VM_WRITE)).byte != NULL) {
        n++;
        assert_int_equal(frame_free_count(), with_area - 2 * n);
    }
    assert_int_equal(a.result, VM_FAULT_NO_FRAME);
    assert_true(n > 100 && frame_free_count() <= 1);
    assert_int_equal(counts(map).tables, n);
    map_check(map);
    unmap_all(map);
    assert_int_equal(used(), 0);
}

/* ---- Populate -------------------------------------------------------------------------------------- */

static void populate(void **state)
{
    (void)state;
    add_anon(map, A, 8, RW);
    assert_int_equal(vm_map_populate(map, pages_at(A, 4), true), 0);
    map_check(map);
    assert_int_equal(counts(map).rss_pages, 4);
    assert_int_equal(faults(FL_ACCOUNT_MMAP, VM_CAUSE_DEMAND_ZERO), 0);
    for (uint32_t i = 0; i < 4; i++) {
        takes(A + PAGES(i), VM_WRITE, NO_FAULT);
    }
    assert_int_equal(vm_map_populate(map, pages_at(A + PAGES(2), 6), false), 0);
    assert_int_equal(counts(map).rss_pages, 4);
    takes(A + PAGES(7), VM_READ, NO_FAULT);
    takes(A + PAGES(7), VM_WRITE, VM_CAUSE_DEMAND_ZERO);
    assert_int_equal(vm_map_populate(map, pages_at(A, 8), true), 0);
    assert_int_equal(counts(map).rss_pages, 8);
    assert_int_equal(vm_map_populate(map, pages_at(A + PAGES(6), 3), true), -EFAULT);
    assert_int_equal(vm_map_populate(map, pages_at(A - PAGES(1), 2), true), -EFAULT);
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(2), 1), VM_READ), 0);
    assert_int_equal(vm_map_populate(map, pages_at(A, 8), true), -EFAULT);
    assert_int_equal(vm_map_populate(map, pages_at(A, 8), false), 0);
    map_check(map);
}

/* Pages that are held without access are brought back, not skipped. */
/* More pages than a batch, in two page tables, with some of them there already. */
static void populate_in_batches(void **state)
{
    (void)state;
    const uint32_t n = 2 * PMAP_BATCH + 44, start = A + SPAN - PAGES(n / 2);
    const uint32_t there[] = {10, PMAP_BATCH, n / 2 - 1, n / 2, n - 1};

    add_anon(map, start, n, RW);
    for (uint32_t i = 0; i < array_size(there); i++) {
        user_write(map, start + PAGES(there[i]), 7);
    }
    takes(start + PAGES(20), VM_READ, VM_CAUSE_DEMAND_ZERO); /* the shared zero page */
    assert_int_equal(vm_map_populate(map, pages_at(start, n), true), 0);
    map_check(map);
    assert_int_equal(counts(map).rss_pages, n);
    assert_int_equal(vm_map_account(map, FL_ACCOUNT_MMAP)->pages, n);
    assert_int_equal(counts(map).tables, 2);
    uint32_t sum = 0;

    for (uint32_t i = 0; i < n; i++) {
        takes(start + PAGES(i), VM_WRITE, NO_FAULT);
        sum += user_read(map, start + PAGES(i));
    }
    assert_int_equal(sum, 7 * array_size(there));
}

/* Memory runs out in the middle: what came stays and is accounted for. */
static void populate_more_than_there_is(void **state)
{
    (void)state;
    vm_map_destroy(map);
    machine_start(1000, 0);
    map = vm_map_create(0);
    base = frame_free_count();
    struct vm_area_spec spec = anon_spec(A, 2000, RW);

    spec.flags = VM_NO_RESERVE;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    uint32_t with_area = frame_free_count();
    assert_int_equal(vm_map_populate(map, spec.range, true), -ENOMEM);
    map_check(map);
    assert_int_equal(frame_free_count(), 0);
    assert_int_equal(counts(map).rss_pages + counts(map).tables, with_area);
    unmap_all(map);
    assert_int_equal(used(), 0);
}

static void populate_after_prot_none(void **state)
{
    (void)state;
    add_anon(map, A, 2, RW);
    user_write(map, A, 1);
    assert_int_equal(vm_map_protect(map, pages_at(A, 2), 0), 0);
    assert_int_equal(vm_map_populate(map, pages_at(A, 2), false), -EFAULT);
    assert_int_equal(vm_map_protect(map, pages_at(A, 2), VM_READ), 0);
    assert_int_equal(vm_map_populate(map, pages_at(A, 2), false), 0);
    takes(A, VM_READ, NO_FAULT);
    assert_int_equal(user_read(map, A), 1);
}

static void populate_a_file(void **state)
{
    (void)state;
    map_file(map, A, 42, 0, RW, 0);
    assert_int_equal(vm_map_populate(map, pages_at(A, 41), false), 0);
    assert_int_equal(frame_owner_count(FRAME_CACHE), 41);
    assert_int_equal(vm_map_populate(map, pages_at(A, 41), true), 0);
    assert_int_equal(frame_owner_count(FRAME_CACHE), 0);
    assert_int_equal(frame_owner_count(FRAME_USER), 41);
    assert_int_equal(user_read(map, A + PAGES(40) + 99), fake_byte(PAGES(40) + 99));
    assert_int_equal(vm_map_populate(map, pages_at(A, 42), false), -EFAULT);
    map_check(map);
}

/* M3: what area_mmap does: insert, populate, and remove again if that fails. */
static int populate_attempt(void *context)
{
    (void)context;
    struct vm_area_spec spec = anon_spec(A + SPAN - PAGES(5), 10, RW);

    spec.flags = TEACHING;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    int err = vm_map_populate(map, spec.range, true);
    if (err != 0) {
        map_check(map);
        assert_int_equal(vm_map_remove(map, spec.range), 0);
    }
    return err;
}

static void populate_undo(void *context)
{
    (void)context;
    unmap_all(map);
}

static void populate_fails_at_every_allocation(void **state)
{
    (void)state;
    assert_int_equal(fail_every_allocation(populate_attempt, populate_undo, map_check_ours, NULL),
                     12);
    assert_int_equal(used(), 0);
}

/* ---- fork ------------------------------------------------------------------------------------------ */

static struct vm_map *child;

static void both_check(void)
{
    map_check(map);
    if (child != NULL) {
        map_check(child);
    }
}

/* R9: who writes first, second, or leaves first; each sees its own, the last owner copies nothing. */
static void cow_in_every_order(void **state)
{
    (void)state;
    for (uint32_t order = 0; order < 4; order++) {
        add_anon(map, A, 1, RW);
        user_write(map, A, 1);
        child = vm_map_fork(map);
        assert_non_null(child);
        both_check();
        pfn_t pfn = user_frame(map, A);
        assert_int_equal(user_frame(child, A), pfn);
        assert_int_equal(frame_of(pfn)->refs, 2);
        struct vm_map *first = order % 2 == 0 ? map : child, *second = order % 2 == 0 ? child : map;
        if (order < 2) { /* first writes: a copy; second writes: its own now */
            uint32_t before = frame_free_count();
            assert_int_equal(user_cause(first, A, VM_WRITE), VM_CAUSE_COPY_ON_WRITE);
            user_write(first, A, 10);
            both_check();
            assert_int_equal(frame_free_count(), before - 1);
            assert_int_equal(user_read(second, A), 1);
            assert_int_equal(user_cause(second, A, VM_WRITE), VM_CAUSE_COPY_ON_WRITE);
            assert_int_equal(user_frame(second, A), pfn);
            assert_int_equal(frame_free_count(), before - 1);
            user_write(second, A, 20);
            assert_int_equal(user_read(first, A), 10);
            assert_int_equal(user_read(second, A), 20);
            both_check();
        } else { /* first leaves, second writes without a copy */
            unmap_all(first);
            uint32_t before = frame_free_count();
            assert_int_equal(user_cause(second, A, VM_WRITE), VM_CAUSE_COPY_ON_WRITE);
            assert_int_equal(frame_free_count(), before);
            assert_int_equal(user_frame(second, A), pfn);
            assert_int_equal(user_read(second, A), 1);
            both_check();
        }
        vm_map_destroy(child);
        unmap_all(map);
        assert_int_equal(used(), 0);
    }
    child = NULL;
}

/* What the parent's TLB holds must not outlive fork: the write after it must fault. */
static void parent_writes_after_fork(void **state)
{
    (void)state;
    add_anon(map, A, 200, RW);
    for (uint32_t i = 0; i < 200; i++) {
        user_write(map, A + PAGES(i), (uint8_t)i);
    }
    child = vm_map_fork(map);
    both_check();
    for (uint32_t i = 0; i < 200; i++) {
        assert_int_equal(user_cause(map, A + PAGES(i), VM_WRITE), VM_CAUSE_COPY_ON_WRITE);
        user_write(map, A + PAGES(i), 0xAA);
        assert_int_equal(user_read(child, A + PAGES(i)), i & 0xFF);
    }
    both_check();
    vm_map_destroy(child);
    child = NULL;
}

static void fork_copies_the_map(void **state)
{
    (void)state;
    struct vm_area_spec spec = anon_spec(A, 3, RW);

    spec.flags = TEACHING;
    spec.account = FL_ACCOUNT_AREA;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    add_stack(2);
    add_anon(map, B, 600, RW);
    add_anon(map, B + 2 * SPAN, 3, VM_READ);
    map_file(map, B + 4 * SPAN, 3, 0, RW, 0);
    for (uint32_t i = 0; i < 600; i++) {
        user_write(map, B + PAGES(i), (uint8_t)i);
    }
    (void)user_read(map, B + 2 * SPAN);
    (void)user_read(map, B + 4 * SPAN);
    user_write(map, A, 3);
    vm_map_account(map, VM_ACCOUNT_FIRST_SEGMENT)->start = 0x08048000;
    uint32_t before = frame_free_count();
    child = vm_map_fork(map);
    both_check();
    struct vm_map_counts ours = counts(map), theirs = counts(child);
    assert_int_equal(theirs.areas, ours.areas);
    assert_int_equal(theirs.teaching_areas, 1);
    assert_int_equal(theirs.size_pages, ours.size_pages);
    assert_int_equal(theirs.rss_pages, ours.rss_pages);
    assert_int_equal(theirs.tables, ours.tables);
    assert_int_equal(vm_map_account(child, VM_ACCOUNT_FIRST_SEGMENT)->start, 0x08048000);
    assert_int_equal(vm_map_account(child, FL_ACCOUNT_MMAP)->pages, 0);
    assert_int_equal(vm_map_account(child, FL_ACCOUNT_MMAP)->faults[VM_CAUSE_DEMAND_ZERO], 0);
    for (uint32_t i = 0; i < 600; i++) {
        assert_int_equal(user_read(child, B + PAGES(i)), i & 0xFF);
    }
    assert_int_equal(user_read(child, B + 4 * SPAN), fake_byte(0));
    user_refused(child, B + 2 * SPAN, VM_WRITE, VM_FAULT_BAD_ACCESS, VM_CAUSE_READ_ONLY);
    user_write(child, B + 4 * SPAN, 1);
    assert_int_equal(user_read(map, B + 4 * SPAN), fake_byte(0));
    /* A stack grows on its own in each. */
    user_write(child, USER_END - PAGES(9), 1);
    user_refused(map, USER_END - VM_STACK_MAX - 1, VM_READ, VM_FAULT_NO_MAPPING, VM_CAUSE_GUARD);
    both_check();
    vm_map_destroy(child);
    child = NULL;
    assert_int_equal(frame_free_count(), before);
}

/* A child of a child, and pages with three owners. */
static void three_generations(void **state)
{
    (void)state;
    add_anon(map, A, 3, RW);
    for (uint32_t i = 0; i < 3; i++) {
        user_write(map, A + PAGES(i), (uint8_t)(i + 1));
    }
    child = vm_map_fork(map);
    struct vm_map *grandchild = vm_map_fork(child);
    both_check();
    user_write(child, A, 11);
    user_write(grandchild, A, 21);
    assert_int_equal(user_read(map, A), 1);
    uint32_t before = frame_free_count();
    user_write(map, A, 2);
    assert_int_equal(frame_free_count(), before); /* the last of three */
    vm_map_destroy(child);
    user_write(grandchild, A + PAGES(1), 22);
    assert_int_equal(user_read(map, A + PAGES(1)), 2);
    vm_map_check(grandchild);
    child = NULL;
    both_check();
    vm_map_destroy(grandchild);
}

/* Held pages (PROT_NONE) are shared too, and are copied on write when they come back. */
static void fork_with_held_pages(void **state)
{
    (void)state;
    add_anon(map, A, 2, RW);
    user_write(map, A, 1);
    assert_int_equal(vm_map_protect(map, pages_at(A, 2), 0), 0);
    child = vm_map_fork(map);
    both_check();
    assert_int_equal(vm_map_protect(map, pages_at(A, 2), RW), 0);
    assert_int_equal(vm_map_protect(child, pages_at(A, 2), RW), 0);
    assert_int_equal(user_read(map, A), 1);
    user_write(map, A, 2);
    both_check();
    assert_int_equal(user_read(child, A), 1);
    user_write(child, A, 3);
    assert_int_equal(user_read(map, A), 2);
    vm_map_destroy(child);
    child = NULL;
}

/* A read after fork must not hand the write right back while two own the frame. */
static void protect_up_does_not_break_cow(void **state)
{
    (void)state;
    add_anon(map, A, 1, RW);
    user_write(map, A, 1);
    child = vm_map_fork(map);
    assert_int_equal(vm_map_protect(map, pages_at(A, 1), VM_READ), 0);
    assert_int_equal(vm_map_protect(map, pages_at(A, 1), RW), 0);
    assert_int_equal(vm_map_protect(map, pages_at(A, 1), RW | VM_EXEC), 0);
    assert_non_null(cpu_access(map, A, VM_EXEC).byte);
    both_check();
    user_write(map, A, 2);
    assert_int_equal(user_read(child, A), 1);
    both_check();
    vm_map_destroy(child);
    child = NULL;
}

/* mremap between fork and the write: the mark of the shared page goes along. */
static void moved_pages_are_still_shared(void **state)
{
    (void)state;
    add_anon(map, A, 2, RW);
    user_write(map, A, 1);
    child = vm_map_fork(map);
    assert_int_equal(vm_map_move(map, pages_at(A, 2), pages_at(B, 2)), 0);
    both_check();
    user_write(map, B, 2);
    assert_int_equal(user_read(child, A), 1);
    user_write(child, A, 3);
    assert_int_equal(user_read(map, B), 2);
    vm_map_destroy(child);
    child = NULL;
}

static int fork_attempt(void *context)
{
    (void)context;
    child = vm_map_fork(map);
    return child != NULL ? 0 : -ENOMEM;
}

static void fork_undo(void *context)
{
    (void)context;
    vm_map_destroy(child);
    child = NULL;
}

static void fork_check(void *context)
{
    (void)context;
    both_check();
    for (uint32_t i = 0; i < 300; i++) {
        assert_int_equal(user_read(map, A + PAGES(i)), (i + 1) & 0xFF);
    }
}

static void fork_fails_at_every_allocation(void **state)
{
    (void)state;
    add_anon(map, A, 300, RW);
    for (uint32_t i = 0; i < 300; i++) {
        user_write(map, A + PAGES(i), (uint8_t)(i + 1));
    }
    for (uint32_t i = 0; i < 100; i++) {
        add_anon(map, B + i * PAGES(2), 1, RW);
        user_write(map, B + i * PAGES(2), 1);
    }
    map_file(map, B + 4 * SPAN, 3, 0, RW, 0);
    (void)user_read(map, B + 4 * SPAN);
    assert_in_range(fail_every_allocation(fork_attempt, fork_undo, fork_check, NULL), 9, 20);
    /* After failed forks the parent writes as if nothing had been: without a copy. */
    frame_fail_at(12, false);
    child = vm_map_fork(map);
    frame_fail_at(0, false);
    if (child != NULL) {
        fork_undo(NULL);
    }
    uint32_t before = frame_free_count();
    user_write(map, A, 9);
    assert_int_equal(frame_free_count(), before);
    map_check(map);
}

#define VM_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VM_TEST(cause_words),
        VM_TEST(read_then_write),
        VM_TEST(own_zero_pages),
        VM_TEST(pages_are_cleared),
        VM_TEST(nothing_there),
        VM_TEST(wrong_access),
        cmocka_unit_test_setup_teardown(wrong_access, setup_without_nx, teardown),
        VM_TEST(read_of_write_only),
        VM_TEST(rights_come_and_go),
        VM_TEST(zero_page_through_prot_none),
        VM_TEST(stack_grows_to_its_limit),
        VM_TEST(stack_keeps_its_distance),
        VM_TEST(an_object_does_not_grow_down),
        VM_TEST(stack_growth_fails_at_every_allocation),
        VM_TEST(file_pages_live_while_mapped),
        VM_TEST(private_writes_stay_private),
        VM_TEST(read_of_a_write_only_file),
        VM_TEST(shared_writes_are_seen),
        VM_TEST(end_of_file),
        VM_TEST(a_read_that_fails),
        VM_TEST(a_pinned_page_outlives_its_file),
        VM_TEST(far_pages_of_a_large_file),
        VM_TEST(around),
        VM_TEST(around_is_copied_on_write),
        VM_TEST(mincore),
        VM_TEST(file_copies),
        VM_TEST(objects_fail_at_every_allocation),
        VM_TEST(file_copies_need_no_memory),
        VM_TEST(shared_anonymous_memory),
        VM_TEST(cluster_comes_in_one_fault),
        VM_TEST(cluster_of_one_page),
        VM_TEST(cluster_leaves_present_pages_alone),
        VM_TEST(cluster_without_memory),
        VM_TEST(image_page_that_cannot_be_had),
        VM_TEST(faults_fail_at_every_allocation),
        VM_TEST(a_page_in_every_table),
        VM_TEST(populate),
        VM_TEST(populate_in_batches),
        VM_TEST(populate_more_than_there_is),
        VM_TEST(populate_after_prot_none),
        VM_TEST(populate_a_file),
        VM_TEST(populate_fails_at_every_allocation),
        VM_TEST(cow_in_every_order),
        VM_TEST(parent_writes_after_fork),
        VM_TEST(fork_copies_the_map),
        VM_TEST(three_generations),
        VM_TEST(fork_with_held_pages),
        VM_TEST(protect_up_does_not_break_cow),
        VM_TEST(moved_pages_are_still_shared),
        VM_TEST(fork_fails_at_every_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
