/* mm/map/: areas, holes, splitting and merging, and what happens when memory runs out. */
#include "mm_support.h"

#include <asm/errno.h>

#include "mm/commit_charge.h"

#define A        0x40000000u
#define SPAN     (2u << 20)
#define TEACHING (VM_NO_MERGE | VM_TEACHING | VM_OWN_ZERO)

static struct vm_map *map;
static uint32_t base; /* free frames with an empty map */

static int setup(void **state)
{
    machine_setup(state);
    map = vm_map_create(0);
    assert_non_null(map);
    base = frame_free_count();
    return 0;
}

static int teardown(void **state)
{
    map_check(map);
    vm_map_destroy(map);
    return machine_teardown(state);
}

static struct vm_map_counts counts(void)
{
    struct vm_map_counts c;

    vm_map_counts(map, &c);
    return c;
}

static struct vrange pages_at(uint32_t start, uint32_t pages)
{
    return vrange(start, start + PAGES(pages));
}

static void unmap(uint32_t start, uint32_t pages)
{
    assert_int_equal(vm_map_remove(map, pages_at(start, pages)), 0);
    map_check(map);
}

/* The areas of the map as "start+pages:prot" words from A on, in pages; offsets in areas with an
 * object as "@page". */
static void layout_is(const char *want)
{
    char text[1000] = "";
    struct vm_area_info info;
    vaddr_t va = vaddr(0);

    while (vm_map_area_at_or_above(map, va, &info)) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof(text) - at, "%s%x+%u:%u", at == 0 ? "" : " ",
                 (info.range.start.raw - A) >> PAGE_SHIFT, vrange_pages(info.range), info.prot);
        at = strlen(text);
        if (!info.is_anonymous) {
            snprintf(text + at, sizeof(text) - at, "@%u", (uint32_t)(info.offset >> PAGE_SHIFT));
        }
        va = info.range.end;
    }
    assert_string_equal(text, want);
    map_check(map);
}

/* ---- Life ------------------------------------------------------------------------------------------ */

static void empty_map(void **state)
{
    (void)state;
    struct vm_area_info info;
    vaddr_t hole;

    map_check(map);
    assert_int_equal(counts().areas, 0);
    assert_int_equal(counts().n_accounts, VM_ACCOUNT_FIRST_SEGMENT);
    assert_false(vm_map_area_at_or_above(map, vaddr(0), &info));
    assert_false(vm_map_area_of(map, vaddr(A), &info));
    assert_true(vm_map_is_free(map, vrange(USER_BASE, USER_END)));
    assert_true(vm_map_find_hole(map, USER_END - USER_BASE, USER_BASE, USER_END, &hole));
    assert_int_equal(hole.raw, USER_BASE);
    assert_false(vm_map_find_hole(map, USER_END, USER_BASE, USER_END, &hole));
    assert_int_equal(vm_map_resident(map, vrange(USER_BASE, USER_END)), 0);
    assert_false(vm_map_is_resident(map, vaddr(A)));
}

static void accounts(void **state)
{
    (void)state;
    struct vm_map *m = vm_map_create(3);
    struct vm_map_counts c;

    vm_map_counts(m, &c);
    assert_int_equal(c.n_accounts, 8);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(vm_map_account(m, i)->kind, i < 5 ? i : (uint32_t)FL_ACCOUNT_SEGMENT);
        assert_int_equal(vm_map_account(m, i)->pages, 0);
    }
    for (uint32_t i = 0; i < VM_CAUSE_COUNT; i++) {
        assert_int_equal(vm_map_unplaced_faults(m)[i], 0);
    }
    vm_map_check(m);
    vm_map_destroy(m);
    assert_int_equal(frame_free_count(), base);
}

static void account_past_the_end_panics(void **state)
{
    (void)state;
    expect_panic("n_accounts", (void)vm_map_account(map, VM_ACCOUNT_FIRST_SEGMENT));
}

static struct vm_map *made;

static int create_attempt(void *context)
{
    (void)context;
    made = vm_map_create(40);
    return made != NULL ? 0 : -ENOMEM;
}

static void made_undo(void *context)
{
    (void)context;
    vm_map_destroy(made);
}

static void both_check(void *context)
{
    (void)context;
    map_check(map);
}

static void create_fails_at_every_allocation(void **state)
{
    (void)state;
    assert_in_range(fail_every_allocation(create_attempt, made_undo, both_check, NULL), 5, 8);
}

static void areas_go_with_the_map(void **state)
{
    (void)state;
    struct vm_map *m = vm_map_create(0);

    for (uint32_t i = 0; i < 300; i++) {
        add_anon(m, A + PAGES(2 * i), 1, RW);
        user_write(m, A + PAGES(2 * i), 1);
    }
    vm_map_check(m);
    vm_map_destroy(m); /* while it is the active one */
    assert_int_equal(frame_free_count(), base);
    machine_check();
}

/* ---- Inserting --------------------------------------------------------------------------------------- */

static void insert_one(void **state)
{
    (void)state;
    struct vm_area_info info;

    add_anon(map, A, 3, RW);
    layout_is("0+3:3");
    assert_int_equal(counts().size_pages, 3);
    assert_int_equal(counts().rss_pages, 0);
    assert_true(vm_map_area_of(map, vaddr(A), &info));
    assert_int_equal(info.range.start.raw, A);
    assert_int_equal(info.account, FL_ACCOUNT_MMAP);
    assert_true(vm_map_area_of(map, vaddr(A + PAGES(3) - 1), &info));
    assert_false(vm_map_area_of(map, vaddr(A + PAGES(3)), &info));
    assert_false(vm_map_area_of(map, vaddr(A - 1), &info));
    assert_true(vm_map_area_at_or_above(map, vaddr(A - 1), &info));
    assert_true(vm_map_area_at_or_above(map, vaddr(A + PAGES(3) - 1), &info));
    assert_false(vm_map_area_at_or_above(map, vaddr(A + PAGES(3)), &info));
}

static void insert_at_both_ends(void **state)
{
    (void)state;
    add_anon(map, USER_BASE, 1, RW);
    add_anon(map, USER_END - PAGE_SIZE, 1, RW);
    map_check(map);
    assert_int_equal(area_count(map), 2);
    user_write(map, USER_BASE, 1);
    user_write(map, USER_END - 1, 2);
    map_check(map);
    assert_int_equal(user_read(map, USER_END - 1), 2);
}

static void insert_outside_panics(void **state)
{
    (void)state;
    struct vm_area_spec spec = anon_spec(A, 1, RW);

    spec.range = vrange(0, PAGE_SIZE);
    expect_panic("USER_BASE", (void)!vm_map_insert(map, &spec));
    spec.range = vrange(USER_END, USER_END + PAGE_SIZE);
    expect_panic("USER_END", (void)!vm_map_insert(map, &spec));
}

