/* Faults that sleep (mm/vm_fault.c): a pager that changes the map while the fault waits for its
 * page. What the fault then does must follow from the map as it is when the page has come. */
#include "mm_support.h"

#include <asm/errno.h>

#include "mm/pager/page_index.h"

#define A 0x40000000u
#define B 0x80000000u
#define N 8u /* pages of the area */

/* Two objects whose pages hold the object's mark and their page number. */
struct sleeper {
    struct page_index index; /* first, and in it the object */
    uint8_t mark;
    uint32_t asked, calls; /* pages asked for; calls under way */
    bool is_destroyed;
};
static struct sleeper one, two;
static struct vm_map *map;
static uint32_t base; /* free frames with the map alone */

/* How the pagers behave. */
static void (*while_asleep)(void);  /* done once, in the next sleep             */
static bool has_private_pages;      /* pages belong to the map, not the object  */
static bool sleeps_with_page;       /* it has the page already while it sleeps  */
static enum vm_fault_result answer; /* after the sleep                          */
static uint32_t cluster_pages;      /* that come together; 0: one               */

static struct sleeper *sleeper_of(struct vm_object *object)
{
    return (struct sleeper *)(void *)object;
}

static int fill(struct vm_object *object, uint64_t offset, pfn_t pfn)
{
    memset(pmap_direct(pfn), sleeper_of(object)->mark + (int)(offset >> PAGE_SHIFT), PAGE_SIZE);
    return 0;
}

static enum vm_fault_result private_page(struct vm_object *object, uint64_t offset,
                                         struct vm_page *out)
{
    out->pfn = frame_alloc(FRAME_USER, 0);
    out->is_cached = false;
    if (out->pfn == PFN_NONE) {
        return vm_fault_of_refusal(0);
    }
    fill(object, offset, out->pfn);
    return VM_FAULT_RESUME;
}

static void sleep_now(struct vm_object *object, struct vm_page *out)
{
    void (*change)(void) = while_asleep;

    vm_object_will_sleep(object, out);
    while_asleep = NULL;
    if (change != NULL) {
        change();
    }
}

static enum vm_fault_result sleeper_get_page(struct vm_object *object, uint64_t offset,
                                             struct vm_page *out)
{
    struct sleeper *self = sleeper_of(object);
    enum vm_fault_result result;

    assert_false(self->is_destroyed);
    self->asked++;
    self->calls++;
    out->bytes_lost = 0;
    out->cause = VM_CAUSE_FILE_IN;
    if (!sleeps_with_page) {
        sleep_now(object, out);
    }
    result = answer;
    if (result == VM_FAULT_RESUME) {
        result = has_private_pages ? private_page(object, offset, out)
                                   : page_index_get_page(object, offset, fill, out);
    }
    if (sleeps_with_page) {
        sleep_now(object, out);
    }
    self->calls--;
    assert_false(self->is_destroyed); /* the sleep's reference */
    return result;
}

static void sleeper_cluster(struct vm_object *object, uint64_t offset, uint64_t *start,
                            uint64_t *end)
{
    (void)object;
    *start = cluster_pages != 0 ? 0 : offset;
    *end = *start + PAGES(cluster_pages != 0 ? cluster_pages : 1);
}

static void sleeper_destroy(struct vm_object *object)
{
    struct sleeper *self = sleeper_of(object);

    assert_int_equal(self->calls, 0);
    page_index_clear(&self->index);
    self->is_destroyed = true;
}

static const struct vm_pager sleeper_pager = {
    .name = "sleeper",
    .get_page = sleeper_get_page,
    .cluster = sleeper_cluster,
    .destroy = sleeper_destroy,
};

static void sleeper_init(struct sleeper *self, uint8_t mark)
{
    *self = (struct sleeper){.mark = mark};
    vm_object_init(&self->index.object, &sleeper_pager);
}

