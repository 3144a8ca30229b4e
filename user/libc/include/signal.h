/* <signal.h>: signals. Numbers, codes and siginfo_t are Linux's. */
#ifndef FL_SIGNAL_H
#define FL_SIGNAL_H

/* <asm/signal.h> includes <linux/time.h> for nothing, whose struct timespec and timeval have 32-bit
 * seconds; programs are to see those of <time.h> and <sys/time.h>. Its sigset_t and struct sigaction
 * are those of the older calls, with 32 signals. */
#ifndef _LINUX_TIME_H
#define _LINUX_TIME_H
#endif
#define sigset_t  fl_old_sigset_t
#define sigaction fl_old_sigaction
#include <asm/signal.h>
#undef sigset_t
#undef sigaction
#include <asm/siginfo.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#undef NSIG
#undef SIGRTMAX
#define _NSIG         65
#define NSIG          _NSIG
#define SIGRTMAX      64
#define SS_ONSTACK    1
#define SS_DISABLE    2
#define SS_AUTODISARM (1u << 31)

typedef int sig_atomic_t;
typedef void (*sighandler_t)(int);
typedef sighandler_t sig_t;

typedef struct {
    unsigned long bits[2];
} sigset_t;

/* The handler's names sa_handler and sa_sigaction are macros of <asm/signal.h>. */
struct sigaction {
    union {
        sighandler_t _sa_handler;
        void (*_sa_sigaction)(int, siginfo_t *, void *);
    } _u;
    sigset_t sa_mask;
    int sa_flags;
    void (*sa_restorer)(void);
};

#include <sys/ucontext.h> /* for which all above must be there */

struct timespec;

/* Installs a handler that stays, with SA_RESTART, as BSD does. Returns the old one, or SIG_ERR. */
sighandler_t signal(int signal, sighandler_t handler);
int sigaction(int signal, const struct sigaction *__restrict action,
              struct sigaction *__restrict old);
int siginterrupt(int signal, int interrupts);

int kill(pid_t pid, int signal);
int killpg(pid_t group, int signal);
int raise(int signal);
int sigqueue(pid_t pid, int signal, const union sigval value);
int tgkill(pid_t group, pid_t thread, int signal);

int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int signal);
int sigdelset(sigset_t *set, int signal);
int sigismember(const sigset_t *set, int signal);
int sigisemptyset(const sigset_t *set);
int sigorset(sigset_t *to, const sigset_t *a, const sigset_t *b);
int sigandset(sigset_t *to, const sigset_t *a, const sigset_t *b);

int sigprocmask(int how, const sigset_t *__restrict set, sigset_t *__restrict old);
int pthread_sigmask(int how, const sigset_t *set, sigset_t *old);
int sigpending(sigset_t *set);
int sigsuspend(const sigset_t *mask);
int sigwait(const sigset_t *set, int *signal);
int sigwaitinfo(const sigset_t *set, siginfo_t *info);
int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *time);
int sigaltstack(const stack_t *stack, stack_t *old);

/* Print the signal's text on standard error, behind "text: ". */
void psignal(int signal, const char *text);
void psiginfo(const siginfo_t *info, const char *text);

#ifdef __cplusplus
}
#endif

#endif
