/*
 * DIR_OPEN_MAX directory streams are static; further ones come from malloc, if the program has one.
 * Each has its own buffer, which getdents64 fills; readdir returns the kernel's structures in place.
 */
#include <dirent.h>

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/libc/syscall.h"

#define DIR_BUFFER 2048

struct fl_dir {
    int fd;
    bool is_open;
    size_t at, end; /* offsets in the buffer: the next entry, and the end of the data */
    off_t place;    /* of the next entry in the directory, as the kernel counts */
    alignas(struct dirent) char buffer[DIR_BUFFER];
};

static struct fl_dir dirs[DIR_OPEN_MAX];

/* malloc, if something else in the program links it. */
__attribute__((weak)) void *malloc(size_t size);
__attribute__((weak)) void free(void *pointer);

static DIR *dir_take(void)
{
    for (int i = 0; i < DIR_OPEN_MAX; i++) {
        if (!dirs[i].is_open) {
            return &dirs[i];
        }
    }
    DIR *dir = malloc != NULL ? malloc(sizeof(*dir)) : NULL;
    if (dir == NULL) {
        errno = malloc != NULL ? ENOMEM : EMFILE;
    }
    return dir;
}

/* The opposite of dir_take. */
static void dir_leave(DIR *dir)
{
    dir->is_open = false;
    if (dir < dirs || dir >= dirs + DIR_OPEN_MAX) {
        free(dir);
    }
}

static DIR *dir_attach(DIR *dir, int fd)
{
    dir->fd = fd;
    dir->is_open = true;
    dir->at = dir->end = 0;
    dir->place = 0;
    return dir;
}

DIR *opendir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (fd >= 0 && dir == NULL) {
        (void)close(fd);
    }
    return dir;
}

DIR *fdopendir(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return NULL;
    }
    if (!S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        return NULL;
    }
    DIR *dir = dir_take();
    return dir == NULL ? NULL : dir_attach(dir, fd);
}

struct dirent *readdir(DIR *dir)
{
    if (dir->at >= dir->end) {
        long n = syscall_result(
            syscall3(__NR_getdents64, dir->fd, (long)dir->buffer, sizeof(dir->buffer)));
        if (n <= 0) {
            return NULL;
        }
        dir->at = 0;
        dir->end = (size_t)n;
    }
    struct dirent *entry = (struct dirent *)(void *)(dir->buffer + dir->at);
    dir->at += entry->d_reclen;
    dir->place = entry->d_off;
    return entry;
}

void rewinddir(DIR *dir)
{
    seekdir(dir, 0);
}

void seekdir(DIR *dir, long place)
{
    dir->place = lseek(dir->fd, place, SEEK_SET);
    dir->at = dir->end = 0;
}

long telldir(DIR *dir)
{
    return (long)dir->place;
}

int closedir(DIR *dir)
{
    int fd = dir->fd;
    dir_leave(dir);
    return close(fd);
}

int dirfd(DIR *dir)
{
    return dir->fd;
}
