/*
 * bad-input, section 4: the POSIX memory calls, M4 to M22. Linux decides: the file runs there too,
 * with the same answers. Frames are counted where there is a freemem() to ask.
 */
#include <asm/mman.h>
#include <linux/mman.h>

#include "calls.h"
#include "tap.h"

#define READ    PROT_READ
#define RW      (PROT_READ | PROT_WRITE)
#define RWX     (RW | PROT_EXEC)
#define PRIVATE PRIVATE_ANON
#define PLACE   0x28000000u /* nothing is ever placed there by itself */

static const char *program;
static int file;
static volatile int *shared;

static long map(unsigned long addr, unsigned long length, int prot, int flags)
{
    return call(__NR_mmap2, addr, length, prot, flags, -1, 0);
}

static long map_file(int prot, int flags)
{
    return call(__NR_mmap2, 0, PAGE, prot, flags, file, 0);
}

static long unmap(const void *start, unsigned long length)
{
    return call(__NR_munmap, start, length);
}

/* n pages at PLACE, each beginning with its number + 1. */
static char *fill_place(int n)
{
    char *start = at((unsigned long)map(PLACE, (unsigned)n * PAGE, RW, PRIVATE | MAP_FIXED));
    for (int i = 0; i < n; i++) {
        start[i * (int)PAGE] = (char)(i + 1);
    }
    return start;
}

static bool is_mapped(const char *page)
{
    unsigned char vector;
    return call(__NR_mincore, page, PAGE, &vector) == 0;
}

/* Which of the n pages from start are mapped, and hold what fill_place wrote: a bit each. */
static int intact_pages(const char *start, int n)
{
    int bits = 0;
    for (int i = 0; i < n; i++) {
        bits |= is_mapped(start + i * (int)PAGE) && start[i * (int)PAGE] == i + 1 ? 1 << i : 0;
    }
    return bits;
}

static int mapped_pages(const char *start, int n)
{
    int bits = 0;
    for (int i = 0; i < n; i++) {
        bits |= is_mapped(start + i * (int)PAGE) ? 1 << i : 0;
    }
    return bits;
}

/* ---- M4 to M7: mmap's arguments -------------------------------------------------------------- */

static void test_lengths(void)
{
    is(map(0, 0, RW, PRIVATE), -EINVAL, "M4: mmap of length 0");
    is(map(PLACE, 0, RW, PRIVATE | MAP_FIXED), -EINVAL, "M4: mmap of length 0 at a fixed place");
    is(map(0, 0xC0000001u, RW, PRIVATE), -ENOMEM, "M4: mmap of one byte over 3 GiB");
    is(map(0, 0xC0000000u, RW, PRIVATE | MAP_NORESERVE), -ENOMEM,
       "M4: mmap of all of the user half");
    is(map(0, 0xFFFFF000u, RW, PRIVATE), -ENOMEM, "M4: mmap of the longest multiple of a page");
    is(map(0, 0xFFFFF001u, RW, PRIVATE), -ENOMEM, "M4: mmap of a length whose rounding wraps to 0");
    is(map(0, 0xFFFFFFFFu, RW, PRIVATE), -ENOMEM, "M4: mmap of the longest length");
    long start = map(0, 1, RW, PRIVATE);
    ok(is_good(start) && is_mapped(at((unsigned long)start)), "M4: mmap of length 1 maps a page");
    is(unmap(at((unsigned long)start), 1), 0, "M4: munmap of length 1 unmaps the page");
}

static void test_types(void)
{
    is(map(0, PAGE, RW, MAP_ANONYMOUS), -EINVAL, "M5: mmap neither SHARED nor PRIVATE");
    is(map(0, PAGE, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE), -EINVAL,
       "M5: mmap SHARED_VALIDATE without a file");
    is(map_file(READ, 0), -EINVAL, "M5: mmap of a file, neither SHARED nor PRIVATE");
    is(map_file(READ, 4), -EINVAL, "M5: mmap of a file with type 4");
    is(map_file(READ, MAP_TYPE), -EINVAL, "M5: mmap of a file with type 15");
    is(map(0, PAGE, RW, MAP_ANONYMOUS | MAP_TYPE), -EINVAL, "M5: mmap with type 15");
    long start = map_file(READ, MAP_SHARED_VALIDATE);
    ok(is_good(start), "M5: SHARED_VALIDATE of a file works");
    (void)unmap(at((unsigned long)start), PAGE);
    is(map_file(READ, MAP_SHARED_VALIDATE | 0x00800000), -EOPNOTSUPP,
       "M5 S9: SHARED_VALIDATE rejects unknown flags");
    start = map_file(READ, MAP_SHARED | (int)0x80000000u);
    ok(is_good(start), "M5 S9: other types ignore unknown flags");
    (void)unmap(at((unsigned long)start), PAGE);
    start = map(0, PAGE, RW | 0x10 | 0x40000000, PRIVATE);
    ok(is_good(start), "M5: unknown rights are ignored");
    *at((unsigned long)start) = 1;
    (void)unmap(at((unsigned long)start), PAGE);
}

static void test_hints(void)
{
    is(map(PLACE + 0x123, PAGE, RW, PRIVATE), PLACE, "M6: an unaligned hint is rounded down");
    long other = map(PLACE, PAGE, RW, PRIVATE);
    ok(is_good(other) && other != PLACE, "M6: a hint that is taken moves the mapping");
    (void)unmap(at((unsigned long)other), PAGE);
    other = map(PLACE - PAGE, 2 * PAGE, RW, PRIVATE);
    ok(is_good(other) && other != (long)(PLACE - PAGE),
       "M6: a hint that is half taken moves the mapping");
    (void)unmap(at((unsigned long)other), 2 * PAGE);
    (void)unmap(at(PLACE), PAGE);
    static const unsigned long hints[] = {KERNEL_BASE, 0xFFFFF000u, 0xFFFFFFFFu, 0xBFFFF000u};
    for (size_t i = 0; i < COUNT(hints); i++) {
        char name[64];
        long start = map(hints[i], 2 * PAGE, RW, PRIVATE);
        (void)snprintf(name, sizeof(name), "M6: hint %#lx moves the mapping", hints[i]);
        ok(is_good(start) && (unsigned long)start < KERNEL_BASE - 2 * PAGE, name);
        (void)unmap(at((unsigned long)start), 2 * PAGE);
    }
}

