/*
 * Mappings in great numbers (bad-input M12, M14, M24, R8): as many areas as a map may have, as many
 * page tables as addresses allow, an address space without a hole, pages with more references than
 * 16 bits count. Everything comes back. Runs on Linux, too.
 */
#include <asm/mman.h>
#include <linux/mman.h>

#include "calls.h"
#include "tap.h"

#define RW        (PROT_READ | PROT_WRITE)
#define LAZY      (PRIVATE_ANON | MAP_NORESERVE)
#define AREAS_MAX 65530 /* of Faultline and of Linux, by default */
#define PLACE     0x20000000u
#define PLACE_END 0xB0000000u
#define MIB       0x100000u

static long map(unsigned long addr, unsigned long length, int flags)
{
    return call(__NR_mmap2, addr, length, RW, flags, -1, 0);
}

static long unmap(unsigned long start, unsigned long length)
{
    return call(__NR_munmap, start, length);
}

static bool is_mapped(unsigned long page)
{
    unsigned char vector;
    return call(__NR_mincore, page, PAGE, &vector) == 0;
}

/* ---- M24: page tables, and one large hole ---------------------------------------------------- */

static void test_tables(void)
{
    int before = freemem(), made = 0, wrong = 0;
    for (unsigned long at_page = PLACE; at_page < PLACE_END; at_page += TABLE_SPAN) {
        if (map(at_page, PAGE, LAZY | MAP_FIXED) == (long)at_page) {
            *at(at_page) = 1;
            made++;
        }
    }
    int full = freemem();
    for (unsigned long at_page = PLACE; at_page < PLACE_END; at_page += TABLE_SPAN) {
        wrong += *at(at_page) != 1;
    }
    is(made, (PLACE_END - PLACE) / TABLE_SPAN, "M24: touch a page every 2 MiB");
    is(wrong, 0, "M24: each page holds its byte");
    if (is_faultline()) {
        int records = made / 64 + 2; /* frames for area records, generously */
        ok(before - full >= 2 * made && before - full <= 2 * made + records,
           "M24: each page costs a frame and a table");
    }
    is(unmap(PLACE, PLACE_END - PLACE), 0, "M24: munmap of all sparse pages");
    is(before - freemem(), 0, "M24: munmap frees all page tables");
}

static void test_largest_hole(void)
{
    int before = freemem();
    unsigned long length = 0xB7000000u; /* 2.86 GiB: between the program and the stack */
    long start;
    while (!is_good(start = map(0, length, LAZY)) && length > 0x40000000u) {
        length -= MIB;
    }
    ok(is_good(start), "M24: one area of the largest hole");
    if (is_faultline()) {
        ok(length == 0xB7000000u, "M24: the area spans 2.86 GiB");
        ok(before - freemem() <= 1, "M24: the area takes no more than its record");
    }
    char *bytes = at((unsigned long)start);
    bytes[0] = bytes[length / 2] = bytes[length - 1] = 1;
    if (is_faultline()) {
        int taken = before - freemem();
        ok(taken >= 5 && taken <= 7, "M24: touching three pages takes them and their tables");
    }
    is(unmap((unsigned long)start, length), 0, "M24: munmap of the largest area");
    is(before - freemem(), 0, "M24: every frame of the largest area is back");
}

/* ---- M12, M14, M24: as many areas as there may be -------------------------------------------- */

static int exit_at_once(void *unused)
{
    (void)unused;
    return 0;
}

/* Single pages with a hole behind each, until the kernel refuses. Gives their number. */
static int fill_areas(void)
{
    for (int i = 0; i < 2 * AREAS_MAX; i++) {
        unsigned long place = PLACE + (unsigned long)i * 2 * PAGE;
        long answer = map(place, PAGE, LAZY | MAP_FIXED);
        if (answer != (long)place) {
            is(answer, -ENOMEM, "M12: the area limit is -ENOMEM");
            return i;
        }
    }
    return -1;
}

