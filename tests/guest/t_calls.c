/*
 * bad-input, section 3: wrong numbers, pointers, lengths, descriptors and flags, call by call.
 * Written against Linux's answers; the file runs there too.
 */
#include <asm/ldt.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/uio.h>

#include "calls.h"
#include "tap.h"

#define IOV_MAX_COUNT 1024
#define LONGEST       0x7FFFFFFFu
#define TRANSFER_MAX  0x7FFFF000u /* Linux cuts longer reads and writes to this */

static const char *program;
static char *page;      /* a page between two holes, nothing around it   */
static char *no_access; /* a PROT_NONE page                          */
static char *read_only; /* a page that cannot be written             */
static int file, folder, sink, zeros;

static void is_all(int failures, const char *name)
{
    is(failures, 0, name);
}

static char *map_with(int prot)
{
    return at((unsigned long)call(__NR_mmap2, 0, PAGE, prot, PRIVATE_ANON, -1, 0));
}

/* ---- S1 -------------------------------------------------------------------------------------- */

static void test_numbers(void)
{
    static const long numbers[] = {-1,
                                   -2,
                                   (long)0x7FFFFFFF,
                                   (long)0x80000000u,
                                   17,
                                   31,
                                   32,
                                   35,
                                   44,
                                   53,
                                   56,
                                   58,
                                   98,
                                   127,
                                   130,
                                   137,
                                   188,
                                   189,
                                   222,
                                   223,
                                   251,
                                   285,
                                   511,
                                   512,
                                   549,
                                   553,
                                   554,
                                   568,
                                   569,
                                   570,
                                   1000,
                                   4096,
                                   65536,
                                   0x40000001};
    int wrong = 0;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        wrong += call(numbers[i], 0) != -ENOSYS;
    }
    is_all(wrong, "S1: numbers that mean nothing are -ENOSYS");
    wrong = 0;
    for (unsigned long number = 570; number < 5000; number++) {
        wrong += call((long)number, 0) != -ENOSYS;
    }
    is_all(wrong, "S1: every unused number up to 5000 is -ENOSYS");
    is(call((long)(0x80000000u | __NR_getpid), 0), -ENOSYS,
       "S1: a known number with the top bit is unknown");
}

/* ---- S2 -------------------------------------------------------------------------------------- */

#define BAD ((long)0x0BADF00D) /* in a row of arguments: put the bad pointer here */

struct pointer_call {
    const char *name;
    long number;
    long args[5];
    bool is_output;    /* the pointer is written through  */
    bool is_null_good; /* NULL means "nothing" to this call */
};

static long call_with(const struct pointer_call *c, unsigned long pointer)
{
    long args[5];
    for (int i = 0; i < 5; i++) {
        args[i] = c->args[i] == BAD ? (long)pointer : c->args[i];
    }
    return call(c->number, args[0], args[1], args[2], args[3], args[4]);
}

static void test_bad_pointers(const struct pointer_call *c, bool only_here)
{
    char name[96];
    if (only_here && !is_faultline()) {
        return;
    }
    const unsigned long pointers[] = {
        (unsigned long)(page - 1),    /* in a hole                           */
        (unsigned long)(page + PAGE), /* the other                           */
        (unsigned long)no_access,     /* PROT_NONE                           */
        8,                            /* page 0, not its first byte          */
        KERNEL_BASE,                  /* the kernel                          */
        KERNEL_BASE + 0x100000,       /* its text                            */
        0xFFE00000u,                  /* its windows                         */
        0xFFFFFFFFu,                  /* the last byte: anything longer wraps */
        0xFFFFFFF0u,
    };
    for (size_t i = 0; i < COUNT(pointers); i++) {
        (void)snprintf(name, sizeof(name), "S2: %s at %08lx", c->name, pointers[i]);
        is(call_with(c, pointers[i]), -EFAULT, name);
    }
    if (!c->is_null_good) {
        (void)snprintf(name, sizeof(name), "S2: %s at NULL", c->name);
        is(call_with(c, 0), -EFAULT, name);
    }
    if (c->is_output) {
        (void)snprintf(name, sizeof(name), "S2: %s into read-only memory", c->name);
        is(call_with(c, (unsigned long)read_only), -EFAULT, name);
    }
    /* One byte of it is there: a line end, in case it is printed. */
    bool is_byte_enough = c->number == __NR_mincore || c->number == FL_NR_exec_reason;
    page[PAGE - 1] = '\n';
    (void)snprintf(name, sizeof(name), "S2: %s with one good byte", c->name);
    long answer = call_with(c, (unsigned long)(page + PAGE - 1));
    ok(answer == -EFAULT || answer == 1 || (answer == 0 && is_byte_enough), name);
}

