/*
 * boot/boot_info.c on the host: maps that firmware really gives, maps that no firmware should, and
 * a loader's structures at every wrong place (bad-input B1, B5, B7, B8, B10).
 *
 * Physical memory is an array of ours. A random walk compares the range list with a byte-per-unit
 * shadow of a small address space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/boot_info.h"
#include "boot/multiboot.h"

#define MIB  (1ull << 20)
#define PAGE 4096ull

/* boot_info.c sees this as physical memory, and may not write it. */
extern uint8_t boot_test_memory[BOOT_VIEW_BYTES];
uint8_t boot_test_memory[BOOT_VIEW_BYTES];

static struct boot_info info;

/* ---- Building what a loader leaves ---------------------------------------------------------- */

static uint8_t map[65536];
static uint32_t map_length;

/* One entry of `size` bytes behind the size field. Bytes behind the type are ones. */
static void map_add_sized(uint32_t size, uint64_t base, uint64_t length, uint32_t type)
{
    struct multiboot_mmap_entry entry = {size, base, length, type};

    memset(map + map_length, 0xFF, size + 4);
    memcpy(map + map_length, &entry, sizeof(entry));
    map_length += size + 4;
}

static void map_add(uint64_t base, uint64_t length, uint32_t type)
{
    map_add_sized(20, base, length, type);
}

static void map_read(void)
{
    memset(&info, 0xA5, sizeof(info));
    boot_info_read_mmap(map, map_length, &info);
}

static void expect_range(uint32_t index, uint64_t start, uint64_t end)
{
    assert_true(index < info.n_ranges);
    assert_true(info.ranges[index].start == start);
    assert_true(info.ranges[index].end == end);
}

static int reset(void **state)
{
    (void)state;
    map_length = 0;
    memset(boot_test_memory, 0, sizeof(boot_test_memory));
    return 0;
}

/* ---- The map -------------------------------------------------------------------------------- */

/* QEMU, -m 5G: a hole below 4 GiB. */
static void test_qemu_map(void **state)
{
    (void)state;
    map_add(0, 0x9FC00, 1);
    map_add(0x9FC00, 0x400, 2);
    map_add(0xF0000, 0x10000, 2);
    map_add(0x100000, 0xBFFE0000 - 0x100000, 1);
    map_add(0xBFFE0000, 0x20000, 2);
    map_add(0xFFFC0000, 0x40000, 2);
    map_add(0x100000000, 0x80000000, 1);
    map_read();
    assert_int_equal(info.n_ranges, 2);
    assert_int_equal(info.ranges_dropped, 0);
    expect_range(0, 0x100000, 0xBFFE0000);
    expect_range(1, 0x100000000, 0x180000000);
}

static void test_b5_unsorted_and_overlapping(void **state)
{
    (void)state;
    map_add(32 * MIB, 8 * MIB, 2); /* reserved first, in the middle of what comes later */
    map_add(40 * MIB, 24 * MIB, 1);
    map_add(16 * MIB, 32 * MIB, 1);
    map_add(2 * MIB, 2 * MIB, 1);
    map_add(1 * MIB, 2 * MIB, 1);
    map_read();
    assert_int_equal(info.n_ranges, 3);
    expect_range(0, 1 * MIB, 4 * MIB);
    expect_range(1, 16 * MIB, 32 * MIB);
    expect_range(2, 40 * MIB, 64 * MIB);
}

static void test_b5_entry_sizes(void **state)
{
    (void)state;
    map_add_sized(20, 1 * MIB, MIB, 1);
    map_add_sized(24, 3 * MIB, MIB, 1);
    map_add_sized(101, 5 * MIB, MIB, 1);
    map_read();
    assert_int_equal(info.n_ranges, 3);
    expect_range(2, 5 * MIB, 6 * MIB);
    assert_int_equal(info.ranges_dropped, 0);
}

