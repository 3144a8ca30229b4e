/*
 * From the kernel's stack to main. Constructors run before main, in the order of the linker's
 * array, and get main's arguments as glibc's and musl's do.
 */
#include <stdlib.h>
#include <unistd.h>

typedef void constructor_fn(int argc, char **argv, char **envp);

/* The linker defines both ends. */
extern constructor_fn *const __init_array_start[] __attribute__((visibility("hidden")));
extern constructor_fn *const __init_array_end[] __attribute__((visibility("hidden")));

int main(int argc, char **argv, char **envp);

/* Called by crt0.asm alone. stack is what the kernel left: argc, argv[], NULL, envp[], NULL. */
__attribute__((noreturn)) void fl_start(int *stack);

void fl_start(int *stack)
{
    int argc = stack[0];
    char **argv = (char **)(void *)(stack + 1);
    environ = argv + argc + 1;
    for (constructor_fn *const *next = __init_array_start; next != __init_array_end; next++) {
        (*next)(argc, argv, environ);
    }
    exit(main(argc, argv, environ));
}