static void test_pointers(void)
{
    static char path[] = "/";
    const struct pointer_call calls[] = {
        {"read", __NR_read, {file, BAD, 64}, true, false},
        {"read of zeros", __NR_read, {zeros, BAD, 64}, true, false},
        {"write", __NR_write, {1, BAD, 64}, false, false},
        {"open", __NR_open, {BAD, 0}, false, false},
        {"access", __NR_access, {BAD, 0}, false, false},
        {"stat64's path", __NR_stat64, {BAD, (long)page}, false, false},
        {"stat64", __NR_stat64, {(long)path, BAD}, true, false},
        {"lstat64's path", __NR_lstat64, {BAD, (long)page}, false, false},
        {"lstat64", __NR_lstat64, {(long)path, BAD}, true, false},
        {"fstat64", __NR_fstat64, {file, BAD}, true, false},
        {"statx's path", __NR_statx, {AT_FDCWD, BAD, 0, 0xFFF, (long)page}, false, true},
        {"statx", __NR_statx, {AT_FDCWD, (long)path, 0, 0xFFF, BAD}, true, false},
        {"readlink's path", __NR_readlink, {BAD, (long)page, 64}, false, false},
        {"readlink", __NR_readlink, {(long)"/proc/self/exe", BAD, 64}, true, false},
        {"execve's path", __NR_execve, {BAD, 0, 0}, false, false},
        {"execve's arguments", __NR_execve, {(long)program, BAD, 0}, false, true},
        {"execve's environment", __NR_execve, {(long)program, 0, BAD}, false, true},
        {"readv's vector", __NR_readv, {file, BAD, 2}, false, false},
        {"writev's vector", __NR_writev, {1, BAD, 2}, false, false},
        {"_llseek", __NR__llseek, {file, 0, 0, BAD, 0}, true, false},
        {"uname", __NR_uname, {BAD}, true, false},
        {"ugetrlimit", __NR_ugetrlimit, {3, BAD}, true, false},
        {"prlimit64", __NR_prlimit64, {0, 3, 0, BAD}, true, true},
        {"getrandom", __NR_getrandom, {BAD, 64, 0}, true, false},
        {"mincore's vector", __NR_mincore, {(long)page, PAGE, BAD}, true, false},
        {"getdents64", __NR_getdents64, {folder, BAD, 4096}, true, false},
        {"set_thread_area", __NR_set_thread_area, {BAD}, false, false},
        {"the old mmap", __NR_mmap, {BAD}, false, false},
    };
    const struct pointer_call own[] = {
        {"map_list", FL_NR_map_list, {0, BAD, 4}, true, false},
        {"kernel_info", FL_NR_kernel_info, {BAD}, true, false},
        {"exec_reason", FL_NR_exec_reason, {BAD, 16}, true, false},
    };
    memset(page, 'x', PAGE);
    for (size_t i = 0; i < COUNT(calls); i++) {
        (void)call(__NR_lseek, folder, 0, 0);
        (void)call(__NR_lseek, file, 0, 0);
        test_bad_pointers(&calls[i], false);
    }
    for (size_t i = 0; i < COUNT(own); i++) {
        test_bad_pointers(&own[i], true);
    }
    is(call(__NR_mincore, page, PAGE, page + PAGE - 1), 0,
       "S2: mincore into the last byte before a hole");
    is(call(__NR_mincore, page, 1, page + PAGE), -EFAULT,
       "S2: mincore past the last byte before a hole is -EFAULT");
}

static void test_edges(void)
{
    memset(page, 'x', PAGE);
    (void)call(__NR_lseek, file, 0, 0);
    is(call(__NR_read, file, page + PAGE - 8, 8), 8, "S2: read up to the last byte before a hole");
    is(call(__NR_read, file, page + PAGE - 8, 9), 8,
       "S2: read one byte past a page returns the count before it");
    is(call(__NR_read, file, page + PAGE - 1, 2), 1,
       "S2: read of two bytes into one good byte returns 1");
    is(call(__NR_lseek, file, 0, 1), 17,
       "S2: the file position moves by the bytes that were copied");
    is(call(__NR_read, file, page - 1, 8), -EFAULT, "S2: read whose first byte is bad is -EFAULT");
    is(call(__NR_lseek, file, 0, 1), 17,
       "S2: the file position stays after a read that copied nothing");
    is(call(__NR_read, zeros, page + PAGE - 5, 300), 5,
       "S2: read of a device returns the count before the bad byte");
    is(call(__NR_read, file, page, LONGEST - (unsigned long)page), PAGE,
       "S2: a long read stops at the hole");
    is(call(__NR_write, 1, page + PAGE, 1), -EFAULT,
       "S2: write of the first byte past a page is -EFAULT");
    is(call(__NR_getrandom, page + PAGE - 16, 16, 0), 16,
       "S2: getrandom up to the last byte before a hole");
    if (!is_faultline()) {
        return; /* a 64-bit Linux has no border there */
    }
    char top[8], after[8];
    memcpy(top, at(KERNEL_BASE - 8), 8);
    (void)call(__NR_lseek, file, 0, 0);
    is(call(__NR_read, file, KERNEL_BASE - 8, 9), -EFAULT,
       "S2: read across the kernel's base is -EFAULT");
    is(call(__NR_read, zeros, KERNEL_BASE - 8, 16), -EFAULT,
       "S2: read of a device across the kernel's base is -EFAULT");
    memcpy(after, at(KERNEL_BASE - 8), 8);
    ok(memcmp(top, after, 8) == 0, "S2: a refused read across the kernel's base copies no byte");
    is(call(__NR_lseek, file, 0, 1), 0,
       "S2: a refused read across the kernel's base keeps the file position");
    is(call(__NR_write, 1, KERNEL_BASE - 8, 9), -EFAULT,
       "S2: write across the kernel's base is -EFAULT");
    is(call(__NR_read, file, 0xFFFFFFF8u, 16), -EFAULT,
       "S2: read whose pointer plus length wraps is -EFAULT");
    is(call(__NR_read, file, page, 0u - (unsigned long)page), -EFAULT,
       "S2: read whose pointer plus length wraps to exactly 0 is -EFAULT");
    is(call(__NR_read, file, page, 1u - (unsigned long)page), -EFAULT,
       "S2: read whose pointer plus length wraps to 1 is -EFAULT");
    struct iovec across = {at(KERNEL_BASE - 8), 9};
    is(call(__NR_readv, file, &across, 1), -EFAULT,
       "S2: readv with an iovec across the kernel's base is -EFAULT");
    is(call(__NR_getrandom, KERNEL_BASE - 8, 16, 0), -EFAULT,
       "S2: getrandom across the kernel's base is -EFAULT");
}

/* ---- S3 -------------------------------------------------------------------------------------- */

static int read_into(void *buffer)
{
    (void)call(__NR_lseek, file, 0, 0);
    return call(__NR_read, file, buffer, 8) != 8 || memcmp(buffer, "\177ELF", 4) != 0;
}

