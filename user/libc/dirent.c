/*
 * Directory streams come from a static set. Each has its own buffer, which getdents64 fills;
 * readdir returns the kernel's structures in place.
 */
#include <dirent.h>

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdbool.h>
#include <unistd.h>

#include "user/libc/syscall.h"

#define DIR_BUFFER 2048

struct fl_dir {
    int fd;
    bool is_open;
    size_t at, end; /* offsets in the buffer: the next entry, and the end of the data */
    alignas(struct dirent) char buffer[DIR_BUFFER];
};

static struct fl_dir dirs[DIR_OPEN_MAX];

static DIR *dir_take(void)
{
    for (int i = 0; i < DIR_OPEN_MAX; i++) {
        if (!dirs[i].is_open) {
            return &dirs[i];
        }
    }
    errno = EMFILE;
    return NULL;
}

DIR *opendir(const char *path)
{
    DIR *dir = dir_take();
    if (dir == NULL) {
        return NULL;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    dir->fd = fd;
    dir->is_open = true;
    dir->at = dir->end = 0;
    return dir;
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
    return entry;
}

void rewinddir(DIR *dir)
{
    (void)lseek(dir->fd, 0, SEEK_SET);
    dir->at = dir->end = 0;
}

int closedir(DIR *dir)
{
    dir->is_open = false;
    return close(dir->fd);
}

int dirfd(DIR *dir)
{
    return dir->fd;
}
