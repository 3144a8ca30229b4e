/*
 * <sys/stat.h>: file attributes. Linux has two structures; programs here see only the one with
 * 64-bit sizes, under the plain names.
 */
#ifndef FL_SYS_STAT_H
#define FL_SYS_STAT_H

#include <asm/stat.h>
#include <linux/stat.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define stat    stat64
#define lstat   lstat64
#define fstat   fstat64
#define fstatat fstatat64

int mkdir(const char *path, mode_t mode);
int chmod(const char *path, mode_t mode);
int fchmod(int fd, mode_t mode);
mode_t umask(mode_t mask);
int mkfifo(const char *path, mode_t mode);
int mknod(const char *path, mode_t mode, dev_t device);

/* Relative paths begin at the folder `at` (<fcntl.h>). */
int fstatat(int at, const char *__restrict path, struct stat *__restrict out, int flags);
int mkdirat(int at, const char *path, mode_t mode);
int fchmodat(int at, const char *path, mode_t mode, int flags);

/* Set the times of last access and change, two of them; NULL: now. A tv_nsec may be UTIME_NOW or
 * UTIME_OMIT. */
struct timespec;
int utimensat(int at, const char *path, const struct timespec *times, int flags);
int futimens(int fd, const struct timespec *times);
#define UTIME_NOW  0x3fffffff
#define UTIME_OMIT 0x3ffffffe
int stat(const char *__restrict path, struct stat *__restrict out);
int lstat(const char *__restrict path, struct stat *__restrict out);
int fstat(int fd, struct stat *out);

#ifdef __cplusplus
}
#endif

#endif