static int setup(void **state)
{
    machine_setup(state);
    map = vm_map_create(2);
    assert_non_null(map);
    base = frame_free_count();
    while_asleep = NULL;
    has_private_pages = sleeps_with_page = false;
    answer = VM_FAULT_RESUME;
    cluster_pages = 0;
    return 0;
}

static int teardown(void **state)
{
    map_check(map);
    vm_map_destroy(map);
    return machine_teardown(state);
}

static struct vrange pages_at(uint32_t start, uint32_t pages)
{
    return vrange(start, start + PAGES(pages));
}

static struct vm_area_spec spec_of(struct sleeper *object, uint32_t start, uint32_t prot)
{
    struct vm_area_spec spec = anon_spec(start, N, prot);

    spec.object = &object->index.object;
    return spec;
}

/* Maps the pages of `one` at A, so that the map has its only reference, and `two` for later. */
static void map_one(uint32_t prot)
{
    struct vm_area_spec spec = spec_of(&one, A, prot);

    sleeper_init(&one, 10);
    sleeper_init(&two, 100);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    vm_object_unref(&one.index.object);
}

/* Unmaps everything: all frames must be free again and no reference left. */
static void unmap_all(void)
{
    assert_int_equal(vm_map_remove(map, vrange(USER_BASE, USER_END)), 0);
    map_check(map);
    vm_object_unref(&two.index.object);
    assert_true(one.is_destroyed && two.is_destroyed);
    assert_int_equal(base, frame_free_count());
    assert_int_equal(frame_owner_count(FRAME_CACHE), 0);
}

static uint32_t faults(uint32_t account, enum vm_cause cause)
{
    return vm_map_account(map, account)->faults[cause];
}

static uint32_t resident(void)
{
    struct vm_map_counts counts;

    vm_map_counts(map, &counts);
    return counts.rss_pages;
}

/* An access to page 3 of the area that sleeps while `change` is done. */
static struct access sleeping_access(void (*change)(void), uint32_t access)
{
    while_asleep = change;
    struct access a = cpu_access(map, A + PAGES(3) + 5, access);

    assert_null(while_asleep);
    assert_int_equal(a.fault.va.raw, A + PAGES(3) + 5);
    assert_int_equal(a.fault.access, access);
    map_check(map);
    return a;
}

/* The access must have worked, with this cause and byte. */
static void works(struct access a, enum vm_cause cause, uint8_t byte)
{
    if (a.byte == NULL || a.fault.cause != cause) {
        fail_msg("%s instead of %s", vm_cause_word(a.fault.cause), vm_cause_word(cause));
    }
    assert_int_equal(*a.byte, byte);
    assert_int_equal(faults(a.fault.account, cause), 1);
}

/* The access must have been refused: no page came in. */
static void is_refused(struct access a, enum vm_fault_result result, enum vm_cause cause)
{
    if (a.byte != NULL || a.fault.cause != cause) {
        fail_msg("%s instead of %s", vm_cause_word(a.fault.cause), vm_cause_word(cause));
    }
    assert_int_equal(a.result, result);
    assert_int_equal(a.fault.pfn, PFN_NONE);
    assert_int_equal(resident(), 0);
}

/* Every test is done for each kind of page, each moment of the sleep and each access. */
static void in_every_way(void (*test)(uint32_t access))
{
    for (uint32_t i = 0; i < 8; i++) {
        has_private_pages = i & 1;
        sleeps_with_page = i & 2;
        memset(map->accounts, 0, map->n_accounts * sizeof(*map->accounts));
        test(i & 4 ? VM_WRITE : VM_READ);
        unmap_all();
    }
}

/* ---- Changes
 * --------------------------------------------------------------------------------------- */

static void change_nothing(uint32_t access)
{
    map_one(RW);
    works(sleeping_access(NULL, access), VM_CAUSE_FILE_IN, 13);
    assert_int_equal(one.asked, 1);
    assert_int_equal(resident(), 1);
}

static void fault_that_sleeps_in_an_unchanged_map_brings_its_page(void **state)
{
    (void)state;
    in_every_way(change_nothing);
}

