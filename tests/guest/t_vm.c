/*
 * Contract 2, V1 to V10, through <vm.h>: places, refusals, what every step costs in frames. Rows
 * M1, M2 and M3 of bad-input are the same refusals seen from the other side.
 *
 * No test prints between two looks at freemem().
 */
#include <abi/faultline.h>
#include <limits.h>
#include <stdint.h>
#include <vm.h>

#include "calls.h"
#include "tap.h"

_Static_assert(MMAPBASE == 0x40000000 && PROT_READ == 1 && PROT_WRITE == 2 && PROT_EXEC == 4 &&
                   MAP_PRIVATE == 2 && MAP_ANONYMOUS == 0x20 && MAP_POPULATE == 0x8000,
               "V3: the values are Linux's");

#define BASE      ((uint)MMAPBASE)
#define END       0x80000000u
#define RW        (PROT_READ | PROT_WRITE)
#define POPULATED (MAP_ANONYMOUS | MAP_POPULATE)

static const char *program; /* this test's own file */
static volatile int sink;

static char *bytes_at(uint address)
{
    return at(address);
}

/* A lazy anonymous area. */
static uint area(uint addr, int pages)
{
    return mmap(addr, pages * PAGE_SIZE, RW, MAP_ANONYMOUS, -1, 0);
}

/* Does the call give 0 and leave freemem() as it was? */
static bool is_refused(uint addr, int length, int prot, int flags, int fd, int offset)
{
    int before = freemem();
    uint start = mmap(addr, length, prot, flags, fd, offset);
    return start == 0 && freemem() == before;
}

/* ---- V1: places ------------------------------------------------------------------------------ */

static void test_places(void)
{
    is(area(0, 1), BASE, "V1: addr 0 takes MMAPBASE when it is free");
    is(area(0, 2), BASE + PAGE, "V1: addr 0 takes the first hole behind the first area");
    is(area(0, 1), BASE + 3 * PAGE, "V1: addr 0 takes the next page");
    is(munmap(BASE + PAGE), 1, "V1: area_munmap makes a hole of two pages");
    is(area(0, 3), BASE + 4 * PAGE, "V1: three pages do not fit into a hole of two");
    is(area(0, 1), BASE + PAGE, "V1: one page fits at the start of a hole of two");
    is(area(0, 1), BASE + 2 * PAGE, "V1: another page fills the hole exactly");
    is(munmap(BASE), 1, "V1: area_munmap of the first area");
    is(area(0, 1), BASE, "V1: addr 0 takes MMAPBASE again");
    for (uint i = 0; i < 5; i++) {
        (void)munmap(BASE + i * PAGE);
    }

    is(area(0x1000, 1), BASE + 0x1000, "V1: an addr below MMAPBASE is an offset from it");
    is(area(0x3FFFF000, 1), 0x7FFFF000u, "V1: an offset reaches the last page");
    is(munmap(0x7FFFF000u), 1, "V1: area_munmap of the last page");
    is(area(0x7FFFF000u, 1), 0x7FFFF000u, "V1: an address reaches the last page");
    is(area(0x50000000u, 2), 0x50000000u, "V1: an addr above MMAPBASE is absolute");
    is(area(BASE, 1), BASE, "V1: MMAPBASE itself is absolute");
    (void)munmap(BASE);
    (void)munmap(BASE + 0x1000);
    (void)munmap(0x7FFFF000u);

    is(mmap(0x50000000u, 2 * PAGE_SIZE, RW, MAP_ANONYMOUS, -1, 0), 0,
       "V1: area_mmap at the same place fails");
    is(area(0x4FFFF000u, 2), 0, "V1: area_mmap with an overlap at the front fails");
    is(area(0x50001000u, 2), 0, "V1: area_mmap with an overlap at the back fails");
    is(area(0x50001000u, 1), 0, "V1: area_mmap with an overlap inside fails");
    is(area(0x4FFFF000u, 4), 0, "V1: area_mmap with an overlap all around fails");
    is(area(0x4FFFF000u, 1), 0x4FFFF000u, "V1: area_mmap of the page before succeeds");
    is(area(0x50002000u, 1), 0x50002000u, "V1: area_mmap of the page behind succeeds");
    (void)munmap(0x4FFFF000u);
    (void)munmap(0x50000000u);
    (void)munmap(0x50002000u);

    is(mmap(0, INT_MAX - PAGE_SIZE + 1, RW, MAP_ANONYMOUS, -1, 0), 0,
       "V1: area_mmap of more than the region fails");
    is(mmap(0, 0x40000000, RW, MAP_ANONYMOUS, -1, 0), BASE, "V1: the whole region is one area");
    is(area(0, 1), 0, "V1: nothing fits into a full region");
    is(munmap(BASE), 1, "V1: area_munmap of the whole region");
    is(mmap(0x1000, 0x3FFFF000, RW, MAP_ANONYMOUS, -1, 0), BASE + PAGE,
       "V1: area_mmap of all but the first page");
    is(area(0, 2), 0, "V1: two pages do not fit into one");
    is(area(0, 1), BASE, "V1: one page fits into one");
    (void)munmap(BASE);
    (void)munmap(BASE + PAGE);
    long other = call(__NR_mmap2, BASE, PAGE, RW, 0x32 /* FIXED too */, -1, 0);
    is(other, BASE, "V1: a POSIX mapping at MMAPBASE");
    is(area(0, 1), BASE + PAGE, "V1: area_mmap avoids a POSIX mapping at MMAPBASE");
    is(area(BASE, 1), 0, "V1: area_mmap refuses to overlap a POSIX mapping");
    (void)munmap(BASE + PAGE);
    unmap_pages(at(BASE), 1);
}

