/* What happens before main and after it: constructors, destructors, the thread area of musl's
 * objects. */
#include <errno.h>
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

#include "tap.h"

static int order;
static int first_at, second_at, constructor_argc;
static char *constructor_name;

__attribute__((constructor(200))) static void first(int argc, char **argv, char **envp)
{
    first_at = ++order;
    constructor_argc = argc;
    constructor_name = argv[0];
    (void)envp;
}

__attribute__((constructor)) static void second(void)
{
    second_at = ++order;
}

/* A destructor tells by its status that it ran: exit's own is 0 in the child. */
static bool is_child;

__attribute__((destructor)) static void last(void)
{
    if (is_child) {
        _exit(7);
    }
}

static int status_of_child(void (*deed)(void))
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        deed();
        _exit(99);
    }
    (void)waitpid(pid, &status, 0);
    return status;
}

static void leave(void)
{
    is_child = true;
    exit(0);
}

__attribute__((noreturn)) void __stack_chk_fail(void);

static void smash(void)
{
    __stack_chk_fail();
}

static unsigned int canary(void)
{
    unsigned int value;
    __asm__ volatile("movl %%gs:0x14, %0" : "=r"(value));
    return value;
}

int main(int argc, char **argv)
{
    ok(first_at == 1 && second_at == 2, "constructors run before main, by priority");
    ok(constructor_argc == argc && constructor_name == argv[0], "with main's arguments");
    int status = status_of_child(leave);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 7, "exit runs destructors");
    volatile double x = 0.5;
    ok(fabs(sin(x) - 0.479425538604203) < 1e-15, "musl's sin runs");
    ok(canary() != 0 && (canary() & 0xFF) == 0, "behind a canary that ends strings");
    wchar_t wide;
    ok(mbrtowc(&wide, "\xe4", 1, NULL) == 1 && wide == 0xDFE4, "musl's \"C\" locale has bytes");
    status = status_of_child(smash);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == 6, "an overwritten canary aborts");
    is_string(program_invocation_short_name, strrchr(argv[0], '/') + 1,
              "the program knows its name");
    return done_testing();
}