/* After an entry that is too short, or longer than the map, nothing can be found any more. */
static void test_b5_broken_sizes(void **state)
{
    static const uint32_t sizes[] = {0, 1, 19, 45, 0x7FFFFFFF, 0xFFFFFFFC, 0xFFFFFFFF};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        map_length = 0;
        map_add(1 * MIB, MIB, 1);
        map_add(3 * MIB, MIB, 1);
        map_add(5 * MIB, MIB, 1);
        memcpy(map + 24, &sizes[i], sizeof(sizes[i]));
        map_read();
        assert_int_equal(info.n_ranges, 1);
        assert_int_equal(info.ranges_dropped, 1);
        expect_range(0, 1 * MIB, 2 * MIB);
    }
}

/* Cut after every byte: never a read behind the end (the sanitizer's work), whole entries count. */
static void test_b5_cut_short(void **state)
{
    (void)state;
    map_add(1 * MIB, MIB, 1);
    map_add(3 * MIB, MIB, 1);
    for (uint32_t length = 0; length <= 48; length++) {
        uint8_t *copy = malloc(length == 0 ? 1 : length);

        assert_non_null(copy);
        memcpy(copy, map, length);
        boot_info_read_mmap(copy, length, &info);
        assert_int_equal(info.n_ranges, length / 24);
        assert_int_equal(info.ranges_dropped, length % 24 != 0);
        free(copy);
    }
}

static void test_b5_zero_length(void **state)
{
    (void)state;
    map_add(1 * MIB, 4 * MIB, 1);
    map_add(2 * MIB, 0, 2);
    map_add(8 * MIB, 0, 1);
    map_read();
    assert_int_equal(info.n_ranges, 1);
    expect_range(0, 1 * MIB, 5 * MIB);
}

static void test_b5_wrapping(void **state)
{
    (void)state;
    map_add(1 * MIB, 8 * MIB, 1);
    map_add(UINT64_MAX - MIB + 1, 2 * MIB, 1); /* gives no memory */
    map_add(4 * MIB, UINT64_MAX, 2);           /* takes everything from 4 MiB on */
    map_read();
    assert_int_equal(info.n_ranges, 1);
    assert_int_equal(info.ranges_dropped, 1);
    expect_range(0, 1 * MIB, 4 * MIB);
}

static void test_b5_top_of_the_space(void **state)
{
    (void)state;
    map_add(UINT64_MAX - 99, 99, 1); /* less than a page, in the last page there is */
    map_read();
    assert_int_equal(info.n_ranges, 0);
}

static void test_b5_sub_page_edges(void **state)
{
    (void)state;
    map_add(MIB + 1, 3 * PAGE, 1);        /* two whole pages inside */
    map_add(2 * MIB + 1, PAGE + 4094, 1); /* none */
    map_add(3 * MIB, 0x1800, 1);          /* these two meet in the middle of a page: */
    map_add(3 * MIB + 0x1800, 0x1800, 1); /* nothing is lost */
    map_add(4 * MIB, 16 * PAGE, 1);
    map_add(4 * MIB + 4 * PAGE + 100, 1, 2); /* one reserved byte costs its page */
    map_read();
    assert_int_equal(info.n_ranges, 4);
    expect_range(0, MIB + PAGE, MIB + 3 * PAGE);
    expect_range(1, 3 * MIB, 3 * MIB + 0x3000);
    expect_range(2, 4 * MIB, 4 * MIB + 4 * PAGE);
    expect_range(3, 4 * MIB + 5 * PAGE, 4 * MIB + 16 * PAGE);
}

