/* <unistd.h>, <fcntl.h>, <sys/stat.h>, <sys/uio.h> and relatives: one call each. */
#include <errno.h>
#include <faultline.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "user/libc/syscall.h"

/* ---- Files ------------------------------------------------------------------------------------- */

ssize_t read(int fd, void *to, size_t n)
{
    return (ssize_t)syscall_result(syscall3(__NR_read, fd, (long)to, (long)n));
}

ssize_t write(int fd, const void *from, size_t n)
{
    return (ssize_t)syscall_result(syscall3(__NR_write, fd, (long)from, (long)n));
}

ssize_t readv(int fd, const struct iovec *pieces, int count)
{
    return (ssize_t)syscall_result(syscall3(__NR_readv, fd, (long)pieces, count));
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    return (ssize_t)syscall_result(syscall3(__NR_writev, fd, (long)pieces, count));
}

/* The caller passes a mode only with certain flags. Reading a word that nobody passed is harmless
 * on i386, where arguments are on the stack. */
int open(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    long mode = va_arg(list, long);
    va_end(list);
    return (int)syscall_result(syscall3(__NR_open, (long)path, flags | O_LARGEFILE, mode));
}

int creat(const char *path, mode_t mode)
{
    return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int close(int fd)
{
    return (int)syscall_result(syscall1(__NR_close, fd));
}

int fcntl(int fd, int command, ...)
{
    va_list list;
    va_start(list, command);
    long arg = va_arg(list, long);
    va_end(list);
    return (int)syscall_result(syscall3(__NR_fcntl64, fd, command, arg));
}

int dup(int fd)
{
    return fcntl(fd, F_DUPFD, 0);
}

int dup2(int fd, int to)
{
    return (int)syscall_result(syscall2(__NR_dup2, fd, to));
}

int pipe(int ends[2])
{
    return (int)syscall_result(syscall1(__NR_pipe, (long)ends));
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list list;
    va_start(list, request);
    long arg = va_arg(list, long);
    va_end(list);
    return (int)syscall_result(syscall3(__NR_ioctl, fd, (long)request, arg));
}

int isatty(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0;
}

off_t lseek(int fd, off_t offset, int whence)
{
    off_t position = -1; /* the kernel sets it, unseen by the compiler */
    long answer =
        syscall5(__NR__llseek, fd, (long)(offset >> 32), (long)offset, (long)&position, whence);
    return syscall_result(answer) < 0 ? -1 : position;
}

int access(const char *path, int mode)
{
    return (int)syscall_result(syscall2(__NR_access, (long)path, mode));
}

ssize_t readlink(const char *restrict path, char *restrict to, size_t size)
{
    return (ssize_t)syscall_result(syscall3(__NR_readlink, (long)path, (long)to, (long)size));
}

/* The kernel returns the length with its terminator. */
char *getcwd(char *to, size_t size)
{
    return syscall_result(syscall2(__NR_getcwd, (long)to, (long)size)) < 0 ? NULL : to;
}

int stat(const char *restrict path, struct stat *restrict out)
{
    return (int)syscall_result(syscall2(__NR_stat64, (long)path, (long)out));
}

int lstat(const char *restrict path, struct stat *restrict out)
{
    return (int)syscall_result(syscall2(__NR_lstat64, (long)path, (long)out));
}

int fstat(int fd, struct stat *out)
{
    return (int)syscall_result(syscall2(__NR_fstat64, fd, (long)out));
}

/* ---- The machine ------------------------------------------------------------------------------- */

int uname(struct utsname *out)
{
    return (int)syscall_result(syscall1(__NR_uname, (long)out));
}

ssize_t getrandom(void *to, size_t n, unsigned int flags)
{
    return (ssize_t)syscall_result(syscall3(__NR_getrandom, (long)to, (long)n, (long)flags));
}

int getrlimit(int resource, struct rlimit *limit)
{
    return (int)syscall_result(syscall2(__NR_ugetrlimit, resource, (long)limit));
}

/* prlimit64's structure; no limit is all ones in both. */
struct wide_limits {
    unsigned long long soft, hard;
};

static unsigned long long widen(rlim_t limit)
{
    return limit == RLIM_INFINITY ? ~0ull : limit;
}

int setrlimit(int resource, const struct rlimit *limit)
{
    struct wide_limits wide = {widen(limit->rlim_cur), widen(limit->rlim_max)};
    return (int)syscall_result(syscall4(__NR_prlimit64, 0, resource, (long)&wide, 0));
}

int getpagesize(void)
{
    return 4096; /* the only size of user pages on i386 */
}

/* Returns a limit, or -1 if there is none. */
static long soft_limit(int resource)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur > LONG_MAX) {
        return -1;
    }
    return (long)limit.rlim_cur;
}

long sysconf(int name)
{
    switch (name) {
    case _SC_ARG_MAX:
        return soft_limit(RLIMIT_STACK) / 4; /* as Linux bounds arguments */
    case _SC_CLK_TCK:
        return 100;
    case _SC_OPEN_MAX:
        return soft_limit(RLIMIT_NOFILE);
    case _SC_PAGESIZE:
        return getpagesize();
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN:
        return 1;
    case _SC_AVPHYS_PAGES:
        return freemem();
    default:
        return syscall_result(-EINVAL);
    }
}

int getentropy(void *to, size_t n)
{
    if (n > 256) {
        return (int)syscall_result(-EIO);
    }
    ssize_t got = getrandom(to, n, 0);
    return got < 0 || (size_t)got == n ? (int)(got < 0 ? got : 0) : (int)syscall_result(-EIO);
}

/* ---- Who and when ------------------------------------------------------------------------------ */

pid_t getpid(void)
{
    return (pid_t)syscall0(__NR_getpid);
}

pid_t getppid(void)
{
    return (pid_t)syscall0(__NR_getppid);
}

pid_t gettid(void)
{
    return (pid_t)syscall0(__NR_gettid);
}

uid_t getuid(void)
{
    return (uid_t)syscall0(__NR_getuid32);
}

uid_t geteuid(void)
{
    return (uid_t)syscall0(__NR_geteuid32);
}

gid_t getgid(void)
{
    return (gid_t)syscall0(__NR_getgid32);
}

gid_t getegid(void)
{
    return (gid_t)syscall0(__NR_getegid32);
}

int sched_yield(void)
{
    return (int)syscall_result(syscall0(__NR_sched_yield));
}
