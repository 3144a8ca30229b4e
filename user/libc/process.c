/* Processes: fork, execve, wait, _exit, and the variable environ. */
#include <sys/wait.h>
#include <unistd.h>

#include "user/libc/syscall.h"

char **environ; /* set by crt0 */

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

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    return (pid_t)syscall_result(syscall4(__NR_wait4, pid, (long)status, options, (long)usage));
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