/* A reserved byte at the very edge of a range costs one page there; one beyond it costs nothing. */
static void test_b5_one_byte_at_each_edge(void **state)
{
    (void)state;
    map_add(2 * MIB, 4 * PAGE, 1);
    map_add(2 * MIB - 1, 1, 2);
    map_add(2 * MIB, 1, 2);
    map_add(4 * MIB, 4 * PAGE, 1);
    map_add(4 * MIB + 4 * PAGE - 1, 1, 2);
    map_add(4 * MIB + 4 * PAGE, 1, 2);
    map_read();
    assert_int_equal(info.n_ranges, 2);
    expect_range(0, 2 * MIB + PAGE, 2 * MIB + 4 * PAGE);
    expect_range(1, 4 * MIB, 4 * MIB + 3 * PAGE);
}

static void test_b5_unknown_types_reserve(void **state)
{
    static const uint32_t types[] = {0, 2, 3, 4, 5, 6, 0x7FFFFFFF, 0xFFFFFFFF};

    (void)state;
    map_add(1 * MIB, 31 * MIB, 1);
    for (uint32_t i = 0; i < 8; i++) {
        map_add((2 + 2ull * i) * MIB, MIB, types[i]);
    }
    map_read();
    assert_int_equal(info.n_ranges, 9);
    expect_range(0, 1 * MIB, 2 * MIB);
    expect_range(8, 17 * MIB, 32 * MIB);
}

static void test_first_mib_is_given_up(void **state)
{
    (void)state;
    map_add(0, 8 * MIB, 1);
    map_read();
    assert_int_equal(info.n_ranges, 1);
    expect_range(0, MIB, 8 * MIB);
}

static void test_too_many_ranges(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < BOOT_RANGES_MAX + 10; i++) {
        map_add((1 + 2ull * i) * MIB, MIB, 1);
    }
    map_read();
    assert_int_equal(info.n_ranges, BOOT_RANGES_MAX);
    assert_int_equal(info.ranges_dropped, 10);
}

/* A full list still takes what joins ranges that are there, and edges may still be cut off. */
static void test_joining_and_trimming_a_full_list(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < BOOT_RANGES_MAX; i++) {
        map_add((1 + 2ull * i) * MIB, MIB, 1);
    }
    map_add(2 * MIB, MIB, 1);
    map_add(9 * MIB, PAGE, 2);
    map_add(12 * MIB - PAGE, PAGE, 2);
    map_read();
    assert_int_equal(info.n_ranges, BOOT_RANGES_MAX - 1);
    assert_int_equal(info.ranges_dropped, 0);
    expect_range(0, 1 * MIB, 4 * MIB);
    expect_range(3, 9 * MIB + PAGE, 10 * MIB);
    expect_range(4, 11 * MIB, 12 * MIB - PAGE);
}

/* A cut through the middle of a range of a full list gives the upper part up, never the hole. */
static void test_split_of_a_full_list(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < BOOT_RANGES_MAX; i++) {
        map_add((1 + 2ull * i) * MIB, MIB, 1);
    }
    map_add(3 * MIB + PAGE, PAGE, 2);
    map_read();
    assert_int_equal(info.n_ranges, BOOT_RANGES_MAX);
    assert_int_equal(info.ranges_dropped, 1);
    expect_range(1, 3 * MIB, 3 * MIB + PAGE);
    expect_range(2, 5 * MIB, 6 * MIB);
}

/* ---- A random walk against a shadow --------------------------------------------------------- */

#define UNIT  512u /* an eighth of a page */
#define UNITS 4096u