static void test_absent_buffers(void)
{
    char *fresh = map_pages(4);
    (void)call(__NR_lseek, file, 0, 0);
    int before = freemem();
    long got = call(__NR_read, file, fresh + PAGE - 2, 4);
    int after = freemem();
    is(got, 4, "S3: read into two absent pages");
    ok(memcmp(fresh + PAGE - 2, "\177ELF", 4) == 0, "S3: read brings both absent pages in");
    ok(!is_faultline() || (before - after >= 2 && before - after <= 3),
       "S3: read into two absent pages takes two frames and at most a table");
    is(call(__NR_write, sink, fresh + 2 * PAGE, 100), 100, "S3: write from an absent page");
    is(call(__NR_stat64, "/", fresh + 3 * PAGE - 8), 0,
       "S3: stat64 across a border into absent pages");
    unmap_pages(fresh, 4);

    char *shared = map_pages(1);
    memcpy(shared, "parent!", 8);
    is(status_of_child(read_into, shared), 0, "S3: read into a copy-on-write page");
    ok(memcmp(shared, "parent!", 8) == 0,
       "S3: read into a copy-on-write page leaves the parent's page");

    char *mapped =
        at((unsigned long)call(__NR_mmap2, 0, PAGE, RIGHTS_RW, 2 /* MAP_PRIVATE */, file, 0));
    ok(is_good((long)(unsigned long)mapped), "S3: a private mapping of a file");
    is(call(__NR_stat64, mapped + 1, page), -ENOENT, "S3: stat64 of a path in an absent file page");
    (void)call(__NR_lseek, file, 1, 0);
    is(call(__NR_read, file, mapped, 4), 4, "S3: read into a private file page");
    ok(memcmp(mapped, "ELF", 3) == 0, "S3: the bytes of a read into a private file page arrive");
    (void)call(__NR_lseek, file, 0, 0);
    (void)call(__NR_read, file, page, 4);
    ok(memcmp(page, "\177ELF", 4) == 0,
       "S3: a read into a private file page does not change the file");
    unmap_pages(mapped, 1);
    mapped = at((unsigned long)call(__NR_mmap2, 0, PAGE, RIGHTS_RW, 2, file, 0));
    is(call(__NR_read, zeros, mapped + 8, 8), 8, "S3: read into an absent file page");
    ok(memcmp(mapped, "\177ELF", 4) == 0,
       "S3: read into an absent file page keeps the bytes around");
    unmap_pages(mapped, 1);
    unmap_pages(shared, 1);
}

/* ---- S5 -------------------------------------------------------------------------------------- */

/* Fills n bytes with a path of that length that means the root, without an end. */
static void make_path(char *path, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        path[i] = i % 2 == 0 ? '/' : '.';
    }
}

static void test_strings(void)
{
    char *two = map_between_holes(2);
    char *end = two + 2 * PAGE;
    memset(two, 'a', 2 * PAGE);
    is(call(__NR_open, end - 10, 0), -EFAULT,
       "S5: open of a path that runs into a hole is -EFAULT");
    is(call(__NR_open, end - 1, 0), -EFAULT,
       "S5: open of a path that runs into a hole after one byte is -EFAULT");
    memcpy(end - 2, "/", 2);
    long fd = call(__NR_open, end - 2, 0);
    ok(is_good(fd), "S5: open of a path that ends with the last byte before a hole");
    (void)call(__NR_close, fd);
    make_path(two, 2 * PAGE);
    is(call(__NR_open, two, 0), -ENAMETOOLONG,
       "S5: open of a path longer than PATH_MAX is -ENAMETOOLONG");
    two[PATH_MAX] = '\0';
    is(call(__NR_open, two, 0), -ENAMETOOLONG,
       "S5: open of PATH_MAX bytes and the end is -ENAMETOOLONG");
    two[PATH_MAX - 1] = '\0';
    fd = call(__NR_open, two, 0);
    ok(is_good(fd), "S5: open of one byte less than PATH_MAX is not too long");
    (void)call(__NR_close, fd);
    make_path(two, 2 * PAGE);
    is(call(__NR_open, end - PATH_MAX, 0), -ENAMETOOLONG,
       "S5: open of PATH_MAX bytes up to a hole is -ENAMETOOLONG");
    is(call(__NR_open, end - PATH_MAX + 1, 0), -EFAULT,
       "S5: open of one byte less than PATH_MAX up to a hole is -EFAULT");
    is(call(__NR_access, two, 0), -ENAMETOOLONG, "S5: access of a path that is too long");
    is(call(__NR_stat64, two, page), -ENAMETOOLONG, "S5: stat64 of a path that is too long");
    is(call(__NR_readlink, two, page, 64), -ENAMETOOLONG,
       "S5: readlink of a path that is too long");
    is(call(__NR_execve, two, 0, 0), -ENAMETOOLONG, "S5: execve of a path that is too long");
    memset(two, 'a', 300);
    two[300] = '\0';
    two[0] = '/';
    is(call(__NR_open, two, 0), -ENAMETOOLONG, "S5: a name longer than NAME_MAX");
    is(call(__NR_open, "", 0), -ENOENT, "S5: an empty path");
    unmap_pages(two, 2);
    if (is_faultline()) {
        char *top = at(KERNEL_BASE - 3);
        char saved[3];
        memcpy(saved, top, 3);
        memcpy(top, "/..", 3);
        is(call(__NR_open, top, 0), -EFAULT,
           "S5: open of a path that runs into the kernel is -EFAULT");
        memcpy(top, saved, 3);
    }
}

/* ---- S6 -------------------------------------------------------------------------------------- */