static void unmap_it(void)
{
    assert_int_equal(vm_map_remove(map, pages_at(A, N)), 0);
    assert_false(one.is_destroyed); /* the fault has the last reference */
}

static void test_unmap(uint32_t access)
{
    map_one(RW);
    is_refused(sleeping_access(unmap_it, access), VM_FAULT_NO_MAPPING, VM_CAUSE_NO_AREA);
    assert_true(one.is_destroyed);
}

static void area_unmapped_during_a_fault_refuses_the_access(void **state)
{
    (void)state;
    in_every_way(test_unmap);
}

static void remap_two(void)
{
    struct vm_area_spec spec = spec_of(&two, A, RW);

    assert_int_equal(vm_map_replace(map, &spec), 0);
}

static void test_remap(uint32_t access)
{
    map_one(RW);
    works(sleeping_access(remap_two, access), VM_CAUSE_FILE_IN, 103);
    assert_int_equal(one.asked, 1);
    assert_int_equal(two.asked, 1);
    assert_true(one.is_destroyed);
    assert_int_equal(resident(), 1);
}

static void object_mapped_over_the_area_supplies_the_page(void **state)
{
    (void)state;
    in_every_way(test_remap);
}

static void remap_zeros(void)
{
    struct vm_area_spec spec = anon_spec(A, N, RW);

    assert_int_equal(vm_map_replace(map, &spec), 0);
}

static void test_remap_zeros(uint32_t access)
{
    map_one(RW);
    works(sleeping_access(remap_zeros, access), VM_CAUSE_DEMAND_ZERO, 0);
}

static void anonymous_memory_mapped_over_the_area_is_zero(void **state)
{
    (void)state;
    in_every_way(test_remap_zeros);
}

static void remap_offset(void)
{
    struct vm_area_spec spec = spec_of(&one, A, RW);

    spec.offset = PAGES(20);
    assert_int_equal(vm_map_replace(map, &spec), 0);
}

static void test_remap_offset(uint32_t access)
{
    map_one(RW);
    works(sleeping_access(remap_offset, access), VM_CAUSE_FILE_IN, 33);
    assert_int_equal(one.asked, 2);
}

static void another_part_of_the_object_supplies_its_own_page(void **state)
{
    (void)state;
    in_every_way(test_remap_offset);
}

static void remap_account(void)
{
    struct vm_area_spec spec = spec_of(&one, A, RW);

    spec.account = FL_ACCOUNT_AREA;
    assert_int_equal(vm_map_replace(map, &spec), 0);
}

static void test_remap_account(uint32_t access)
{
    map_one(RW);
    struct access a = sleeping_access(remap_account, access);

    works(a, VM_CAUSE_FILE_IN, 13);
    assert_int_equal(a.fault.account, FL_ACCOUNT_AREA);
    assert_int_equal(faults(FL_ACCOUNT_MMAP, VM_CAUSE_FILE_IN), 0);
    assert_int_equal(vm_map_account(map, FL_ACCOUNT_MMAP)->pages, 0);
    assert_int_equal(vm_map_account(map, FL_ACCOUNT_AREA)->pages, 1);
}

static void fault_counts_in_the_account_of_the_area_that_is_there_now(void **state)
{
    (void)state;
    in_every_way(test_remap_account);
}

static void protect_all(uint32_t prot)
{
    assert_int_equal(vm_map_protect(map, pages_at(A, N), prot), 0);
}

static void take_write(void)
{
    protect_all(VM_READ);
}

static void take_all(void)
{
    protect_all(0);
}

static void give_write(void)
{
    protect_all(RW);
}

static void test_take_write(uint32_t access)
{
    map_one(RW);
    struct access a = sleeping_access(take_write, access);

    if (access == VM_WRITE) {
        is_refused(a, VM_FAULT_BAD_ACCESS, VM_CAUSE_READ_ONLY);
    } else {
        works(a, VM_CAUSE_FILE_IN, 13);
        assert_int_equal(one.asked, 1); /* the page is still the right one */
    }
    user_refused(map, A + PAGES(3), VM_WRITE, VM_FAULT_BAD_ACCESS, VM_CAUSE_READ_ONLY);
}

