/*
 * Arguments that name the same thing (bad-input S16), what lies past an object's end (M25), and the
 * corners of Linux's memory and file calls that programs seldom meet. The answers are Linux 6.1's on
 * i386: this very file runs there, too.
 */
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/random.h>
#include <linux/uio.h>

#include "calls.h"
#include "tap.h"

#define MAYMOVE       1
#define FIXED         2
#define PROT_DOWN     0x01000000
#define PROT_UP       0x02000000
#define GROWS_DOWN    0x100
#define FIXED_PLACE   0x10
#define TCGETS        0x5401
#define TRANSFER_MAX  0x7FFFF000u
#define ALL_BUT_PAGE  0xFFFFF001u /* rounded up to pages it is 0 */
#define LIMIT_NOFILE  7
#define LIMIT_COUNT   16
#define ACCESS_MODE_3 3

static long mremap_call(const void *old, unsigned long old_len, unsigned long new_len, int flags,
                        const void *to)
{
    return call(__NR_mremap, old, old_len, new_len, flags, to);
}

static char *map_with(int prot, int flags, int fd)
{
    return at((unsigned long)call(__NR_mmap2, 0, PAGE, prot, flags, fd, 0));
}

/* Is there no mapping at all? */
static bool is_unmapped(const void *address)
{
    unsigned char vector;
    return call(__NR_mincore, address, PAGE, &vector) == -ENOMEM;
}

static bool is_bus_error(int (*access)(void *), const void *address)
{
    void *target;
    memcpy(&target, &address, sizeof(target));
    int status = status_of_child(access, target);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS;
}

static bool is_harmless(int (*access)(void *), const void *address)
{
    void *target;
    memcpy(&target, &address, sizeof(target));
    return status_of_child(access, target) == 0;
}

/* ---- S16: mremap onto itself --------------------------------------------------------------------- */

static char *shared_between_holes(unsigned int pages)
{
    char *place = map_between_holes(pages);
    return at((unsigned long)call(__NR_mmap2, place, pages * PAGE, RIGHTS_RW,
                                  SHARED_ANON | FIXED_PLACE, -1, 0));
}

static void test_mremap_aliases(void)
{
    char *p = shared_between_holes(1);
    p[0] = 1;
    is(mremap_call(p, 0, PAGE, MAYMOVE | FIXED, p), -EFAULT,
       "S16: a second view of shared memory in its own place");
    ok(is_unmapped(p),
       "S16: a refused mremap into its own source has cleared the destination, as Linux does");

    p = shared_between_holes(3);
    p[0] = 1, p[PAGE] = 2, p[2 * PAGE] = 3;
    is(mremap_call(p, 0, PAGE, MAYMOVE | FIXED, p + PAGE), (long)(p + PAGE),
       "S16: a second view in the middle of the first");
    ok(p[0] == 1 && p[PAGE] == 1 && p[2 * PAGE] == 3,
       "S16: the second view in the middle shows the first page");
    *(volatile char *)p = 9;
    is(*(volatile char *)(p + PAGE), 9, "S16: the second view in the middle shares the first page");
    is(mremap_call(p + PAGE, 0, 2 * PAGE, MAYMOVE | FIXED, p), -EINVAL,
       "S16: a second view over its own source");
    is(mremap_call(p, PAGE, PAGE, MAYMOVE | FIXED, p), -EINVAL,
       "S16: mremap onto exactly its old range");
    is(mremap_call(p, 2 * PAGE, 2 * PAGE, MAYMOVE | FIXED, p + PAGE), -EINVAL,
       "S16: mremap of overlapping ranges");
    is(p[2 * PAGE], 3, "S16: refused moves change nothing");
    unmap_pages(p, 3);

    p = map_between_holes(1);
    p[0] = 4;
    is(mremap_call(p, 0, PAGE, MAYMOVE, 0), -EINVAL,
       "S16: mremap makes no second view of private memory");
    char *q = map_between_holes(1);
    is(mremap_call(p, 2 * PAGE, 2 * PAGE, MAYMOVE | FIXED, q), -EFAULT,
       "S16: mremap of more than the area");
    ok(is_unmapped(q),
       "S16: a refused mremap of more than the area has cleared its destination, as Linux does");
    is(p[0], 4, "S16: a refused mremap of more than the area keeps the source");
    unmap_pages(p, 1);
}