/* ---- V2, M1: refusals ------------------------------------------------------------------------ */

static void test_refused_ranges(void)
{
    static const struct {
        uint addr;
        int length;
        const char *name;
    } ranges[] = {
        {1, PAGE_SIZE, "V2 M1: area_mmap at addr 1"},
        {0x40000001u, PAGE_SIZE, "V2 M1: area_mmap at one past MMAPBASE"},
        {0x40000FFFu, PAGE_SIZE, "V2 M1: area_mmap at one before a page"},
        {0x3FFFFFFFu, PAGE_SIZE, "V2 M1: area_mmap at one before MMAPBASE"},
        {0, 1, "V2 M1: area_mmap of length 1"},
        {0, PAGE_SIZE - 1, "V2 M1: area_mmap of a page less one"},
        {0, PAGE_SIZE + 1, "V2 M1: area_mmap of a page and one"},
        {0, 0, "V2 M1: area_mmap of length 0"},
        {0x50000000u, 0, "V2 M1: area_mmap of length 0 at an address"},
        {0, -1, "V2 M1: area_mmap of length -1"},
        {0, -PAGE_SIZE, "V2 M1: area_mmap of minus a page"},
        {0, INT_MIN, "V2 M1: area_mmap of the most negative length"},
        {0, 0x40001000, "V2 M1: area_mmap of one page over the region"},
        {0x1000, 0x40000000, "V2 M1: area_mmap of offset and length one page over the region"},
        {0x7FFFF000u, 2 * PAGE_SIZE, "V2 M1: area_mmap of two pages at the last page"},
        {0x3FFFF000u, 2 * PAGE_SIZE, "V2 M1: area_mmap of two pages at the last page's offset"},
        {END, PAGE_SIZE, "V2 M1: area_mmap at the region's end"},
        {KERNEL_BASE, PAGE_SIZE, "V2 M1: area_mmap in the kernel"},
        {0xBFFFF000u, 2 * PAGE_SIZE, "V2 M1: area_mmap across the kernel's base"},
        {0xFFFFF000u, PAGE_SIZE, "V2 M1: area_mmap of the last page of all"},
        {0xFFFFF000u, 2 * PAGE_SIZE, "V2 M1: area_mmap of a range that wraps"},
        {0x7FFFF000u, INT_MAX - PAGE_SIZE + 1, "V2 M1: area_mmap of a range whose end is negative"},
        {0xFFFFF000u, INT_MAX - PAGE_SIZE + 1, "V2 M1: area_mmap of a long range that wraps"},
    };
    for (size_t i = 0; i < COUNT(ranges); i++) {
        ok(is_refused(ranges[i].addr, ranges[i].length, RW, MAP_ANONYMOUS, -1, 0), ranges[i].name);
        ok(is_refused(ranges[i].addr, ranges[i].length, RW, POPULATED, -1, 0), ranges[i].name);
    }
}

static void test_refused_rights_and_flags(void)
{
    static const int prots[] = {0,          8,          0x10,    0x80, PROT_READ | 8,
                                0x01000000, 0x02000000, INT_MIN, -1};
    static const int flags[] = {1,       3,        0x10,     4,         8,      0x40,    0x80,
                                0x100,   0x800,    0x1000,   0x2000,    0x4000, 0x10000, 0x20000,
                                0x40000, 0x100000, 0x200000, 0x4000000, INT_MIN};
    char name[64];
    for (size_t i = 0; i < COUNT(prots); i++) {
        (void)snprintf(name, sizeof(name), "V2 M1: area_mmap with prot %#x", (unsigned)prots[i]);
        ok(is_refused(0, PAGE_SIZE, prots[i], MAP_ANONYMOUS, -1, 0), name);
    }
    for (size_t i = 0; i < COUNT(flags); i++) {
        (void)snprintf(name, sizeof(name), "V2 M1: area_mmap with flags %#x", (unsigned)flags[i]);
        ok(is_refused(0, PAGE_SIZE, RW, flags[i] | MAP_ANONYMOUS, -1, 0), name);
    }
    ok(is_refused(0, PAGE_SIZE, RW, -1, -1, 0), "V2 M1: area_mmap with all flags");
    for (int prot = 1; prot <= 7; prot++) {
        (void)snprintf(name, sizeof(name), "V2: prot %d is allowed", prot);
        is(mmap(0, PAGE_SIZE, prot, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0), BASE, name);
        (void)munmap(BASE);
    }
}

