/* <sys/select.h>: waiting for one of several files, given as sets of descriptors. */
#ifndef FL_SYS_SELECT_H
#define FL_SYS_SELECT_H

#include <signal.h>
#include <sys/time.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FD_SETSIZE 1024
#define NFDBITS    (8 * (int)sizeof(unsigned long))

typedef unsigned long fd_mask;
typedef struct {
    fd_mask fds_bits[FD_SETSIZE / (8 * sizeof(unsigned long))];
} fd_set;

#define FD_ZERO(set)      ((void)__builtin_memset((set), 0, sizeof(fd_set)))
#define FD_SET(fd, set)   ((void)((set)->fds_bits[(fd) / NFDBITS] |= 1UL << ((fd) % NFDBITS)))
#define FD_CLR(fd, set)   ((void)((set)->fds_bits[(fd) / NFDBITS] &= ~(1UL << ((fd) % NFDBITS))))
#define FD_ISSET(fd, set) (((set)->fds_bits[(fd) / NFDBITS] >> ((fd) % NFDBITS) & 1) != 0)

struct timespec;

/* Waits until a descriptor below `count` is ready for what its set stands for, but at most for `time`
 * (NULL: for ever), which becomes what is left of it. Returns how many are ready; the sets then hold
 * these. Any set may be NULL. */
int select(int count, fd_set *__restrict reads, fd_set *__restrict writes,
           fd_set *__restrict exceptions, struct timeval *__restrict time);
/* The same to the nanosecond, with another signal mask meanwhile. time does not change. */
int pselect(int count, fd_set *__restrict reads, fd_set *__restrict writes,
            fd_set *__restrict exceptions, const struct timespec *__restrict time,
            const sigset_t *__restrict mask);

#ifdef __cplusplus
}
#endif

#endif