static void test_other_aliases(void)
{
    char *p = map_between_holes(2);
    struct iovec *v = (struct iovec *)(void *)p;
    long zeros = call(__NR_open, "/dev/zero", 0), twin = call(__NR_fcntl64, zeros, F_DUPFD, 0);
    v[0] = (struct iovec){p, 2 * sizeof(*v)};
    v[1] = (struct iovec){p + PAGE, 8};
    is(call(__NR_readv, zeros, v, 2), (long)(2 * sizeof(*v) + 8),
       "S16: readv over its own vectors");
    is(p[0], 0, "S16: readv fetches its vectors once");
    is(call(__NR_fcntl64, zeros, F_DUPFD, twin + 1), twin + 1,
       "S16: fcntl makes a third descriptor of one file");
    is(call(__NR_close, zeros), 0, "S16: one of three descriptors closes");
    is(call(__NR_read, twin, p, 4), 4, "S16: the copies of a closed descriptor stay open");
    (void)call(__NR_close, twin);
    (void)call(__NR_close, twin + 1);
    p[0] = 7;
    is(call(__NR_mincore, p, PAGE, p), 0, "S16: mincore's answer in the page it is about");
    is(p[0], 1, "S16: mincore's answer in the page it is about arrives");
    unmap_pages(p, 2);
}

/* ---- M25 ----------------------------------------------------------------------------------------- */

static void test_past_the_object(void)
{
    char *p = shared_between_holes(1);
    p[0] = 5;
    is(mremap_call(p, PAGE, 4 * PAGE, 0, 0), (long)p, "M25: shared memory grows in place");
    ok(is_bus_error(read_byte, p + PAGE) && is_bus_error(write_byte, p + 3 * PAGE),
       "M25: an access past the shared object is SIGBUS");
    is(call(__NR_read, -1, p + PAGE, 1), -EBADF,
       "M25: a call that is refused does not look at its buffer");
    unsigned char vector[4];
    long random = call(__NR_getrandom, p + PAGE, 1, 0);
    is(random, -EFAULT, "M25: a buffer past the shared object is -EFAULT for a system call");
    is(call(__NR_mincore, p, 4 * PAGE, vector), 0, "M25: mincore of pages past the shared object");
    is(vector[3] & 1, 0, "M25: mincore finds nothing past the shared object");
    is(call(__NR_madvise, p, 4 * PAGE, MADV_POPULATE_WRITE), -EFAULT,
       "M25: MADV_POPULATE_READ of pages past the shared object");
    is(p[0], 5, "M25: the shared object's own page keeps its bytes");
    is(call(__NR_munmap, p, 4 * PAGE), 0, "M25: munmap of the grown shared memory");

    p = shared_between_holes(2);
    p[0] = 6, p[PAGE] = 7;
    long twice = mremap_call(p, 0, 8 * PAGE, MAYMOVE, 0);
    ok(is_good(twice), "M25: a second view, longer than the object");
    ok(at((unsigned long)twice)[0] == 6 && at((unsigned long)twice)[PAGE] == 7,
       "M25: a longer second view shows the object");
    ok(is_bus_error(write_byte, at((unsigned long)twice) + 2 * PAGE),
       "M25: a longer second view ends with the object");
    (void)call(__NR_munmap, twice, 8 * PAGE);
    long middle = mremap_call(p + PAGE, 0, 2 * PAGE, MAYMOVE, 0);
    ok(is_good(middle) && at((unsigned long)middle)[0] == 7 &&
           is_bus_error(read_byte, at((unsigned long)middle) + PAGE),
       "M25: a view that begins in the middle ends with the object");
    (void)call(__NR_munmap, middle, 2 * PAGE);
    char *fixed = map_between_holes(4);
    is(mremap_call(p, 2 * PAGE, 4 * PAGE, MAYMOVE | FIXED, fixed), (long)fixed,
       "M25: mremap moves and grows shared memory");
    ok(fixed[0] == 6 && is_bus_error(write_byte, fixed + 2 * PAGE),
       "M25: moved and grown, past the end is SIGBUS");
    unmap_pages(fixed, 4);
}

/* ---- Stacks of a program's own ------------------------------------------------------------------- */

#define STACK_TOP ((char *)0x2A000000) /* nothing is near by */

static int touch_downward(void *from)
{
    for (char *p = from; p > STACK_TOP - 20 * PAGE; p -= PAGE) {
        *(volatile char *)p = 1;
    }
    return 0;
}