static void test_area_limit(void)
{
    int before = freemem();
    /* Three pages that a split would make two areas of, with something in each. */
    unsigned long three = PLACE - 8 * PAGE;
    (void)map(three, 3 * PAGE, PRIVATE_ANON | MAP_FIXED);
    for (unsigned long i = 0; i < 3; i++) {
        *at(three + i * PAGE) = (char)(i + 1);
    }
    int made = fill_areas();
    ok(made > AREAS_MAX - 100 && made <= AREAS_MAX, "M24: about 65 530 areas");

    is(unmap(three + PAGE, PAGE), -ENOMEM,
       "M14: munmap of the middle is -ENOMEM when the split cannot be stored");
    ok(is_mapped(three + PAGE) && *at(three + PAGE) == 2,
       "M14: the refused munmap unmapped nothing");
    is(call(__NR_mprotect, three + PAGE, PAGE, PROT_READ), -ENOMEM,
       "M14: mprotect of the middle is -ENOMEM");
    *at(three + PAGE) = 2;
    is(map(three + PAGE, PAGE, LAZY | MAP_FIXED | MAP_STACK), -ENOMEM,
       "M8 M14: MAP_FIXED over the middle");
    if (is_faultline()) { /* Linux may merge the new page with the old */
        is(*at(three + PAGE), 2, "M8 M14: the refused MAP_FIXED keeps the old mapping");
        is(call(__NR_mremap, three + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, PLACE_END),
           -ENOMEM, "M14: mremap of the middle");
        is(*at(three + PAGE), 2, "M14: the refused mremap moved nothing");
        is(map(0, PAGE, SHARED_ANON), -ENOMEM, "M12: no place for a mapping anywhere");
        is(syscall6(FL_NR_area_mmap, 0, PAGE, RW, MAP_ANONYMOUS, -1, 0), 0,
           "M12: no place for a teaching area anywhere");
        is(before - freemem() > made / 80, true, "M24: the records take frames");
        int full = freemem();
        is(status_of_child(exit_at_once, NULL), 0, "M24: a process with 65 530 areas forks");
        is(full - freemem(), 0, "M24: the child of a process with 65 530 areas frees everything");
    }
    is(unmap(three, 3 * PAGE), 0, "M14: munmap of all three pages needs no split");
    is(unmap(PLACE + 2 * PAGE * 1000, PAGE), 0, "M12: munmap of one area");
    is(map(PLACE + 2 * PAGE * 1000, PAGE, LAZY | MAP_FIXED), (long)(PLACE + 2 * PAGE * 1000),
       "M12: mmap works again after one munmap");
    is(unmap(PLACE, PLACE_END - PLACE), 0, "M24: munmap of all areas at once");
    is(before - freemem(), 0, "M24: every frame of the areas is back");
}

/* ---- M12: no hole, only small holes ---------------------------------------------------------- */

#define CHUNK (16 * MIB)

static int fill_space(void *unused)
{
    static unsigned long chunks[256];
    int n = 0;
    long start;
    (void)unused;
    while (n < 256 && is_good(start = map(0, CHUNK, LAZY))) {
        chunks[n++] = (unsigned long)start;
    }
    for (unsigned long length = MIB; length >= PAGE; length /= 2) {
        while (is_good(map(0, length, LAZY))) {
        }
    }
    if (start != -ENOMEM || map(0, PAGE, LAZY) != -ENOMEM || map(PLACE, PAGE, LAZY) != -ENOMEM) {
        return 1;
    }
    unsigned long heap = (unsigned long)call(__NR_brk, 0);
    if (is_faultline() && (unsigned long)call(__NR_brk, heap + 64 * PAGE) != heap) {
        return 2;
    }
    if (is_faultline() && syscall6(FL_NR_area_mmap, 0, PAGE, RW, MAP_ANONYMOUS, -1, 0) != 0) {
        return 3;
    }
    /* Every second chunk goes: then no hole is larger than one chunk. */
    for (int i = 0; i < n; i += 2) {
        (void)unmap(chunks[i], CHUNK);
    }
    if (map(0, 2 * CHUNK, LAZY) != -ENOMEM || map(0, CHUNK + PAGE, LAZY) != -ENOMEM) {
        return 4;
    }
    for (int i = 0; i < n; i += 2) {
        if (!is_good(map(0, CHUNK, LAZY))) {
            return 5;
        }
    }
    return map(0, PAGE, LAZY) == -ENOMEM && n > 100 ? 0 : 6;
}