/* Every way to overlap [4, 8): refused, nothing changed. Touching is not overlapping. */
static void insert_overlap(void **state)
{
    (void)state;
    add_anon(map, A + PAGES(4), 4, RW);
    const struct {
        uint32_t start, pages;
        bool is_free;
    } tries[] = {{0, 4, true},   {0, 5, false}, {3, 1, true},  {3, 2, false}, {4, 1, false},
                 {4, 4, false},  {5, 2, false}, {7, 1, false}, {7, 5, false}, {8, 1, true},
                 {0, 12, false}, {3, 6, false}, {8, 4, true}};

    for (uint32_t i = 0; i < array_size(tries); i++) {
        struct vm_area_spec spec = anon_spec(A + PAGES(tries[i].start), tries[i].pages, VM_READ);
        assert_int_equal(vm_map_is_free(map, spec.range), tries[i].is_free);
        int err = vm_map_insert(map, &spec);
        assert_int_equal(err, tries[i].is_free ? 0 : -EEXIST);
        if (err == 0) {
            assert_int_equal(vm_map_remove(map, spec.range), 0);
        }
        layout_is("4+4:3");
    }
}

static void neighbours_become_one(void **state)
{
    (void)state;
    add_anon(map, A, 1, RW);
    add_anon(map, A + PAGES(1), 1, RW); /* above */
    layout_is("0+2:3");
    add_anon(map, A + PAGES(4), 1, RW);
    add_anon(map, A + PAGES(3), 1, RW); /* below */
    layout_is("0+2:3 3+2:3");
    add_anon(map, A + PAGES(2), 1, RW); /* between */
    layout_is("0+5:3");
    assert_int_equal(counts().size_pages, 5);
}

static void what_keeps_neighbours_apart(void **state)
{
    (void)state;
    struct vm_area_spec spec;

    add_anon(map, A + PAGES(10), 1, RW);
    add_anon(map, A + PAGES(11), 1, VM_READ);
    add_anon(map, A + PAGES(9), 1, 0);
    spec = anon_spec(A + PAGES(12), 1, VM_READ);
    spec.account = FL_ACCOUNT_HEAP;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    spec = anon_spec(A + PAGES(13), 1, VM_READ);
    spec.account = FL_ACCOUNT_HEAP;
    spec.flags = VM_OWN_ZERO;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    for (uint32_t i = 14; i < 17; i++) {
        spec = anon_spec(A + PAGES(i), 1, RW);
        spec.flags = TEACHING;
        assert_int_equal(vm_map_insert(map, &spec), 0);
    }
    layout_is("9+1:0 a+1:3 b+1:1 c+1:1 d+1:1 e+1:3 f+1:3 10+1:3");
    for (uint32_t i = 17; i < 19; i++) {
        spec = anon_spec(A + PAGES(i), 1, RW);
        spec.flags = VM_GROWS_DOWN;
        assert_int_equal(vm_map_insert(map, &spec), 0);
    }
    layout_is("9+1:0 a+1:3 b+1:1 c+1:1 d+1:1 e+1:3 f+1:3 10+1:3 11+1:3 12+1:3");
}

static void objects_join_where_offsets_continue(void **state)
{
    (void)state;
    struct vm_object *object = vm_object_shared_anon(16, false),
                     *another = vm_object_shared_anon(16, false);
    struct vm_area_spec spec = anon_spec(A, 1, RW);

    spec.flags = VM_SHARED;
    spec.object = object;
    spec.offset = PAGES(5);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    assert_int_equal(object->refs, 2);
    spec.range = pages_at(A + PAGES(1), 2);
    spec.offset = PAGES(6);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    layout_is("0+3:3@5");
    assert_int_equal(object->refs, 2);
    spec.range = pages_at(A + PAGES(3), 1);
    assert_int_equal(vm_map_insert(map, &spec), 0); /* offset 6 again */
    layout_is("0+3:3@5 3+1:3@6");
    spec.range = pages_at(A - PAGES(1), 1);
    spec.offset = PAGES(4);
    assert_int_equal(vm_map_insert(map, &spec), 0); /* joins from below */
    layout_is("fffff+4:3@4 3+1:3@6");
    assert_int_equal(object->refs, 3);
    spec.object = another;
    spec.range = pages_at(A + PAGES(4), 1);
    spec.offset = PAGES(7);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    layout_is("fffff+4:3@4 3+1:3@6 4+1:3@7");
    unmap(A - PAGES(1), 10);
    assert_int_equal(object->refs, 1);
    assert_int_equal(another->refs, 1);
    vm_object_unref(object);
    vm_object_unref(another);
}

/* ---- The teaching interface's records ------------------------------------------------------------------ */

static int add_teaching(uint32_t page)
{
    struct vm_area_spec spec = anon_spec(A + PAGES(page), 1, RW);

    spec.flags = TEACHING;
    spec.account = FL_ACCOUNT_AREA;
    return vm_map_insert(map, &spec);
}

/* V4, V8: 64 areas, not one frame; the 65th is refused; a freed record is good again. */
static void teaching_areas_move_no_frame(void **state)
{
    (void)state;
    frame_fail_at(1, true);
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < FL_AREA_MAX; i++) {
            assert_int_equal(add_teaching(i), 0);
            assert_int_equal(frame_free_count(), base);
            map_check(map);
        }
        assert_int_equal(counts().teaching_areas, FL_AREA_MAX);
        assert_int_equal(add_teaching(FL_AREA_MAX), -ENOMEM);
        unmap(A + PAGES(5), 1);
        assert_int_equal(add_teaching(200), 0);
        assert_int_equal(add_teaching(201), -ENOMEM);
        assert_int_equal(frame_free_count(), base);
        unmap(A, 300);
        assert_int_equal(frame_free_count(), base);
        assert_int_equal(counts().teaching_areas, 0);
    }
    frame_fail_at(0, false);
}

/* V7: freemem() comes back with each munmap, whichever other areas came and went in between. */
static void teaching_records_keep_no_other_frame(void **state)
{
    (void)state;
    uint32_t n = 0;

    while (frame_free_count() == base) { /* until ordinary records need a frame */
        add_anon(map, 0x80000000u + PAGES(2 * n++), 1, RW);
    }
    assert_int_equal(frame_free_count(), base - 1);
    assert_int_equal(add_teaching(0), 0);
    assert_int_equal(vm_map_remove(map, pages_at(0x80000000u + PAGES(2 * (n - 1)), 1)), 0);
    assert_int_equal(frame_free_count(), base);
    unmap(A, 1);
    assert_int_equal(frame_free_count(), base);
}

/* An ordinary munmap may cut a teaching area; the upper part is then no area of that interface. */
static void cut_teaching_area(void **state)
{
    (void)state;
    struct vm_area_spec spec = anon_spec(A, 5, RW);

    spec.flags = TEACHING;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    unmap(A + PAGES(2), 1);
    layout_is("0+2:3 3+2:3");
    assert_int_equal(counts().teaching_areas, 1);
    unmap(A, 2);
    assert_int_equal(counts().teaching_areas, 0);
    layout_is("3+2:3");
    struct vm_map *child = vm_map_fork(map);
    vm_map_check(child);
    vm_map_destroy(child);
}

/* ---- Removing ------------------------------------------------------------------------------------------ */