static void test_grows_down(void)
{
    char *p = at((unsigned long)call(__NR_mmap2, STACK_TOP - PAGE, PAGE, RIGHTS_RW,
                                     PRIVATE_ANON | FIXED_PLACE | GROWS_DOWN, -1, 0));
    is((long)p, (long)(STACK_TOP - PAGE), "MAP_GROWSDOWN makes a mapping");
    ok(is_harmless(touch_downward, STACK_TOP - 1), "MAP_GROWSDOWN grows by faults");
    ok(is_fatal(write_byte, STACK_TOP - (9 << 20)),
       "MAP_GROWSDOWN does not grow past the limit of a stack");
    touch_downward(STACK_TOP - 1);
    is(call(__NR_mprotect, STACK_TOP - PAGE, PAGE, 1 | PROT_DOWN), 0, "PROT_GROWSDOWN");
    ok(is_fatal(write_byte, STACK_TOP - 19 * PAGE),
       "mprotect with PROT_GROWSDOWN reaches down to the start of the mapping");
    is(call(__NR_mprotect, STACK_TOP - PAGE, PAGE, RIGHTS_RW | PROT_DOWN), 0,
       "mprotect with PROT_GROWSDOWN grants the right again");
    char *blocker = STACK_TOP - (4 << 20);
    (void)call(__NR_mmap2, blocker, PAGE, RIGHTS_RW, PRIVATE_ANON | FIXED_PLACE, -1, 0);
    ok(is_fatal(write_byte, blocker + 2 * PAGE),
       "MAP_GROWSDOWN keeps its distance from a mapping below");
    unmap_pages(blocker, 1);
    unmap_pages(STACK_TOP - 20 * PAGE, 20);
    ok(is_fatal(write_byte, STACK_TOP - PAGE), "an unmapped MAP_GROWSDOWN area no longer grows");

    p = map_between_holes(2);
    is(call(__NR_mprotect, p, PAGE, 1 | PROT_DOWN), -EINVAL,
       "PROT_GROWSDOWN outside a growing mapping is EINVAL");
    is(call(__NR_mprotect, p, PAGE, 1 | PROT_UP), -EINVAL, "PROT_GROWSUP of any mapping is EINVAL");
    is(call(__NR_mprotect, p, PAGE, 1 | PROT_UP | PROT_DOWN), -EINVAL,
       "PROT_GROWSUP with PROT_GROWSDOWN is EINVAL");
    is(call(__NR_mprotect, p - PAGE, PAGE, 1 | PROT_DOWN), -ENOMEM, "PROT_GROWSDOWN on nothing");
    is(call(__NR_mprotect, p - PAGE, PAGE, 1 | PROT_UP), -ENOMEM, "PROT_GROWSUP on nothing");
    ok(is_harmless(write_byte, p), "a refused PROT_GROWSDOWN changes no right");
    unmap_pages(p, 2);
    is(call(__NR_mmap2, 0, PAGE, RIGHTS_RW, SHARED_ANON | GROWS_DOWN, -1, 0), -EINVAL,
       "MAP_GROWSDOWN of shared memory");
}

/* ---- What fork takes along ----------------------------------------------------------------------- */

static int is_still_7(void *address)
{
    return *(volatile char *)address != 7;
}

static int is_zero(void *address)
{
    return *(volatile char *)address != 0;
}

static int is_missing(void *address)
{
    return !is_unmapped(address);
}

/* A grandchild, to see that the advice is inherited. */
static int child_sees_zero(void *address)
{
    *(volatile char *)address = 5;
    return status_of_child(is_zero, address) != 0;
}

static long advise(const void *start, unsigned int pages, int advice)
{
    return call(__NR_madvise, start, pages * PAGE, advice);
}