static void test_fixed_refusals(void)
{
    int fixed = PRIVATE | MAP_FIXED;
    is(map(PLACE + 1, PAGE, RW, fixed), -EINVAL, "M7: mmap FIXED unaligned");
    is(map(PLACE + PAGE - 1, PAGE, RW, fixed), -EINVAL, "M7: mmap FIXED one byte before a page");
    is(map(KERNEL_BASE, PAGE, RW, fixed), -ENOMEM, "M7: mmap FIXED in the kernel");
    is(map(0xFFFFF000u, PAGE, RW, fixed), -ENOMEM, "M7: mmap FIXED at the last page");
    is(map(0xFFFFF000u, 2 * PAGE, RW, fixed), -ENOMEM, "M7: mmap FIXED that wraps");
    is(map(KERNEL_BASE - PAGE, 2 * PAGE, RW, fixed), -ENOMEM,
       "M7: mmap FIXED across the kernel's base");
    is(map(KERNEL_BASE + 1, PAGE, RW, fixed), -ENOMEM, "M7: mmap FIXED unaligned in the kernel");
    if (is_faultline()) { /* Linux lets root do it */
        is(map(0, PAGE, RW, fixed), -EPERM, "M7: mmap FIXED of page 0");
        is(map(0, 2 * PAGE, RW, fixed), -EPERM, "M7: mmap FIXED of page 0 and 1");
        is(map(0, PAGE, RW, PRIVATE | MAP_FIXED_NOREPLACE), -EPERM, "M7: mmap NOREPLACE of page 0");
        is(call(__NR_mremap, shared, PAGE, PAGE, 3, 0), -EPERM, "M7: mremap to page 0");
    }
    ok(is_fatal(read_byte, NULL), "M7: page 0 stays unmapped");
}

/* ---- M8, M9: over what is there -------------------------------------------------------------- */

static int map_over_code(void *page)
{
    /* A page of code that is not running, then the one that is. */
    return is_good(map((unsigned long)page, PAGE, RW, PRIVATE | MAP_FIXED)) ? *(char *)page : 1;
}

static int map_over_stack(void *unused)
{
    int local;
    unsigned long page = (unsigned long)&local & ~(unsigned long)(PAGE - 1);
    (void)unused;
    (void)map(page, PAGE, RW, PRIVATE | MAP_FIXED);
    return 0; /* through a return address that is 0 now */
}

static void test_fixed(void)
{
    int fixed = PRIVATE | MAP_FIXED;
    int before = freemem();
    char *start = fill_place(8);
    is(intact_pages(start, 8), 0xFF, "M8: FIXED over a hole");
    is(map(PLACE + 2 * PAGE, PAGE, RW, fixed), PLACE + 2 * PAGE,
       "M8: FIXED over a page in the middle");
    is(start[2 * PAGE], 0, "M8: FIXED over a page in the middle maps a new page");
    is(intact_pages(start, 8), 0xFB,
       "M8: FIXED over a page in the middle replaces exactly that page");
    (void)call(__NR_mprotect, start + 5 * PAGE, PAGE, READ);
    (void)unmap(start + 3 * PAGE, PAGE);
    is(map(PLACE + PAGE, 5 * PAGE, READ, fixed), PLACE + PAGE,
       "M8: FIXED over parts of several areas and a hole");
    is(intact_pages(start, 8), 0xC1, "M8: FIXED over several areas leaves the rest");
    is(mapped_pages(start, 8), 0xFF, "M8: FIXED over several areas leaves no gap");
    ok(is_fatal(write_byte, start + PAGE) && is_fatal(write_byte, start + 5 * PAGE + 7),
       "M8: the new mapping has its own rights");
    ok(!is_fatal(write_byte, start + 6 * PAGE),
       "M8: the areas behind the new mapping keep their rights");
    is(call(__NR_mmap2, PLACE, 8 * PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0), -EACCES,
       "M8: FIXED that is refused");
    is(call(__NR_mmap2, PLACE, 8 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, UNUSED_FD, 0), -EBADF,
       "M8: FIXED that is refused for its file");
    is(call(__NR_mmap2, PLACE, 8 * PAGE, RW, MAP_FIXED | MAP_ANONYMOUS, -1, 0), -EINVAL,
       "M8: FIXED that is refused for its type");
    is(intact_pages(start, 8), 0xC1, "M8: a refused FIXED keeps the old mapping");
    is(map(PLACE - PAGE, 10 * PAGE, RW, fixed), PLACE - PAGE,
       "M8: FIXED over several areas and more");
    is(intact_pages(start, 8), 0, "M8: FIXED over several areas and more replaces them");
    (void)unmap(start - PAGE, 10 * PAGE);
    is(before - freemem(), 0, "M8: every frame of the replaced areas is back");

    char *heap = at((unsigned long)call(__NR_brk, 0));
    char *heap_page = at(((unsigned long)heap + PAGE - 1) & ~(unsigned long)(PAGE - 1));
    (void)call(__NR_brk, heap_page + 3 * PAGE);
    heap_page[0] = heap_page[PAGE] = heap_page[2 * PAGE] = 5;
    is(map((unsigned long)heap_page + PAGE, PAGE, RW, fixed),
       (long)(unsigned long)heap_page + (long)PAGE, "M8: FIXED over a page of the heap");
    ok(heap_page[0] == 5 && heap_page[PAGE] == 0 && heap_page[2 * PAGE] == 5,
       "M8: FIXED over a page of the heap replaces exactly that page");
    (void)call(__NR_brk, heap);
    (void)unmap(heap_page, 3 * PAGE);

    unsigned long code = (unsigned long)strerror & ~(unsigned long)(PAGE - 1);
    is(status_of_child(map_over_code, at(code)), 0, "M8: FIXED over own code");
    ok(strerror(0) != NULL, "M8: FIXED over own code in a child leaves the parent's");
    ok(status_of_child(map_over_stack, NULL) != -1, "M8: FIXED over the stack in use");
}

