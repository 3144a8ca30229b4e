/* Signals: the calls, and the sets. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/libc/syscall.h"

#define SIGSET_BYTES 8

/* ---- Actions --------------------------------------------------------------------------------- */

/* Linux's structure of rt_sigaction. */
struct kernel_action {
    void *handler;
    unsigned long flags;
    void (*restorer)(void);
    sigset_t mask;
};

/* What handlers return to (restorer.asm), without SA_SIGINFO and with it. */
void fl_signal_return(void);
void fl_signal_return_info(void);

static struct kernel_action to_kernel(const struct sigaction *action)
{
    struct kernel_action k = {
        .flags = (unsigned long)action->sa_flags | SA_RESTORER,
        .restorer = action->sa_flags & SA_SIGINFO ? fl_signal_return_info : fl_signal_return,
        .mask = action->sa_mask,
    };
    memcpy(&k.handler, &action->_u, sizeof(k.handler));
    return k;
}

static void from_kernel(struct sigaction *action, const struct kernel_action *k)
{
    memcpy(&action->_u, &k->handler, sizeof(k->handler));
    action->sa_flags = (int)(k->flags & ~(unsigned long)SA_RESTORER);
    action->sa_mask = k->mask;
    action->sa_restorer = NULL;
}

int sigaction(int signal, const struct sigaction *restrict action, struct sigaction *restrict old)
{
    struct kernel_action k_new, k_old;
    if (action != NULL) {
        k_new = to_kernel(action);
    }
    int result =
        (int)syscall_result(syscall4(__NR_rt_sigaction, signal, action == NULL ? 0 : (long)&k_new,
                                     old == NULL ? 0 : (long)&k_old, SIGSET_BYTES));
    if (result == 0 && old != NULL) {
        from_kernel(old, &k_old);
    }
    return result;
}

sighandler_t signal(int signal, sighandler_t handler)
{
    struct sigaction action = {.sa_flags = SA_RESTART}, old;
    action.sa_handler = handler;
    return sigaction(signal, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

int siginterrupt(int signal, int interrupts)
{
    struct sigaction action;
    if (sigaction(signal, NULL, &action) != 0) {
        return -1;
    }
    action.sa_flags = interrupts ? action.sa_flags & ~SA_RESTART : action.sa_flags | SA_RESTART;
    return sigaction(signal, &action, NULL);
}

/* ---- Sending --------------------------------------------------------------------------------- */

int kill(pid_t pid, int signal)
{
    return (int)syscall_result(syscall2(__NR_kill, pid, signal));
}

int killpg(pid_t group, int signal)
{
    if (group < 0) {
        errno = EINVAL;
        return -1;
    }
    return kill(-group, signal);
}

int raise(int signal)
{
    return kill(getpid(), signal);
}

int tgkill(pid_t group, pid_t thread, int signal)
{
    return (int)syscall_result(syscall3(__NR_tgkill, group, thread, signal));
}

int sigqueue(pid_t pid, int signal, const union sigval value)
{
    siginfo_t info;
    memset(&info, 0, sizeof(info));
    info.si_signo = signal;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value = value;
    return (int)syscall_result(syscall3(__NR_rt_sigqueueinfo, pid, signal, (long)&info));
}

/* ---- Sets ------------------------------------------------------------------------------------ */

static int is_number(int signal)
{
    if (signal >= 1 && signal < NSIG) {
        return 1;
    }
    errno = EINVAL;
    return 0;
}

static unsigned long *word_of(sigset_t *set, int signal)
{
    return &set->bits[(signal - 1) / 32];
}

static unsigned long bit_of(int signal)
{
    return 1ul << (signal - 1) % 32;
}

int sigemptyset(sigset_t *set)
{
    *set = (sigset_t){{0, 0}};
    return 0;
}

int sigfillset(sigset_t *set)
{
    *set = (sigset_t){{~0ul, ~0ul}};
    return 0;
}

int sigaddset(sigset_t *set, int signal)
{
    if (!is_number(signal)) {
        return -1;
    }
    *word_of(set, signal) |= bit_of(signal);
    return 0;
}

int sigdelset(sigset_t *set, int signal)
{
    if (!is_number(signal)) {
        return -1;
    }
    *word_of(set, signal) &= ~bit_of(signal);
    return 0;
}

int sigismember(const sigset_t *set, int signal)
{
    sigset_t copy = *set;
    return is_number(signal) ? (*word_of(&copy, signal) & bit_of(signal)) != 0 : -1;
}

int sigisemptyset(const sigset_t *set)
{
    return (set->bits[0] | set->bits[1]) == 0;
}

int sigorset(sigset_t *to, const sigset_t *a, const sigset_t *b)
{
    *to = (sigset_t){{a->bits[0] | b->bits[0], a->bits[1] | b->bits[1]}};
    return 0;
}

int sigandset(sigset_t *to, const sigset_t *a, const sigset_t *b)
{
    *to = (sigset_t){{a->bits[0] & b->bits[0], a->bits[1] & b->bits[1]}};
    return 0;
}

/* ---- Masks and waiting ----------------------------------------------------------------------- */

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    return (int)syscall_result(
        syscall4(__NR_rt_sigprocmask, how, (long)set, (long)old, SIGSET_BYTES));
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    return -(int)syscall4(__NR_rt_sigprocmask, how, (long)set, (long)old, SIGSET_BYTES);
}

int sigpending(sigset_t *set)
{
    return (int)syscall_result(syscall2(__NR_rt_sigpending, (long)set, SIGSET_BYTES));
}

int sigsuspend(const sigset_t *mask)
{
    return (int)syscall_result(syscall2(__NR_rt_sigsuspend, (long)mask, SIGSET_BYTES));
}

int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *time)
{
    return (int)syscall_result(
        syscall4(__NR_rt_sigtimedwait_time64, (long)set, (long)info, (long)time, SIGSET_BYTES));
}

int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
    return sigtimedwait(set, info, NULL);
}

int sigwait(const sigset_t *set, int *signal)
{
    int got;
    do {
        got = sigwaitinfo(set, NULL);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return errno;
    }
    *signal = got;
    return 0;
}

int sigaltstack(const stack_t *stack, stack_t *old)
{
    return (int)syscall_result(syscall2(__NR_sigaltstack, (long)stack, (long)old));
}

unsigned int alarm(unsigned int seconds)
{
    long answer = syscall_result(syscall1(__NR_alarm, (long)seconds));
    return answer < 0 ? 0 : (unsigned int)answer;
}

int pause(void)
{
    return (int)syscall_result(syscall0(__NR_pause));
}

/* ---- Texts ----------------------------------------------------------------------------------- */

void psignal(int signal, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        (void)fprintf(stderr, "%s: ", text);
    }
    (void)fprintf(stderr, "%s\n", strsignal(signal));
}

void psiginfo(const siginfo_t *info, const char *text)
{
    psignal(info->si_signo, text);
}