static void test_fork_advice(void)
{
    char *p = map_between_holes(3);
    memset(p, 7, 3 * PAGE);
    is(advise(p + PAGE, 1, MADV_DONTFORK), 0, "MADV_DONTFORK");
    is(status_of_child(is_still_7, p), 0,
       "MADV_DONTFORK: the child has the page in front of the range");
    is(status_of_child(is_missing, p + PAGE), 0,
       "MADV_DONTFORK: the child does not have the range");
    is(status_of_child(is_still_7, p + 2 * PAGE), 0,
       "MADV_DONTFORK: the child has the page behind the range");
    is(p[PAGE], 7, "MADV_DONTFORK: the parent keeps the range");
    is(advise(p, 3, MADV_DOFORK), 0, "MADV_DOFORK");
    is(status_of_child(is_still_7, p + PAGE), 0, "MADV_DOFORK: the child has the range again");

    is(advise(p, 2, MADV_WIPEONFORK), 0, "MADV_WIPEONFORK");
    is(status_of_child(is_zero, p + PAGE), 0, "MADV_WIPEONFORK: the child sees zeros");
    is(status_of_child(child_sees_zero, p + PAGE), 0,
       "MADV_WIPEONFORK: the child's child sees zeros");
    ok(is_harmless(write_byte, p), "MADV_WIPEONFORK: the child may write the range");
    is(p[PAGE], 7, "MADV_WIPEONFORK: the parent keeps its bytes");
    is(status_of_child(is_still_7, p + 2 * PAGE), 0,
       "MADV_WIPEONFORK: the child keeps the bytes behind the range");
    is(advise(p, 3, MADV_KEEPONFORK), 0, "MADV_KEEPONFORK");
    is(status_of_child(is_still_7, p), 0, "MADV_KEEPONFORK: the child sees the bytes again");

    is(advise(p - PAGE, 2, MADV_DONTFORK), -ENOMEM, "MADV_DONTFORK with a hole in front is ENOMEM");
    is(status_of_child(is_missing, p), 0, "MADV_DONTFORK with a hole in front does the rest");
    is(advise(p + 1, 1, MADV_DONTFORK), -EINVAL, "MADV_DONTFORK of an unaligned range");
    is(advise(p, 0, MADV_WIPEONFORK), 0, "MADV_WIPEONFORK of length 0");
    unmap_pages(p, 3);
    p = shared_between_holes(1);
    is(advise(p, 1, MADV_WIPEONFORK), -EINVAL, "MADV_WIPEONFORK of shared memory");
    is(advise(p, 1, MADV_KEEPONFORK), 0, "MADV_KEEPONFORK of shared memory");
    is(advise(p, 1, MADV_DONTFORK), 0, "MADV_DONTFORK of shared memory");
    is(status_of_child(is_missing, p), 0,
       "MADV_DONTFORK: the child does not have the shared memory");
    unmap_pages(p, 1);
}

/* ---- Ranges that wrap when they are rounded ------------------------------------------------------ */

static void test_rounding(void)
{
    char *p = map_between_holes(1);
    is(call(__NR_msync, p, ALL_BUT_PAGE, MS_SYNC), 0, "msync of a length that rounds to 0");
    is(call(__NR_msync, p, 0xFFFFF000u, MS_SYNC), -ENOMEM, "msync of a length that wraps");
    is(call(__NR_msync, p + 1, ALL_BUT_PAGE, MS_SYNC), -EINVAL, "msync of an unaligned address");
    is(call(__NR_msync, 0xFFFFF000u, 2 * PAGE, MS_SYNC), -ENOMEM,
       "msync at the end of all addresses");
    is(call(__NR_madvise, p, ALL_BUT_PAGE, MADV_DONTNEED), -EINVAL,
       "madvise of a length that rounds to 0");
    is(call(__NR_mlock, p, ALL_BUT_PAGE), 0, "mlock of a length that rounds to 0");
    is(call(__NR_munlock, p, ALL_BUT_PAGE), 0, "munlock of a length that rounds to 0");
    is(call(__NR_mlock, p, 0xFFFFF000u), -EINVAL, "mlock of a length that wraps");
    is(call(__NR_mlock, p + 1, 0xFFFFFFFFu), 0, "mlock of a length that wraps round to 0");
    unmap_pages(p, 1);
}

/* ---- Vectors ------------------------------------------------------------------------------------- */

static void test_vector_sums(void)
{
    long sink = call(__NR_open, "/dev/null", 1);
    char *p = map_between_holes(1);
    struct iovec v[3] = {{p, 0x7FFFFFFF}, {p, 1}, {p, 0x7FFFFFFF}};
    is(call(__NR_writev, sink, v, 2), TRANSFER_MAX, "S11: writev cuts a sum of 2 GiB");
    is(call(__NR_writev, sink, v, 3), TRANSFER_MAX, "S11: writev cuts a sum that wraps");
    v[0].iov_len = 8;
    is(call(__NR_writev, sink, v, 3), TRANSFER_MAX, "S11: writev cuts its last iovec");
    v[1].iov_base = at(KERNEL_BASE);
    is(call(__NR_writev, sink, v, 3), -EFAULT, "S11: writev with an iovec in the kernel");
    v[2].iov_len = 0x80000000u;
    is(call(__NR_writev, sink, v, 3), -EINVAL,
       "S11: writev refuses a negative length before a bad address");
    (void)call(__NR_close, sink);
    unmap_pages(p, 1);
}