/* Every range over three areas [0,4) [4,8):read [10,14), pages half populated. */
static void remove_every_range(void **state)
{
    (void)state;
    for (uint32_t from = 0; from < 15; from++) {
        for (uint32_t to = from + 1; to <= 16; to++) {
            add_anon(map, A, 4, RW);
            add_anon(map, A + PAGES(4), 4, VM_READ);
            add_anon(map, A + PAGES(10), 4, RW);
            for (uint32_t i = 0; i < 14; i += 2) {
                if (i != 8) {
                    (void)user_read(map, A + PAGES(i));
                    if (i != 4 && i != 6) {
                        user_write(map, A + PAGES(i), (uint8_t)i);
                    }
                }
            }
            unmap(A + PAGES(from), to - from);
            uint32_t pages = 0;
            for (uint32_t i = 0; i < 16; i++) {
                bool is_mapped = i < 14 && i != 8 && i != 9 && (i < from || i >= to);
                struct vm_area_info info;
                assert_int_equal(vm_map_area_of(map, vaddr(A + PAGES(i)), &info), is_mapped);
                pages += is_mapped;
                if (!is_mapped) {
                    assert_null(cpu_try(A + PAGES(i), VM_READ));
                } else if (i % 2 == 0 && i != 4 && i != 6) {
                    assert_int_equal(user_read(map, A + PAGES(i)), i);
                }
            }
            assert_int_equal(counts().size_pages, pages);
            unmap(A, 16);
            assert_int_equal(frame_free_count(), base);
            assert_int_equal(counts().areas, 0);
        }
    }
}

static void remove_nothing(void **state)
{
    (void)state;
    unmap(A, 10);
    add_anon(map, A, 1, RW);
    unmap(A + PAGES(1), 1);
    unmap(A - PAGES(1), 1);
    layout_is("0+1:3");
    unmap(A, 1);
    unmap(A, 1);
    layout_is("");
}

static void split_keeps_offsets_and_references(void **state)
{
    (void)state;
    struct vm_object *object = vm_object_shared_anon(110, false);
    struct vm_area_spec spec = anon_spec(A, 10, RW);

    spec.flags = VM_SHARED;
    spec.object = object;
    spec.offset = PAGES(100);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    for (uint32_t i = 0; i < 10; i++) {
        user_write(map, A + PAGES(i), (uint8_t)(i + 1));
    }
    unmap(A + PAGES(4), 2);
    layout_is("0+4:3@100 6+4:3@106");
    assert_int_equal(object->refs, 3);
    unmap(A, 1);
    layout_is("1+3:3@101 6+4:3@106");
    unmap(A + PAGES(9), 1);
    layout_is("1+3:3@101 6+3:3@106");
    unmap(A + PAGES(6), 3);
    assert_int_equal(object->refs, 2);
    /* The object still has the pages that are not mapped. */
    spec.range = pages_at(A + PAGES(20), 10);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(user_read(map, A + PAGES(20 + i)), i + 1);
    }
    vm_object_unref(object);
}

static int remove_middle(void *context)
{
    (void)context;
    return vm_map_remove(map, pages_at(A + PAGES(4), 2));
}

static void put_middle_back(void *context)
{
    (void)context;
    add_anon(map, A + PAGES(4), 2, RW);
    user_write(map, A + PAGES(4), 5);
    user_write(map, A + PAGES(5), 6);
}

static void pages_are_intact(void *context)
{
    (void)context;
    map_check(map);
    for (uint32_t i = 0; i < 10; i++) {
        if (i < 4 || i >= 6) {
            assert_int_equal(user_read(map, A + PAGES(i)), i + 1);
        }
    }
    map_check(map);
}

/* Uses up the records that ordinary areas have in frames that are there already. */
static void use_up_records(uint32_t leave)
{
    uint32_t before = frame_free_count(), n = 0;

    while (frame_free_count() == before) {
        add_anon(map, 0x90000000u + PAGES(2 * n++), 1, RW);
    }
    for (uint32_t i = 0; i <= leave; i++) {
        assert_int_equal(vm_map_remove(map, pages_at(0x90000000u + PAGES(2 * --n), 1)), 0);
    }
    assert_int_equal(frame_free_count(), before);
}

static void remove_fails_at_every_allocation(void **state)
{
    (void)state;
    add_anon(map, A, 10, RW);
    for (uint32_t i = 0; i < 10; i++) {
        user_write(map, A + PAGES(i), (uint8_t)(i + 1));
    }
    use_up_records(0);
    assert_int_equal(fail_every_allocation(remove_middle, put_middle_back, pages_are_intact, NULL),
                     1);
}

/* ---- Replacing ----------------------------------------------------------------------------------------- */

static void replace_every_range(void **state)
{
    (void)state;
    for (uint32_t from = 0; from < 15; from++) {
        for (uint32_t to = from + 1; to <= 16; to++) {
            add_anon(map, A, 4, RW);
            add_anon(map, A + PAGES(4), 4, VM_READ);
            add_anon(map, A + PAGES(10), 4, RW);
            user_write(map, A + PAGES(2), 2);
            user_write(map, A + PAGES(12), 12);
            struct vm_area_spec spec = anon_spec(A + PAGES(from), to - from, RW | VM_EXEC);
            assert_int_equal(vm_map_replace(map, &spec), 0);
            map_check(map);
            for (uint32_t i = 0; i < 16; i++) {
                struct vm_area_info info;
                bool is_new = i >= from && i < to;
                bool is_mapped = vm_map_area_of(map, vaddr(A + PAGES(i)), &info);
                assert_int_equal(is_mapped, is_new || (i < 14 && i != 8 && i != 9));
                if (is_new) {
                    assert_int_equal(info.prot, RW | VM_EXEC);
                    assert_int_equal(user_read(map, A + PAGES(i)), 0);
                } else if (i == 2 || i == 12) {
                    assert_int_equal(user_read(map, A + PAGES(i)), i);
                }
            }
            unmap(A, 16);
            assert_int_equal(frame_free_count(), base);
        }
    }
}

static void replace_with_the_same_joins(void **state)
{
    (void)state;
    struct vm_area_spec spec = anon_spec(A + PAGES(2), 2, RW);

    add_anon(map, A, 10, RW);
    user_write(map, A + PAGES(2), 7);
    assert_int_equal(vm_map_replace(map, &spec), 0);
    layout_is("0+10:3");
    assert_int_equal(user_read(map, A + PAGES(2)), 0);
}

static struct vm_area_spec replacement;

static int replace_attempt(void *context)
{
    (void)context;
    return vm_map_replace(map, &replacement);
}

static void replace_undo(void *context)
{
    (void)context;
    unmap(A, 10);
    add_anon(map, A, 10, RW);
    for (uint32_t i = 0; i < 10; i++) {
        user_write(map, A + PAGES(i), (uint8_t)(i + 1));
    }
}

/*
 * An operation on pages 4 and 5 of ten, whose allocations fail one by one; with none, one and two
 * records of areas at hand. Each time the pages are what they were, and in the end every frame is
 * back. Gives the number of failures.
 */
static uint32_t fail_in_the_middle(int (*attempt)(void *), void (*undo)(void *))
{
    uint32_t failures = 0;

    for (uint32_t leave = 0; leave < 3; leave++) {
        add_anon(map, A, 10, RW);
        for (uint32_t i = 0; i < 10; i++) {
            user_write(map, A + PAGES(i), (uint8_t)(i + 1));
        }
        use_up_records(leave);
        failures += fail_every_allocation(attempt, undo, pages_are_intact, NULL);
        unmap(A, 10);
        unmap(0x90000000u, 1000);
        assert_int_equal(frame_free_count(), base);
    }
    return failures;
}

