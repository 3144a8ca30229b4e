/*
 * Calls that change files and folders, one each.
 */
#include <errno.h>
#include <fcntl.h>
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
