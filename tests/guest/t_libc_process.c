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
    ok(WIFEXITED(status) && WEXITSTATUS(status) == (300 & 255),
       "waitpid reports a child's exit value");
    is(waitpid(child, NULL, 0), -1, "a child is gone after waitpid");
    is(errno, ECHILD, "waitpid without a child sets ECHILD");

    child = fork();
    if (child == 0) {
        atexit(set_one);
        atexit(set_two);
        exit(5);
    }
    status = status_of(child);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 5, "waitpid reports exit's value");
    is(shared[0], 21, "atexit functions run in reverse order");

    child = fork();
    if (child == 0) {
        raise(SIGKILL);
    }
    status = status_of(child);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "waitpid reports a killed child");

    child = fork();
    if (child == 0) {
        char word[] = "child", variable[] = "WORD=value";
        char *const child_argv[] = {argv[0], word, NULL};
        char *const child_env[] = {variable, NULL};
        execve(argv[0], child_argv, child_env);
        _exit(1);
    }
    status = status_of(child);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 77, "execve passes arguments and environment");
    char *const none[] = {NULL};
    is(execve("/no/such/file", none, none), -1, "execve of a missing file returns");
    is(errno, ENOENT, "execve of a missing file sets ENOENT");
}

static void test_mappings(void)
{
    char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!ok(p != MAP_FAILED, "mmap of three pages")) {
        return;
    }
    ok(p[0] == 0 && p[3 * PAGE - 1] == 0, "mmap returns zeros");
    p[PAGE] = 7;
    is(munmap(p, PAGE), 0, "munmap of the first page");
    is(p[PAGE], 7, "munmap of the first page leaves the second");
    pid_t child = fork();
    if (child == 0) {
        p[PAGE] = 8;
        _exit(p[PAGE]);
    }
    is(WEXITSTATUS(status_of(child)), 8, "the child writes its own copy");
    is(p[PAGE], 7, "the parent's page is its own");
    is(munmap(p + PAGE, 2 * PAGE), 0, "munmap of the rest of a mapping");
    ok(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED,
       "mmap of length 0");
    is(errno, EINVAL, "mmap of length 0 sets EINVAL");
    ok(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 0, 1) == MAP_FAILED, "mmap of an odd offset");
    is(errno, EINVAL, "mmap of an odd offset sets EINVAL");
}

static void test_break(void)
{
    char *start = sbrk(0);
    ok(sbrk(2 * (int)PAGE) == start, "sbrk returns the old break");
    start[0] = 1;
    start[2 * PAGE - 1] = 2;
    ok(sbrk(0) == start + 2 * PAGE, "sbrk(0) returns the new break");
    is(brk(start), 0, "brk moves the break back");
    ok(sbrk(0) == start, "sbrk(0) returns the old break again");
    ok(brk((void *)0xFFFFF000) == -1 && errno == ENOMEM, "brk into the kernel sets ENOMEM");
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