static uint32_t random_state;
static uint32_t next_random(uint32_t below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

static void expect_shadow(const uint8_t *usable)
{
    static uint8_t seen[UNITS];

    memset(seen, 0, sizeof(seen));
    for (uint32_t i = 0; i < info.n_ranges; i++) {
        assert_true(info.ranges[i].start < info.ranges[i].end);
        assert_true(i == 0 || info.ranges[i - 1].end < info.ranges[i].start);
        uint64_t first = (info.ranges[i].start - MIB) / UNIT;
        uint64_t count = (info.ranges[i].end - info.ranges[i].start) / UNIT;
        assert_true(first + count <= UNITS);
        memset(seen + first, 1, (size_t)count);
    }
    for (uint32_t page = 0; page < UNITS; page += 8) {
        bool is_whole = memchr(usable + page, 0, 8) == NULL;

        assert_true(memchr(seen + page, is_whole ? 0 : 1, 8) == NULL);
    }
}

static void test_random_maps(void **state)
{
    static uint8_t usable[UNITS], reserved[UNITS];

    (void)state;
    for (uint32_t seed = 1; seed <= 2000; seed++) {
        random_state = seed;
        map_length = 0;
        memset(usable, 0, sizeof(usable));
        memset(reserved, 0, sizeof(reserved));
        for (uint32_t n = next_random(40); n > 0; n--) {
            uint32_t start = next_random(UNITS), length = next_random(UNITS - start);
            bool is_usable = next_random(2) != 0;

            length = next_random(3) == 0 ? length : length % 40;
            map_add(MIB + (uint64_t)start * UNIT, (uint64_t)length * UNIT, is_usable ? 1 : 2);
            memset((is_usable ? usable : reserved) + start, 1, length);
        }
        for (uint32_t i = 0; i < UNITS; i++) {
            usable[i] = usable[i] && !reserved[i];
        }
        map_read();
        assert_int_equal(info.ranges_dropped, 0);
        expect_shadow(usable);
    }
}

/* ---- The information structure -------------------------------------------------------------- */

#define INFO_AT    0x9500u
#define MAP_AT     0x9000u
#define MODULES_AT 0xA000u
#define CMDLINE_AT 0xB000u

static void put_cmdline(const char *text)
{
    memcpy(boot_test_memory + CMDLINE_AT, text, strlen(text) + 1);
}

/* A small machine with 8 MiB, and a module of two at 2 MiB. */
static struct multiboot_info *loader_prepare(void)
{
    static struct multiboot_info loader;
    struct multiboot_module modules[2] = {{0x200000, 0x300123, 0, 0}, {0x400000, 0x400001, 0, 0}};

    map_add(0, 0x9FC00, 1);
    map_add(0x100000, 7 * MIB, 1);
    memcpy(boot_test_memory + MAP_AT, map, map_length);
    memcpy(boot_test_memory + MODULES_AT, modules, sizeof(modules));
    put_cmdline("/boot/faultline.elf exit=qemu  run=/bin/sum");
    memset(&loader, 0, sizeof(loader));
    loader.flags = MULTIBOOT_HAS_CMDLINE | MULTIBOOT_HAS_MODULES | MULTIBOOT_HAS_MMAP;
    loader.cmdline = CMDLINE_AT;
    loader.mods_count = 2;
    loader.mods_addr = MODULES_AT;
    loader.mmap_addr = MAP_AT;
    loader.mmap_length = map_length;
    return &loader;
}

static const char *loader_enter(const struct multiboot_info *loader)
{
    memcpy(boot_test_memory + INFO_AT, loader, sizeof(*loader));
    memset(&info, 0xA5, sizeof(info));
    return boot_info_read(MULTIBOOT_LOADER_MAGIC, INFO_AT, &info);
}

static void test_everything_in_order(void **state)
{
    (void)state;
    assert_null(loader_enter(loader_prepare()));
    assert_int_equal(info.n_ranges, 1);
    assert_int_equal(info.initrd_start, 0x200000);
    assert_int_equal(info.initrd_end, 0x300123);
    assert_null(info.initrd_problem);
    assert_int_equal(info.modules_ignored, 1); /* B8 */
    assert_string_equal(info.cmdline, "exit=qemu  run=/bin/sum");
    assert_false(info.cmdline_cut);
}

static void test_b1_wrong_magic(void **state)
{
    struct multiboot_info *loader = loader_prepare();

    (void)state;
    memcpy(boot_test_memory + INFO_AT, loader, sizeof(*loader));
    assert_non_null(boot_info_read(0, INFO_AT, &info));
    assert_non_null(boot_info_read(0x36D76289, INFO_AT, &info)); /* multiboot 2 */
    assert_int_equal(info.n_ranges, 0);
}

static void test_b1_no_map(void **state)
{
    struct multiboot_info *loader = loader_prepare();

    (void)state;
    loader->flags &= ~MULTIBOOT_HAS_MMAP;
    assert_string_equal(loader_enter(loader), "the boot loader gave no memory map");
    /* the command line is there all the same: it says how to end the machine */
    assert_string_equal(info.cmdline, "exit=qemu  run=/bin/sum");

    loader->flags |= MULTIBOOT_HAS_MMAP;
    loader->mmap_length = 0;
    assert_non_null(loader_enter(loader));
}

static void test_addresses_beyond_the_boot_mapping(void **state)
{
    static const uint32_t wild[] = {16u << 20,  (16u << 20) + 1, 0x7FFFFFFF,
                                    0xC0000000, 0xFFFFFFF0,      0xFFFFFFFF};

    (void)state;
    for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
        map_length = 0;
        assert_non_null(boot_info_read(MULTIBOOT_LOADER_MAGIC, wild[i], &info));

        struct multiboot_info *loader = loader_prepare();
        loader->mmap_addr = wild[i];
        assert_non_null(loader_enter(loader));
        loader->mmap_addr = MAP_AT;
        loader->mmap_length = wild[i];
        assert_non_null(loader_enter(loader));

        loader->mmap_length = map_length;
        loader->mods_addr = wild[i];
        assert_null(loader_enter(loader));
        assert_non_null(info.initrd_problem);
        assert_int_equal(info.initrd_start, info.initrd_end);

        loader->mods_addr = MODULES_AT;
        loader->cmdline = wild[i];
        assert_null(loader_enter(loader));
        assert_string_equal(info.cmdline, "");
    }
}