static void test_refused_files(void)
{
    int fd = (int)call(__NR_open, program, 0);
    int writer = (int)call(__NR_open, "/dev/null", 1);
    int folder = (int)call(__NR_open, "/", 0);
    ok(fd >= 0 && writer >= 0 && folder >= 0, "V2: files are open");
    ok(is_refused(0, PAGE_SIZE, PROT_READ, 0, -1, 0), "V2 M1: area_mmap of fd -1");
    ok(is_refused(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, UNUSED_FD, 0),
       "V2 M1: area_mmap of an fd that was never opened");
    ok(is_refused(0, PAGE_SIZE, PROT_READ, 0, 1 << 30, 0),
       "V2 M1: area_mmap of an fd that is far too large");
    ok(is_refused(0, PAGE_SIZE, PROT_READ, 0, INT_MIN, 0), "V2 M1: area_mmap of fd INT_MIN");
    ok(is_refused(0, PAGE_SIZE, RW, 0, fd, 0),
       "V2 M1: area_mmap to write a file opened for reading");
    ok(is_refused(0, PAGE_SIZE, PROT_WRITE, MAP_PRIVATE, fd, 0),
       "V2 M1: area_mmap to write a file opened for reading, privately");
    ok(is_refused(0, PAGE_SIZE, PROT_READ, 0, writer, 0),
       "V2 M1: area_mmap to read a file opened for writing");
    ok(is_refused(0, PAGE_SIZE, PROT_READ, 0, folder, 0), "V2 M1: area_mmap of a directory");
    ok(is_refused(0, PAGE_SIZE, PROT_READ, 0, 1, 0), "V2 M1: area_mmap of the console");
    ok(is_refused(0, PAGE_SIZE, PROT_READ, 0, fd, -1), "V2 M1: area_mmap with offset -1");
    ok(is_refused(0, PAGE_SIZE, PROT_READ, 0, fd, -PAGE_SIZE),
       "V2 M1: area_mmap with offset minus a page");
    ok(is_refused(0, PAGE_SIZE, PROT_READ, MAP_POPULATE, fd, INT_MIN),
       "V2 M1: area_mmap with the most negative offset");
    is(mmap(0, PAGE_SIZE, PROT_READ, 0, fd, INT_MAX), BASE, "V2: the largest offset is allowed");
    is(*bytes_at(BASE), 0, "V5: an offset past the end of the file maps zeros");
    (void)munmap(BASE);
    is(mmap(0, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), BASE,
       "V2: area_mmap of a file to read and execute");
    (void)munmap(BASE);
    (void)call(__NR_close, fd);
    (void)call(__NR_close, writer);
    (void)call(__NR_close, folder);
    ok(is_refused(0, PAGE_SIZE, PROT_READ, 0, fd, 0), "V2 M1: area_mmap of a closed fd");
    is(mmap(0, PAGE_SIZE, RW, MAP_ANONYMOUS, UNUSED_FD, -5), BASE,
       "V3: an anonymous area ignores fd and offset");
    (void)munmap(BASE);
}

/* ---- V4, V5, V9: what pages cost ------------------------------------------------------------- */

static void test_costs(void)
{
    int base = freemem();
    uint lazy = area(0, 2);
    int after_map = freemem();
    sink = bytes_at(lazy)[0];
    int after_read = freemem();
    bytes_at(lazy)[1] = 5;
    int after_write = freemem();
    bytes_at(lazy)[PAGE] = 6;
    int after_second = freemem();
    int gone = munmap(lazy);
    int after_unmap = freemem();
    is(base - after_map, 0, "V4: a lazy area takes no frame");
    is(base - after_read, 2, "V5: the first read brings in one page, and a table");
    is(base - after_write, 2, "V5: a write to the page that was read takes nothing more");
    is(base - after_second, 3, "V5 V9: one page per fault: two pages and a table are 3 frames");
    is(gone, 1, "V7: area_munmap of a lazy area");
    is(base - after_unmap, 0, "V7: area_munmap frees pages and table");

    uint two = mmap(0, 2 * PAGE_SIZE, RW, POPULATED, -1, 0);
    int after_populate = freemem();
    bytes_at(two)[0] = bytes_at(two)[2 * PAGE - 1] = 1;
    int after_touch = freemem();
    (void)munmap(two);
    is(base - after_populate, 3, "V4 V9: two populated pages in a fresh 2 MiB range cost 3 frames");
    is(base - after_touch, 3, "V4: touching populated pages takes nothing");
    is(base - freemem(), 0, "V4: every frame of the populated area is back");

    uint across = mmap(TABLE_SPAN - PAGE, 2 * PAGE_SIZE, RW, POPULATED, -1, 0);
    int after_across = freemem();
    (void)munmap(across);
    is(base - after_across, 4, "V9: two pages across a 2 MiB border cost two tables");
    is(base - freemem(), 0, "V9: every frame of two pages and two tables is back");

    uint read_only = mmap(0, 3 * PAGE_SIZE, PROT_READ, POPULATED, -1, 0);
    int after_read_only = freemem();
    sink = bytes_at(read_only)[0];
    (void)munmap(read_only);
    is(base - after_read_only, 4, "V4: read-only pages are populated");
    is(base - freemem(), 0, "V4: every frame of read-only pages is back");

    uint whole = mmap(0, (int)TABLE_SPAN, RW, POPULATED, -1, 0);
    int after_whole = freemem();
    (void)munmap(whole);
    is(base - after_whole, 513, "V9: 2 MiB are 512 pages and one table");
    is(base - freemem(), 0, "V9: every frame of 2 MiB is back");

    uint first = area(0, 1), second = area(0, 1);
    bytes_at(first)[0] = bytes_at(second)[0] = 1;
    int both = freemem();
    (void)munmap(first);
    int one = freemem();
    (void)munmap(second);
    is(base - both, 3, "V9: two areas share a table");
    is(base - one, 2, "V7: a shared table stays for the second area");
    is(base - freemem(), 0, "V7: a shared table is freed with the second area");
}

