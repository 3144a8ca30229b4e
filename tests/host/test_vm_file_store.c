/*
 * mm/pager/file_store.c: what was written into a file is one set of frames for read, write and every
 * mapping; a file that is cut takes its pages out of all maps (F13); every step without memory.
 */
#include "mm_support.h"

#include <asm/errno.h>

#include "mm/pager/file_store.h"

#define A         0x40000000u
#define B         0x80000000u
#define FILE_SIZE (PAGES(4) + 100)

static struct vm_map *map;
static uint32_t base; /* free frames with the map and one area record's frame */
static struct fake_file file;

/* The hook that mm/ calls when a file is cut: this test's only map. */
static void unmap_pages(struct vm_source *src, uint32_t first)
{
    vm_map_cut_object(map, src->object, (uint64_t)first << PAGE_SHIFT);
}

static int setup(void **state)
{
    machine_setup(state);
    map = vm_map_create(2);
    assert_non_null(map);
    base = frame_free_count();
    fake_file_init(&file, FILE_SIZE);
    vm_source_set_unmap(unmap_pages);
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

static void map_file(uint32_t start, uint32_t pages, uint32_t prot, uint32_t flags)
{
    struct vm_area_spec spec = anon_spec(start, pages, prot);

    spec.flags = flags;
    spec.object = vm_object_of_file(&file.source);
    assert_non_null(spec.object);
    assert_int_equal(vm_map_insert(map, &spec), 0);
    vm_object_unref(spec.object);
}

/* Writes one byte as write() does. Returns the pages that are stored more. */
static uint32_t put(uint64_t offset, uint8_t value)
{
    uint32_t before = file.source.stored.count;

    assert_int_equal(vm_source_write(&file.source, offset, &value, 1), 0);
    return file.source.stored.count - before;
}

static uint8_t get(uint64_t offset)
{
    uint8_t value;

    assert_int_equal(vm_source_read(&file.source, offset, &value, 1), 0);
    return value;
}

static void a_written_page_is_stored(void **state)
{
    (void)state;
    assert_int_equal(get(5), fake_byte(5));
    assert_int_equal(put(5, 0xEE), 1);
    assert_int_equal(put(6, 0xEF), 0);
    assert_int_equal(get(5), 0xEE);
    assert_int_equal(get(7), fake_byte(7)); /* the rest of the page is the file's */
    assert_int_equal(get(PAGES(1)), fake_byte(PAGES(1)));
    assert_int_equal(vm_source_discard(&file.source), 1);
}

static void reads_cross_pages(void **state)
{
    uint8_t bytes[PAGE_SIZE + 20];
    (void)state;
    put(PAGES(1) + 3, 0x11);
    assert_int_equal(vm_source_read(&file.source, PAGES(1) - 10, bytes, sizeof(bytes)), 0);
    assert_int_equal(bytes[0], fake_byte(PAGES(1) - 10));
    assert_int_equal(bytes[13], 0x11);
    assert_int_equal(bytes[PAGE_SIZE + 19], fake_byte(PAGES(2) + 9));
    assert_int_equal(vm_source_read(&file.source, FILE_SIZE - 1, bytes, 2), -EIO);
    assert_int_equal(vm_source_read(&file.source, ~0ull, bytes, 2), -EIO);
}

/* One frame: mapped before it was written, after, shared and private. */
static void mappings_see_what_is_written(void **state)
{
    (void)state;
    map_file(A, 4, VM_READ, VM_SHARED | VM_MAY_NOT_WRITE);
    map_file(B, 4, RW, 0);
    assert_int_equal(user_read(map, A), fake_byte(0));
    put(0, 0x22);
    assert_int_equal(user_read(map, A), 0x22);
    assert_int_equal(user_read(map, B), 0x22);
    user_write(map, B, 0x33); /* private: the file stays */
    assert_int_equal(get(0), 0x22);
    put(PAGES(1), 0x44);
    assert_int_equal(user_read(map, A + PAGES(1)), 0x44);
    assert_int_equal(user_frame(map, A), radix_get(&file.source.stored, 0));
}

/* A shared mapping's writes are the file's, and only pages that are written are kept. */
static void shared_writes_are_kept(void **state)
{
    (void)state;
    map_file(A, 4, RW, VM_SHARED);
    assert_int_equal(user_read(map, A), fake_byte(0));
    assert_int_equal(user_read(map, A + PAGES(1)), fake_byte(PAGES(1)));
    assert_int_equal(file.source.stored.count, 0);
    user_write(map, A, 0x55);            /* the page is there, for reading */
    user_write(map, A + PAGES(2), 0x66); /* it is not there */
    assert_int_equal(file.source.stored.count, 2);
    assert_int_equal(get(0), 0x55);
    assert_int_equal(get(PAGES(2)), 0x66);
    assert_int_equal(vm_map_remove(map, vrange(A, A + PAGES(4))), 0);
    assert_int_equal(get(0), 0x55);
    map_file(A, 4, VM_READ, 0);
    assert_int_equal(user_read(map, A), 0x55);
}

static void growing_shows_zeros(void **state)
{
    (void)state;
    map_file(A, 8, RW, VM_SHARED);
    user_write(map, A + PAGES(4) + 200, 0x77); /* past the end, in the last page */
    assert_int_equal(vm_source_truncate(&file.source, PAGES(6)), 0);
    assert_int_equal(get(PAGES(4) + 200), 0);
    assert_int_equal(get(PAGES(4) + 99), fake_byte(PAGES(4) + 99));
    assert_int_equal(get(PAGES(5)), 0);
    assert_int_equal(user_read(map, A + PAGES(5)), 0);
    user_refused(map, A + PAGES(6), VM_READ, VM_FAULT_IO, VM_CAUSE_IO);
    put(PAGES(7), 1); /* and by a write past the end */
    assert_int_equal(file.source.size, PAGES(7) + 1);
    assert_int_equal(get(PAGES(6) + 1), 0);
}

static void f13_a_cut_file_leaves_its_maps(void **state)
{
    (void)state;
    map_file(A, 4, RW, VM_SHARED);
    map_file(B, 4, RW, 0);
    for (uint32_t i = 0; i < 4; i++) {
        (void)user_read(map, A + PAGES(i));
        user_write(map, B + PAGES(i), 9); /* copies, too, as on Linux */
    }
    put(PAGES(3), 1);
    user_write(map, A + PAGES(1) + 50, 0x12);
    assert_int_equal(vm_source_truncate(&file.source, PAGES(1) + 40), 1);
    user_refused(map, A + PAGES(2), VM_READ, VM_FAULT_IO, VM_CAUSE_IO);
    user_refused(map, B + PAGES(3), VM_READ, VM_FAULT_IO, VM_CAUSE_IO);
    assert_int_equal(user_read(map, B), 9);
    assert_int_equal(user_read(map, A + PAGES(1) + 50), 0); /* behind the new end */
    assert_int_equal(user_read(map, A + PAGES(1) + 39), fake_byte(PAGES(1) + 39));
    assert_int_equal(vm_source_truncate(&file.source, PAGES(4)), 0); /* longer again: zeros */
    assert_int_equal(user_read(map, A + PAGES(2)), 0);
    assert_int_equal(get(PAGES(1) + 41), 0);
    assert_int_equal(get(PAGES(3)), 0);
}

static void a_full_file_system_stores_no_more(void **state)
{
    struct vm_quota quota = {.max_pages = 1};
    (void)state;
    file.source.quota = &quota;
    put(0, 1);
    assert_int_equal(vm_source_write(&file.source, 1, "x", 1), 0);
    assert_int_equal(vm_source_write(&file.source, PAGES(2), "x", 1), -ENOSPC);
    assert_int_equal(vm_source_keep(&file.source, PAGES(2)), -ENOSPC);
    assert_int_equal(quota.pages, 1);
    (void)vm_source_truncate(&file.source, PAGES(3));
    file.source.quota = NULL;
    assert_int_equal(get(PAGES(2)), fake_byte(PAGES(2)));
}

/* ---- Without memory ---------------------------------------------------------------------------- */

static int attempt_write(void *context)
{
    (void)context;
    int err = vm_source_write(&file.source, PAGES(1), "abc", 3);

    return err == -ENOSPC ? -ENOMEM : err;
}

static void undo_write(void *context)
{
    (void)context;
    assert_int_equal(vm_source_discard(&file.source), 1);
}

static void check_write(void *context)
{
    (void)context;
    assert_int_equal(file.source.size, FILE_SIZE);
}

static void r2_writing_fails_at_every_allocation(void **state)
{
    (void)state;
    assert_true(fail_every_allocation(attempt_write, undo_write, check_write, NULL) >= 2);
}

static int attempt_shared_write(void *context)
{
    struct vm_fault fault = {.va = {A}, .access = VM_WRITE};
    (void)context;
    enum vm_fault_result result = vm_fault(map, &fault);

    if (result != VM_FAULT_RESUME) { /* the file may keep the page, though no map shows it */
        (void)vm_source_discard(&file.source);
    }
    return vm_fault_is_out_of_memory(result) ? -ENOMEM : result == VM_FAULT_RESUME ? 0 : -EIO;
}

static void undo_shared_write(void *context)
{
    (void)context;
    assert_int_equal(vm_map_discard(map, vrange(A, A + PAGES(1))), 0);
    assert_int_equal(vm_source_discard(&file.source), 1);
}

static void check_map(void *context)
{
    (void)context;
    map_check(map);
}

static void r2_a_shared_write_fails_at_every_allocation(void **state)
{
    (void)state;
    map_file(A, 1, RW, VM_SHARED);
    assert_true(fail_every_allocation(attempt_shared_write, undo_shared_write, check_map, NULL) >=
                2);
}

#define VM_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        VM_TEST(a_written_page_is_stored),
        VM_TEST(reads_cross_pages),
        VM_TEST(mappings_see_what_is_written),
        VM_TEST(shared_writes_are_kept),
        VM_TEST(growing_shows_zeros),
        VM_TEST(f13_a_cut_file_leaves_its_maps),
        VM_TEST(a_full_file_system_stores_no_more),
        VM_TEST(r2_writing_fails_at_every_allocation),
        VM_TEST(r2_a_shared_write_fails_at_every_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