static void test_take_all(uint32_t access)
{
    map_one(RW);
    is_refused(sleeping_access(take_all, access), VM_FAULT_BAD_ACCESS, VM_CAUSE_NO_ACCESS);
}

static void test_give_write(uint32_t access)
{
    (void)access;
    map_one(VM_READ);
    works(sleeping_access(give_write, VM_READ), VM_CAUSE_FILE_IN, 13);
    assert_int_equal(one.asked, 1);
    user_write(map, A + PAGES(3), 1);
}

static void rights_are_those_after_the_sleep(void **state)
{
    (void)state;
    in_every_way(test_take_write);
    in_every_way(test_take_all);
    in_every_way(test_give_write);
}

static void move_it(void)
{
    assert_int_equal(vm_map_move(map, pages_at(A, N), pages_at(B, N)), 0);
}

static void test_move(uint32_t access)
{
    map_one(RW);
    is_refused(sleeping_access(move_it, access), VM_FAULT_NO_MAPPING, VM_CAUSE_NO_AREA);
    assert_int_equal(user_read(map, B + PAGES(3)), 13);
}

static void area_moved_during_a_fault_leaves_nothing_behind(void **state)
{
    (void)state;
    in_every_way(test_move);
}

/* Cuts pages 0 to 1 off, so that another record holds page 3. */
static void split_it(void)
{
    assert_int_equal(vm_map_remove(map, pages_at(A + PAGES(1), 1)), 0);
}

static void test_split(uint32_t access)
{
    map_one(RW);
    works(sleeping_access(split_it, access), VM_CAUSE_FILE_IN, 13);
    assert_int_equal(one.asked, 1); /* found again, without a second page */
    assert_int_equal(resident(), 1);
}

static void area_split_during_a_fault_keeps_the_page(void **state)
{
    (void)state;
    in_every_way(test_split);
}

static void free_table(void)
{
    assert_int_equal(vm_map_discard(map, pages_at(A + PAGES(100), 1)), 0);
    assert_int_equal(map->pmap.tables, 0);
}

/* A neighbour's page leaves and takes the page table with it: no area changes, but the slot goes.
 * */
static void test_free_table(uint32_t access)
{
    map_one(RW);
    add_anon(map, A + PAGES(100), 1, RW);
    user_write(map, A + PAGES(100), 1);
    assert_int_equal(map->pmap.tables, 1);
    works(sleeping_access(free_table, access), VM_CAUSE_FILE_IN, 13);
    assert_int_equal(map->pmap.tables, 1);
    assert_int_equal(one.asked, 1);
    assert_int_equal(resident(), 1);
}

static void page_table_freed_during_a_fault_is_made_again(void **state)
{
    (void)state;
    in_every_way(test_free_table);
}

static void make_table(void)
{
    user_write(map, A + PAGES(100), 1);
}

static void test_make_table(uint32_t access)
{
    map_one(RW);
    add_anon(map, A + PAGES(100), 1, RW);
    works(sleeping_access(make_table, access), VM_CAUSE_FILE_IN, 13);
    assert_int_equal(map->pmap.tables, 1);
    assert_int_equal(resident(), 2);
}

static void page_table_made_during_a_fault_is_used(void **state)
{
    (void)state;
    in_every_way(test_make_table);
}

static void same_fault(void)
{
    assert_int_equal(user_read(map, A + PAGES(3)), 13);
}

static void test_same_fault(uint32_t access)
{
    map_one(RW);
    struct access a = sleeping_access(same_fault, access);
    bool is_copied = access == VM_WRITE && !has_private_pages;

    assert_non_null(a.byte);
    assert_int_equal(a.fault.cause, is_copied ? VM_CAUSE_COPY_ON_WRITE : VM_CAUSE_RESIDENT);
    assert_int_equal(*a.byte, 13);
    assert_int_equal(one.asked, 2);
    assert_int_equal(resident(), 1);
    assert_int_equal(vm_map_account(map, FL_ACCOUNT_MMAP)->pages, 1);
}

