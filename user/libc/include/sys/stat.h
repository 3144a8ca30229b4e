/*
 * <sys/stat.h>: file attributes. Linux has two structures; programs here see only the one with
 * 64-bit sizes, under the plain names.
 */
#ifndef FL_SYS_STAT_H
#define FL_SYS_STAT_H

#include <asm/stat.h>
#include <linux/stat.h>
#include <sys/types.h>

#define stat  stat64
#define lstat lstat64
#define fstat fstat64

int stat(const char *restrict path, struct stat *restrict out);
int lstat(const char *restrict path, struct stat *restrict out);
int fstat(int fd, struct stat *out);

#endif
