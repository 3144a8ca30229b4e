/* Names under which musl's objects call functions of ours. */
#include <string.h>
#include <sys/stat.h>

char *__strchrnul(const char *s, int c);
int __stat_time64(const char *restrict path, void *restrict out);
int __lstat_time64(const char *restrict path, void *restrict out);
void __stdio_exit_needed(void);

char *__strchrnul(const char *s, int c)
{
    return strchrnul(s, c);
}

/* musl's struct stat begins with the kernel's stat64 and adds 64-bit times behind it, which no
 * member that we take reads. */
int __stat_time64(const char *restrict path, void *restrict out)
{
    return stat(path, out);
}

int __lstat_time64(const char *restrict path, void *restrict out)
{
    return lstat(path, out);
}

/* musl's streams within a string (wcstol, wcstod) have nothing to flush at exit. */
void __stdio_exit_needed(void)
{
}