static void test_no_replace(void)
{
    int flags = PRIVATE | MAP_FIXED_NOREPLACE;
    char *start = fill_place(4);
    is(map(PLACE, PAGE, RW, flags), -EEXIST, "M9: NOREPLACE on the first page of a mapping");
    is(map(PLACE + 3 * PAGE, 2 * PAGE, RW, flags), -EEXIST,
       "M9: NOREPLACE over the end of a mapping");
    is(map(PLACE - PAGE, 2 * PAGE, RW, flags), -EEXIST,
       "M9: NOREPLACE over the start of a mapping");
    is(map(PLACE - PAGE, 6 * PAGE, RW, flags), -EEXIST, "M9: NOREPLACE all around a mapping");
    is(intact_pages(start, 4), 0xF, "M9: a refused NOREPLACE changes nothing");
    is(map(PLACE + 1, PAGE, RW, flags), -EINVAL, "M9: NOREPLACE unaligned");
    is(map(PLACE + 4 * PAGE, PAGE, RW, flags), PLACE + 4 * PAGE,
       "M9: NOREPLACE right behind a mapping");
    is(map(PLACE - PAGE, PAGE, RW, flags), PLACE - PAGE, "M9: NOREPLACE right before a mapping");
    (void)unmap(start - PAGE, 6 * PAGE);
    is(map(PLACE, PAGE, RW, flags), PLACE, "M9: NOREPLACE takes the place after munmap");
    (void)unmap(start, PAGE);
}

/* ---- M10, M11: files ------------------------------------------------------------------------- */

static void test_files(void)
{
    int writer = (int)call(__NR_open, "/dev/null", 1);
    int folder = (int)call(__NR_open, "/", 0);
    int device = (int)call(__NR_open, is_faultline() ? "/dev/console" : "/dev/null", 2);
    is(call(__NR_mmap2, 0, PAGE, READ, MAP_PRIVATE, -1, 0), -EBADF, "M10: mmap of fd -1");
    is(call(__NR_mmap2, 0, PAGE, READ, MAP_PRIVATE, UNUSED_FD, 0), -EBADF,
       "M10: mmap of an fd that was never opened");
    is(call(__NR_mmap2, 0, 0, READ, MAP_PRIVATE, UNUSED_FD, 0), -EBADF,
       "M10: a bad fd is reported before length 0");
    is(call(__NR_mmap2, 0, PAGE, READ, MAP_PRIVATE, writer, 0), -EACCES,
       "M10: PRIVATE of a file opened for writing only");
    is(call(__NR_mmap2, 0, PAGE, READ, MAP_SHARED, writer, 0), -EACCES,
       "M10: SHARED of a file opened for writing only");
    is(map_file(RW, MAP_SHARED), -EACCES, "M10: SHARED + WRITE of a file opened for reading");
    is(map_file(PROT_WRITE, MAP_SHARED), -EACCES,
       "M10: SHARED with WRITE alone of a file opened for reading");
    is(call(__NR_mmap2, 0, PAGE, READ, MAP_PRIVATE, folder, 0), -ENODEV,
       "M10: PRIVATE of a directory");
    is(call(__NR_mmap2, 0, PAGE, READ, MAP_SHARED, folder, 0), -ENODEV,
       "M10: SHARED of a directory");
    is(call(__NR_mmap2, 0, PAGE, READ, MAP_PRIVATE, device, 0), -ENODEV, "M10: mmap of a terminal");
    long start = map_file(RW, MAP_PRIVATE);
    ok(is_good(start), "M10: PRIVATE + WRITE of a file opened for reading works");
    (void)unmap(at((unsigned long)start), PAGE);
    (void)call(__NR_close, writer);
    (void)call(__NR_close, folder);
    (void)call(__NR_close, device);

    if (is_faultline()) { /* a 64-bit Linux has room for more pages */
        is(call(__NR_mmap2, 0, 2 * PAGE, READ, MAP_PRIVATE, file, 0xFFFFFFFFu), -EOVERFLOW,
           "M11: page offset and length overflow");
        is(call(__NR_mmap2, 0, PAGE, READ, MAP_PRIVATE, file, 0xFFFFFFFFu), -EOVERFLOW,
           "M11: page offset and length reach exactly 2^32 pages");
        is(call(__NR_mmap2, 0, 0x10000 * PAGE, READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0xFFFF0001u),
           -EOVERFLOW, "M11: page offset and length overflow without a file");
    }
    unsigned long words[] = {0, PAGE, READ, MAP_PRIVATE, (unsigned long)file, 1};
    is(call(__NR_mmap, words), -EINVAL, "M11: the old mmap with byte offset 1");
    words[5] = PAGE - 1;
    is(call(__NR_mmap, words), -EINVAL, "M11: the old mmap with a byte offset one before a page");
    words[5] = 0;
    start = call(__NR_mmap, words);
    ok(is_good(start) && memcmp(at((unsigned long)start), "\177ELF", 4) == 0,
       "M11: the old mmap works");
    (void)unmap(at((unsigned long)start), PAGE);
}

/* ---- M13 to M15: munmap ---------------------------------------------------------------------- */

