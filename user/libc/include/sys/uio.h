/* <sys/uio.h>: reading and writing several pieces in one call. */
#ifndef FL_SYS_UIO_H
#define FL_SYS_UIO_H

#include <linux/uio.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

ssize_t readv(int fd, const struct iovec *pieces, int count);
ssize_t writev(int fd, const struct iovec *pieces, int count);

#ifdef __cplusplus
}
#endif

#endif
