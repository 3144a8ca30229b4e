/*
 * Contracts 3 and 4 to the letter: MeMS' text, addresses and errors; the pages that simple and elastic
 * map; limits and start addresses by variable.
 */
#include <string.h>
#include <unistd.h>

#include "tests/host/fake_os_pages.h"
#include "tests/host/support.h"
#include "user/alloc/include/alloc.h"
#include "user/alloc/include/ealloc.h"
#include "user/alloc/include/heapwalk.h"
#include "user/alloc/include/mems.h"

#define TEXT_SIZE 4096

/* ---- What a call prints ----------------------------------------------------------------------- */

static char text[TEXT_SIZE];

/* What run() writes to the file descriptor. */
static const char *printed(int fd, void (*run)(void))
{
    FILE *stream = fd == STDOUT_FILENO ? stdout : stderr;
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_int_equal(fflush(stream), 0);
    int saved = dup(fd);
    assert_true(saved >= 0 && dup2(fileno(file), fd) == fd);
    run();
    assert_int_equal(fflush(stream), 0);
    assert_int_equal(dup2(saved, fd), fd);
    close(saved);
    rewind(file);
    text[fread(text, 1, TEXT_SIZE - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    return text;
}

static void *bad_address;

static void free_bad(void)
{
    mems_free(bad_address);
}

static void get_bad(void)
{
    assert_null(mems_get(bad_address));
}

static void is_error(void (*run)(void), size_t address)
{
    bad_address = (void *)address;
    assert_true(strlen(printed(STDERR_FILENO, run)) > 0);
    mems_check();
}

/* ---- MeMS ------------------------------------------------------------------------------------- */

#define EMPTY_STATS                                                                                \
    "----- MeMS SYSTEM STATS -----\n"                                                              \
    "Pages used:\t0\n"                                                                             \
    "Space unused:\t0\n"                                                                           \
    "Main Chain Length:\t0\n"                                                                      \
    "Sub-chain Length array: []\n"                                                                 \
    "-----------------------------\n"

#define FULL_STATS                                                                                 \
    "----- MeMS SYSTEM STATS -----\n"                                                              \
    "MAIN[1000:5095]-> P[1000:1999] <-> P[2000:2999] <-> P[3000:3999] <-> P[4000:4999] <-> "       \
    "H[5000:5095] <-> NULL\n"                                                                      \
    "MAIN[5096:9191]-> P[5096:6095] <-> P[6096:7095] <-> P[7096:8095] <-> P[8096:9095] <-> "       \
    "H[9096:9191] <-> NULL\n"                                                                      \
    "MAIN[9192:13287]-> P[9192:10191] <-> P[10192:11191] <-> H[11192:13287] <-> NULL\n"            \
    "Pages used:\t3\n"                                                                             \
    "Space unused:\t2288\n"                                                                        \
    "Main Chain Length:\t3\n"                                                                      \
    "Sub-chain Length array: [5, 5, 3, ]\n"                                                        \
    "-----------------------------\n"

static void mems_text(void **state)
{
    (void)state;
    assert_string_equal(printed(STDOUT_FILENO, mems_print_stats), EMPTY_STATS);
    mems_init();
    assert_string_equal(printed(STDOUT_FILENO, mems_print_stats), EMPTY_STATS);
    for (int i = 0; i < 10; i++) {
        assert_non_null(mems_malloc(1000));
    }
    assert_string_equal(printed(STDOUT_FILENO, mems_print_stats), FULL_STATS);
    mems_free((void *)4000);
    assert_non_null(strstr(printed(STDOUT_FILENO, mems_print_stats),
                           "P[3000:3999] <-> H[4000:5095] <-> NULL\n"));
    assert_int_equal((size_t)mems_malloc(1000), 4000);
    assert_string_equal(printed(STDOUT_FILENO, mems_print_stats), FULL_STATS);
    mems_finish();
    assert_string_equal(printed(STDOUT_FILENO, mems_print_stats), EMPTY_STATS);
    assert_int_equal(fake_os_pages_count(), 0);
}

/* Exactly the size asked for, one byte of rest is a hole, and holes never join across regions. */
static void mems_places(void **state)
{
    (void)state;
    mems_init();
    assert_int_equal((size_t)mems_malloc(PAGE_SIZE - 1), 1000);
    assert_int_equal((size_t)mems_malloc(1), 1000 + PAGE_SIZE - 1);
    assert_int_equal((size_t)mems_malloc(PAGE_SIZE), 1000 + PAGE_SIZE);
    mems_free((void *)1000);
    mems_free((void *)(1000 + PAGE_SIZE - 1));
    mems_free((void *)(1000 + PAGE_SIZE));
    assert_int_equal((size_t)mems_malloc(2 * PAGE_SIZE), 1000 + 2 * PAGE_SIZE);
    assert_null(mems_malloc(0));
    mems_check();
    mems_finish();
}

static void mems_translation(void **state)
{
    (void)state;
    mems_init();
    char *a = mems_malloc(100), *b = mems_malloc(100);
    char *memory = mems_get(a);
    for (int i = 0; i < 100; i++) {
        assert_ptr_equal(mems_get(a + i), memory + i);
    }
    assert_ptr_equal(mems_get(b), memory + 100);
    mems_finish();
}

/* Rows A6 and A7, and M6's list. */
static void mems_errors(void **state)
{
    (void)state;
    is_error(get_bad, 1000);
    is_error(free_bad, 1000);
    mems_init();
    mems_init();
    size_t a = (size_t)mems_malloc(100);
    is_error(get_bad, a - 1);
    is_error(get_bad, a + 100);
    is_error(get_bad, a + PAGE_SIZE);
    is_error(get_bad, SIZE_MAX);
    is_error(get_bad, 0);
    is_error(free_bad, 0);
    is_error(free_bad, a + 1);
    is_error(free_bad, a + 100);
    is_error(free_bad, (size_t)&a);
    assert_non_null(mems_get((void *)a));
    mems_free((void *)a);
    is_error(free_bad, a);
    is_error(get_bad, a);
    mems_finish();
    mems_finish();
    assert_null(mems_malloc(1));
    assert_int_equal(fake_os_pages_count(), 0);
}

static void mems_from_zero(void **state)
{
    (void)state;
    mems_start = 0;
    mems_init();
    assert_int_equal((size_t)mems_malloc(100), 0);
    assert_non_null(mems_get(NULL));
    mems_free(NULL);
    is_error(get_bad, 0);
    mems_finish();
    mems_start = 1000;
}

/* ---- Simple ----------------------------------------------------------------------------------- */

static void simple_page(void **state)
{
    (void)state;
    assert_null(alloc_mem(8));
    dealloc_mem(NULL);
    assert_int_equal(init_alloc(), 0);
    assert_int_equal(fake_os_pages_count(), 1);
    char *a = alloc_mem(PAGE_SIZE);
    assert_non_null(a);
    memset(a, 0xFF, PAGE_SIZE);
    assert_int_equal(init_alloc(), 0);
    assert_null(alloc_mem(8));
    assert_int_equal(cleanup_alloc(), 0);
    assert_int_equal(cleanup_alloc(), 0);
    assert_int_equal(fake_os_pages_count(), 0);
    assert_null(alloc_mem(8));

    fake_os_pages_refuse(1);
    assert_int_equal(init_alloc(), -1);
    assert_null(alloc_mem(8));
    assert_int_equal(init_alloc(), 0);
    a = alloc_mem(PAGE_SIZE);
    for (int i = 0; i < PAGE_SIZE; i++) {
        assert_int_equal(a[i], 0);
    }
    cleanup_alloc();
}

/* All 512 grains at once, every second one freed, filled again. */
static void simple_grains(void **state)
{
    (void)state;
    assert_int_equal(init_alloc(), 0);
    char *first = alloc_mem(8);
    for (int i = 1; i < PAGE_SIZE / 8; i++) {
        assert_ptr_equal(alloc_mem(8), first + (ptrdiff_t)i * 8);
    }
    assert_null(alloc_mem(8));
    alloc_check();
    for (int i = 0; i < PAGE_SIZE; i += 16) {
        dealloc_mem(first + i);
    }
    assert_null(alloc_mem(16));
    alloc_check();
    for (int i = 0; i < PAGE_SIZE; i += 16) {
        assert_ptr_equal(alloc_mem(8), first + i);
    }
    cleanup_alloc();
}

/* ---- Elastic ---------------------------------------------------------------------------------- */

static void elastic_pages(void **state)
{
    (void)state;
    size_t before = fake_os_pages_count();
    assert_null(ealloc_mem(256));
    for (int round = 1; round <= 2; round++) {
        assert_int_equal(einit_alloc(), 0);
        for (size_t i = 0; i < 4; i++) {
            assert_non_null(ealloc_mem(2560));
            assert_int_equal(fake_os_pages_count(), before + i + 1);
        }
        assert_null(ealloc_mem(2560));
        assert_int_equal(einit_alloc(), 0);
        char *last = ealloc_mem(1536);
        assert_non_null(last);
        edealloc_mem(last);
        assert_int_equal(fake_os_pages_count(), before + 4);
        assert_int_equal(ecleanup_alloc(), 0);
        assert_int_equal(fake_os_pages_count(), before + 4);
        before += 4;
    }
    assert_int_equal(ecleanup_alloc(), 0);
    assert_null(ealloc_mem(256));
}

static size_t count_pages(void)
{
    size_t count = 0;

    assert_int_equal(einit_alloc(), 0);
    while (ealloc_mem(PAGE_SIZE) != NULL) {
        count++;
    }
    ealloc_check();
    ecleanup_alloc();
    return count;
}

static void elastic_limit(void **state)
{
    (void)state;
    assert_int_equal(count_pages(), 4);
    ealloc_max_pages = 7;
    assert_int_equal(count_pages(), 7);
    ealloc_max_pages = 100000;
    assert_int_equal(count_pages(), 256);
    ealloc_max_pages = -1;
    assert_int_equal(count_pages(), 0);
    ealloc_max_pages = 4;
}

/* Every record the static array must hold: all pages in single grains. */
static void elastic_records(void **state)
{
    (void)state;
    size_t count = 0;

    ealloc_max_pages = 256;
    assert_int_equal(einit_alloc(), 0);
    while (ealloc_mem(256) != NULL) {
        count++;
    }
    ealloc_check();
    assert_int_equal(count, 256 * 16);
    ecleanup_alloc();
    ealloc_max_pages = 4;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mems_text),        cmocka_unit_test(mems_places),
        cmocka_unit_test(mems_translation), cmocka_unit_test(mems_errors),
        cmocka_unit_test(mems_from_zero),   cmocka_unit_test(simple_page),
        cmocka_unit_test(simple_grains),    cmocka_unit_test(elastic_pages),
        cmocka_unit_test(elastic_limit),    cmocka_unit_test(elastic_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
