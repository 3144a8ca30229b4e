/* Processes and POSIX mappings as a libc's users see them: fork, wait, exec, exit, mmap, brk. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define PAGE 4096u

static volatile int *shared;

static int status_of(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

static void set_one(void)
{
    shared[0] = shared[0] * 10 + 1;
}

static void set_two(void)
{
    shared[0] = shared[0] * 10 + 2;
}

static void test_processes(char **argv)
{
    pid_t child = fork();
    if (child == 0) {
        _exit(getppid() > 0 ? 300 : 0);
    }
    int status = status_of(child);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == (300 & 255), "a child's exit value");
    is(waitpid(child, NULL, 0), -1, "it is gone");
    is(errno, ECHILD, "ECHILD");

    child = fork();
    if (child == 0) {
        atexit(set_one);
        atexit(set_two);
        exit(5);
    }
    status = status_of(child);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 5, "exit's value");
    is(shared[0], 21, "atexit functions in reverse order");

    child = fork();
    if (child == 0) {
        raise(SIGKILL);
    }
    status = status_of(child);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "a killed child");

    child = fork();
    if (child == 0) {
        char word[] = "child", variable[] = "WORD=value";
        char *const child_argv[] = {argv[0], word, NULL};
        char *const child_env[] = {variable, NULL};
        execve(argv[0], child_argv, child_env);
        _exit(1);
    }
    status = status_of(child);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 77, "arguments and environment arrive");
    char *const none[] = {NULL};
    is(execve("/no/such/file", none, none), -1, "execve of nothing comes back");
    is(errno, ENOENT, "ENOENT");
}

static void test_mappings(void)
{
    char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!ok(p != MAP_FAILED, "mmap")) {
        return;
    }
    ok(p[0] == 0 && p[3 * PAGE - 1] == 0, "zeros");
    p[PAGE] = 7;
    is(munmap(p, PAGE), 0, "munmap of the first page");
    is(p[PAGE], 7, "leaves the second");
    pid_t child = fork();
    if (child == 0) {
        p[PAGE] = 8;
        _exit(p[PAGE]);
    }
    is(WEXITSTATUS(status_of(child)), 8, "the child's copy");
    is(p[PAGE], 7, "the parent's own");
    is(munmap(p + PAGE, 2 * PAGE), 0, "munmap of the rest");
    ok(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED, "length 0");
    is(errno, EINVAL, "EINVAL");
    ok(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 0, 1) == MAP_FAILED, "an odd offset");
    is(errno, EINVAL, "EINVAL");
}

static void test_break(void)
{
    char *start = sbrk(0);
    ok(sbrk(2 * (int)PAGE) == start, "sbrk gives the old break");
    start[0] = 1;
    start[2 * PAGE - 1] = 2;
    ok(sbrk(0) == start + 2 * PAGE, "the new break");
    is(brk(start), 0, "brk back");
    ok(sbrk(0) == start, "back");
    ok(brk((void *)0xFFFFF000) == -1 && errno == ENOMEM, "a break in the kernel is ENOMEM");
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        const char *word = getenv("WORD");
        return strcmp(argv[1], "child") == 0 && word != NULL && strcmp(word, "value") == 0 ? 77 : 1;
    }
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    test_processes(argv);
    test_mappings();
    test_break();
    return done_testing();
}