static void test_unmap(void)
{
    int before = freemem();
    char *start = fill_place(8);
    is(unmap(start + 1, PAGE), -EINVAL, "M13: munmap unaligned");
    is(unmap(start + PAGE - 1, PAGE), -EINVAL, "M13: munmap one byte before a page");
    is(unmap(start, 0), -EINVAL, "M13: munmap of length 0");
    is(unmap(at(KERNEL_BASE), PAGE), -EINVAL, "M13: munmap in the kernel");
    is(unmap(at(KERNEL_BASE - PAGE), 2 * PAGE), -EINVAL, "M13: munmap past the kernel's base");
    is(unmap(start, KERNEL_BASE), -EINVAL, "M13: munmap long past the kernel's base");
    is(unmap(start, 0xFFFFF000u), -EINVAL, "M13: munmap of a range that wraps");
    is(unmap(start, 0xFFFFFFFFu), -EINVAL, "M13: munmap of a length whose rounding wraps");
    is(intact_pages(start, 8), 0xFF, "M13: a refused munmap changes nothing");
    is(unmap(start + 16 * PAGE, PAGE), 0, "M13: munmap of a hole");
    is(unmap(start, PAGE), 0, "M13: munmap of the head");
    is(unmap(start, PAGE), 0, "M13: munmap of the head twice");
    is(unmap(start + 7 * PAGE, 1), 0, "M13: munmap of the tail by a length of one byte");
    is(intact_pages(start, 8), 0x7E, "M13: the head and the tail are unmapped");
    int full = freemem();
    long middle = unmap(start + 3 * PAGE, 2 * PAGE);
    int gained = freemem() - full;
    is(middle, 0, "M13: munmap of the middle");
    ok(!is_faultline() || gained == 2 || gained == 1,
       "M13: munmap of the middle frees two frames and takes the second half's record");
    is(intact_pages(start, 8), 0x66, "M13: munmap of the middle splits exactly");
    ok(is_fatal(read_byte, start + 3 * PAGE) && is_fatal(read_byte, start + 5 * PAGE - 1),
       "M13: the first and the last byte of the middle are unmapped");
    is(unmap(start - 4 * PAGE, 16 * PAGE), 0, "M13: munmap of many areas and holes at once");
    is(mapped_pages(start, 8), 0, "M13: many areas are unmapped at once");
    is(before - freemem(), 0, "M13: munmap of many areas frees pages and tables");

    start = at((unsigned long)map(PLACE, 1024 * PAGE, RW, PRIVATE | MAP_FIXED));
    for (int i = 0; i < 1024; i += 3) {
        start[i * (int)PAGE] = 1;
    }
    is(unmap(start + 100 * PAGE, 700 * PAGE), 0, "M13: munmap of most of a half-populated area");
    ok(start[99 * PAGE] == 1 && start[801 * PAGE] == 1,
       "M13: the ends of a half-populated area stay");
    is(unmap(start, 1024 * PAGE), 0, "M13: munmap of the ends of a half-populated area");
    is(before - freemem(), 0, "M13: munmap of the ends frees all their tables");

    start = fill_place(4);
    (void)call(__NR_mprotect, start + PAGE, PAGE, READ);
    is(unmap(start + PAGE, 2 * PAGE), 0, "M13: munmap from one area into the next");
    is(intact_pages(start, 4), 0x9, "M13: munmap from one area into the next splits both");
    is(unmap(start, 4 * PAGE), 0, "M13: munmap of the rest of both areas");
    is(unmap(at(0), PAGE), 0, "M13: page 0 is a hole like others");
    is(before - freemem(), 0, "M13: no frame is missing after all munmaps");
}

/* mov eax, __NR_munmap; mov ebx, page; mov ecx, 4096; int 0x80; ret */
static int unmap_own_code(void)
{
    unsigned char code[] = {0xB8, __NR_munmap, 0, 0,    0, 0xBB, 0,    0,    0,
                            0,    0xB9,        0, 0x10, 0, 0,    0xCD, 0x80, 0xC3};
    void *page = at((unsigned long)map(0, PAGE, RWX, PRIVATE));
    memcpy(code + 6, &page, 4);
    memcpy(page, code, sizeof(code));
    return run_byte(page);
}

/* The page in use, alone or with all above it. */
static int unmap_own_stack(bool with_rest)
{
    unsigned long here = (unsigned long)&here & ~(unsigned long)(PAGE - 1);
    (void)call(__NR_munmap, here, with_rest ? KERNEL_BASE - here : PAGE);
    return 0;
}

static int run_case(const char *name)
{
    char *page = map_pages(1);
    if (strcmp(name, "code") == 0) {
        return unmap_own_code();
    }
    if (strcmp(name, "stack") == 0 || strcmp(name, "whole-stack") == 0) {
        return unmap_own_stack(strcmp(name, "stack") != 0);
    }
    if (strcmp(name, "stack-middle") == 0) {
        volatile char pages[8 * PAGE]; /* the stack goes on below the page */
        pages[0] = 1;
        return unmap_own_stack(false) + pages[0];
    }
    page[0] = 1;
    if (strcmp(name, "read-only") == 0) {
        (void)call(__NR_mprotect, page, PAGE, READ);
        page[0] = 2;
    }
    if (strcmp(name, "none") == 0) {
        (void)call(__NR_mprotect, page, PAGE, PROT_NONE);
        return page[0];
    }
    if (strcmp(name, "past-end") == 0) {
        return *at((unsigned long)call(__NR_mmap2, 0, PAGE, READ, MAP_PRIVATE,
                                       (int)call(__NR_open, program, 0), 0x10000));
    }
    return 0;
}

static int unmap_own_code_body(void *unused)
{
    (void)unused;
    return unmap_own_code();
}

static void test_fatal_cases(void)
{
    int status = status_of_child(unmap_own_code_body, NULL);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
       "M15: munmap of the running code: SIGSEGV");
    if (!is_faultline()) {
        return;
    }
    static const struct fatal_case cases[] = {
        {"code", "M15: a return from munmap to running code that is gone: no-area",
         VM_CAUSE_NO_AREA, SIGSEGV},
        {"stack", "M15: munmap of the stack's page: no-area", VM_CAUSE_NO_AREA, SIGSEGV},
        {"stack-middle", "M15: munmap of a page in the middle of the stack: no-area",
         VM_CAUSE_NO_AREA, SIGSEGV},
        {"whole-stack", "M15: munmap of all of the stack: no-area", VM_CAUSE_NO_AREA, SIGSEGV},
        {"read-only", "M17: made read-only, then written: read-only", VM_CAUSE_READ_ONLY, SIGSEGV},
        {"none", "M17: made inaccessible, then read: no-access", VM_CAUSE_NO_ACCESS, SIGSEGV},
        {"past-end", "F12: a POSIX file page past the end: SIGBUS", VM_CAUSE_IO, SIGBUS},
    };
    test_fatal(program, cases, COUNT(cases), "M15 M17: every frame is back after the deaths");
}

/* ---- M16, M17: mprotect ---------------------------------------------------------------------- */

static long protect(const void *start, unsigned long length, int prot)
{
    return call(__NR_mprotect, start, length, prot);
}