static bool is_zero(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static void test_zeros(void)
{
    uint start = area(0, 8);
    bool was_zero = is_zero(bytes_at(start), 8 * PAGE);
    memset(bytes_at(start), 0x5A, 8 * PAGE);
    (void)munmap(start);
    is(area(start, 8), start, "V5: area_mmap at the same place again");
    ok(was_zero, "V5: anonymous pages are zeros");
    ok(is_zero(bytes_at(start), 8 * PAGE),
       "V5 V7: a new area shows no old byte and no old translation");
    (void)munmap(start);
    start = mmap(0, 8 * PAGE_SIZE, RW, POPULATED, -1, 0);
    ok(is_zero(bytes_at(start), 8 * PAGE), "V5: populated pages show no old byte");
    (void)munmap(start);
}

/* ---- V3, V5, V9: files ----------------------------------------------------------------------- */

static char expected[2 * PAGE];

/* Bytes of the file from an offset on, zeros behind its end. */
static void read_expected(int fd, int offset)
{
    memset(expected, 0, sizeof(expected));
    (void)call(__NR_lseek, fd, offset, 0);
    (void)call(__NR_read, fd, expected, sizeof(expected));
}

static void test_file_bytes(int fd, int size)
{
    static const int offsets[] = {0, PAGE_SIZE, 1, 100, 4095, 4097};
    char name[64];
    for (size_t i = 0; i < COUNT(offsets); i++) {
        read_expected(fd, offsets[i]);
        uint start = mmap(0, sizeof(expected), PROT_READ, 0, fd, offsets[i]);
        (void)snprintf(name, sizeof(name), "V3 V5: file bytes from offset %d", offsets[i]);
        ok(start != 0 && memcmp(bytes_at(start), expected, sizeof(expected)) == 0, name);
        (void)munmap(start);
    }
    read_expected(fd, size - 5);
    uint start = mmap(0, 3 * PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, size - 5);
    ok(start != 0 && memcmp(bytes_at(start), expected, sizeof(expected)) == 0,
       "V5 F12: the file's last bytes, then zeros in the same page and in the next");
    (void)munmap(start);
    start = mmap(0, PAGE_SIZE, PROT_READ, MAP_POPULATE, fd, size);
    ok(start != 0 && is_zero(bytes_at(start), PAGE),
       "V5: a populated page past the end of the file is zeros");
    (void)munmap(start);
}

static void test_file_costs(int fd)
{
    (void)call(__NR_lseek, fd, 7, 0);
    int base = freemem();
    uint start = mmap(0, 2 * PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 3);
    int after_map = freemem();
    sink = bytes_at(start)[0];
    int after_read = freemem();
    long position = call(__NR_lseek, fd, 0, 1);
    int copy = (int)call(__NR_fcntl64, fd, 0 /* F_DUPFD */, 0);
    uint second = mmap(0, PAGE_SIZE, PROT_READ, MAP_POPULATE, copy, 3);
    int after_second = freemem();
    (void)call(__NR_close, copy);
    bool is_same = memcmp(bytes_at(start), bytes_at(second), PAGE) == 0;
    (void)munmap(second);
    sink = bytes_at(start)[PAGE];
    int after_close = freemem();
    (void)munmap(start);
    is(base - after_map, 0, "V4: a lazy file area takes no frame");
    is(base - after_read, 2, "V5: a fault in a file area brings in one page, and a table");
    is(position, 7, "V5: a fault in a file area keeps the file position");
    is(base - after_second, 3, "V5: a second area of the file has a page of its own");
    ok(is_same, "V5: a second area of the file has the same bytes");
    is(base - after_close, 3, "V5: the mapping outlives close(fd)");
    is(base - freemem(), 0, "V9: every frame of the file areas is back");

    int again = (int)call(__NR_open, program, 0);
    start = mmap(0, PAGE_SIZE, PROT_READ, 0, again, 0);
    (void)call(__NR_close, again);
    ok(memcmp(bytes_at(start), "\177ELF", 4) == 0, "V5: a page can be brought in after close(fd)");
    (void)munmap(start);
    is(base - freemem(), 0, "V9: every frame of the closed file's area is back");
}

#define CROWD 8

static volatile int *shared; /* memory that children share with this process */

struct turn {
    int fd, number;
};

/* One of several processes that have 64 lazy file areas each at one time. They map in turn, so what
 * freemem() loses meanwhile is the mapping's. */
static int hold_file_areas(void *argument)
{
    const struct turn *turn = argument;
    while (shared[0] < turn->number) {
        (void)call(__NR_sched_yield, 0);
    }
    int base = freemem();
    for (int i = 0; i < FL_AREA_MAX; i++) {
        if (mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, turn->fd, i) == 0) {
            shared[1] = -1000;
        }
    }
    shared[1] += base - freemem();
    shared[0]++;
    while (shared[0] < CROWD) {
        (void)call(__NR_sched_yield, 0);
    }
    return 0;
}