/* M8: if it fails the old mapping is as before. */
static void replace_fails_at_every_allocation(void **state)
{
    (void)state;
    replacement = anon_spec(A + PAGES(4), 2, VM_READ);
    assert_int_equal(fail_in_the_middle(replace_attempt, replace_undo), 2);
}

/* With a record of the reserve, and none left of those. */
static void replace_without_a_reserved_record(void **state)
{
    (void)state;
    struct vm_area_spec spec = anon_spec(A, 1, VM_READ);

    for (uint32_t i = 0; i < FL_AREA_MAX; i++) {
        assert_int_equal(add_teaching(i), 0);
    }
    spec.flags = TEACHING;
    assert_int_equal(vm_map_replace(map, &spec), -ENOMEM);
    assert_int_equal(counts().teaching_areas, FL_AREA_MAX);
    map_check(map);
}

/* ---- Rights -------------------------------------------------------------------------------------------- */

/* Every range over the three areas, from every right to every other. */
static void protect_every_range(void **state)
{
    (void)state;
    for (uint32_t from = 0; from < 12; from++) {
        for (uint32_t to = from + 1; to <= 12; to++) {
            for (uint32_t prot = 0; prot < 8; prot++) {
                add_anon(map, A, 4, RW);
                add_anon(map, A + PAGES(4), 4, VM_READ);
                add_anon(map, A + PAGES(8), 4, RW);
                for (uint32_t i = 0; i < 4; i++) {
                    user_write(map, A + PAGES(i), (uint8_t)(i + 1));
                }
                assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(from), to - from), prot),
                                 0);
                map_check(map);
                for (uint32_t i = 0; i < 12; i++) {
                    struct vm_area_info info;
                    uint32_t want = i >= from && i < to ? prot : i >= 4 && i < 8 ? VM_READ : RW;
                    assert_true(vm_map_area_of(map, vaddr(A + PAGES(i)), &info));
                    assert_int_equal(info.prot, want);
                    struct access a = cpu_access(map, A + PAGES(i), VM_WRITE);
                    assert_int_equal(a.byte != NULL, (want & VM_WRITE) != 0);
                    a = cpu_access(map, A + PAGES(i), VM_READ);
                    assert_int_equal(a.byte != NULL, want != 0);
                    assert_true(a.byte == NULL || i >= 4 || *a.byte == i + 1);
                    a = cpu_access(map, A + PAGES(i), VM_EXEC);
                    assert_int_equal(a.byte != NULL, (want & VM_EXEC) != 0);
                }
                map_check(map);
                unmap(A, 12);
            }
        }
    }
    assert_int_equal(frame_free_count(), base);
}

static void protect_and_back_is_one_area(void **state)
{
    (void)state;
    add_anon(map, A, 10, RW);
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(3), 4), VM_READ), 0);
    layout_is("0+3:3 3+4:1 7+3:3");
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(4), 2), VM_READ), 0);
    layout_is("0+3:3 3+4:1 7+3:3");
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(3), 4), RW), 0);
    layout_is("0+10:3");
    assert_int_equal(vm_map_protect(map, pages_at(A, 10), VM_READ), 0);
    layout_is("0+10:1");
    assert_int_equal(vm_map_protect(map, pages_at(A, 3), RW), 0);
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(7), 3), RW), 0);
    layout_is("0+3:3 3+4:1 7+3:3");
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(2), 6), RW), 0);
    layout_is("0+10:3");
}

static void protect_over_a_hole(void **state)
{
    (void)state;
    add_anon(map, A, 2, RW);
    add_anon(map, A + PAGES(4), 2, RW);
    /* As Linux: what lies before the hole is changed. */
    assert_int_equal(vm_map_protect(map, pages_at(A, 6), VM_READ), -ENOMEM);
    layout_is("0+2:1 4+2:3");
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(1), 2), RW), -ENOMEM);
    layout_is("0+1:1 1+1:3 4+2:3");
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(3), 2), VM_READ), -ENOMEM);
    layout_is("0+1:1 1+1:3 4+2:3");
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(20), 2), VM_READ), -ENOMEM);
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(2), 1), VM_READ), -ENOMEM);
    layout_is("0+1:1 1+1:3 4+2:3");
}

static void protect_forbidden_write(void **state)
{
    (void)state;
    struct vm_object *object = vm_object_shared_anon(16, false);
    struct vm_area_spec spec = anon_spec(A + PAGES(2), 4, VM_READ);

    add_anon(map, A, 2, VM_READ);
    spec.flags = VM_SHARED | VM_MAY_NOT_WRITE;
    spec.object = object;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(3), 1), RW), -EACCES);
    layout_is("0+2:1 2+4:1@0");
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(3), 1), 0), 0);
    layout_is("0+2:1 2+1:1@0 3+1:0@1 4+2:1@2");
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(3), 1), VM_READ), 0);
    layout_is("0+2:1 2+4:1@0");
    assert_int_equal(vm_map_protect(map, pages_at(A, 3), RW), -EACCES);
    layout_is("0+2:3 2+4:1@0");
    vm_object_unref(object);
}

static int protect_attempt(void *context)
{
    (void)context;
    return vm_map_protect(map, pages_at(A + PAGES(4), 2), VM_READ);
}

static void protect_undo(void *context)
{
    (void)context;
    assert_int_equal(vm_map_protect(map, pages_at(A + PAGES(4), 2), RW), 0);
}

static void protect_fails_at_every_allocation(void **state)
{
    (void)state;
    assert_int_equal(fail_in_the_middle(protect_attempt, protect_undo), 2);
}

/* ---- The limit of areas -------------------------------------------------------------------------------- */

static void most_areas(void **state)
{
    (void)state;
    uint32_t n = 0;
    struct vm_area_spec spec;

    for (; n < VM_MAP_AREAS_MAX; n++) { /* two pages each, a page apart; rights in turn */
        spec = anon_spec(USER_BASE + PAGES(3 * n), 2, RW);
        if (vm_map_insert(map, &spec) != 0) {
            break;
        }
    }
    assert_int_equal(n, VM_MAP_AREAS_MAX);
    spec = anon_spec(USER_BASE + PAGES(3 * n), 2, RW);
    assert_int_equal(vm_map_insert(map, &spec), -ENOMEM);
    assert_int_equal(add_teaching(0xC0000 - (A >> PAGE_SHIFT) - 1), -ENOMEM);
    /* Growing one, joining two and unmapping a whole one are fine; cutting is not (M14). */
    spec = anon_spec(USER_BASE + PAGES(2), 1, RW);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    assert_int_equal(area_count(map), VM_MAP_AREAS_MAX - 1);
    spec = anon_spec(USER_BASE + PAGES(3 * n), 2, RW);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    assert_int_equal(area_count(map), VM_MAP_AREAS_MAX);
    assert_int_equal(vm_map_remove(map, pages_at(USER_BASE + PAGES(1), 1)), -ENOMEM);
    assert_int_equal(vm_map_protect(map, pages_at(USER_BASE + PAGES(1), 1), VM_READ), -ENOMEM);
    assert_int_equal(vm_map_protect(map, pages_at(USER_BASE, 1), VM_READ), -ENOMEM);
    spec = anon_spec(USER_BASE + PAGES(1), 1, VM_READ);
    assert_int_equal(vm_map_replace(map, &spec), -ENOMEM);
    assert_int_equal(vm_map_protect(map, pages_at(USER_BASE, 5), VM_READ), 0);
    assert_int_equal(vm_map_remove(map, pages_at(USER_BASE, 5)), 0);
    assert_int_equal(area_count(map), VM_MAP_AREAS_MAX - 1);
    vm_map_check(map);
    vaddr_t hole;
    assert_true(vm_map_find_hole(map, PAGES(5), USER_BASE, USER_END, &hole));
    assert_int_equal(hole.raw, USER_BASE);
    assert_true(vm_map_find_hole(map, PAGES(7), USER_BASE, USER_END, &hole));
    assert_int_equal(hole.raw, USER_BASE + PAGES(3 * n + 2));
    assert_int_equal(vm_map_remove(map, vrange(USER_BASE, USER_END)), 0);
    assert_int_equal(frame_free_count(), base);
}