static void test_protect_refusals(void)
{
    char *start = fill_place(6);
    is(protect(start + 1, PAGE, READ), -EINVAL, "M16: mprotect unaligned");
    is(protect(start + 1, 0, READ), -EINVAL, "M16: mprotect unaligned of length 0");
    is(protect(start, 0, READ), 0, "M16: mprotect of length 0");
    is(protect(at(0x10000000), 0, READ), 0, "M16: mprotect of length 0 in a hole");
    if (is_faultline()) { /* with 64 bits it does not wrap, and stops at a hole */
        is(protect(start, 0xFFFFFFFFu, READ), -ENOMEM,
           "M16: mprotect of a length whose rounding wraps");
        is(protect(start, 0xFFFFF000u, READ), -ENOMEM, "M16: mprotect of a range that wraps");
    }
    is(protect(at(KERNEL_BASE), PAGE, READ), -ENOMEM, "M16: mprotect in the kernel");
    is(protect(at(KERNEL_BASE + 0x100000), PAGE, RW), -ENOMEM,
       "M16: mprotect of the kernel's text");
    is(protect(at(0), PAGE, RW), -ENOMEM, "M16: mprotect of page 0");
    is(protect(start, PAGE, 0x10), -EINVAL, "M16: mprotect with an unknown right");
    is(protect(start, PAGE, -1), -EINVAL, "M16: mprotect with all bits");
    is(protect(start, PAGE, 0x03000000), -EINVAL, "M16: mprotect with GROWSDOWN and GROWSUP");
    ok(!is_fatal(write_byte, start), "M16: a refused mprotect changes nothing");
    (void)unmap(start + 3 * PAGE, PAGE);
    is(protect(start, 6 * PAGE, READ), -ENOMEM, "M16: mprotect with a hole in the middle");
    ok(is_fatal(write_byte, start), "M16: mprotect changes what lies before the hole");
    ok(!is_fatal(write_byte, start + 4 * PAGE),
       "M16: mprotect does not change what lies behind the hole");
    is(protect(start + 3 * PAGE, PAGE, READ), -ENOMEM, "M16: mprotect of a hole alone");
    (void)unmap(start, 6 * PAGE);

    long mapped = map_file(READ, MAP_SHARED);
    is(protect(at((unsigned long)mapped), PAGE, RW), -EACCES,
       "M16: mprotect WRITE on a shared read-only file");
    is(protect(at((unsigned long)mapped), PAGE, READ | PROT_EXEC), 0,
       "M16: mprotect READ and EXEC on a shared read-only file");
    is(protect(at((unsigned long)mapped), PAGE, PROT_NONE), 0,
       "M16: mprotect NONE on a shared read-only file");
    is(protect(at((unsigned long)mapped), PAGE, PROT_WRITE), -EACCES,
       "M16: mprotect WRITE on a shared read-only file after NONE");
    is(protect(at((unsigned long)mapped), PAGE, READ), 0,
       "M16: mprotect READ on a shared read-only file after NONE");
    is(memcmp(at((unsigned long)mapped), "\177ELF", 4), 0,
       "M16: a shared read-only file shows its bytes after NONE and READ");
    (void)unmap(at((unsigned long)mapped), PAGE);
}

struct protection {
    char *start;
    unsigned long length;
    int prot;
    char *target;
};

static int protect_and_write(void *argument)
{
    const struct protection *p = argument;
    *p->target = 1; /* the translation is known, for writing */
    (void)protect(p->start, p->length, p->prot);
    *p->target = 2;
    return 0;
}

static int protect_and_read(void *argument)
{
    const struct protection *p = argument;
    int value = *(volatile char *)p->target;
    (void)protect(p->start, p->length, p->prot);
    return *(volatile char *)p->target - value;
}

static void test_protect(void)
{
    static const unsigned pages[] = {1, 2, 32, 33, 600};
    for (size_t i = 0; i < COUNT(pages); i++) {
        char name[80];
        char *start = map_pages(pages[i]);
        char *last = start + pages[i] * PAGE - 1;
        memset(start, 7, pages[i] * PAGE);
        struct protection p = {start, pages[i] * PAGE, READ, start};
        (void)snprintf(name, sizeof(name), "M17: %u pages read-only, then a write to the first",
                       pages[i]);
        ok(is_fatal(protect_and_write, &p), name);
        p.target = last;
        (void)snprintf(name, sizeof(name), "M17: %u pages read-only, then a write to the last",
                       pages[i]);
        ok(is_fatal(protect_and_write, &p), name);
        p.prot = PROT_NONE;
        (void)snprintf(name, sizeof(name), "M17: %u pages of no access, then a read", pages[i]);
        ok(is_fatal(protect_and_read, &p), name);
        int before = freemem();
        int wrong = protect(start, p.length, PROT_NONE) != 0 || !is_fatal(read_byte, start);
        wrong += protect(start, p.length, READ) != 0 || *last != 7 || !is_fatal(write_byte, start);
        wrong += protect(start, p.length, RW) != 0 || start[0] != 7 || *last != 7;
        start[0] = *last = 8;
        wrong += start[0] != 8 || before != freemem();
        (void)snprintf(name, sizeof(name), "M17: %u pages, made accessible again, keep their data",
                       pages[i]);
        is(wrong, 0, name);
        unmap_pages(start, pages[i]);
    }
    /* Rights that were changed before the page is there. */
    char *start = map_pages(2);
    (void)protect(start, PAGE, READ);
    is(start[0], 0, "M17: mprotect to read-only before the first touch");
    ok(is_fatal(write_byte, start),
       "M17: a page made read-only before its first touch cannot be written");
    (void)protect(start, PAGE, RW);
    start[0] = 1;
    is(start[0], 1, "M17: a page made writable again can be written");
    unmap_pages(start, 2);
    /* The shared zero page must not be granted for writing. */
    start = map_pages(2);
    char *other = map_pages(1);
    (void)*(volatile char *)start;
    (void)*(volatile char *)other;
    (void)protect(start, PAGE, READ);
    (void)protect(start, PAGE, RW);
    start[0] = 99;
    is(other[0], 0, "M17: two pages of zeros stay two");
    unmap_pages(start, 2);
    unmap_pages(other, 1);
    ok(is_fatal(run_byte, map_pages(1)), "M17: zeros executed end in a fault, with NX or without");
}