static void test_structures_at_the_last_byte(void **state)
{
    struct multiboot_info *loader = loader_prepare();
    uint32_t last = BOOT_VIEW_BYTES - (uint32_t)sizeof(*loader);

    (void)state;
    memcpy(boot_test_memory + last, loader, sizeof(*loader));
    assert_null(boot_info_read(MULTIBOOT_LOADER_MAGIC, last, &info));
    assert_non_null(boot_info_read(MULTIBOOT_LOADER_MAGIC, last + 1, &info));

    memset(boot_test_memory + BOOT_VIEW_BYTES - 8, 'x', 8); /* no end before the end */
    loader->cmdline = BOOT_VIEW_BYTES - 8;
    assert_null(loader_enter(loader));
    assert_true(info.cmdline_cut);
}

static void expect_initrd_refused(uint32_t start, uint32_t end)
{
    struct multiboot_module module = {start, end, 0, 0};
    struct multiboot_info *loader;

    map_length = 0;
    loader = loader_prepare();
    memcpy(boot_test_memory + MODULES_AT, &module, sizeof(module));
    assert_null(loader_enter(loader));
    assert_non_null(info.initrd_problem);
    assert_int_equal(info.initrd_start, 0);
    assert_int_equal(info.initrd_end, 0);
}

static void test_b7_bad_modules(void **state)
{
    (void)state;
    expect_initrd_refused(0x200000, 0x200000);   /* empty */
    expect_initrd_refused(0x200000, 0x1FFFFF);   /* backwards */
    expect_initrd_refused(0x200000, 0x800001);   /* one byte behind the end of memory */
    expect_initrd_refused(0x200000, 0xFFFFFFFF); /* far behind it */
    expect_initrd_refused(0x0FFFFF, 0x200000);   /* begins in the first MiB */
    expect_initrd_refused(0, 1);
    expect_initrd_refused(0xFFFFF000, 0xFFFFFFFF);
}

