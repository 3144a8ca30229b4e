/* The exec family, above execve. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATH "/bin:/usr/bin"

/* ---- Searching ---------------------------------------------------------------------------------- */

/* Tries folder/file. Returns only if that failed. */
static void try_in(const char *folder, size_t len, const char *file, char *const argv[],
                   char *const envp[])
{
    char path[PATH_MAX];
    size_t file_len = strlen(file);
    if (len + file_len + 2 > sizeof(path)) {
        errno = ENAMETOOLONG;
        return;
    }
    memcpy(path, folder, len);
    path[len] = '/';
    memcpy(path + len + (len > 0), file, file_len + 1);
    (void)execve(path, argv, envp);
}

/* After these the search goes on. */
static bool is_elsewhere(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ENAMETOOLONG;
}

int execvpe(const char *file, char *const argv[], char *const envp[])
{
    if (*file == '\0') {
        errno = ENOENT;
        return -1;
    }
    if (strchr(file, '/') != NULL) {
        return execve(file, argv, envp);
    }
    const char *folder = getenv("PATH");
    folder = folder != NULL ? folder : DEFAULT_PATH;
    int kept = ENOENT;
    for (;;) {
        size_t len = strcspn(folder, ":");
        try_in(folder, len, file, argv, envp);
        if (!is_elsewhere(errno)) {
            return -1;
        }
        kept = errno == EACCES ? EACCES : kept;
        if (folder[len] == '\0') {
            errno = kept;
            return -1;
        }
        folder += len + 1;
    }
}

int execvp(const char *file, char *const argv[])
{
    return execvpe(file, argv, environ);
}

/* ---- Arguments as arguments --------------------------------------------------------------------- */

/* Counts arguments with their NULL, and leaves args behind it. */
static size_t count_arguments(va_list *args)
{
    size_t n = 1;
    while (va_arg(*args, char *) != NULL) {
        n++;
    }
    return n + 1;
}

static void copy_arguments(char **argv, const char *first, va_list args, size_t n)
{
    argv[0] = (char *)(size_t)first;
    for (size_t i = 1; i < n; i++) {
        argv[i] = va_arg(args, char *);
    }
}

/* What the three functions have in common: an array on the stack, then `call` with it. */
#define WITH_ARRAY(first, call)                                                                    \
    va_list args, again;                                                                           \
    va_start(args, first);                                                                         \
    va_copy(again, args);                                                                          \
    size_t n = count_arguments(&again);                                                            \
    char **argv = __builtin_alloca(n * sizeof(*argv));                                             \
    copy_arguments(argv, first, args, n);                                                          \
    int result = (call);                                                                           \
    va_end(again);                                                                                 \
    va_end(args);                                                                                  \
    return result

int execl(const char *path, const char *first, ...)
{
    WITH_ARRAY(first, execv(path, argv));
}

int execlp(const char *file, const char *first, ...)
{
    WITH_ARRAY(first, execvp(file, argv));
}

/* envp is behind the NULL. */
int execle(const char *path, const char *first, ...)
{
    WITH_ARRAY(first, execve(path, argv, va_arg(again, char **)));
}
