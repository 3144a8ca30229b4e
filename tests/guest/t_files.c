/* Files by bare calls: names, contents, mappings, pipes, mounts, permissions. */
#include "calls.h"

#include <fcntl.h>

#include <sys/mman.h>
#include <sys/stat.h>

#define PIPE_SIZE 65536
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif
#define HERE    AT_FDCWD
#define FILE_RW (O_RDWR | O_CREAT)

static char large[PIPE_SIZE];

static long open_at(const char *path, int flags)
{
    return call(__NR_open, path, flags, 0666);
}

static void make(const char *path)
{
    (void)call(__NR_close, open_at(path, FILE_RW));
}

static long size_of(const char *path)
{
    long fd = open_at(path, O_RDONLY), size = call(__NR_lseek, fd, 0, SEEK_END);
    (void)call(__NR_close, fd);
    return size;
}

/* ---- Names --------------------------------------------------------------------------------------- */

static void test_open(void)
{
    is(open_at("none", O_RDONLY), -ENOENT, "open of a name that is missing");
    make("a");
    is(open_at("a", FILE_RW | O_EXCL), -EEXIST, "open with O_EXCL of a name that is there");
    is(open_at("a", O_RDONLY | O_DIRECTORY), -ENOTDIR, "open with O_DIRECTORY of a file");
    is(open_at(".", O_RDWR), -EISDIR, "open of a directory for writing");
    is(open_at("a/b", O_RDONLY), -ENOTDIR, "open below a file");
    is(call(__NR_symlink, "a", "s"), 0, "symlink");
    is(open_at("s", O_RDONLY | O_NOFOLLOW), -ELOOP, "open with O_NOFOLLOW of a link");
    long dir = open_at(".", O_RDONLY);
    is(call(__NR_mkdirat, dir, "d", 0755), 0, "mkdirat");
    is(call(__NR_linkat, dir, "a", dir, "d/a", 0), 0, "linkat");
    is(call(__NR_renameat2, dir, "d/a", dir, "a", RENAME_NOREPLACE), -EEXIST,
       "renameat2 with RENAME_NOREPLACE");
    is(call(__NR_renameat, dir, "d/a", dir, "d/b"), 0, "renameat");
    is(call(__NR_rename, "d", "d/e"), -EINVAL, "rename of a directory into itself");
    is(call(__NR_unlinkat, dir, "d", AT_REMOVEDIR), -ENOTEMPTY, "unlinkat of a full directory");
    is(call(__NR_unlinkat, dir, "d/b", 0), 0, "unlinkat of a file");
    is(call(__NR_unlinkat, dir, "d", AT_REMOVEDIR), 0, "unlinkat of an empty directory");
    (void)call(__NR_close, dir);
    (void)call(__NR_unlink, "s");
}

static void test_removed_directory(void)
{
    char path[64];
    (void)call(__NR_mkdir, "gone", 0755);
    (void)call(__NR_chdir, "gone");
    (void)call(__NR_rmdir, "../gone");
    is(call(__NR_getcwd, path, sizeof(path)), -ENOENT, "getcwd in a removed directory");
    is(open_at("x", FILE_RW), -ENOENT, "a removed directory takes no files");
    is(call(__NR_mount, "t", ".", "tmpfs", 0, 0), -ENOENT, "and nothing is mounted on it");
    is(call(__NR_chdir, "/tf"), 0, "chdir leaves it");
}

/* ---- Mappings ------------------------------------------------------------------------------------ */

static char *map_file(long fd, unsigned int pages)
{
    return at((unsigned long)call(__NR_mmap2, 0, pages * PAGE, RIGHTS_RW, MAP_SHARED, fd, 0));
}

static void test_mapping(void)
{
    char byte = 0;
    long fd = open_at("m", FILE_RW);
    (void)call(__NR_ftruncate, fd, 2 * PAGE);
    char *bytes = map_file(fd, 2);
    bytes[PAGE] = 'm';
    is(call(__NR_pread64, fd, &byte, 1, PAGE, 0), 1, "read of what a mapping wrote");
    is(byte, 'm', "it sees the mapping's byte");
    (void)call(__NR_pwrite64, fd, "w", 1, PAGE, 0);
    is(bytes[PAGE], 'w', "the mapping sees what write wrote");
    is(call(__NR_unlink, "m"), 0, "F13 unlink of a file that is open and mapped");
    (void)call(__NR_close, fd);
    is(bytes[PAGE], 'w', "F13 its mapping stays");
    unmap_pages(bytes, 2);
}