static void test_lengths(void)
{
    static const unsigned long pointers[] = {0, 1, 0x0BADF000, KERNEL_BASE - 1, KERNEL_BASE};
    int wrong = 0;
    for (size_t i = 0; i < COUNT(pointers); i++) {
        wrong += call(__NR_read, file, pointers[i], 0) != 0;
        wrong += call(__NR_read, zeros, pointers[i], 0) != 0;
        wrong += call(__NR_write, sink, pointers[i], 0) != 0;
        wrong += call(__NR_getrandom, pointers[i], 0, 0) != 0;
        wrong += call(__NR_readv, file, pointers[i], 0) != 0;
    }
    is_all(wrong, "S6: length 0 is 0, whatever the pointer");
    is(call(__NR_write, sink, page, LONGEST), TRANSFER_MAX, "S6: the longest write is cut");
    (void)call(__NR_lseek, file, 0, 0);
    is(call(__NR_read, zeros, page, PAGE), PAGE, "S6: read of a page from /dev/zero");
    if (is_faultline()) {
        char *low = at((unsigned long)call(__NR_mmap2, 0x20000000, PAGE, RIGHTS_RW, 0x32, -1, 0));
        is(call(__NR_read, zeros, low, LONGEST), PAGE,
           "S6: read of 0x7FFFFFFF inside the user half is a short count");
        is(call(__NR_read, file, low, LONGEST), PAGE,
           "S6: read of 0x7FFFFFFF from a file is a short count");
        is(call(__NR_getrandom, low, LONGEST, 0), PAGE,
           "S6: getrandom of 0x7FFFFFFF is a short count");
        unmap_pages(low, 1);
        is(call(__NR_read, file, 0x50000000, LONGEST), -EFAULT,
           "S6: read of 0x7FFFFFFF across the kernel's base is -EFAULT");
        is(call(__NR_read, file, page, 0xFFFFFFFFu), -EFAULT, "S6: read of 0xFFFFFFFF is -EFAULT");
        is(call(__NR_write, 1, page, 0xFFFFFFFFu), -EFAULT, "S6: write of 0xFFFFFFFF is -EFAULT");
        is(call(__NR_getrandom, page, 0xFFFFFFFFu, 0), -EFAULT,
           "S6: getrandom of 0xFFFFFFFF is -EFAULT");
        is(call(__NR_getdents64, folder, page, 0xFFFFFFFFu), -EFAULT,
           "S6: getdents64 of 0xFFFFFFFF is -EFAULT");
    }
    is(call(__NR_readlink, "/proc/self/exe", page, 0), -EINVAL, "S6: readlink into 0 bytes");
    is(call(__NR_readlink, "/proc/self/exe", page, -1), -EINVAL, "S6: readlink into -1 bytes");
    is(call(__NR_getdents64, folder, page, 0), -EINVAL, "S6: getdents64 into 0 bytes");
    is(call(__NR_getdents64, folder, page, 10), -EINVAL,
       "S6: getdents64 into fewer bytes than one entry");
}

/* ---- Symbolic links ------------------------------------------------------------------------- */

/* The guest suite's initrd has a link; that of `faultline run` has none. */
static void test_symlink(void)
{
    static const char target[] = "../bin/hello";
    long length = call(__NR_readlink, "/tests/link", page, 64);

    if (length == -ENOENT) {
        skip("S17: readlink of a link of the initrd", "the initrd has no link");
        return;
    }
    is(length, (long)sizeof(target) - 1, "S17: readlink of a link of the initrd");
    is(memcmp(page, target, sizeof(target) - 1), 0, "S17: readlink returns the link's text");
    is(call(__NR_readlink, "/tests/link", page, 4), 4, "S17: readlink cuts the text to the buffer");
    is(call(__NR_readlink, "/bin/hello", page, 64), -EINVAL, "S17: readlink of a file");
}

/* ---- S7 -------------------------------------------------------------------------------------- */

static void test_descriptors(void)
{
    static const int bad[] = {-1, UNUSED_FD, 1 << 30, (int)0x80000000u, 0x7FFFFFFF, 1024, 65536};
    struct iovec vector = {page, 8};
    int closed = (int)call(__NR_open, "/", 0);
    (void)call(__NR_close, closed);
    for (size_t i = 0; i <= COUNT(bad); i++) {
        int fd = i < COUNT(bad) ? bad[i] : closed;
        int wrong = 0;
        char name[64];
        wrong += call(__NR_read, fd, page, 8) != -EBADF;
        wrong += call(__NR_read, fd, 0, 0) != -EBADF;
        wrong += call(__NR_read, fd, KERNEL_BASE, 8) != -EBADF;
        wrong += call(__NR_write, fd, page, 8) != -EBADF;
        wrong += call(__NR_readv, fd, &vector, 1) != -EBADF;
        wrong += call(__NR_writev, fd, &vector, 1) != -EBADF;
        wrong += call(__NR_close, fd) != -EBADF;
        wrong += call(__NR_lseek, fd, 0, 0) != -EBADF;
        wrong += call(__NR__llseek, fd, 0, 0, page, 0) != -EBADF;
        wrong += call(__NR_ioctl, fd, 0x5413, page) != -EBADF;
        wrong += call(__NR_fcntl64, fd, F_GETFL, 0) != -EBADF;
        wrong += call(__NR_fcntl64, fd, F_DUPFD, 0) != -EBADF;
        wrong += call(__NR_fstat64, fd, page) != -EBADF;
        wrong += call(__NR_getdents64, fd, page, PAGE) != -EBADF;
        wrong += call(__NR_mmap2, 0, PAGE, 1, 2, fd, 0) != -EBADF;
        (void)snprintf(name, sizeof(name), "S7: descriptor %d is -EBADF to all calls", fd);
        is_all(wrong, name);
    }
    is(call(__NR_statx, -1, "x", 0, 0xFFF, page), -EBADF,
       "S7: statx relative to a bad descriptor is -EBADF");
    is(call(__NR_statx, file, "x", 0, 0xFFF, page), -ENOTDIR,
       "S7: statx relative to a file is -ENOTDIR");
    is(call(__NR_write, file, page, 8), -EBADF,
       "S7: write to a descriptor opened for reading is -EBADF");
    is(call(__NR_write, file, page, 0), -EBADF,
       "S7: write of nothing to a descriptor opened for reading is -EBADF");
    is(call(__NR_writev, file, &vector, 1), -EBADF,
       "S7: writev to a descriptor opened for reading is -EBADF");
    is(call(__NR_read, sink, page, 8), -EBADF,
       "S7: read from a descriptor opened for writing is -EBADF");
    is(call(__NR_readv, sink, &vector, 1), -EBADF,
       "S7: readv from a descriptor opened for writing is -EBADF");
    is(call(__NR_read, folder, page, 8), -EISDIR, "S7: read of a directory is -EISDIR");
    is(call(__NR_readv, folder, &vector, 1), -EISDIR, "S7: readv of a directory is -EISDIR");
    is(call(__NR_write, folder, page, 8), -EBADF, "S7: write to a directory");
    is(call(__NR_open, "/", 1), -EISDIR, "S7: a directory is not opened for writing");
    is(call(__NR_getdents64, file, page, PAGE), -ENOTDIR, "S7: getdents64 of a file");
    is(call(__NR_ioctl, file, 0x5413, page), -ENOTTY, "S7: ioctl of a file");
}

