/* What musl's time zones (its __tz) need beneath: a file in memory, and locks, which a program with
 * one thread can do without. */
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* musl's record of the whole process, of which __tz reads one byte: whether the program runs with
 * more rights than its user has, and so may not trust TZ. None does here. */
#define MUSL_LIBC_BYTES 128
const char __libc[MUSL_LIBC_BYTES];

void __lock(volatile int *lock);
void __unlock(volatile int *lock);
void *__libc_malloc(size_t size);
const unsigned char *__map_file(const char *path, size_t *size);
int __munmap(void *addr, size_t length);

void __lock(volatile int *lock)
{
    (void)lock;
}

void __unlock(volatile int *lock)
{
    (void)lock;
}

void *__libc_malloc(size_t size)
{
    return malloc(size);
}

/* Maps a whole file for reading. Returns NULL if there is none. */
const unsigned char *__map_file(const char *path, size_t *size)
{
    struct stat status;
    void *map = MAP_FAILED;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &status) == 0) {
        *size = (size_t)status.st_size;
        map = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
    }
    (void)close(fd);
    return map == MAP_FAILED ? NULL : map;
}

int __munmap(void *addr, size_t length)
{
    return munmap(addr, length);
}