/* ---- M18: mremap ----------------------------------------------------------------------------- */

static long remap(const void *start, unsigned long old, unsigned long new, int flags,
                  unsigned long to)
{
    return call(__NR_mremap, start, old, new, flags, to);
}

#define MAYMOVE  MREMAP_MAYMOVE
#define TO_FIXED (MREMAP_MAYMOVE | MREMAP_FIXED)

static void test_remap_refusals(void)
{
    char *start = fill_place(4);
    (void)protect(start + 2 * PAGE, 2 * PAGE, READ);
    is(remap(start, PAGE, 0, MAYMOVE, 0), -EINVAL, "M18: mremap to size 0");
    is(remap(start + 1, PAGE, PAGE, MAYMOVE, 0), -EINVAL, "M18: mremap unaligned");
    is(remap(at(0x10000000), PAGE, 2 * PAGE, MAYMOVE, 0), -EFAULT, "M18: mremap of a hole");
    is(remap(at(0), PAGE, 2 * PAGE, MAYMOVE, 0), -EFAULT, "M18: mremap of page 0");
    is(remap(at(KERNEL_BASE), PAGE, 2 * PAGE, MAYMOVE, 0), -EFAULT, "M18: mremap of the kernel");
    is(remap(start, 4 * PAGE, 8 * PAGE, MAYMOVE, 0), -EFAULT, "M18: mremap over two areas");
    is(remap(start + 2 * PAGE, 4 * PAGE, 8 * PAGE, MAYMOVE, 0), -EFAULT,
       "M18: mremap over the end of an area");
    is(remap(start, PAGE, PAGE, MREMAP_FIXED, PLACE + 0x100000), -EINVAL,
       "M18: mremap FIXED without MAYMOVE");
    is(remap(start, PAGE, PAGE, 0x80, 0), -EINVAL, "M18: mremap with an unknown flag");
    is(remap(start, 2 * PAGE, 2 * PAGE, TO_FIXED, PLACE + PAGE), -EINVAL,
       "M18: mremap to an overlapping range above");
    is(remap(start + PAGE, PAGE, 2 * PAGE, TO_FIXED, PLACE), -EINVAL,
       "M18: mremap to an overlapping range below");
    is(remap(start, PAGE, PAGE, TO_FIXED, PLACE), -EINVAL, "M18: mremap onto itself");
    is(remap(start, PAGE, PAGE, TO_FIXED, PLACE + 0x100001), -EINVAL,
       "M18: mremap FIXED unaligned");
    is(remap(start, PAGE, PAGE, TO_FIXED, KERNEL_BASE), -EINVAL, "M18: mremap FIXED in the kernel");
    is(remap(start, PAGE, 2 * PAGE, TO_FIXED, KERNEL_BASE - PAGE), -EINVAL,
       "M18: mremap FIXED across the kernel's base");
    is(remap(start, PAGE, 0xC0000000u, MAYMOVE, 0), -ENOMEM,
       "M18: mremap to a size that is too large");
    is(remap(start, 0, PAGE, MAYMOVE, 0), -EINVAL, "M18: mremap of old size 0 on private memory");
    is(remap(start, 2 * PAGE, 3 * PAGE, 0, 0), -ENOMEM,
       "M18: growing in place blocked by a neighbour");
    is(remap(start, PAGE, 3 * PAGE, 0, 0), -ENOMEM,
       "M18: growing in place blocked by the area's own rest");
    is(intact_pages(start, 4), 0xF, "M18: a refused mremap changes nothing");
    ok(is_fatal(write_byte, start + 2 * PAGE), "M18: a refused mremap changes no right");
    (void)unmap(start, 4 * PAGE);
}

static void test_remap(void)
{
    int before = freemem();
    char *start = fill_place(4);
    is(remap(start, 4 * PAGE, 4 * PAGE, 0, 0), PLACE, "M18: mremap to the same size");
    is(remap(start, 4 * PAGE, 6 * PAGE, 0, 0), PLACE, "M18: growing in place");
    is(mapped_pages(start, 8), 0x3F, "M18: growing in place adds pages");
    is(start[5 * PAGE], 0, "M18: growing in place adds zeros");
    is(remap(start, 6 * PAGE, 2 * PAGE, 0, 0), PLACE, "M18: shrinking in place");
    is(mapped_pages(start, 8), 0x3, "M18: shrinking unmaps pages");
    is(map(PLACE + 2 * PAGE, PAGE, READ, PRIVATE | MAP_FIXED), PLACE + 2 * PAGE,
       "M18: map a neighbour");
    long moved = remap(start, 2 * PAGE, 5 * PAGE, MAYMOVE, 0);
    ok(is_good(moved) && moved != PLACE, "M18: growing by moving");
    is(intact_pages(at((unsigned long)moved), 2), 0x3, "M18: growing by moving keeps the data");
    is(mapped_pages(start, 3), 0x4, "M18: growing by moving unmaps the old range");
    is(remap(at((unsigned long)moved) + PAGE, PAGE, PAGE, TO_FIXED, PLACE + 2 * PAGE),
       PLACE + 2 * PAGE, "M18: move a page from the middle onto the neighbour");
    is(start[2 * PAGE], 2, "M18: the page moved onto the neighbour has its data");
    is(mapped_pages(at((unsigned long)moved), 5), 0x1D,
       "M18: the source page is unmapped after the move");
    ok(!is_fatal(write_byte, start + 2 * PAGE), "M18: the moved page keeps its rights");
    (void)unmap(at((unsigned long)moved), 5 * PAGE);
    (void)unmap(start, 3 * PAGE);
    is(before - freemem(), 0, "M18: every frame is back after the moves");

    volatile int *one = map_shared(PAGE);
    one[0] = 1;
    long second = remap((void *)(unsigned long)one, 0, PAGE, MAYMOVE, 0);
    ok(is_good(second), "M18: mremap of old size 0 copies a shared mapping");
    volatile int *two = (volatile int *)at((unsigned long)second);
    two[0]++;
    is(one[0], 2, "M18 M21: the copy of a shared mapping is the same memory");
    (void)unmap((void *)(unsigned long)one, PAGE);
    is(two[0], 2, "M18 M21: the copy of a shared mapping outlives the first");
    (void)unmap((void *)(unsigned long)two, PAGE);
    is(before - freemem(), 0, "M18: every frame is back after the copy");
}

