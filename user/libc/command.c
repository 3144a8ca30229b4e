/*
 * Commands of the shell: system, popen, pclose. While system waits, SIGINT and SIGQUIT are the
 * command's alone, and SIGCHLD waits (POSIX).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/libc/stdio_impl.h"

#define SHELL     "/bin/sh"
#define NO_SHELL  127
#define READ_END  0
#define WRITE_END 1

static int wait_for(pid_t pid)
{
    int status;
    pid_t got;
    do {
        got = waitpid(pid, &status, 0);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -1 : status;
}

__attribute__((noreturn)) static void be_shell(const char *command)
{
    (void)execl(SHELL, "sh", "-c", command, (char *)NULL);
    _exit(NO_SHELL);
}

/* What system changes while it waits. */
struct held_signals {
    struct sigaction interrupt, quit;
    sigset_t mask;
};

static void hold_signals(struct held_signals *held)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t child;
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigaction(SIGINT, &ignore, &held->interrupt);
    (void)sigaction(SIGQUIT, &ignore, &held->quit);
    (void)sigprocmask(SIG_BLOCK, &child, &held->mask);
}

static void release_signals(const struct held_signals *held)
{
    (void)sigaction(SIGINT, &held->interrupt, NULL);
    (void)sigaction(SIGQUIT, &held->quit, NULL);
    (void)sigprocmask(SIG_SETMASK, &held->mask, NULL);
}

int system(const char *command)
{
    if (command == NULL) {
        return access(SHELL, X_OK) == 0;
    }
    struct held_signals held;
    hold_signals(&held);
    pid_t pid = fork();
    if (pid == 0) {
        release_signals(&held);
        be_shell(command);
    }
    int status = pid < 0 ? -1 : wait_for(pid);
    release_signals(&held);
    return status;
}

/* A stream of popen is one on a descriptor whose cookie is the child's pid. */
static pid_t child_of(const FILE *stream)
{
    return (pid_t)(intptr_t)stream->cookie;
}

/* The child's side: `own` becomes its input or output. */
__attribute__((noreturn)) static void be_child(const int *ends, int own, const char *command)
{
    int end = own == STDOUT_FILENO ? ends[WRITE_END] : ends[READ_END];
    if (end != own) {
        (void)dup2(end, own);
        (void)close(end);
    }
    (void)close(own == STDOUT_FILENO ? ends[READ_END] : ends[WRITE_END]);
    be_shell(command);
}

FILE *popen(const char *command, const char *mode)
{
    int ends[2];
    if ((*mode != 'r' && *mode != 'w') || pipe(ends) != 0) {
        errno = *mode != 'r' && *mode != 'w' ? EINVAL : errno;
        return NULL;
    }
    bool is_reader = *mode == 'r';
    int ours = ends[is_reader ? READ_END : WRITE_END];
    FILE *stream = fdopen(ours, mode);
    (void)fcntl(ours, F_SETFD, FD_CLOEXEC);
    pid_t pid = stream == NULL ? -1 : fork();
    if (pid == 0) {
        be_child(ends, is_reader ? STDOUT_FILENO : STDIN_FILENO, command);
    }
    (void)close(ends[is_reader ? WRITE_END : READ_END]);
    if (pid < 0) {
        (void)(stream == NULL ? close(ours) : fclose(stream));
        return NULL;
    }
    stream->cookie = (void *)(intptr_t)pid;
    return stream;
}

int pclose(FILE *stream)
{
    pid_t pid = child_of(stream);
    (void)fclose(stream);
    return wait_for(pid);
}