/* ---- S8 -------------------------------------------------------------------------------------- */

static void test_offsets(void)
{
    long long position = -1;
    long size = call(__NR_lseek, file, 0, 2);
    is(call(__NR_lseek, file, -1, 0), -EINVAL, "S8: lseek to a negative position");
    is(call(__NR_lseek, file, 0x80000000u, 0), -EINVAL, "S8: lseek to the most negative position");
    is(call(__NR_lseek, file, -size - 1, 2), -EINVAL,
       "S8: lseek one before the start, relative to the end");
    is(call(__NR_lseek, file, 0, 1), size, "S8: a refused lseek keeps the position");
    is(call(__NR_lseek, file, -size, 2), 0, "S8: lseek to exactly the start");
    is(call(__NR_lseek, file, -1, 1), -EINVAL,
       "S8: lseek one before the start, relative to the position");
    is(call(__NR_lseek, file, 0, 5), -EINVAL, "S8: lseek with an unknown whence");
    is(call(__NR_lseek, file, 0, -1), -EINVAL, "S8: lseek with whence -1");
    is(call(__NR_lseek, file, 0x7FFFFFFF, 0), 0x7FFFFFFF, "S8: lseek to 2 GiB less one");
    is(call(__NR_read, file, page, 8), 0, "S8: read beyond the end returns 0");
    if (is_faultline()) { /* a 64-bit Linux has no such border */
        is(call(__NR_lseek, file, 1, 1), -EOVERFLOW,
           "S8: lseek to a position that does not fit into 32 bits");
    }
    is(call(__NR__llseek, file, 1, 0x40000000, &position, 0), 0, "S8: _llseek to 5 GiB");
    ok(position == 0x140000000LL, "S8: _llseek to 5 GiB stores the position");
    is(call(__NR_read, file, page, 8), 0, "S8: read at 5 GiB returns 0");
    is(call(__NR__llseek, file, -1, -1, &position, 1), 0, "S8: _llseek back by one");
    ok(position == 0x13FFFFFFFLL, "S8: _llseek back by one stores the position");
    is(call(__NR__llseek, file, -1, -1, &position, 0), -EINVAL, "S8: _llseek to -1");
    is(call(__NR__llseek, file, 0x80000000u, 0, &position, 0), -EINVAL,
       "S8: _llseek to the most negative position of 64 bits");
    long answer = call(__NR__llseek, file, 0x7FFFFFFF, 0xFFFFFFFFu, &position, 1);
    ok(answer == -EOVERFLOW || answer == -EINVAL, "S8: _llseek to a sum beyond 64 bits");
    ok(position == 0x13FFFFFFFLL, "S8: a refused _llseek writes no result");
    is(call(__NR_lseek, file, size - 4, 0), size - 4, "S8: lseek to four bytes before the end");
    is(call(__NR_read, file, page, 100), 4, "S8: read at four bytes before the end returns four");
    is(call(__NR_read, file, page, 100), 0, "S8: read at the end returns 0");
}

/* ---- S9 -------------------------------------------------------------------------------------- */

static void test_flags(void)
{
    is(call(__NR_wait4, -1, 0, 0x10, 0), -EINVAL, "S9: wait4 with unknown options");
    is(call(__NR_waitpid, -1, 0, 0x04000000), -EINVAL, "S9: waitpid with unknown options");
    is(call(__NR_getrandom, page, 8, 0x80), -EINVAL, "S9: getrandom with unknown flags");
    is(call(__NR_statx, AT_FDCWD, "/", 0x20000000, 0xFFF, page), -EINVAL,
       "S9: statx with unknown flags");
    is(call(__NR_statx, AT_FDCWD, "/", 0, 0x80000000u, page), -EINVAL,
       "S9: statx with its reserved mask bit");
    is(call(__NR_access, "/", 8), -EINVAL, "S9: access with an unknown mode");
    is(call(__NR_fcntl64, file, 0x7777, 0), -EINVAL, "S9: fcntl with an unknown command");
    is(call(__NR_ioctl, file, 0x12345678, page), -ENOTTY, "S9: ioctl with an unknown request");
    is(call(__NR_ugetrlimit, 16, page), -EINVAL, "S9: getrlimit of an unknown limit");
    is(call(__NR_prlimit64, 0, 16, 0, page), -EINVAL, "S9: prlimit64 of an unknown limit");
    is(call(__NR_prlimit64, 0x7FFFFFF, 3, 0, page), -ESRCH,
       "S9: prlimit64 of a pid that does not exist");
    long fd = call(__NR_open, "/", 0x30000000 | O_DIRECTORY);
    ok(is_good(fd), "S9: open ignores unknown flags");
    (void)call(__NR_close, fd);
    is(call(__NR_open, program, O_DIRECTORY), -ENOTDIR, "S9: open knows O_DIRECTORY");
    if (is_faultline()) {
        is(call(FL_NR_run_policy, 2, 0), -EINVAL, "S9: run with an unknown policy");
        is(call(FL_NR_run_policy, 0, 2), -EINVAL, "S9: run with unknown flags");
        is(call(FL_NR_fail_frame, 0, 2), -EINVAL, "S9: fail_frame with an unknown mode");
        is(call(FL_NR_map_list, 0x7FFFFFF, page, 1), -ESRCH,
           "S9: map_list of a pid that does not exist");
        is(call(FL_NR_map_list, 0, 0, 0), 0, "S9: map_list without room for areas");
        is(call(FL_NR_exec_reason, page, 0), -EINVAL, "S9: run_wait without room for a reason");
        is(call(FL_NR_run_wait, -1, 0, 0, 0), -EINVAL, "S9: run_wait for any child");
        is(call(FL_NR_run_wait, 0, 0, 0, 0), -EINVAL, "S9: run_wait for 0");
    }
}