/* ---- Growing and moving -------------------------------------------------------------------------------- */

static void grow_up(void **state)
{
    (void)state;
    add_anon(map, A, 2, RW);
    add_anon(map, A + PAGES(6), 2, RW);
    assert_int_equal(vm_map_grow_up(map, vaddr(A + PAGES(2)), vaddr(A + PAGES(4))), 0);
    layout_is("0+4:3 6+2:3");
    assert_int_equal(counts().size_pages, 6);
    assert_int_equal(vm_map_grow_up(map, vaddr(A + PAGES(4)), vaddr(A + PAGES(7))), -EEXIST);
    assert_int_equal(vm_map_grow_up(map, vaddr(A + PAGES(3)), vaddr(A + PAGES(5))), -EFAULT);
    assert_int_equal(vm_map_grow_up(map, vaddr(A + PAGES(5)), vaddr(A + PAGES(6))), -EFAULT);
    layout_is("0+4:3 6+2:3");
    assert_int_equal(vm_map_grow_up(map, vaddr(A + PAGES(4)), vaddr(A + PAGES(6))), 0);
    layout_is("0+8:3");
    add_anon(map, USER_END - PAGES(2), 1, RW);
    assert_int_equal(vm_map_grow_up(map, vaddr(USER_END - PAGE_SIZE), vaddr(USER_END)), 0);
    assert_int_equal(vm_map_grow_up(map, vaddr(USER_END), vaddr(USER_END + PAGE_SIZE)), -EEXIST);
    map_check(map);
}

/* Pages come along wherever they go, with what was written and held. */
static void move_simply(void **state)
{
    (void)state;
    add_anon(map, A, 4, RW);
    user_write(map, A, 1);
    user_write(map, A + PAGES(1), 2);
    (void)user_read(map, A + PAGES(2));
    uint32_t rss = counts().rss_pages, peak = counts().size_peak;
    assert_int_equal(vm_map_move(map, pages_at(A, 4), pages_at(A + SPAN, 6)), 0);
    layout_is("200+6:3");
    assert_int_equal(counts().rss_pages, rss);
    assert_int_equal(counts().size_pages, 6);
    assert_in_range(counts().size_peak, 6, peak + 2);
    assert_int_equal(user_read(map, A + SPAN), 1);
    assert_int_equal(user_read(map, A + SPAN + PAGES(1)), 2);
    assert_int_equal(user_read(map, A + SPAN + PAGES(2)), 0);
    assert_int_equal(user_read(map, A + SPAN + PAGES(5)), 0);
    user_refused(map, A, VM_READ, VM_FAULT_NO_MAPPING, VM_CAUSE_NO_AREA);
    unmap(A + SPAN, 6);
    assert_int_equal(frame_free_count(), base);
}

/* Every part of an area of eight pages to places just below and just above it, of equal size and
 * larger: the parts that stay and the part that goes keep their bytes. */
static void move_every_part_next_door(void **state)
{
    (void)state;
    for (uint32_t from = 0; from < 8; from++) {
        for (uint32_t n = 1; from + n <= 8; n++) {
            for (uint32_t more = 0; more < 2; more++) {
                for (uint32_t above = 0; above < 2; above++) {
                    uint32_t to = above ? A + PAGES(8) : A - PAGES(n + more);
                    add_anon(map, A, 8, RW);
                    for (uint32_t i = 0; i < 8; i++) {
                        user_write(map, A + PAGES(i), (uint8_t)(i + 1));
                    }
                    assert_int_equal(
                        vm_map_move(map, pages_at(A + PAGES(from), n), pages_at(to, n + more)), 0);
                    map_check(map);
                    for (uint32_t i = 0; i < 8; i++) {
                        bool is_moved = i >= from && i < from + n;
                        uint32_t at = is_moved ? to + PAGES(i - from) : A + PAGES(i);
                        assert_int_equal(user_read(map, at), i + 1);
                        if (is_moved) {
                            user_refused(map, A + PAGES(i), VM_READ, VM_FAULT_NO_MAPPING,
                                         VM_CAUSE_NO_AREA);
                        }
                    }
                    assert_int_equal(counts().size_pages, 8 + more);
                    unmap(A - PAGES(9), 30);
                    assert_int_equal(counts().size_pages, 0);
                    assert_int_equal(frame_free_count(), base);
                }
            }
        }
    }
}

static void move_refusals(void **state)
{
    (void)state;
    add_anon(map, A, 4, RW);
    add_anon(map, A + PAGES(4), 4, VM_READ);
    assert_int_equal(vm_map_move(map, pages_at(A + PAGES(2), 4), pages_at(A + SPAN, 4)), -EFAULT);
    assert_int_equal(vm_map_move(map, pages_at(A + PAGES(7), 2), pages_at(A + SPAN, 2)), -EFAULT);
    assert_int_equal(vm_map_move(map, pages_at(A + PAGES(9), 1), pages_at(A + SPAN, 1)), -EFAULT);
    layout_is("0+4:3 4+4:1");
}

static void move_keeps_object_and_offset(void **state)
{
    (void)state;
    struct vm_object *object = vm_object_shared_anon(16, false);
    struct vm_area_spec spec = anon_spec(A, 4, RW);

    spec.flags = VM_SHARED;
    spec.object = object;
    spec.offset = PAGES(10);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    vm_object_unref(object); /* the map holds the only one now */
    for (uint32_t i = 0; i < 4; i++) {
        user_write(map, A + PAGES(i), (uint8_t)(i + 1));
    }
    assert_int_equal(vm_map_move(map, pages_at(A + PAGES(1), 2), pages_at(A + PAGES(8), 2)), 0);
    layout_is("0+1:3@10 3+1:3@13 8+2:3@11");
    assert_int_equal(object->refs, 3);
    assert_int_equal(vm_map_move(map, pages_at(A + PAGES(8), 2), pages_at(A + PAGES(1), 2)), 0);
    layout_is("0+4:3@10");
    assert_int_equal(vm_map_move(map, pages_at(A, 4), pages_at(A + SPAN, 5)), 0);
    layout_is("200+5:3@10");
    assert_int_equal(object->refs, 1);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(user_read(map, A + SPAN + PAGES(i)), i + 1);
    }
}

