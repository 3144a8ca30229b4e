/*
 * <signal.h>, over the calls whose masks have 64 bits. Programs' masks have 32, the lower half. On a
 * kernel without handlers these calls fail with ENOSYS.
 */
#include <signal.h>

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "user/libc/syscall.h"

struct kernel_set {
    sigset_t low, high;
};

/* What the kernel calls struct sigaction. */
struct kernel_action {
    sighandler_t handler;
    unsigned long flags;
    void (*restorer)(void);
    struct kernel_set mask;
};

/* Where a handler returns to (restorer.asm), without SA_SIGINFO and with it. */
void fl_signal_return(void);
void fl_signal_return_info(void);

int sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict old)
{
    struct kernel_action new = {.handler = SIG_DFL}, was = new;
    if (action != NULL) {
        new.handler = action->sa_handler;
        new.flags = action->sa_flags | SA_RESTORER;
        new.restorer =
            (action->sa_flags & SA_SIGINFO) != 0 ? fl_signal_return_info : fl_signal_return;
        new.mask.low = action->sa_mask;
    }
    long answer = syscall4(__NR_rt_sigaction, number, action == NULL ? 0 : (long)&new, (long)&was,
                           sizeof(was.mask));
    if (syscall_result(answer) < 0) {
        return -1;
    }
    if (old != NULL) {
        *old = (struct sigaction){.sa_mask = was.mask.low,
                                  .sa_flags = was.flags & ~(unsigned long)SA_RESTORER};
        old->sa_handler = was.handler;
    }
    return 0;
}

sighandler_t signal(int number, sighandler_t handler)
{
    struct sigaction action = {.sa_flags = SA_RESTART}, old;
    action.sa_handler = handler;
    return sigaction(number, &action, &old) < 0 ? SIG_ERR : old.sa_handler;
}

/* ---- Sets -------------------------------------------------------------------------------------- */

int sigemptyset(sigset_t *set)
{
    *set = 0;
    return 0;
}

int sigfillset(sigset_t *set)
{
    *set = ~0ul;
    return 0;
}

/* Returns a signal's bit, or 0 and EINVAL. */
static sigset_t bit_of(int number)
{
    if (number < 1 || number > 32) {
        errno = EINVAL;
        return 0;
    }
    return 1ul << (number - 1);
}

int sigaddset(sigset_t *set, int number)
{
    sigset_t bit = bit_of(number);
    *set |= bit;
    return bit == 0 ? -1 : 0;
}

int sigdelset(sigset_t *set, int number)
{
    sigset_t bit = bit_of(number);
    *set &= ~bit;
    return bit == 0 ? -1 : 0;
}

int sigismember(const sigset_t *set, int number)
{
    sigset_t bit = bit_of(number);
    return bit == 0 ? -1 : (*set & bit) != 0;
}

/* ---- Masks ------------------------------------------------------------------------------------- */

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    struct kernel_set new = {set != NULL ? *set : 0, 0}, was = {0, 0};
    long answer =
        syscall4(__NR_rt_sigprocmask, how, set == NULL ? 0 : (long)&new, (long)&was, sizeof(was));
    if (syscall_result(answer) < 0) {
        return -1;
    }
    if (old != NULL) {
        *old = was.low;
    }
    return 0;
}

int sigpending(sigset_t *set)
{
    struct kernel_set all = {0, 0};
    long answer = syscall_result(syscall2(__NR_rt_sigpending, (long)&all, sizeof(all)));
    *set = all.low;
    return (int)answer;
}

int sigsuspend(const sigset_t *mask)
{
    struct kernel_set all = {*mask, 0};
    return (int)syscall_result(syscall2(__NR_rt_sigsuspend, (long)&all, sizeof(all)));
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