/* ---- S10 ------------------------------------------------------------------------------------- */

static int open_all(void *unused)
{
    long fd;
    int count = 0;
    (void)unused;
    while (is_good(fd = call(__NR_open, "/", 0))) {
        count++;
    }
    if (fd != -EMFILE || call(__NR_fcntl64, file, F_DUPFD, 0) != -EMFILE) {
        return 1;
    }
    (void)call(__NR_close, 500);
    if (call(__NR_open, "/", 0) != 500 || call(__NR_open, "/", 0) != -EMFILE) {
        return 2;
    }
    return count == 1024 - 7 ? 0 : 3;
}

static void test_exhaustion(void)
{
    is(call(__NR_fcntl64, file, F_DUPFD, -1), -EINVAL, "S10: F_DUPFD from descriptor -1");
    is(call(__NR_fcntl64, file, F_DUPFD, 0x7FFFFFFF), -EINVAL,
       "S10: F_DUPFD from the largest number");
    if (is_faultline()) {
        int before = freemem();
        int status = status_of_child(open_all, NULL);
        int after = freemem();
        is(WEXITSTATUS(status), 0, "S10: open in a loop ends with -EMFILE");
        is(before - after, 0, "S10: exit closes a full descriptor table");
        is(call(__NR_fcntl64, file, F_DUPFD, 1024), -EINVAL, "S10: F_DUPFD from the limit");
    }
    int before = freemem(), wrong = 0;
    for (int i = 0; i < 2000; i++) {
        long fd = call(__NR_open, program, 0);
        wrong += !is_good(fd) || call(__NR_close, fd) != 0;
    }
    is(wrong, 0, "S10: open and close 2000 times");
    is(before - freemem(), 0, "S10: open and close 2000 times take no frame");
    long fd = call(__NR_fcntl64, file, F_DUPFD, 200);
    is(fd, 200, "S10: fcntl copies to descriptor 200");
    is(call(__NR_fcntl64, file, F_DUPFD, 200), 201, "S10: the next copy is at 201");
    is(call(__NR_close, 201), 0, "S10: the copy at 201 closes");
    is(call(__NR_close, 200), 0, "S10: the copy at 200 closes");
    is(call(__NR_close, 200), -EBADF, "S10: a descriptor closes only once");
}

/* ---- S11 ------------------------------------------------------------------------------------- */

static void test_vectors(void)
{
    static struct iovec vectors[IOV_MAX_COUNT + 1];
    is(call(__NR_readv, file, vectors, 0), 0, "S11: readv with count 0");
    is(call(__NR_writev, sink, vectors, 0), 0, "S11: writev with count 0");
    is(call(__NR_readv, file, vectors, -1), -EINVAL, "S11: readv with count -1");
    is(call(__NR_readv, file, vectors, IOV_MAX_COUNT + 1), -EINVAL, "S11: readv with count 1025");
    is(call(__NR_writev, sink, vectors, IOV_MAX_COUNT + 1), -EINVAL, "S11: writev with count 1025");
    is(call(__NR_readv, file, vectors, 0x80000000u), -EINVAL,
       "S11: readv with the most negative count");
    for (int i = 0; i < IOV_MAX_COUNT; i++) {
        vectors[i] = (struct iovec){page + i, 1};
    }
    (void)call(__NR_lseek, file, 0, 0);
    is(call(__NR_readv, file, vectors, IOV_MAX_COUNT), IOV_MAX_COUNT, "S11: readv with count 1024");
    ok(memcmp(page, "\177ELF", 4) == 0, "S11: readv with count 1024 puts every byte in its place");
    vectors[1].iov_len = 0x80000000u;
    is(call(__NR_readv, file, vectors, 3), -EINVAL, "S11: readv with a negative length");
    vectors[0] = (struct iovec){page, 0x7FFFFFFF};
    vectors[1] = (struct iovec){page, 1};
    is(call(__NR_writev, sink, vectors, 2), (long)TRANSFER_MAX, "S11: writev cuts a sum of 2 GiB");
    vectors[1].iov_len = 0x7FFFFFFF;
    vectors[2] = (struct iovec){page, 2};
    is(call(__NR_writev, sink, vectors, 3), (long)TRANSFER_MAX,
       "S11: writev cuts a sum that wraps to 0");
    vectors[0] = (struct iovec){page, 8};
    vectors[1] = (struct iovec){page - PAGE, 8};
    vectors[2] = (struct iovec){page + 8, 8};
    (void)call(__NR_lseek, file, 0, 0);
    is(call(__NR_readv, file, vectors, 3), 8,
       "S11: readv with a bad iovec in the middle returns what came before");
    is(call(__NR_lseek, file, 0, 1), 8,
       "S11: the position moves by what came before the bad iovec");
    vectors[1].iov_len = 0;
    is(call(__NR_readv, file, vectors, 3), 16, "S11: readv ignores a bad iovec of length 0");
    vectors[0].iov_base = no_access;
    is(call(__NR_readv, file, vectors, 3), -EFAULT,
       "S11: readv whose first iovec is bad is -EFAULT");
    vectors[0] = (struct iovec){page + PAGE - 4, 8};
    (void)call(__NR_lseek, file, 0, 0);
    is(call(__NR_readv, file, vectors, 3), 4,
       "S11: readv whose first iovec runs into a hole returns a partial count");
    static char words[] = "# S11: a line by writev\n";
    vectors[0] = (struct iovec){words, sizeof(words) - 1};
    vectors[1] = (struct iovec){no_access, 8};
    fflush(stdout);
    is(call(__NR_writev, 1, vectors, 2), sizeof(words) - 1,
       "S11: writev whose second iovec is bad");
}