static void test_many_file_areas(int fd)
{
    int base = freemem();
    memset((void *)(uintptr_t)shared, 0, 2 * sizeof(shared[0]));
    for (int i = 0; i < CROWD; i++) {
        struct turn turn = {fd, i};
        if (fork() == 0) {
            _exit(hold_file_areas(&turn));
        }
    }
    for (int i = 0; i < CROWD; i++) {
        (void)wait(NULL);
    }
    int after = freemem();
    is(shared[0], CROWD, "V4: 64 lazy file areas in each of 8 processes");
    is(shared[1], 0, "V4: lazy file areas in 8 processes take no frame");
    is(base - after, 0, "V4: lazy file areas in 8 processes leave no frame behind");
}

static void test_files(void)
{
    /* A file never read before; others are, by the time they run. */
    int base = freemem();
    int fresh = (int)call(__NR_open, "/bin/die_assert", 0);
    char bytes[64];
    (void)call(__NR_read, fresh, bytes, sizeof(bytes));
    uint first = mmap(0, PAGE_SIZE, PROT_READ, MAP_POPULATE, fresh, 0);
    bool is_right = memcmp(bytes_at(first), bytes, sizeof(bytes)) == 0;
    (void)munmap(first);
    (void)call(__NR_close, fresh);
    int after = freemem();
    ok(is_right, "V9: the first use of a file");
    is(base - after, 0, "V9: the second use of a file costs nothing");

    int fd = (int)call(__NR_open, program, 0);
    int size = (int)call(__NR_lseek, fd, 0, 2);
    ok(size > 3 * PAGE_SIZE, "V5: this program's own file");
    test_file_bytes(fd, size);
    test_file_costs(fd);
    test_many_file_areas(fd);
    (void)call(__NR_close, fd);
}

/* Writes stay in memory: only an area of a file opened for writing may be written, and the initrd
 * has none, so what a private page hides is seen through the second mapping and through read(). */
static void test_file_is_private(void)
{
    int fd = (int)call(__NR_open, program, 0);
    uint start = mmap(0, PAGE_SIZE, PROT_READ, 0, fd, 0);
    char buffer[8];
    is(call(__NR_mprotect, start, PAGE, RW), 0, "V5: an area made writable by mprotect");
    memcpy(bytes_at(start), "changed", 8);
    uint second = mmap(0, PAGE_SIZE, PROT_READ, 0, fd, 0);
    (void)call(__NR_read, fd, buffer, sizeof(buffer));
    ok(memcmp(bytes_at(second), "\177ELF", 4) == 0, "V5: writes to a file area stay in its memory");
    ok(memcmp(buffer, "\177ELF", 4) == 0, "V5: writes to a file area do not reach the file");
    (void)munmap(start);
    (void)munmap(second);
    (void)call(__NR_close, fd);
}

/* ---- V6 -------------------------------------------------------------------------------------- */

/* What the cases do; they never come back. */
static int run_case(const char *name)
{
    char *start = bytes_at(area(0, 1));
    char *read_only = bytes_at(mmap(0, PAGE_SIZE, PROT_READ, MAP_ANONYMOUS, -1, 0));
    if (strcmp(name, "hole") == 0) {
        (void)munmap((uint)start);
        return *(volatile char *)start;
    }
    if (strcmp(name, "unmapped") == 0) {
        start[0] = 1;
        (void)munmap((uint)start);
        start[0] = 2;
    }
    if (strcmp(name, "before") == 0) {
        return start[-1];
    }
    if (strcmp(name, "behind") == 0) {
        return read_only[PAGE];
    }
    if (strcmp(name, "read-only-missing") == 0) {
        read_only[0] = 1;
    }
    if (strcmp(name, "read-only-present") == 0) {
        sink = read_only[0];
        read_only[0] = 1;
    }
    if (strcmp(name, "no-exec") == 0) {
        start[0] = (char)0xC3;
        return run_byte(start);
    }
    if (strcmp(name, "memory") == 0) {
        for (uint part = 0x50000000u; part < END; part += 0x10000000u) {
            memset(bytes_at(area(part, 0x10000)), 1, 0x10000000);
        }
    }
    return 0;
}

