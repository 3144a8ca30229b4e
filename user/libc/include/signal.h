/* <signal.h>: signal numbers and kill. Handlers are not supported yet, so they are not declared. */
#ifndef FL_SIGNAL_H
#define FL_SIGNAL_H

#include <asm/signal.h>
#include <sys/types.h>

int kill(pid_t pid, int signal);
int raise(int signal);

#endif