static int move_attempt(void *context)
{
    (void)context;
    return vm_map_move(map, pages_at(A + PAGES(4), 2), pages_at(A + 2 * SPAN - PAGE_SIZE, 2));
}

static void move_undo(void *context)
{
    (void)context;
    assert_int_equal(
        vm_map_move(map, pages_at(A + 2 * SPAN - PAGE_SIZE, 2), pages_at(A + PAGES(4), 2)), 0);
}

/* What moves is counted as before, whatever strict mode would count now; growth is checked. */
static void move_charges_only_what_it_checked(void **state)
{
    (void)state;
    struct vm_area_spec spec = anon_spec(A, 4, RW);
    uint32_t promised = commit_charged;

    spec.flags = VM_NO_RESERVE;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    assert_int_equal(commit_configure(COMMIT_STRICT, 0), 0);
    assert_int_equal(vm_map_move(map, pages_at(A, 4), pages_at(A + SPAN, 400)), 0);
    assert_int_equal(commit_charged, promised);
    assert_int_equal(commit_configure(COMMIT_HEURISTIC, COMMIT_RATIO_DEFAULT), 0);
    add_anon(map, A, 4, RW);
    assert_int_equal(commit_configure(COMMIT_STRICT, 0), 0);
    assert_int_equal(vm_map_move(map, pages_at(A, 4), pages_at(A + 2 * SPAN, 5)), -ENOMEM);
    assert_int_equal(vm_map_move(map, pages_at(A, 4), pages_at(A + 2 * SPAN, 4)), 0);
    assert_int_equal(commit_charged, promised + 4);
    assert_int_equal(commit_configure(COMMIT_HEURISTIC, COMMIT_RATIO_DEFAULT), 0);
    map_check(map);
}

/* S16, M25: a second view holds the object, and shows no more than the object has. */
static void duplicate(void **state)
{
    (void)state;
    struct vm_object *object = vm_object_shared_anon(4, false);
    struct vm_area_spec spec = anon_spec(A, 4, RW);

    spec.flags = VM_SHARED;
    spec.object = object;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    vm_object_unref(object);
    user_write(map, A + PAGES(3), 7);
    assert_int_equal(vm_map_duplicate(map, vaddr(A + PAGES(2)), pages_at(A + SPAN, 3)), 0);
    assert_int_equal(object->refs, 2);
    layout_is("0+4:3@0 200+3:3@2");
    assert_int_equal(vm_map_duplicate(map, vaddr(A + PAGES(4)), pages_at(A + 2 * SPAN, 3)),
                     -EFAULT);
    unmap(A, 4);
    assert_int_equal(user_read(map, A + SPAN + PAGES(1)), 7);
    user_refused(map, A + SPAN + PAGES(2), VM_WRITE, VM_FAULT_IO, VM_CAUSE_IO);
    assert_int_equal(vm_map_populate(map, pages_at(A + SPAN, 3), true), -EFAULT);
    assert_int_equal(vm_map_grow_up(map, vaddr(A + SPAN + PAGES(3)), vaddr(A + SPAN + PAGES(9))),
                     0);
    user_refused(map, A + SPAN + PAGES(8), VM_READ, VM_FAULT_IO, VM_CAUSE_IO);
    unmap(A + SPAN, 9);
    add_anon(map, A, 1, RW);
    assert_int_equal(vm_map_duplicate(map, vaddr(A), pages_at(A + SPAN, 1)), -EINVAL);
}

static int duplicate_attempt(void *context)
{
    (void)context;
    return vm_map_duplicate(map, vaddr(A + SPAN), pages_at(A + 2 * SPAN, 2));
}

static void duplicate_undo(void *context)
{
    (void)context;
    unmap(A + 2 * SPAN, 2);
}

static void duplicate_check(void *context)
{
    (void)context;
    map_check(map);
}

static void duplicate_fails_at_every_allocation(void **state)
{
    (void)state;
    struct vm_area_spec spec = anon_spec(A + SPAN, 2, RW);

    spec.flags = VM_SHARED;
    spec.object = vm_object_shared_anon(2, false);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    vm_object_unref(spec.object);
    use_up_records(0);
    assert_int_equal(
        fail_every_allocation(duplicate_attempt, duplicate_undo, duplicate_check, NULL), 1);
}

/* MADV_DONTFORK and MADV_WIPEONFORK over every range of two areas, and their undoing. */
static void advise_every_range(void **state)
{
    (void)state;
    static const uint32_t advice[] = {VM_DONT_FORK, VM_WIPE_ON_FORK};

    for (uint32_t from = 0; from < 8; from++) {
        for (uint32_t to = from + 1; to <= 8; to++) {
            uint32_t flag = advice[(from + to) % 2];
            add_anon(map, A, 4, RW);
            add_anon(map, A + PAGES(4), 4, VM_READ);
            assert_int_equal(vm_map_advise_fork(map, pages_at(A + PAGES(from), to - from), flag, 0),
                             0);
            map_check(map);
            for (uint32_t i = 0; i < 8; i++) {
                struct vm_area_info info;
                assert_true(vm_map_area_of(map, vaddr(A + PAGES(i)), &info));
                assert_int_equal((info.flags & flag) != 0, i >= from && i < to);
            }
            struct vm_map *child = vm_map_fork(map);
            assert_non_null(child);
            map_check(child);
            vm_map_destroy(child);
            assert_int_equal(vm_map_advise_fork(map, pages_at(A, 8), 0, flag), 0);
            layout_is("0+4:3 4+4:1");
            unmap(A, 8);
        }
    }
}

static void advise_refusals(void **state)
{
    (void)state;
    struct vm_area_spec spec = anon_spec(A + PAGES(4), 2, RW);

    add_anon(map, A, 2, RW);
    spec.flags = VM_SHARED;
    spec.object = vm_object_shared_anon(2, false);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    vm_object_unref(spec.object);
    assert_int_equal(vm_map_advise_fork(map, pages_at(A + PAGES(1), 5), VM_WIPE_ON_FORK, 0),
                     -EINVAL);
    layout_is("0+1:3 1+1:3 4+2:3@0"); /* what lay before it is done */
    assert_int_equal(vm_map_advise_fork(map, pages_at(A, 6), 0, VM_WIPE_ON_FORK), -ENOMEM);
    layout_is("0+2:3 4+2:3@0");
    assert_int_equal(vm_map_advise_fork(map, pages_at(A + PAGES(8), 1), VM_DONT_FORK, 0), -ENOMEM);
    map_check(map);
}

/* fork is killed at each of its preemption points in turn. Areas that the child is not to have come first, so
 * it is also given up before it has any area, when all it holds is the promise. */
static uint32_t points_until_kill;

static bool kill_at_point(void)
{
    return points_until_kill > 0 && --points_until_kill == 0;
}