static void test_refused_accesses(void)
{
    static const struct fatal_case cases[] = {
        {"hole", "V6: a fault in an area that is gone: no-area", VM_CAUSE_NO_AREA, SIGSEGV},
        {"unmapped", "V6 V7: a fault in a page that was there: no-area", VM_CAUSE_NO_AREA, SIGSEGV},
        {"before", "V6: a fault one byte before an area: no-area", VM_CAUSE_NO_AREA, SIGSEGV},
        {"behind", "V6: a fault one byte behind an area: no-area", VM_CAUSE_NO_AREA, SIGSEGV},
        {"read-only-missing", "V6: write to a missing read-only page", VM_CAUSE_READ_ONLY, SIGSEGV},
        {"read-only-present", "V6: write to a present read-only page", VM_CAUSE_READ_ONLY, SIGSEGV},
        {"memory", "V6: a fault for which memory runs out", VM_CAUSE_OUT_OF_MEMORY, SIGKILL},
    };
    struct fl_kernel_info info;
    test_fatal(program, cases, COUNT(cases), "V6: every frame is back after the deaths");
    (void)kernel_info(&info);
    struct fl_report report = report_of_case(program, "no-exec");
    if (info.has_nx) {
        ok(is_killed_for(&report, VM_CAUSE_NO_EXEC, SIGSEGV),
           "V6: execute without the right: no-exec");
    } else {
        ok(report.exit_kind == FL_EXITED, "V6: without NX an area can be executed");
    }
}

/* ---- V7, M2: munmap -------------------------------------------------------------------------- */

static void test_munmap(void)
{
    static struct fl_map_area areas[64];
    memset(areas, 0, sizeof(areas));
    int base = freemem();
    uint start = area(0, 4);
    long posix = call(__NR_mmap2, BASE + 16 * PAGE, 2 * PAGE, RW, 0x32, -1, 0);
    int local = 0;
    is(munmap(start + PAGE), -1, "V7 M2: area_munmap one page into an area");
    is(munmap(start + 1), -1, "V7 M2: area_munmap one byte into an area");
    is(munmap(start - 1), -1, "V7 M2: area_munmap one byte before an area");
    is(munmap(start + 4 * PAGE), -1, "V7 M2: area_munmap at an area's end");
    is(munmap(0), -1, "V7 M2: area_munmap of 0");
    is(munmap(0xFFFFF000u), -1, "V7 M2: area_munmap of the last page");
    is(munmap(KERNEL_BASE), -1, "V7 M2: area_munmap of the kernel");
    is(munmap(start - BASE), -1, "V7 M2: area_munmap of an offset");
    is(posix, BASE + 16 * PAGE, "V7: map POSIX memory in the region");
    is(munmap((uint)posix), -1, "V7 M2: area_munmap refuses a POSIX mapping");
    is(munmap((uint)(uintptr_t)test_munmap & ~(PAGE - 1)), -1,
       "V7 M2: area_munmap refuses the program");
    is(munmap(0x08048000u), -1, "V7 M2: area_munmap refuses the program's first page");
    is(munmap((uint)(uintptr_t)&local & ~(PAGE - 1)), -1, "V7 M2: area_munmap refuses the stack");
    int n = map_list(0, areas, 64), stack = 0, refused = 0, own = 0;
    for (int i = 0; i < n; i++) {
        if (areas[i].kind == FL_ACCOUNT_AREA) {
            own++;
        } else {
            refused += munmap(areas[i].start) == -1;
        }
        stack += areas[i].kind == FL_ACCOUNT_STACK;
    }
    ok(stack == 1 && own == 1, "V7: the list of areas shows the stack, and one area of ours");
    is(refused, n - own, "V7 M2: area_munmap takes the start of no other area");
    is(munmap(start), 1, "V7: area_munmap takes the area's start");
    is(munmap(start), -1, "V7 M2: area_munmap does not take the area's start twice");
    unmap_pages(at((unsigned long)posix), 2);

    int drift = 0;
    for (int mask = 0; mask < 16; mask++) {
        int before = freemem();
        start = area(0, 4);
        for (int page = 0; page < 4; page++) {
            if (mask & 1 << page) {
                bytes_at(start)[page * PAGE_SIZE] = 1;
            }
        }
        drift += munmap(start) != 1 || freemem() != before;
    }
    is(drift, 0, "V7: area_munmap frees exactly the populated pages");

    uint first = area(0, 1), second = area(0, 1), third = area(0, 1);
    ok(second == first + PAGE && third == second + PAGE, "V7: map three neighbours");
    bytes_at(first)[0] = bytes_at(third)[0] = 9;
    is(munmap(second), 1, "V7: neighbours are never merged");
    ok(bytes_at(first)[0] == 9 && bytes_at(third)[0] == 9,
       "V7: area_munmap of the second neighbour leaves the others");
    is(munmap(third), 1, "V7: area_munmap of the third neighbour");
    is(munmap(first), 1, "V7: area_munmap of the first neighbour");
    is(base - freemem(), 0, "V7: no neighbour is left");
}