static void page_that_came_in_meanwhile_is_kept(void **state)
{
    (void)state;
    in_every_way(test_same_fault);
}

static void clear_it(void)
{
    vm_map_clear(map);
}

static void test_clear(uint32_t access)
{
    map_one(RW);
    is_refused(sleeping_access(clear_it, access), VM_FAULT_NO_MAPPING, VM_CAUSE_NO_AREA);
    assert_true(one.is_destroyed);
}

/* As the killer of a process that ran out of memory does. */
static void map_emptied_during_a_fault_refuses_the_access(void **state)
{
    (void)state;
    in_every_way(test_clear);
}

/* ---- Failures
 * -------------------------------------------------------------------------------------- */

static void io_error_counts_only_where_the_object_is_still_mapped(void **state)
{
    (void)state;
    map_one(RW);
    answer = VM_FAULT_IO;
    is_refused(sleeping_access(NULL, VM_READ), VM_FAULT_IO, VM_CAUSE_IO);
    is_refused(sleeping_access(unmap_it, VM_READ), VM_FAULT_NO_MAPPING, VM_CAUSE_NO_AREA);
    assert_int_equal(faults(FL_ACCOUNT_MMAP, VM_CAUSE_IO), 1);
    unmap_all();
}

static void killed_process_gets_no_page(void **state)
{
    (void)state;
    map_one(RW);
    answer = VM_FAULT_KILLED;
    assert_int_equal(sleeping_access(NULL, VM_READ).result, VM_FAULT_KILLED);
    assert_int_equal(sleeping_access(clear_it, VM_READ).result, VM_FAULT_KILLED);
    for (uint32_t cause = 0; cause < VM_CAUSE_COUNT; cause++) {
        assert_int_equal(faults(FL_ACCOUNT_MMAP, cause), 0);
        assert_int_equal(vm_map_unplaced_faults(map)[cause], 0);
    }
    unmap_all();
}

/* Changes that take no memory of their own, so that any failure is the fault's. */
static void change_rights_twice(void)
{
    take_write();
    give_write();
}

static void (*try_change)(void);
static uint32_t try_access;

static void same_fault_if_it_can(void)
{
    (void)cpu_access(map, A + PAGES(3), try_access);
}

static int sleeping_attempt(void *context)
{
    (void)context;
    struct access a = sleeping_access(try_change, try_access);

    assert_true(a.byte != NULL || a.result == VM_FAULT_FORCED);
    assert_int_equal(resident(), a.byte != NULL);
    return a.byte != NULL ? 0 : -ENOMEM;
}

static void drop_pages(void *context)
{
    (void)context;
    assert_int_equal(vm_map_discard(map, pages_at(A, N)), 0);
}

static void check_map(void *context)
{
    (void)context;
    map_check(map);
}

static void test_failures(uint32_t access)
{
    try_access = access;
    map_one(RW);
    uint32_t failures = fail_every_allocation(sleeping_attempt, drop_pages, check_map, NULL);

    /* A fault in the sleep that succeeds leaves nothing to allocate for the one that sleeps. */
    assert_true(failures >= 1 || try_change == same_fault_if_it_can);
}

static void sleeping_fault_fails_at_every_allocation(void **state)
{
    (void)state;
    void (*const changes[])(void) = {change_rights_twice, remap_two, same_fault_if_it_can};

    for (uint32_t i = 0; i < array_size(changes); i++) {
        try_change = changes[i];
        in_every_way(test_failures);
    }
}

/* ---- Clusters and populating
 * ----------------------------------------------------------------------- */