static void test_cut(void)
{
    long fd = open_at("m", FILE_RW);
    (void)call(__NR_ftruncate, fd, 2 * PAGE);
    char *bytes = map_file(fd, 2);
    bytes[0] = bytes[PAGE] = 1;
    (void)call(__NR_ftruncate, fd, 1);
    is(status_of_child(read_byte, bytes + PAGE) & 0x7F, SIGBUS,
       "a page that truncate took is SIGBUS");
    bytes[100] = 7;
    (void)call(__NR_ftruncate, fd, PAGE);
    is(bytes[100], 0, "a file grows by zeros, whatever a mapping wrote behind its end");
    unmap_pages(bytes, 2);
    (void)call(__NR_close, fd);
    (void)call(__NR_unlink, "m");
}

/* ---- Pipes --------------------------------------------------------------------------------------- */

static void test_full_ring(void)
{
    int ends[2];
    (void)call(__NR_pipe, ends);
    memset(large, 'a', sizeof(large));
    is(call(__NR_write, ends[1], large, PIPE_SIZE), PIPE_SIZE, "write fills a pipe");
    is(call(__NR_read, ends[0], large, 100), 100, "read makes room in its first page");
    is(call(__NR_write, ends[1], "bbbbbbbbbb", 10), 10, "write fills it");
    is(call(__NR_read, ends[0], large, PIPE_SIZE), PIPE_SIZE - 90, "read empties the pipe");
    is(large[PIPE_SIZE - 91], 'b', "the last bytes lie where the first ones were");
    is(large[PIPE_SIZE - 101], 'a', "behind those that came before");
    (void)call(__NR_close, ends[0]);
    (void)call(__NR_close, ends[1]);
}

static int write_much(void *end)
{
    return call(__NR_write, *(int *)end, large, PIPE_SIZE) == PIPE_SIZE &&
                   call(__NR_write, *(int *)end, large, PIPE_SIZE) == PIPE_SIZE
               ? 0
               : 1;
}

static void test_back_pressure(void)
{
    int ends[2], status;
    long sum = 0, n;
    (void)call(__NR_pipe, ends);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        _exit(write_much(&ends[1]));
    }
    (void)call(__NR_close, ends[1]);
    while ((n = call(__NR_read, ends[0], large, 3000)) > 0) {
        sum += n;
    }
    is(sum, 2 * PIPE_SIZE, "all bytes of a writer that waits for room arrive");
    (void)waitpid(child, &status, 0);
    is(status, 0, "its writes are whole");
    (void)call(__NR_close, ends[0]);
}

static void test_fifo(void)
{
    is(call(__NR_mknod, "p", S_IFIFO | 0600, 0), 0, "mknod makes a fifo");
    is(open_at("p", O_WRONLY | O_NONBLOCK), -ENXIO, "nobody reads it");
    is(open_at("p", O_ACCMODE), -EINVAL, "a fifo has no access mode 3");
    long fd = open_at("p", O_RDWR);
    is(call(__NR_write, fd, "x", 1), 1, "who has both ends does not wait");
    (void)call(__NR_close, fd);
    (void)call(__NR_unlink, "p");
}

/* ---- Descriptors --------------------------------------------------------------------------------- */

static void test_dup(void)
{
    long fd = open_at("a", O_RDWR);
    is(call(__NR_dup2, fd, fd), fd, "dup2 onto itself");
    is(call(__NR_dup3, fd, fd, 0), -EINVAL, "dup3 onto itself");
    is(call(__NR_dup2, fd, 1024), -EBADF, "dup2 past the last descriptor");
    is(call(__NR_dup3, fd, 60, O_CLOEXEC), 60, "dup3");
    is(call(__NR_fcntl64, 60, F_GETFD), FD_CLOEXEC, "dup3 sets close-on-exec");
    (void)call(__NR_close, 60);
    (void)call(__NR_close, fd);
}

/* ---- Mounts -------------------------------------------------------------------------------------- */

