/* <signal.h>: signal numbers and kill. Handlers are not supported yet, so they are not declared. */
#ifndef FL_SIGNAL_H
#define FL_SIGNAL_H

/* <asm/signal.h> includes <linux/time.h> for nothing, whose struct timespec and timeval have 32-bit
 * seconds; programs are to see those of <time.h> and <sys/time.h>. */
#ifndef _LINUX_TIME_H
#define _LINUX_TIME_H
#endif
#include <asm/signal.h>
#include <sys/types.h>

int kill(pid_t pid, int signal);
int raise(int signal);

#endif