static void fork_killed_at_every_point(void **state)
{
    (void)state;
    uint32_t kills = 0;
    struct vm_map *child = NULL;

    for (uint32_t i = 0; i < 3; i++) {
        add_anon(map, A + PAGES(2 * i), 1, RW);
    }
    assert_int_equal(vm_map_advise_fork(map, pages_at(A, 1), VM_DONT_FORK, 0), 0);
    assert_int_equal(vm_map_advise_fork(map, pages_at(A + PAGES(2), 1), VM_DONT_FORK, 0), 0);
    uint32_t promised = commit_charged, free_frames = frame_free_count();

    preempt_hook = kill_at_point;
    for (uint32_t n = 1; child == NULL; n++) {
        points_until_kill = n;
        child = vm_map_fork(map);
        if (child == NULL) {
            kills++;
            assert_int_equal(commit_charged, promised);
            assert_int_equal(frame_free_count(), free_frames);
            map_check(map);
        }
    }
    preempt_hook = NULL;
    assert_true(kills > 1);
    assert_int_equal(commit_charged, promised + 1);
    map_check(child);
    vm_map_destroy(child);
    assert_int_equal(commit_charged, promised);
}

static int advise_attempt(void *context)
{
    (void)context;
    return vm_map_advise_fork(map, pages_at(A + PAGES(4), 2), VM_DONT_FORK, 0);
}

static void advise_undo(void *context)
{
    (void)context;
    assert_int_equal(vm_map_advise_fork(map, pages_at(A + PAGES(4), 2), 0, VM_DONT_FORK), 0);
}

static void advise_fails_at_every_allocation(void **state)
{
    (void)state;
    assert_int_equal(fail_in_the_middle(advise_attempt, advise_undo), 2);
}

static void move_fails_at_every_allocation(void **state)
{
    (void)state;
    assert_int_equal(fail_in_the_middle(move_attempt, move_undo), 3 + 3 + 2);
}

/* ---- Discard ------------------------------------------------------------------------------------------- */

static void discard(void **state)
{
    (void)state;
    add_anon(map, A, 4, RW);
    add_anon(map, A + PAGES(6), 2, RW);
    for (uint32_t i = 0; i < 8; i++) {
        if (i < 4 || i >= 6) {
            user_write(map, A + PAGES(i), 9);
        }
    }
    uint32_t before = frame_free_count();
    assert_int_equal(vm_map_discard(map, pages_at(A + PAGES(1), 2)), 0);
    assert_int_equal(frame_free_count(), before + 2);
    layout_is("0+4:3 6+2:3");
    assert_int_equal(user_read(map, A), 9);
    assert_int_equal(user_read(map, A + PAGES(1)), 0);
    assert_int_equal(user_read(map, A + PAGES(3)), 9);
    assert_int_equal(vm_map_discard(map, pages_at(A, 8)), -ENOMEM);
    layout_is("0+4:3 6+2:3");
    assert_int_equal(counts().rss_pages, 0);
    assert_int_equal(user_read(map, A), 0);
    assert_int_equal(user_read(map, A + PAGES(7)), 0);
    assert_int_equal(vm_map_discard(map, pages_at(A + PAGES(20), 1)), -ENOMEM);
    map_check(map);
}

/* ---- Holes --------------------------------------------------------------------------------------------- */

static void hole_is(uint32_t pages, uint32_t low, uint32_t high, uint32_t want)
{
    vaddr_t start = vaddr(0);
    bool found = vm_map_find_hole(map, PAGES(pages), A + PAGES(low), A + PAGES(high), &start);
    uint32_t got = found ? (start.raw - A) >> PAGE_SHIFT : UINT32_MAX;

    if (got != want) {
        fail_msg("hole of %u in [%u, %u): %d instead of %d", pages, low, high, (int)got, (int)want);
    }
}

static void holes(void **state)
{
    (void)state;
    add_anon(map, A + PAGES(2), 2, RW);
    add_anon(map, A + PAGES(7), 1, RW);
    add_anon(map, A + PAGES(9), 1, RW);
    hole_is(1, 0, 100, 0);
    hole_is(2, 0, 100, 0);
    hole_is(3, 0, 100, 4);
    hole_is(4, 0, 100, 10);
    hole_is(90, 0, 100, 10);
    hole_is(91, 0, 100, UINT32_MAX);
    hole_is(1, 1, 100, 1);
    hole_is(2, 1, 100, 4);
    hole_is(1, 2, 100, 4);
    hole_is(1, 3, 100, 4);
    hole_is(3, 4, 7, 4);
    hole_is(3, 4, 6, UINT32_MAX);
    hole_is(2, 5, 7, 5);
    hole_is(3, 5, 13, 10);
    hole_is(3, 5, 12, UINT32_MAX);
    hole_is(1, 7, 9, 8);
    hole_is(1, 7, 8, UINT32_MAX);
    hole_is(2, 7, 10, UINT32_MAX);
    hole_is(1, 50, 51, 50);
    hole_is(2, 50, 51, UINT32_MAX);
}

/* The stack's hole is the last but one, and the stack may be cut, moved, or not the last area. */
static void holes_around_stacks(void **state)
{
    (void)state;
    struct vm_area_spec spec = anon_spec(A + PAGES(20), 10, RW);

    spec.flags = VM_GROWS_DOWN;
    assert_int_equal(vm_map_insert(map, &spec), 0);
    hole_is(20, 0, 100, 0);
    hole_is(21, 0, 100, 30);
    add_anon(map, A + PAGES(5), 5, RW);
    hole_is(6, 0, 100, 10);
    hole_is(10, 0, 100, 10);
    hole_is(11, 0, 100, 30);
    unmap(A + PAGES(24), 2); /* [20, 24) and [26, 30) grow down, both */
    hole_is(10, 0, 100, 10);
    hole_is(2, 20, 100, 24);
    hole_is(3, 20, 100, 30);
    add_anon(map, A + PAGES(40), 1, RW); /* no stack is the last area now */
    hole_is(10, 0, 100, 10);
    hole_is(2, 20, 100, 24);
    hole_is(3, 20, 100, 30);
    hole_is(11, 0, 100, 41);
    unmap(A + PAGES(40), 1);
    hole_is(11, 0, 100, 30);
    unmap(A + PAGES(26), 4);
    hole_is(11, 0, 100, 24);
    hole_is(10, 0, 100, 10);
}

#define WALK_PAGES  400u
#define WALK_ROUNDS 100000u

/* The plain walk: a byte per page. */
static uint32_t plain_hole(const uint8_t *used, uint32_t pages, uint32_t low, uint32_t high)
{
    uint32_t run = 0;

    for (uint32_t i = low; i < high; i++) {
        run = used[i] ? 0 : run + 1;
        if (run == pages) {
            return i + 1 - pages;
        }
    }
    return UINT32_MAX;
}