/* ---- S12 ------------------------------------------------------------------------------------- */

static int *shared;

static int exit_with_9(void *unused)
{
    (void)unused;
    return 9;
}

static int wait_for_parents_child(void *pid)
{
    return call(__NR_wait4, *(int *)pid, 0, 0, 0) != -ECHILD ||
           call(__NR_wait4, -1, 0, 0, 0) != -ECHILD;
}

static int sleep_until_told(void *unused)
{
    (void)unused;
    while (*(volatile int *)shared == 0) {
        (void)call(__NR_sched_yield, 0);
    }
    return 9;
}

static pid_t start(int (*body)(void *))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        _exit(body(NULL));
    }
    return child;
}

static void test_wait(void)
{
    int status = 0;
    is(call(__NR_wait4, -1, 0, 0, 0), -ECHILD, "S12: wait4 with no child");
    is(call(__NR_wait4, -1, 0, 1, 0), -ECHILD, "S12: wait4 with WNOHANG and no child");
    is(call(__NR_waitpid, getpid(), 0, 0), -ECHILD, "S12: waitpid for oneself");
    is(call(__NR_wait4, getppid(), 0, 0, 0), -ECHILD, "S12: wait4 for the parent");
    is(call(__NR_wait4, 0x7FFFFFF, 0, 0, 0), -ECHILD, "S12: wait4 for a pid that does not exist");
    is(call(__NR_wait4, 0x80000000u, 0, 0, 0), -ESRCH, "S12: wait4 for the most negative pid");
    is(call(__NR_wait4, -1, 0, 0x1000, 0), -EINVAL, "S12: wait4 checks its options first");

    shared[0] = 0;
    pid_t child = start(sleep_until_told);
    is(call(__NR_wait4, child, &status, 1, 0), 0, "S12: wait4 with WNOHANG of a running child");
    is(status_of_child(wait_for_parents_child, &child), 0,
       "S12: wait4 for another's child is -ECHILD");
    shared[0] = 1;
    is(call(__NR_wait4, child, &status, 0, 0), child, "S12: wait4 collects a child that ends");
    is(WEXITSTATUS(status), 9, "S12: wait4 returns the child's status");
    is(call(__NR_wait4, child, &status, 0, 0), -ECHILD, "S12: a child is gone after wait4");
    if (!is_faultline()) {
        return; /* Linux loses the child */
    }
    child = start(exit_with_9);
    is(call(__NR_wait4, child, page - 8, 0, 0), -EFAULT, "S12: wait4 with a bad status pointer");
    is(call(__NR_wait4, child, KERNEL_BASE, 0, 0), -EFAULT,
       "S12: wait4 with a status pointer into the kernel");
    is(call(__NR_wait4, child, read_only, 0, 0), -EFAULT,
       "S12: wait4 with a read-only status pointer");
    is(call(__NR_wait4, child, &status, 0, page - 8), -EFAULT,
       "S12: wait4 with a bad usage pointer");
    is(call(__NR_waitpid, -1, no_access, 0), -EFAULT, "S12: waitpid with a bad status pointer");
    is(call(FL_NR_run_wait, child, no_access, 0, 0), -EFAULT, "S12: run_wait with a bad pointer");
    status = 0;
    is(call(__NR_wait4, child, &status, 0, 0), child,
       "S12: a wait that is refused does not lose the child");
    is(WEXITSTATUS(status), 9, "S12: a wait that is refused does not lose the status");
    is(call(FL_NR_run_wait, child, 0, 0, 0), -ECHILD, "S12: run_wait with no child");
}

/* ---- S13 ------------------------------------------------------------------------------------- */

static void test_kill(void)
{
    int status = 0;
    is(call(__NR_kill, 0x7FFFFFF, 9), -ESRCH, "S13: kill of a pid that does not exist");
    is(call(__NR_kill, 0x7FFFFFF, 0), -ESRCH, "S13: signal 0 to a pid that does not exist");
    is(call(__NR_kill, -0x7FFFFFF, 9), -ESRCH, "S13: kill of a group that does not exist");
    is(call(__NR_kill, 0x80000000u, 9), -ESRCH, "S13: kill of the most negative pid");
    is(call(__NR_kill, getpid(), 65), -EINVAL, "S13: kill with signal 65");
    is(call(__NR_kill, getpid(), -1), -EINVAL, "S13: kill with signal -1");
    is(call(__NR_kill, 0x7FFFFFF, 65), -ESRCH,
       "S13: kill with signal 65 of a pid that does not exist");
    is(call(__NR_kill, getpid(), 0), 0, "S13: signal 0 to the caller succeeds");
    shared[0] = 0;
    pid_t child = start(sleep_until_told);
    is(call(__NR_kill, child, 0), 0, "S13: signal 0 finds a running child");
    is(call(__NR_kill, child, 9), 0, "S13: SIGKILL to a child");
    is(call(__NR_wait4, child, &status, 0, 0), child, "S13: wait4 collects a killed child");
    ok(WIFSIGNALED(status) && WTERMSIG(status) == 9, "S13: a killed child's status is the signal");
    is(call(__NR_kill, child, 9), -ESRCH, "S13: kill of a child that was waited for");
    if (!is_faultline()) {
        return; /* not on a system that is used */
    }
    is(call(__NR_kill, 1, 9), 0, "S13: SIGKILL to pid 1");
    is(call(__NR_kill, 1, 15), 0, "S13: SIGTERM to pid 1");
    is(call(__NR_kill, 1, 0), 0, "S13: SIGTERM does not end pid 1");
    child = start(sleep_until_told);
    is(call(__NR_kill, -1, 9), 0, "S13: SIGKILL to all processes");
    is(call(__NR_wait4, child, &status, 0, 0), child, "S13: SIGKILL to all ends the child");
    ok(WIFSIGNALED(status) && WTERMSIG(status) == 9,
       "S13: SIGKILL to all ends the child by the signal");
    is(call(__NR_kill, 1, 0), 0, "S13: SIGKILL to all spares pid 1 and the caller");
    is(call(__NR_kill, -1, 65), -EINVAL, "S13: signal 65 to all processes");
}