static void test_b7_module_up_to_the_last_byte(void **state)
{
    struct multiboot_module module = {0x700000, 0x800000, 0, 0};
    struct multiboot_info *loader = loader_prepare();

    (void)state;
    memcpy(boot_test_memory + MODULES_AT, &module, sizeof(module));
    assert_null(loader_enter(loader));
    assert_null(info.initrd_problem);
    assert_int_equal(info.initrd_end, 0x800000);
}

static void test_b7_no_module(void **state)
{
    struct multiboot_info *loader = loader_prepare();

    (void)state;
    loader->mods_count = 0;
    assert_null(loader_enter(loader));
    assert_null(info.initrd_problem);
    assert_int_equal(info.modules_ignored, 0);
    loader->flags &= ~MULTIBOOT_HAS_MODULES;
    loader->mods_count = 5;
    assert_null(loader_enter(loader));
    assert_int_equal(info.initrd_start, info.initrd_end);
    assert_int_equal(info.modules_ignored, 0);
}

static void expect_cmdline(const char *given, const char *wanted)
{
    struct multiboot_info *loader;

    map_length = 0;
    loader = loader_prepare();
    put_cmdline(given);
    assert_null(loader_enter(loader));
    assert_string_equal(info.cmdline, wanted);
    assert_false(info.cmdline_cut);
}

static void test_b10_kernel_name(void **state)
{
    (void)state;
    expect_cmdline("", "");
    expect_cmdline("faultline.elf", "");
    expect_cmdline("faultline.elf ", "");
    expect_cmdline("/a/b run=/bin/x", "run=/bin/x");
    expect_cmdline("/a=b/c run=/bin/x", "run=/bin/x");
    expect_cmdline("run=/bin/x", "run=/bin/x");
    expect_cmdline("run=/bin/x init=/y", "run=/bin/x init=/y");
    expect_cmdline("k  unknown mem=1M", "unknown mem=1M");
}

static void test_b10_long_command_lines(void **state)
{
    struct multiboot_info *loader = loader_prepare();
    char *text = (char *)boot_test_memory + CMDLINE_AT;

    (void)state;
    memset(text, 'x', (size_t)3 * BOOT_CMDLINE_MAX);
    memcpy(text, "mem=", 4);
    text[BOOT_CMDLINE_MAX - 1] = '\0'; /* the longest that fits */
    assert_null(loader_enter(loader));
    assert_false(info.cmdline_cut);
    assert_int_equal(strlen(info.cmdline), BOOT_CMDLINE_MAX - 1);

    text[BOOT_CMDLINE_MAX - 1] = 'x';
    text[BOOT_CMDLINE_MAX] = '\0'; /* one more */
    assert_null(loader_enter(loader));
    assert_true(info.cmdline_cut);
    assert_int_equal(strlen(info.cmdline), BOOT_CMDLINE_MAX - 1);
}

#define TEST(function) cmocka_unit_test_setup(function, reset)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_qemu_map),
        TEST(test_b5_unsorted_and_overlapping),
        TEST(test_b5_entry_sizes),
        TEST(test_b5_broken_sizes),
        TEST(test_b5_cut_short),
        TEST(test_b5_zero_length),
        TEST(test_b5_wrapping),
        TEST(test_b5_top_of_the_space),
        TEST(test_b5_sub_page_edges),
        TEST(test_b5_one_byte_at_each_edge),
        TEST(test_b5_unknown_types_reserve),
        TEST(test_first_mib_is_given_up),
        TEST(test_too_many_ranges),
        TEST(test_joining_and_trimming_a_full_list),
        TEST(test_split_of_a_full_list),
        TEST(test_random_maps),
        TEST(test_everything_in_order),
        TEST(test_b1_wrong_magic),
        TEST(test_b1_no_map),
        TEST(test_addresses_beyond_the_boot_mapping),
        TEST(test_structures_at_the_last_byte),
        TEST(test_b7_bad_modules),
        TEST(test_b7_module_up_to_the_last_byte),
        TEST(test_b7_no_module),
        TEST(test_b10_kernel_name),
        TEST(test_b10_long_command_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
