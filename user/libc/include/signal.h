/*
 * <signal.h>: signals. The kernel kills, but has no handlers yet: what sets one fails with ENOSYS.
 * A sigset_t has the 31 signals below the real-time ones.
 */
#ifndef FL_SIGNAL_H
#define FL_SIGNAL_H

/* <asm/signal.h> includes <linux/time.h> for nothing, whose struct timespec and timeval have 32-bit
 * seconds; programs are to see those of <time.h> and <sys/time.h>. */
#ifndef _LINUX_TIME_H
#define _LINUX_TIME_H
#endif
#include <asm/signal.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int sig_atomic_t;
typedef void (*sighandler_t)(int signal);

/* Sets what a signal does: a function, SIG_DFL or SIG_IGN. Calls that it interrupts go on (BSD's
 * way). Returns what it did before, or SIG_ERR. */
sighandler_t signal(int signal, sighandler_t handler);
/* The same with a mask and flags; either pointer may be NULL. */
int sigaction(int signal, const struct sigaction *__restrict action,
              struct sigaction *__restrict old);

int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int signal);
int sigdelset(sigset_t *set, int signal);
int sigismember(const sigset_t *set, int signal);
/* how: SIG_BLOCK, SIG_UNBLOCK or SIG_SETMASK; either pointer may be NULL. */
int sigprocmask(int how, const sigset_t *__restrict set, sigset_t *__restrict old);
int sigpending(sigset_t *set);
/* Waits with this mask until a handler has run; always returns -1 and EINTR. */
int sigsuspend(const sigset_t *mask);

int kill(pid_t pid, int signal);
int raise(int signal);

#ifdef __cplusplus
}
#endif

#endif
