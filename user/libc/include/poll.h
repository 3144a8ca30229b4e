/* <poll.h>: waiting for one of several files. */
#ifndef FL_POLL_H
#define FL_POLL_H

#include <linux/poll.h>
#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned long nfds_t;

struct timespec;

/* Waits until an entry's file is ready for its events, but at most so many milliseconds; negative: for
 * ever. Returns how many entries have events in revents; 0: none in time. */
int poll(struct pollfd *fds, nfds_t count, int milliseconds);
/* The same to the nanosecond, with another signal mask meanwhile. time, mask: NULL: none. */
int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *time, const sigset_t *mask);

#ifdef __cplusplus
}
#endif

#endif