static void test_munmap_elsewhere(void)
{
    char *heap = at((unsigned long)call(__NR_brk, 0));
    (void)call(__NR_brk, heap + 2 * PAGE);
    is(munmap(((uint)(uintptr_t)heap + PAGE - 1) & ~(PAGE - 1)), -1,
       "V7 M2: area_munmap refuses the heap");
    (void)call(__NR_brk, heap);
}

/* The POSIX calls on areas of this interface: they may cut them, and the records still add up. */
static void test_mixed_calls(void)
{
    int base = freemem();
    uint start = mmap(0, 8 * PAGE_SIZE, RW, POPULATED, -1, 0);
    is(call(__NR_munmap, start, PAGE), 0, "V7: POSIX munmap of an area's first page");
    is(munmap(start), -1, "V7: POSIX munmap of the first page moves the area's start");
    is(call(__NR_munmap, start + 3 * PAGE, PAGE), 0, "V7: POSIX munmap of a page in the middle");
    is(call(__NR_mprotect, start + 5 * PAGE, PAGE, PROT_READ), 0, "V7: mprotect of another page");
    is(call(__NR_mremap, start + PAGE, PAGE, PAGE, 3, 0x60000000), -EFAULT,
       "V7: mremap does not move an area");
    is(munmap(start + PAGE), 1, "V7: area_munmap takes the new start");
    is(call(__NR_munmap, start, 8 * PAGE), 0, "V7: POSIX munmap of the rest");
    is(munmap(start + 4 * PAGE), -1, "V7: the rest is unmapped");
    is(base - freemem(), 0, "V7: every frame of the cut area is back");

    start = area(0, 4);
    is(call(__NR_mmap2, start, 4 * PAGE, RW, 0x32, -1, 0), start, "V7: MAP_FIXED over an area");
    is(munmap(start), -1, "V7: area_munmap refuses what MAP_FIXED put over an area");
    unmap_pages(at(start), 4);
    int made = 0;
    while (area(0, 1) != 0) {
        made++;
    }
    is(made, FL_AREA_MAX, "V8: all 64 area records can be used");
    for (uint i = 0; i < FL_AREA_MAX; i++) {
        (void)munmap(BASE + i * PAGE);
    }
    is(base - freemem(), 0, "V7: every frame is back after MAP_FIXED over an area");
}

static int leave_cut_areas(void *unused)
{
    (void)unused;
    for (uint i = 0; i < FL_AREA_MAX / 2; i++) {
        uint start = mmap(0, 8 * PAGE_SIZE, RW, i % 2 ? POPULATED : MAP_ANONYMOUS, -1, 0);
        (void)call(__NR_munmap, start + (i % 8) * PAGE, PAGE);
        (void)call(__NR_mprotect, start + (i % 5) * PAGE, 2 * PAGE, PROT_READ);
    }
    return fork() == 0 ? 0 : wait(NULL) < 0;
}

/* ---- V8 -------------------------------------------------------------------------------------- */

static void test_limit(void)
{
    uint starts[FL_AREA_MAX];
    int made = 0;
    int base = freemem();
    for (int i = 0; i < FL_AREA_MAX; i++) {
        starts[i] = area(0, 1);
        made += starts[i] != 0;
    }
    int after = freemem();
    bool is_65th_refused = is_refused(0, PAGE_SIZE, RW, MAP_ANONYMOUS, -1, 0) &&
                           is_refused(0, PAGE_SIZE, RW, POPULATED, -1, 0);
    is(made, FL_AREA_MAX, "V8: area_mmap makes 64 areas");
    is(base - after, 0, "V4: 64 lazy areas take no frame");
    ok(is_65th_refused, "V8 M1: the 65th is refused");
    is(munmap(starts[30]), 1, "V8: area_munmap of one of 64");
    is(area(0, 1), starts[30], "V8: area_mmap uses the free slot");
    ok(is_refused(0, PAGE_SIZE, RW, MAP_ANONYMOUS, -1, 0), "V8: the 65th is refused again");
    ok(is_good(call(__NR_mmap2, 0, PAGE, RW, PRIVATE_ANON, -1, 0)),
       "V8: POSIX mappings do not count as areas");
    for (int i = 0; i < FL_AREA_MAX; i++) {
        (void)munmap(starts[i]);
    }
    is(area(0, 1), BASE, "V8: all slots are free again");
    (void)munmap(BASE);
    int drift = 0;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < FL_AREA_MAX; i++) {
            starts[i] = mmap(0, PAGE_SIZE, RW, i % 2 ? MAP_ANONYMOUS : POPULATED, -1, 0);
        }
        for (int i = 0; i < FL_AREA_MAX; i++) {
            drift += munmap(starts[(i * 37) % FL_AREA_MAX]) != 1;
        }
    }
    is(drift, 0, "V8: ten rounds of 64, freed in another order");
}