static void test_cluster_split(uint32_t access)
{
    map_one(RW);
    cluster_pages = N;
    works(sleeping_access(split_it, access), VM_CAUSE_FILE_IN, 13);
    cluster_pages = 0;
    assert_int_equal(resident(), N - 1);
    for (uint32_t i = 2; i < N; i++) {
        assert_int_equal(user_read(map, A + PAGES(i)), 10 + i);
    }
    assert_int_equal(one.asked, N - 1); /* page 0 was the first, and stays */
}

static void test_cluster_unmap(uint32_t access)
{
    map_one(RW);
    cluster_pages = N;
    is_refused(sleeping_access(unmap_it, access), VM_FAULT_NO_MAPPING, VM_CAUSE_NO_AREA);
    cluster_pages = 0;
}

static void cluster_goes_on_in_the_map_that_is_there_now(void **state)
{
    (void)state;
    in_every_way(test_cluster_split);
    in_every_way(test_cluster_unmap);
}

static void unmap_two(void)
{
    assert_int_equal(vm_map_remove(map, pages_at(A, N)), 0);
}

static void test_populate(uint32_t access)
{
    bool write = access == VM_WRITE;

    map_one(RW);
    while_asleep = split_it; /* in page 2 */
    assert_int_equal(vm_map_populate(map, pages_at(A + PAGES(2), N - 2), write), 0);
    assert_int_equal(resident(), N - 2);
    assert_int_equal(one.asked, N - 2);
    while_asleep = remap_two; /* in page 0: the object is another from there on */
    assert_int_equal(vm_map_populate(map, pages_at(A, N), write), 0);
    assert_int_equal(resident(), N);
    assert_int_equal(user_read(map, A), 100);
    assert_int_equal(user_read(map, A + PAGES(7)), 107);
    assert_int_equal(vm_map_discard(map, pages_at(A, N)), 0);
    while_asleep = unmap_two;
    assert_int_equal(vm_map_populate(map, pages_at(A, N), write), -EFAULT);
    assert_int_equal(resident(), 0);
}

static void test_populate_same(uint32_t access)
{
    map_one(RW);
    while_asleep = same_fault; /* brings page 3 in while the call waits for it */
    assert_int_equal(vm_map_populate(map, pages_at(A + PAGES(3), 1), access == VM_WRITE), 0);
    assert_int_equal(resident(), 1);
    assert_int_equal(user_cause(map, A + PAGES(3), access), VM_CAUSE_COUNT);
}

static void populate_goes_on_in_the_map_that_is_there_now(void **state)
{
    (void)state;
    in_every_way(test_populate);
    in_every_way(test_populate_same);
}

#define SLEEP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SLEEP_TEST(fault_that_sleeps_in_an_unchanged_map_brings_its_page),
        SLEEP_TEST(area_unmapped_during_a_fault_refuses_the_access),
        SLEEP_TEST(object_mapped_over_the_area_supplies_the_page),
        SLEEP_TEST(anonymous_memory_mapped_over_the_area_is_zero),
        SLEEP_TEST(another_part_of_the_object_supplies_its_own_page),
        SLEEP_TEST(fault_counts_in_the_account_of_the_area_that_is_there_now),
        SLEEP_TEST(rights_are_those_after_the_sleep),
        SLEEP_TEST(area_moved_during_a_fault_leaves_nothing_behind),
        SLEEP_TEST(area_split_during_a_fault_keeps_the_page),
        SLEEP_TEST(page_table_freed_during_a_fault_is_made_again),
        SLEEP_TEST(page_table_made_during_a_fault_is_used),
        SLEEP_TEST(page_that_came_in_meanwhile_is_kept),
        SLEEP_TEST(map_emptied_during_a_fault_refuses_the_access),
        SLEEP_TEST(io_error_counts_only_where_the_object_is_still_mapped),
        SLEEP_TEST(killed_process_gets_no_page),
        SLEEP_TEST(sleeping_fault_fails_at_every_allocation),
        SLEEP_TEST(cluster_goes_on_in_the_map_that_is_there_now),
        SLEEP_TEST(populate_goes_on_in_the_map_that_is_there_now),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
