/*
 * Calls that change files and folders, one each.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/libc/syscall.h"

#define HIGH(offset) ((long)((offset) >> 32))
#define LOW(offset)  ((long)(offset))

ssize_t pread(int fd, void *to, size_t n, off_t offset)
{
    return (ssize_t)syscall_result(
        syscall5(__NR_pread64, fd, (long)to, (long)n, LOW(offset), HIGH(offset)));
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t offset)
{
    return (ssize_t)syscall_result(
        syscall5(__NR_pwrite64, fd, (long)from, (long)n, LOW(offset), HIGH(offset)));
}

int truncate(const char *path, off_t size)
{
    return (int)syscall_result(syscall3(__NR_truncate64, (long)path, LOW(size), HIGH(size)));
}

int ftruncate(int fd, off_t size)
{
    return (int)syscall_result(syscall3(__NR_ftruncate64, fd, LOW(size), HIGH(size)));
}

int fsync(int fd)
{
    return (int)syscall_result(syscall1(__NR_fsync, fd));
}

int fdatasync(int fd)
{
    return (int)syscall_result(syscall1(__NR_fdatasync, fd));
}

void sync(void)
{
    (void)syscall0(__NR_sync);
}

int chdir(const char *path)
{
    return (int)syscall_result(syscall1(__NR_chdir, (long)path));
}

int fchdir(int fd)
{
    return (int)syscall_result(syscall1(__NR_fchdir, fd));
}

int mkdir(const char *path, mode_t mode)
{
    return (int)syscall_result(syscall2(__NR_mkdir, (long)path, (long)mode));
}

int rmdir(const char *path)
{
    return (int)syscall_result(syscall1(__NR_rmdir, (long)path));
}

int unlink(const char *path)
{
    return (int)syscall_result(syscall1(__NR_unlink, (long)path));
}

int link(const char *from, const char *to)
{
    return (int)syscall_result(syscall2(__NR_link, (long)from, (long)to));
}

int symlink(const char *target, const char *path)
{
    return (int)syscall_result(syscall2(__NR_symlink, (long)target, (long)path));
}

int rename(const char *from, const char *to)
{
    return (int)syscall_result(syscall2(__NR_rename, (long)from, (long)to));
}

int chmod(const char *path, mode_t mode)
{
    return (int)syscall_result(syscall2(__NR_chmod, (long)path, (long)mode));
}

int fchmod(int fd, mode_t mode)
{
    return (int)syscall_result(syscall2(__NR_fchmod, fd, (long)mode));
}

int chown(const char *path, uid_t user, gid_t group)
{
    return (int)syscall_result(syscall3(__NR_chown32, (long)path, (long)user, (long)group));
}

mode_t umask(mode_t mask)
{
    return (mode_t)syscall1(__NR_umask, (long)mask);
}

int remove(const char *path)
{
    int result = unlink(path);
    return result != 0 && errno == EISDIR ? rmdir(path) : result;
}

/* ---- Paths that begin at a folder -------------------------------------------------------------- */

/* As open's. */
int openat(int at, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    long mode = va_arg(list, long);
    va_end(list);
    return (int)syscall_result(syscall4(__NR_openat, at, (long)path, flags | O_LARGEFILE, mode));
}

/* The call without flags is older than the one with them. */
int faccessat(int at, const char *path, int mode, int flags)
{
    if (flags == 0) {
        return (int)syscall_result(syscall3(__NR_faccessat, at, (long)path, mode));
    }
    return (int)syscall_result(syscall4(__NR_faccessat2, at, (long)path, mode, flags));
}

int fchownat(int at, const char *path, uid_t user, gid_t group, int flags)
{
    return (int)syscall_result(
        syscall5(__NR_fchownat, at, (long)path, (long)user, (long)group, flags));
}

/* The kernel's call knows no flags. A link has no mode of its own. */
int fchmodat(int at, const char *path, mode_t mode, int flags)
{
    if (flags != 0) {
        errno = (flags & ~AT_SYMLINK_NOFOLLOW) != 0 ? EINVAL : EOPNOTSUPP;
        return -1;
    }
    return (int)syscall_result(syscall3(__NR_fchmodat, at, (long)path, (long)mode));
}

int fstatat(int at, const char *restrict path, struct stat *restrict out, int flags)
{
    return (int)syscall_result(syscall4(__NR_fstatat64, at, (long)path, (long)out, flags));
}

int mkdirat(int at, const char *path, mode_t mode)
{
    return (int)syscall_result(syscall3(__NR_mkdirat, at, (long)path, (long)mode));
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags)
{
    return (int)syscall_result(syscall5(__NR_linkat, from_at, (long)from, to_at, (long)to, flags));
}

ssize_t readlinkat(int at, const char *restrict path, char *restrict to, size_t size)
{
    return (ssize_t)syscall_result(syscall4(__NR_readlinkat, at, (long)path, (long)to, (long)size));
}

int symlinkat(const char *target, int at, const char *path)
{
    return (int)syscall_result(syscall3(__NR_symlinkat, (long)target, at, (long)path));
}

int unlinkat(int at, const char *path, int flags)
{
    return (int)syscall_result(syscall3(__NR_unlinkat, at, (long)path, flags));
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
    return (int)syscall_result(syscall4(__NR_renameat, from_at, (long)from, to_at, (long)to));
}

/* ---- Owners, special files, descriptors -------------------------------------------------------- */

int lchown(const char *path, uid_t user, gid_t group)
{
    return (int)syscall_result(syscall3(__NR_lchown32, (long)path, (long)user, (long)group));
}

int fchown(int fd, uid_t user, gid_t group)
{
    return (int)syscall_result(syscall3(__NR_fchown32, fd, (long)user, (long)group));
}

int chroot(const char *path)
{
    return (int)syscall_result(syscall1(__NR_chroot, (long)path));
}

/* The kernel's numbers of devices have 32 bits. */
int mknod(const char *path, mode_t mode, dev_t device)
{
    return (int)syscall_result(syscall3(__NR_mknod, (long)path, (long)mode, (long)device));
}

int mkfifo(const char *path, mode_t mode)
{
    return mknod(path, (mode & ~(mode_t)S_IFMT) | S_IFIFO, 0);
}

int dup3(int fd, int to, int flags)
{
    return (int)syscall_result(syscall3(__NR_dup3, fd, to, flags));
}

int pipe2(int ends[2], int flags)
{
    return (int)syscall_result(syscall2(__NR_pipe2, (long)ends, flags));
}
