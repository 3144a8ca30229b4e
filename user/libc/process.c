/* Processes: fork, execve, wait, _exit, and the variable environ. */
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/libc/syscall.h"

char **environ;                                            /* fl_start sets it */
extern char **__environ __attribute__((alias("environ"))); /* musl's name */

pid_t fork(void)
{
    return (pid_t)syscall_result(syscall0(__NR_fork));
}

int execve(const char *path, char *const argv[], char *const envp[])
{
    return (int)syscall_result(syscall3(__NR_execve, (long)path, (long)argv, (long)envp));
}

int execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}

/* wait4 stores times in 32 bits; the counters behind them are the same in both structures. */
struct kernel_rusage {
    long user_time[2], system_time[2]; /* seconds, microseconds */
    long counters[14];
};

static void usage_from_kernel(struct rusage *to, const struct kernel_rusage *from)
{
    to->ru_utime = (struct timeval){from->user_time[0], from->user_time[1]};
    to->ru_stime = (struct timeval){from->system_time[0], from->system_time[1]};
    memcpy(&to->ru_maxrss, from->counters, sizeof(from->counters));
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    struct kernel_rusage kernels;
    pid_t child = (pid_t)syscall_result(
        syscall4(__NR_wait4, pid, (long)status, options, usage == NULL ? 0 : (long)&kernels));
    if (child > 0 && usage != NULL) {
        usage_from_kernel(usage, &kernels);
    }
    return child;
}

int getrusage(int who, struct rusage *usage)
{
    struct kernel_rusage kernels;
    if (syscall_result(syscall2(__NR_getrusage, who, (long)&kernels)) < 0) {
        return -1;
    }
    usage_from_kernel(usage, &kernels);
    return 0;
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    return wait4(pid, status, options, NULL);
}

pid_t wait(int *status)
{
    return waitpid(-1, status, 0);
}

void _exit(int value)
{
    for (;;) {
        (void)syscall1(__NR_exit_group, value);
    }
}