/* ---- V10 ------------------------------------------------------------------------------------- */

static uint inherited;

static int use_inherited(void *unused)
{
    char *bytes = bytes_at(inherited);
    (void)unused;
    if (bytes[0] != 3 || bytes[PAGE] != 4 || bytes[2 * PAGE] != 0) {
        return 1;
    }
    int before = freemem();
    bytes[0] = 33;
    shared[0] = before - freemem(); /* the copy; the table was made by fork */
    before = freemem();
    shared[1] = munmap(inherited) == 1 ? freemem() - before : -1;
    shared[2] = (int)area(0, 1);
    return 0;
}

static int fill_slots(void *unused)
{
    int made = 0;
    (void)unused;
    while (area(0, 1) != 0) {
        made++;
    }
    return made;
}

static void test_fork(void)
{
    int base = freemem();
    inherited = area(0, 3);
    bytes_at(inherited)[0] = 3;
    bytes_at(inherited)[PAGE] = 4;
    int before = freemem();
    int status = status_of_child(use_inherited, NULL);
    is(before - freemem(), 0, "V10: a child's end frees everything");
    is(status, 0, "V10: a child has its parent's areas, and may unmap them");
    is(shared[0], 1, "V10: the child's write copies one page");
    is(shared[1], 3,
       "V10: the child's area_munmap frees its two pages and its table, not the shared page");
    is(shared[2], inherited, "V10: the child's area_munmap frees the place");
    ok(bytes_at(inherited)[0] == 3 && bytes_at(inherited)[PAGE] == 4,
       "V10: the parent's bytes are its own");
    status = status_of_child(fill_slots, NULL);
    is(WEXITSTATUS(status), FL_AREA_MAX - 1,
       "V10 V8: inherited areas count against the child's 64");
    before = freemem();
    bytes_at(inherited)[0] = 7;
    is(before - freemem(), 0, "V10 R9: the last owner writes without a copy");
    is(munmap(inherited), 1, "V10: the parent's area_munmap");
    is(base - freemem(), 0, "V10: every frame of the shared areas is back");
}

static int leave_areas(void *unused)
{
    (void)unused;
    for (int i = 0; i < 40; i++) {
        (void)mmap(0, 4 * PAGE_SIZE, RW, POPULATED, -1, 0);
    }
    memset(bytes_at(area(0x20000000u, 600)), 1, 600 * PAGE);
    return 0;
}

static void test_exit(void)
{
    int before = freemem();
    int status = status_of_child(leave_areas, NULL);
    is(before - freemem(), 0, "V10: exit frees populated areas");
    is(status, 0, "V10: exit frees the areas of a process that unmapped nothing");
    before = freemem();
    status = status_of_child(leave_cut_areas, NULL);
    is(before - freemem(), 0, "V10: exit frees areas that were cut");
    is(status, 0, "V10: exit frees areas that were forked");
}

/* ---- M3 -------------------------------------------------------------------------------------- */

static void test_populate_too_much(void)
{
    struct fl_kernel_info info;
    (void)kernel_info(&info);
    if (info.frames_total > 0x40000000 / PAGE) {
        skip("M3: populate larger than memory", "the region is smaller than memory");
        return;
    }
    int before = freemem();
    uint start = mmap(0, (before + 1) * PAGE_SIZE, RW, POPULATED, -1, 0);
    int after = freemem();
    is(start, 0, "V4 M3: populate of one page more than is free gives 0");
    is(before - after, 0, "V4 M3: a refused populate leaves nothing behind");
    is(area(0, 1), BASE, "V4 M3: a refused populate leaves no area in the region");
    (void)munmap(BASE);
    before = freemem();
    start = mmap(0, before * PAGE_SIZE, RW, POPULATED, -1, 0);
    after = freemem();
    is(start, 0, "V4 M3: the pages would fit, but not their tables: 0");
    is(before - after, 0, "V4 M3: a populate without frames for its tables leaves nothing behind");
    before = freemem();
    int pages = before - before / 512 - 8;
    start = mmap(0, pages * PAGE_SIZE, RW, POPULATED, -1, 0);
    after = freemem();
    (void)munmap(start);
    is(start, BASE, "V4 M3: what just fits is populated");
    is(before - after, pages + (pages + 511) / 512,
       "V4 V9: a populate that just fits takes pages and tables exactly");
    is(before - freemem(), 0, "V7: every frame of a populate that just fits is back");
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 1) {
        return run_case(argv[1]);
    }
    settle();
    shared = map_shared(PAGE);
    ok(freemem() > 0, "V9: freemem reports free frames");
    test_places();
    test_refused_ranges();
    test_refused_rights_and_flags();
    test_refused_files();
    test_costs();
    test_zeros();
    test_files();
    test_file_is_private();
    test_refused_accesses();
    test_munmap();
    test_munmap_elsewhere();
    test_mixed_calls();
    test_limit();
    test_fork();
    test_exit();
    test_populate_too_much();
    return done_testing();
}