/* ---- M19 ------------------------------------------------------------------------------------- */

static void test_advice(void)
{
    static const int advice[] = {MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
                                 MADV_DONTNEED};
    unsigned char vector[8];
    const long wraps = is_faultline() ? -EINVAL : -ENOMEM; /* with 64 bits: not mapped */
    char *start = fill_place(6);
    (void)unmap(start + 3 * PAGE, PAGE);
    for (size_t i = 0; i < COUNT(advice); i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "M19: madvise %d: unaligned, wrapping, length 0, fine",
                       advice[i]);
        int wrong = call(__NR_madvise, start + 1, PAGE, advice[i]) != -EINVAL;
        if (is_faultline()) { /* with 64 bits it does not wrap */
            wrong += call(__NR_madvise, start, 0xFFFFFFFFu, advice[i]) != wraps;
            wrong += call(__NR_madvise, start, 0xFFFFF000u, advice[i]) != wraps;
        }
        wrong += call(__NR_madvise, start, 0, advice[i]) != 0;
        wrong += call(__NR_madvise, start, 3 * PAGE, advice[i]) != 0;
        is(wrong, 0, name);
        (void)snprintf(name, sizeof(name), "M19: madvise %d over a hole", advice[i]);
        is(call(__NR_madvise, start, 6 * PAGE, advice[i]), -ENOMEM, name);
    }
    is(intact_pages(start, 6), 0, "M19: DONTNEED over a hole dropped both sides");
    is(mapped_pages(start, 6), 0x37, "M19: DONTNEED over a hole keeps the areas");
    is(call(__NR_madvise, start, PAGE, 99), -EINVAL, "M19: madvise with unknown advice");
    is(call(__NR_madvise, start, 0, 99), -EINVAL, "M19: madvise with unknown advice and length 0");
    is(call(__NR_madvise, start, PAGE, -1), -EINVAL, "M19: madvise with advice -1");

    int before = freemem();
    start[0] = start[PAGE] = 1;
    is(call(__NR_madvise, start, PAGE, MADV_DONTNEED), 0, "M19: DONTNEED of two pages");
    ok(start[0] == 0 && start[PAGE] == 1, "M19: DONTNEED drops exactly its pages");
    (void)call(__NR_madvise, start, 2 * PAGE, MADV_DONTNEED);
    is(before - freemem(), 0, "M19: DONTNEED frees the frames");

    is(call(__NR_msync, start + 1, PAGE, MS_SYNC), -EINVAL, "M19: msync unaligned");
    is(call(__NR_msync, start, 6 * PAGE, MS_SYNC), -ENOMEM, "M19: msync over a hole");
    is(call(__NR_msync, start, PAGE, 8), -EINVAL, "M19: msync with an unknown flag");
    is(call(__NR_msync, start, PAGE, MS_SYNC | MS_ASYNC), -EINVAL, "M19: msync SYNC and ASYNC");
    is(call(__NR_msync, start, 0xFFFFF000u, MS_SYNC), -ENOMEM, "M19: msync that wraps");
    is(call(__NR_msync, start, 3 * PAGE, MS_ASYNC), 0, "M19: msync of a mapping");
    is(call(__NR_msync, start, 0, 0), 0, "M19: msync of length 0");

    is(call(__NR_mincore, start + 1, PAGE, vector), -EINVAL, "M19: mincore unaligned");
    is(call(__NR_mincore, start, 6 * PAGE, vector), -ENOMEM, "M19: mincore over a hole");
    is(call(__NR_mincore, start + 3 * PAGE, PAGE, vector), -ENOMEM, "M19: mincore of a hole");
    is(call(__NR_mincore, start, PAGE, 0), -EFAULT, "M19: mincore without a vector");
    is(call(__NR_mincore, start, PAGE, KERNEL_BASE), -EFAULT, "M19: mincore into the kernel");
    is(call(__NR_mincore, at(KERNEL_BASE), PAGE, vector), -ENOMEM, "M19: mincore of the kernel");
    is(call(__NR_mincore, start, 0, 0), 0, "M19: mincore of length 0");
    (void)call(__NR_madvise, start, 3 * PAGE, MADV_DONTNEED);
    start[PAGE] = 1;
    is(call(__NR_mincore, start, 3 * PAGE - 1, vector), 0, "M19: mincore of a mapping");
    ok(!(vector[0] & 1) && (vector[1] & 1) && !(vector[2] & 1),
       "M19: mincore reports which page is resident");

    is(call(__NR_mlock, start, 6 * PAGE), -ENOMEM, "M19: mlock over a hole");
    is(call(__NR_mlock, start, 0xFFFFFFFFu), 0, "M19: mlock of a length that rounds to 0");
    is(call(__NR_mlock, start, 0xFFFFF000u), -EINVAL, "M19: mlock that wraps");
    is(call(__NR_mlock, start + 5, 10), 0, "M19: mlock rounds an unaligned address");
    is(call(__NR_munlock, start + 5, 10), 0, "M19: munlock rounds an unaligned address");
    is(call(__NR_munlock, start, 6 * PAGE), -ENOMEM, "M19: munlock over a hole");
    is(call(__NR_munlock, start, 0xFFFFFFFFu), 0, "M19: munlock of a length that rounds to 0");
    is(call(__NR_munlock, start, 0xFFFFF000u), -EINVAL, "M19: munlock that wraps");
    is(call(__NR_mlock, start, 0), 0, "M19: mlock of length 0");
    (void)unmap(start, 6 * PAGE);
}

/* ---- M20: brk -------------------------------------------------------------------------------- */

static unsigned long move_break(unsigned long to)
{
    return (unsigned long)call(__NR_brk, to);
}