/* 100 000 insertions, removals and changes of rights, each followed by a search. */
static void holes_against_a_plain_walk(void **state)
{
    (void)state;
    uint64_t random = seed_choose("vm_map holes_against_a_plain_walk");
    static uint8_t used[WALK_PAGES];

    memset(used, 0, sizeof(used));
    for (uint32_t round = 0; round < WALK_ROUNDS; round++) {
        uint32_t at = random_below(&random, WALK_PAGES - 12);
        uint32_t n = 1 + random_below(&random, 12), choice = random_below(&random, 5);
        if (choice < 2) {
            struct vm_area_spec spec =
                anon_spec(A + PAGES(at), n, random_below(&random, 4) == 0 ? VM_READ : RW);
            spec.flags = random_below(&random, 8) == 0 ? VM_GROWS_DOWN : 0;
            bool is_free = plain_hole(used, n, at, at + n) == at;
            assert_int_equal(vm_map_insert(map, &spec), is_free ? 0 : -EEXIST);
            if (is_free) {
                memset(used + at, 1, n);
            }
        } else if (choice < 4) {
            assert_int_equal(vm_map_remove(map, pages_at(A + PAGES(at), n)), 0);
            memset(used + at, 0, n);
        } else {
            (void)!vm_map_protect(map, pages_at(A + PAGES(at), n), random_below(&random, 4));
        }
        /* Mostly from one place and for one page, as mmap does: the map remembers such answers. */
        uint32_t low = random_below(&random, 4) != 0 ? 7 : random_below(&random, WALK_PAGES);
        uint32_t high = low + random_below(&random, WALK_PAGES + 1 - low);
        uint32_t pages = 1 + random_below(&random, random_below(&random, 2) ? 2 : 40);
        hole_is(pages, low, high, plain_hole(used, pages, low, high));
        if (round % 16 == 0 || round < 2000) {
            vm_map_check(map);
        }
    }
}

/* Whoever sleeps with a pointer to an area compares the version before using it again. */
static void every_change_of_areas_changes_the_version(void **state)
{
    (void)state;
    const uint32_t B = A + PAGES(100);
    struct vm_area_spec stack = anon_spec(USER_END - PAGES(1), 1, RW), other = anon_spec(A, 2, RW);
    uint32_t version = map->version;

#define CHANGES(call)                                                                              \
    do {                                                                                           \
        assert_int_equal(call, 0);                                                                 \
        assert_int_not_equal(map->version, version);                                               \
        version = map->version;                                                                    \
    } while (0)
    stack.flags = VM_GROWS_DOWN;
    CHANGES(vm_map_insert(map, &stack));
    CHANGES(vm_map_insert(map, &other));
    other.range.start.raw += PAGES(2);
    other.range.end.raw += PAGES(2);
    CHANGES(vm_map_insert(map, &other)); /* extends the area in front */
    CHANGES(vm_map_replace(map, &other));
    CHANGES(vm_map_grow_up(map, vaddr(A + PAGES(4)), vaddr(A + PAGES(6))));
    CHANGES(vm_map_protect(map, vrange(A, A + PAGES(6)), VM_READ)); /* the area as a whole */
    CHANGES(vm_map_advise_fork(map, vrange(A, A + PAGES(6)), VM_DONT_FORK, 0));
    CHANGES(vm_map_move(map, vrange(A, A + PAGES(6)), vrange(B, B + PAGES(6))));
    CHANGES(vm_map_remove(map, vrange(B + PAGES(2), B + PAGES(3))));
    user_write(map, USER_END - PAGES(2), 1); /* the stack grows */
    assert_int_not_equal(map->version, version);
    version = map->version;
    /* Pages are no areas. */
    assert_int_equal(user_read(map, B), 0);
    assert_int_equal(vm_map_populate(map, vrange(B, B + PAGES(2)), false), 0);
    assert_int_equal(vm_map_discard(map, vrange(B, B + PAGES(2))), 0);
    assert_int_equal(map->version, version);
    vm_map_clear(map);
    assert_int_not_equal(map->version, version);
#undef CHANGES
}

#ifdef FAULTLINE_DEBUG
static struct lock_holder owner, stranger;

static bool change_as_stranger(void)
{
    lock_switch_holder(&stranger);
    (void)!vm_map_remove(map, pages_at(A, 1));
    return false;
}

/* In the middle of an operation its thread holds the map's lock, and others may only ask. */
static void changing_a_busy_map_panics(void **state)
{
    const uint32_t pages = (17u << 20) >> PAGE_SHIFT; /* longer than one step of mprotect */

    (void)state;
    add_anon(map, A, pages, VM_READ);
    lock_switch_holder(&owner);
    preempt_hook = change_as_stranger;
    expect_panic("lock map: acquired while another thread holds it",
                 (void)!vm_map_protect(map, pages_at(A, pages), 0));
    preempt_hook = NULL;
    lock_switch_holder(&owner);
    assert_true(vm_map_is_busy(map));
    lock_release(&map->lock);
    map->busy = 0; /* the panic left the operation in its middle */
}

static void changing_without_the_lock_panics(void **state)
{
    (void)state;
    add_anon(map, A, 1, RW);
    expect_panic("lock map: not held", (void)!vm_map_remove_locked(map, pages_at(A, 1)));
}
#endif

#define MAP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(empty_map),
        MAP_TEST(accounts),
        cmocka_unit_test_setup_teardown(account_past_the_end_panics, setup, machine_teardown),
        MAP_TEST(create_fails_at_every_allocation),
        MAP_TEST(areas_go_with_the_map),
        MAP_TEST(insert_one),
        MAP_TEST(insert_at_both_ends),
        cmocka_unit_test_setup_teardown(insert_outside_panics, setup, machine_teardown),
        MAP_TEST(insert_overlap),
        MAP_TEST(neighbours_become_one),
        MAP_TEST(what_keeps_neighbours_apart),
        MAP_TEST(objects_join_where_offsets_continue),
        MAP_TEST(teaching_areas_move_no_frame),
        MAP_TEST(teaching_records_keep_no_other_frame),
        MAP_TEST(cut_teaching_area),
        MAP_TEST(remove_every_range),
        MAP_TEST(remove_nothing),
        MAP_TEST(split_keeps_offsets_and_references),
        MAP_TEST(remove_fails_at_every_allocation),
        MAP_TEST(replace_every_range),
        MAP_TEST(replace_with_the_same_joins),
        MAP_TEST(replace_fails_at_every_allocation),
        MAP_TEST(replace_without_a_reserved_record),
        MAP_TEST(protect_every_range),
        MAP_TEST(protect_and_back_is_one_area),
        MAP_TEST(protect_over_a_hole),
        MAP_TEST(protect_forbidden_write),
        MAP_TEST(protect_fails_at_every_allocation),
        MAP_TEST(most_areas),
        MAP_TEST(grow_up),
        MAP_TEST(move_simply),
        MAP_TEST(move_every_part_next_door),
        MAP_TEST(move_refusals),
        MAP_TEST(move_keeps_object_and_offset),
        MAP_TEST(move_fails_at_every_allocation),
        MAP_TEST(move_charges_only_what_it_checked),
        MAP_TEST(duplicate),
        MAP_TEST(duplicate_fails_at_every_allocation),
        MAP_TEST(advise_every_range),
        MAP_TEST(fork_killed_at_every_point),
        MAP_TEST(advise_refusals),
        MAP_TEST(advise_fails_at_every_allocation),
        MAP_TEST(discard),
        MAP_TEST(every_change_of_areas_changes_the_version),
#ifdef FAULTLINE_DEBUG
        MAP_TEST(changing_a_busy_map_panics),
        MAP_TEST(changing_without_the_lock_panics),
#endif
        MAP_TEST(holes),
        MAP_TEST(holes_around_stacks),
        MAP_TEST(holes_against_a_plain_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