static void test_mount(void)
{
    (void)call(__NR_mkdir, "mnt", 0755);
    is(call(__NR_mount, "t", "mnt", "tmpfs", 0, "size=8k"), 0, "mount of 2 pages");
    long fd = open_at("mnt/f", FILE_RW);
    is(call(__NR_umount2, "mnt", 0), -EBUSY, "umount while a file is open");
    (void)call(__NR_ftruncate, fd, 2 * PAGE);
    char *bytes = map_file(fd, 2);
    bytes[0] = bytes[PAGE] = 1;
    unmap_pages(bytes, 2);
    is(call(__NR_pwrite64, fd, "x", 1, 2 * PAGE, 0), -ENOSPC, "mappings count for the limit");
    (void)call(__NR_ftruncate, fd, 0);
    is(call(__NR_write, fd, large, 2 * PAGE), 2 * PAGE, "what truncate freed can be written");
    is(call(__NR_write, fd, large, 1), -ENOSPC, "and no more");
    (void)call(__NR_ftruncate, fd, 3 * PAGE);
    bytes = map_file(fd, 3);
    is(status_of_child(write_byte, bytes + 2 * PAGE) & 0x7F, SIGBUS,
       "a mapping of a full file system is SIGBUS");
    unmap_pages(bytes, 3);
    (void)call(__NR_close, fd);
    is(call(__NR_umount2, "mnt", 0), 0, "umount");
    is(size_of("mnt/f"), -EBADF, "its files are gone");
    (void)call(__NR_rmdir, "mnt");
}

/* Writes until nothing more goes, then needs memory of its own. */
static int fill(void *unused)
{
    (void)unused;
    long fd = open_at("big", FILE_RW), n;
    while ((n = call(__NR_write, fd, large, PIPE_SIZE)) > 0) {
    }
    char *pages = map_pages(64);
    memset(pages, 1, 64 * PAGE);
    return n == -ENOSPC ? 0 : 1;
}

static void test_full_memory(void)
{
    is(status_of_child(fill, 0), 0, "a program that fills the root gets ENOSPC and can go on");
    is(call(__NR_unlink, "big"), 0, "unlink frees the memory");
}

/* ---- Permissions --------------------------------------------------------------------------------- */

static int be_another(void *unused)
{
    struct stat before = {0}, after = {0};
    (void)unused;
    (void)stat("a", &before);
    (void)call(__NR_setresuid32, 1000, 1000, 1000);
    int bad = open_at("a", O_RDWR) != -EACCES;
    bad |= (call(__NR_unlink, "a") != -EACCES) << 1;
    bad |= (call(__NR_chroot, ".") != -EPERM) << 2;
    bad |= (call(__NR_rename, "box/dir", "open/dir") != -EACCES) << 3;
    bad |= (call(__NR_utimensat, HERE, "free", 0, 0) != 0) << 4;
    (void)stat("free", &after);
    bad |= (after.st_mtime == 0) << 5;
    return bad;
}

static void test_permissions(void)
{
    static const long old[4];
    is(call(__NR_umask, 077), 022, "umask returns the old one");
    is(call(__NR_umask, 022), 077, "and sets the new one");
    (void)call(__NR_chmod, "a", 0600);
    (void)call(__NR_mkdir, "box", 0777);
    (void)call(__NR_mkdir, "open", 0777);
    (void)call(__NR_chmod, "box", 0777);
    (void)call(__NR_chmod, "open", 0777);
    (void)call(__NR_mkdir, "box/dir", 0755);
    make("free");
    (void)call(__NR_chmod, "free", 0666);
    (void)call(__NR_utimensat, HERE, "free", old, 0);
    if (call(__NR_setresuid32, 0, 0, 0) == -ENOSYS) {
        skip("other users", "no call sets ids yet");
    } else {
        is(status_of_child(be_another, 0), 0,
           "another user may not open, remove, chroot or move a directory of others, but touch");
    }
    (void)call(__NR_rmdir, "box/dir");
    (void)call(__NR_rmdir, "box");
    (void)call(__NR_rmdir, "open");
    (void)call(__NR_unlink, "free");
}

static int change_root(void *unused)
{
    char path[64];
    (void)unused;
    return call(__NR_chroot, ".") == 0 && call(__NR_chdir, "/") == 0 &&
                   call(__NR_getcwd, path, sizeof(path)) == 2 && open_at("/../a", O_RDONLY) >= 0
               ? 0
               : 1;
}

int main(int argc, char **argv)
{
    (void)argc;
    (void)call(__NR_mkdir, "/tf", 0755);
    is(open_at(argv[0], O_RDWR), -ETXTBSY, "open for writing of the program that runs");
    (void)call(__NR_chdir, "/tf");
    test_open();
    test_removed_directory();
    test_mapping();
    test_cut();
    test_full_ring();
    test_back_pressure();
    test_fifo();
    test_dup();
    test_mount();
    test_full_memory();
    test_permissions();
    is(status_of_child(change_root, 0), 0, "chroot: \"/..\" stays inside");
    (void)call(__NR_unlink, "a");
    (void)call(__NR_chdir, "/");
    (void)call(__NR_rmdir, "/tf");
    return done_testing();
}