static void test_break(void)
{
    unsigned long start = move_break(0);
    unsigned long page = (start + PAGE - 1) & ~(unsigned long)(PAGE - 1);
    int before = freemem();
    is(move_break(start - 1), start, "M20: brk one byte below the start");
    is(move_break(1), start, "M20: brk far below the start");
    is(move_break(KERNEL_BASE), start, "M20: brk into the kernel");
    is(move_break(0xFFFFFFFFu), start, "M20: brk of the largest address");
    is(move_break((unsigned long)&start), start, "M20: brk into the stack");
    is(move_break(start + 5), start + 5, "M20: brk to an unaligned address");
    is(move_break(0), start + 5, "M20: brk(0) returns the break");
    is(move_break(page + 3 * PAGE), page + 3 * PAGE, "M20: brk up by three pages");
    char *heap = at(page);
    heap[0] = heap[3 * PAGE - 1] = 1;
    is(move_break(page + 1), page + 1, "M20: brk back into the first page");
    ok(is_fatal(read_byte, heap + PAGE), "M20: brk unmaps the pages above the break");
    is(heap[0], 1, "M20: brk keeps the page of the break");
    is(move_break(page + 3 * PAGE), page + 3 * PAGE, "M20: brk up again");
    is(heap[3 * PAGE - 1], 0, "M20: brk up again maps zeros");
    is(map(page + 4 * PAGE, PAGE, RW, PRIVATE | MAP_FIXED), (long)(page + 4 * PAGE),
       "M20: map a page above the break");
    is(move_break(page + 5 * PAGE), page + 3 * PAGE, "M20: brk into a mapping");
    is(move_break(page + 9 * PAGE), page + 3 * PAGE, "M20: brk past a mapping");
    if (is_faultline()) { /* Linux keeps a gap */
        is(move_break(page + 4 * PAGE), page + 4 * PAGE, "M20: brk up to a mapping");
    }
    (void)unmap(at(page + 4 * PAGE), PAGE);
    is(move_break(start), start, "M20: brk back to the start");
    is(before - freemem(), 0, "M20: every frame of the heap is back");
}

/* ---- M21: one file, many mappings ------------------------------------------------------------ */

static int use_both(void *argument)
{
    char **mapped = argument;
    if (mapped[1][4] != mapped[0][4] || mapped[2][0] != 'P') {
        return 1;
    }
    mapped[2][0] = 'C';
    return mapped[0][0] == 0x7F && mapped[1][0] == 0x7F ? 0 : 2;
}

static int add_one(void *unused)
{
    (void)unused;
    shared[1]++;
    return shared[0] == 41 ? 0 : 1;
}

static void test_sharing(void)
{
    int before = freemem();
    char bytes[8];
    char *mapped[3] = {at((unsigned long)map_file(READ, MAP_SHARED)),
                       at((unsigned long)map_file(READ, MAP_SHARED)),
                       at((unsigned long)map_file(RW, MAP_PRIVATE))};
    ok(memcmp(mapped[0], "\177ELF", 4) == 0 && memcmp(mapped[1], mapped[0], PAGE) == 0,
       "M21: two shared mappings of one file");
    ok(memcmp(mapped[2], mapped[0], PAGE) == 0, "M21: a private mapping of the same file");
    mapped[2][0] = 'P';
    ok(mapped[0][0] == 0x7F && mapped[1][0] == 0x7F, "M21: a private write stays private");
    (void)call(__NR_lseek, file, 0, 0);
    is(call(__NR_read, file, bytes, 8), 8, "M21: read() of the mapped file");
    ok(memcmp(bytes, mapped[0], 8) == 0, "M21: read() returns what the shared mappings show");
    is(status_of_child(use_both, mapped), 0, "M21: fork with shared and private file pages");
    is(mapped[2][0], 'P', "M21: a child's write leaves the parent's private page");
    for (int i = 0; i < 3; i++) {
        (void)unmap(mapped[i], PAGE);
    }
    is(before - freemem(), 0, "M21: every frame of the file mappings is back");

    shared[0] = 41;
    shared[1] = 0;
    is(status_of_child(add_one, NULL), 0, "M21: a child sees shared memory");
    is(status_of_child(add_one, NULL), 0, "M21: a second child sees shared memory");
    is(shared[1], 2, "M21: both children write shared memory");

    /* Private pages over shared memory made before and after the fork. */
    mapped[0] = at((unsigned long)map(0, 2 * PAGE, RW, SHARED_ANON));
    mapped[0][0] = 1;
    is(status_of_child(write_byte, mapped[0] + PAGE), 0,
       "M21: a child touches a shared page first");
    is(mapped[0][PAGE], 1, "M21: the parent sees a page that a child touched first");
    (void)unmap(mapped[0], 2 * PAGE);
    is(before - freemem(), 0, "M21: every frame of the shared memory is back");
}

/* ---- M22 ------------------------------------------------------------------------------------- */

static void test_write_and_execute(void)
{
    char *page = at((unsigned long)map(0, PAGE, RWX, PRIVATE));
    ok(is_good((long)(unsigned long)page), "M22: W + X is granted");
    page[0] = (char)0xC3;
    is(run_byte(page), 0, "M22: a W + X page is written and executed");
    if (is_faultline()) {
        static struct fl_map_area areas[64];
        int n = map_list(0, areas, 64), found = 0;
        for (int i = 0; i < n; i++) {
            found += areas[i].start <= (unsigned long)page && (unsigned long)page < areas[i].end &&
                     areas[i].prot == RWX;
        }
        is(found, 1, "M22: the list of areas shows W + X");
    }
    is(protect(page, PAGE, READ | PROT_EXEC), 0, "M22: mprotect takes W from a W + X page");
    ok(is_fatal(write_byte, page), "M22: a page without W cannot be written");
    is(run_byte(page), 0, "M22: a page without W can be executed");
    unmap_pages(page, 1);
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 1) {
        return run_case(argv[1]);
    }
    settle();
    shared = map_shared(PAGE);
    file = (int)call(__NR_open, program, 0);
    ok(file > 2, "the program's own file");
    test_lengths();
    test_types();
    test_hints();
    test_fixed_refusals();
    test_fixed();
    test_no_replace();
    test_files();
    test_unmap();
    test_fatal_cases();
    test_protect_refusals();
    test_protect();
    test_remap_refusals();
    test_remap();
    test_advice();
    test_break();
    test_sharing();
    test_write_and_execute();
    return done_testing();
}
