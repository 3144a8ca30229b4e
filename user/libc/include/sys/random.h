/* <sys/random.h>: random bytes from the kernel. */
#ifndef FL_SYS_RANDOM_H
#define FL_SYS_RANDOM_H

#include <linux/random.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

ssize_t getrandom(void *to, size_t n, unsigned int flags);

#ifdef __cplusplus
}
#endif

#endif
