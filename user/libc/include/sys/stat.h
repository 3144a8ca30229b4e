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

#define stat  stat64
#define lstat lstat64
#define fstat fstat64

int mkdir(const char *path, mode_t mode);
int chmod(const char *path, mode_t mode);
int fchmod(int fd, mode_t mode);
mode_t umask(mode_t mask);
int stat(const char *__restrict path, struct stat *__restrict out);
int lstat(const char *__restrict path, struct stat *__restrict out);
int fstat(int fd, struct stat *out);

#ifdef __cplusplus
}
#endif

#endif
