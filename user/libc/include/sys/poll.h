/* <sys/poll.h>: the older name of <poll.h>. */
#ifndef FL_SYS_POLL_H
#define FL_SYS_POLL_H

#include <poll.h>

#endif