/* ---- Files --------------------------------------------------------------------------------------- */

static void test_mode_3(void)
{
    struct iovec v = {at(0x30000000), 1};
    long fd = call(__NR_open, "/dev/null", ACCESS_MODE_3);
    ok(is_good(fd), "S17: access mode 3 opens");
    is(call(__NR_fcntl64, fd, F_GETFL, 0) & O_ACCMODE, ACCESS_MODE_3,
       "S17: fcntl reports access mode 3");
    is(call(__NR_read, fd, at(0x30000000), 0), -EBADF, "S17: access mode 3 cannot read");
    is(call(__NR_write, fd, at(0x30000000), 0), -EBADF, "S17: access mode 3 cannot write");
    is(call(__NR_readv, fd, &v, 1), -EBADF, "S17: access mode 3 cannot readv");
    is(call(__NR_writev, fd, &v, 1), -EBADF, "S17: access mode 3 cannot writev");
    is(call(__NR_ioctl, fd, TCGETS, at(0x30000000)), -ENOTTY, "S17: access mode 3 reaches ioctl");
    is(call(__NR_mmap2, 0, PAGE, 1, 2, fd, 0), -EACCES, "S17: access mode 3 cannot mmap");
    (void)call(__NR_close, fd);
    is(call(__NR_open, "/", ACCESS_MODE_3), -EISDIR,
       "S17: open of a directory with access mode 3 is EISDIR");
}

static void test_directory(void)
{
    struct iovec v = {at(0x30000000), 1};
    long fd = call(__NR_open, "/", 0);
    is(call(__NR_ioctl, fd, TCGETS, 0), -ENOTTY, "S17: ioctl of a directory");
    is(call(__NR_ioctl, fd, 0, 0), -ENOTTY, "S17: any ioctl of a directory");
    is(call(__NR_readv, fd, &v, 1), -EISDIR, "S17: readv of a directory");
    is(call(__NR_writev, fd, &v, 1), -EBADF, "S17: writev to a directory");
    is(call(__NR_mmap2, 0, PAGE, 1, 2, fd, 0), -ENODEV, "S17: mmap of a directory");
    is(call(__NR_mmap2, 0, PAGE, RIGHTS_RW, 1, fd, 0), -EACCES,
       "S17: mmap of a directory, shared, to write");
    (void)call(__NR_close, fd);
}

static void test_dev_zero(void)
{
    long fd = call(__NR_open, "/dev/zero", 2), reader = call(__NR_open, "/dev/zero", 0);
    long null = call(__NR_open, "/dev/null", 2);
    char *p = map_with(RIGHTS_RW, 2, (int)fd);
    ok(is_good((long)p) && p[0] == 0, "/dev/zero mapped private is zeros");
    p[0] = 7;
    is(status_of_child(write_byte, p), 0, "a child writes its private copy of /dev/zero");
    is(p[0], 7, "the parent keeps its private copy of /dev/zero");
    unmap_pages(p, 1);
    p = map_with(RIGHTS_RW, 2, (int)reader);
    ok(is_good((long)p) && is_harmless(write_byte, p),
       "a private mapping of /dev/zero needs reading alone");
    unmap_pages(p, 1);
    p = map_with(RIGHTS_RW, 1, (int)fd);
    ok(is_good((long)p) && p[0] == 0, "/dev/zero mapped shared is zeros");
    is(status_of_child(write_byte, p), 0, "a child writes shared /dev/zero");
    is(p[0], 1, "the parent sees the child's write to shared /dev/zero");
    char *other = map_with(RIGHTS_RW, 1, (int)fd);
    is(other[0], 0, "two shared mappings of /dev/zero are different memory");
    ok(is_good(mremap_call(p, PAGE, 2 * PAGE, MAYMOVE, 0)), "a shared mapping of /dev/zero grows");
    unmap_pages(other, 1);
    is(call(__NR_mmap2, 0, PAGE, RIGHTS_RW, 1, reader, 0), -EACCES,
       "a shared mapping of /dev/zero needs writing");
    is(call(__NR_mmap2, 0, PAGE, RIGHTS_RW, 2 | GROWS_DOWN, fd, 0), -EINVAL,
       "MAP_GROWSDOWN of a file");
    is(call(__NR_mmap2, 0, PAGE, RIGHTS_RW, 2, null, 0), -ENODEV, "mmap of /dev/null is ENODEV");
    (void)call(__NR_close, fd);
    (void)call(__NR_close, reader);
    (void)call(__NR_close, null);
}