/* ---- S15 ------------------------------------------------------------------------------------- */

static long set_segment(const struct user_desc *wanted, int *entry)
{
    struct user_desc desc = *wanted;
    long answer = call(__NR_set_thread_area, &desc);
    *entry = (int)desc.entry_number;
    return answer;
}

static int load_from_gs(int entry)
{
    int value, old;
    __asm__ volatile("movl %%gs, %1\n\t"
                     "movl %2, %%gs\n\t"
                     "movl %%gs:0, %0\n\t"
                     "movl %1, %%gs"
                     : "=&r"(value), "=&r"(old)
                     : "r"(entry * 8 + 3));
    return value;
}

static int load_in_child(void *entry)
{
    return load_from_gs(*(int *)entry);
}

static void test_segments(void)
{
    static int word = 77;
    const struct user_desc good = {.entry_number = (unsigned int)-1,
                                   .base_addr = (unsigned int)(uintptr_t)&word,
                                   .limit = 0xFFFFF,
                                   .seg_32bit = 1,
                                   .limit_in_pages = 1,
                                   .useable = 1};
    struct user_desc bad = good;
    int entry, unused, free_entries = 0;
    bad.contents = 2;
    is(set_segment(&bad, &unused), -EINVAL, "S15: set_thread_area refuses a code segment");
    bad.contents = 3;
    is(set_segment(&bad, &unused), -EINVAL,
       "S15: set_thread_area refuses a conforming code segment");
    bad = good;
    bad.seg_not_present = 1;
    is(set_segment(&bad, &unused), -EINVAL,
       "S15: set_thread_area of a segment that is not present");
    bad = good;
    bad.seg_32bit = 0;
    is(set_segment(&bad, &unused), -EINVAL, "S15: set_thread_area of a 16-bit segment");
    static const unsigned int entries[] = {0,  1,  2,      5,          15,
                                           16, 31, 0xFFFF, 0x7FFFFFFF, (unsigned int)-2};
    int wrong = 0;
    for (size_t i = 0; i < COUNT(entries); i++) {
        bad = good;
        bad.entry_number = entries[i];
        wrong += set_segment(&bad, &unused) != -EINVAL;
    }
    is_all(wrong, "S15: set_thread_area of entries outside the three");
    is(set_segment(&good, &entry), 0,
       "S15: set_thread_area chooses an entry for a flat data segment");
    ok(entry == 6 || entry == 7 || (!is_faultline() && entry == 12),
       "S15: set_thread_area stores the number of the entry");
    is(load_from_gs(entry), 77, "S15: gs reads through the TLS entry");
    is(WEXITSTATUS(status_of_child(load_in_child, &entry)), 77,
       "S15: gs reads through the TLS entry in a child");
    word = 78;
    is(load_from_gs(entry), 78, "S15: gs reads through the TLS entry after the child ended");
    bad = good;
    bad.entry_number = (unsigned int)entry;
    bad.base_addr = 0;
    bad.read_exec_only = 1;
    bad.contents = 1;
    bad.limit = 0;
    is(set_segment(&bad, &unused), 0,
       "S15: set_thread_area of a limited, expand-down, read-only segment");
    struct user_desc all_used = good;
    while (set_segment(&all_used, &unused) == 0) {
        free_entries++;
    }
    ok(free_entries <= 2, "S15: at most two more TLS entries are free");
    is(set_segment(&all_used, &unused), -ESRCH, "S15: set_thread_area fails when no entry is free");
    struct user_desc empty = {
        .entry_number = (unsigned int)entry, .read_exec_only = 1, .seg_not_present = 1};
    is(set_segment(&empty, &unused), 0, "S15: an empty descriptor frees a TLS entry");
    is(set_segment(&good, &unused), 0, "S15: set_thread_area uses a freed entry");
    is(unused, entry, "S15: the freed entry's number comes back");
}

int main(int argc, char **argv)
{
    (void)argc;
    program = argv[0];
    settle();
    shared = map_shared(PAGE);
    page = map_between_holes(1);
    no_access = map_with(0);
    read_only = map_with(1);
    file = (int)call(__NR_open, program, 0);
    folder = (int)call(__NR_open, "/", 0);
    sink = (int)call(__NR_open, "/dev/null", 1);
    zeros = (int)call(__NR_open, "/dev/zero", 0);
    ok(file > 2 && folder > 2 && sink > 2 && zeros > 2, "files are open");
    test_numbers();
    test_pointers();
    test_edges();
    test_absent_buffers();
    test_strings();
    test_lengths();
    test_symlink();
    test_descriptors();
    test_offsets();
    test_flags();
    test_exhaustion();
    test_vectors();
    test_wait();
    test_kill();
    test_segments();
    return done_testing();
}
