/* <fcntl.h>: Linux's open and fcntl with its flag values. */
#ifndef FL_FCNTL_H
#define FL_FCNTL_H

#include <linux/fcntl.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

int open(const char *path, int flags, ...);
int creat(const char *path, mode_t mode);
int fcntl(int fd, int command, ...);

/* A path that is relative begins at the folder `at`, or AT_FDCWD: the working directory. */
int openat(int at, const char *path, int flags, ...);

#ifdef __cplusplus
}
#endif

#endif