static void test_full_space(void)
{
    int before = freemem();
    int status = status_of_child(fill_space, NULL);
    is(WEXITSTATUS(status), 0,
       "M12: a full address space, then one with small holes only: -ENOMEM");
    is(before - freemem(), 0, "M12: every frame of the full address space is back");
}

/* ---- R8 -------------------------------------------------------------------------------------- */

#define ZERO_PAGES 70000u
#define COPIES     40000

static unsigned long place;

static int read_zeros(void *unused)
{
    int sum = 0;
    (void)unused;
    for (unsigned long i = 0; i < ZERO_PAGES; i += 97) {
        sum += *(volatile char *)at(place + i * PAGE);
    }
    *at(place) = 1;
    return sum + *at(place + PAGE);
}

static void test_zero_page(void)
{
    int before = freemem();
    place = (unsigned long)map(0, ZERO_PAGES * PAGE, LAZY);
    is(call(__NR_madvise, place, ZERO_PAGES * PAGE, MADV_POPULATE_READ), 0,
       "R8: 70 000 references to the zero page");
    int full = freemem();
    if (is_faultline()) {
        int tables = before - full;
        ok(tables >= (int)(ZERO_PAGES / 512) && tables <= (int)(ZERO_PAGES / 512) + 3,
           "R8: 70 000 references to the zero page take page tables only");
    }
    is(status_of_child(read_zeros, NULL), 0,
       "R8: fork takes 70 000 more references to the zero page");
    is(full - freemem(), 0, "R8: the child's references to the zero page are dropped");
    is(read_zeros(NULL), 0, "R8: the zero page is still all zeros");
    is(unmap(place, ZERO_PAGES * PAGE), 0, "R8: munmap drops the references to the zero page");
    is(before - freemem(), 0, "R8: every page table of the zero page is back");
}

static unsigned long copies[COPIES];

static int read_copies(void *unused)
{
    (void)unused;
    for (int i = 0; i < COPIES; i++) {
        if (*(volatile int *)at(copies[i]) != 7) {
            return 1;
        }
    }
    (*(volatile int *)at(copies[COPIES - 1]))++;
    return *(volatile int *)at(copies[0]) != 8;
}

static void test_shared_page(void)
{
    int before = freemem(), made = 0;
    copies[0] = (unsigned long)map(0, PAGE, SHARED_ANON);
    *(volatile int *)at(copies[0]) = 7;
    for (int i = 1; i < COPIES; i++) {
        copies[i] = (unsigned long)call(__NR_mremap, copies[0], 0, PAGE, MREMAP_MAYMOVE, 0);
        made += is_good((long)copies[i]) && *(volatile int *)at(copies[i]) == 7;
    }
    is(made, COPIES - 1, "R8: 40 000 mappings of one page");
    int full = freemem();
    is(status_of_child(read_copies, NULL), 0, "R8: fork makes 80 000 mappings of one page");
    is(full - freemem(), 0, "R8: the child's mappings of one page are dropped");
    is(*(volatile int *)at(copies[COPIES / 2]), 8,
       "R8: the child's write is seen through each mapping");
    for (int i = 0; i < COPIES; i++) {
        (void)unmap(copies[i], PAGE);
    }
    is(before - freemem(), 0, "R8: the page is freed with its last mapping");
}

int main(void)
{
    settle();
    test_tables();
    test_largest_hole();
    test_area_limit();
    test_full_space();
    test_zero_page();
    test_shared_page();
    return done_testing();
}