/* ---- Others -------------------------------------------------------------------------------------- */

static void test_limits(void)
{
    uint64_t limit[2], other[2];
    is(call(__NR_prlimit64, 0, LIMIT_NOFILE, 0, limit), 0, "prlimit64 reports a limit");
    is(call(__NR_prlimit64, 0, LIMIT_NOFILE, limit, other), 0,
       "prlimit64 accepts the limit that it reported");
    ok(memcmp(limit, other, sizeof(limit)) == 0,
       "prlimit64 reports the old limit while it sets one");
    is(call(__NR_prlimit64, 0, LIMIT_NOFILE, KERNEL_BASE, 0), -EFAULT,
       "prlimit64 with a bad pointer to a new limit");
    is(call(__NR_prlimit64, 0, LIMIT_COUNT, limit, 0), -EINVAL, "prlimit64 of an unknown limit");
    other[0] = limit[1] + 1;
    other[1] = limit[1];
    is(call(__NR_prlimit64, 0, LIMIT_NOFILE, other, 0), -EINVAL,
       "prlimit64 refuses a soft limit above the hard one");
    if (is_faultline()) { /* there root may */
        other[0] = other[1] = limit[1] - 1;
        is(call(__NR_prlimit64, 0, LIMIT_NOFILE, other, 0), -EPERM,
           "prlimit64 refuses to change a limit");
    }
}

static void test_random_flags(void)
{
    char bytes[4];
    is(call(__NR_getrandom, bytes, 4, GRND_RANDOM | GRND_INSECURE), -EINVAL,
       "S9: GRND_RANDOM with GRND_INSECURE");
    is(call(__NR_getrandom, bytes, 4, GRND_INSECURE | GRND_NONBLOCK), 4,
       "S9: GRND_INSECURE with GRND_NONBLOCK");
}

static int ask_for_failures(void *unused)
{
    (void)unused;
    return fail_frame(100, 1) == 0 ? 0 : 1;
}

/* What a program set with fail_frame is over when it ends, however that is. */
static void test_fail_frame_ends(void)
{
    if (!is_faultline() || fail_frame(0, 0) != 0) {
        skip("fail_frame ends with its program", "no failframe= on the command line");
        return;
    }
    is(status_of_child(ask_for_failures, NULL), 0, "a child asks for failures");
    char *p = map_pages(200);
    is(call(__NR_mlock, p, 200 * PAGE), 0, "a child's injected failures end with it");
    unmap_pages(p, 200);
}

/* ---- Advice about a part of a teaching area ------------------------------------------------------- */

/* The piece that is cut off has a record of its own, not one of the reserve: freeing it must know. Found by
 * random_calls. */
static void test_advice_cuts_teaching_area(void)
{
    if (!is_faultline()) {
        skip("madvise of a part of a teaching area", "Linux has none");
        return;
    }
    long p = call(FL_NR_area_mmap, 0, 3 * PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0);
    is(call(__NR_madvise, p + (long)PAGE, PAGE, MADV_DONTFORK), 0,
       "S16 madvise of the middle of a teaching area");
    is(call(__NR_munmap, p + (long)PAGE, PAGE), 0, "S16 munmap of that piece");
    is(call(FL_NR_area_munmap, p), 1, "S16 area_munmap of the rest of the teaching area");
}

int main(void)
{
    settle();
    test_mremap_aliases();
    test_other_aliases();
    test_past_the_object();
    test_grows_down();
    test_fork_advice();
    test_rounding();
    test_vector_sums();
    test_mode_3();
    test_directory();
    test_dev_zero();
    test_limits();
    test_random_flags();
    test_fail_frame_ends();
    test_advice_cuts_teaching_area();
    return done_testing();
}
