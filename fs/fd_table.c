/*
 * Descriptor tables: an array that starts empty and doubles, so that a process with three open
 * files does not pay for 1024. Both arrays of a table grow together or not at all.
 */
#include <asm/errno.h>
#include <stddef.h>

#include "fs/file.h"
#include "lib/string.h"
#include "mm/phys/kheap.h"

#define FD_FIRST_SIZE 16u

void fd_table_init(struct fd_table *t)
{
    *t = (struct fd_table){NULL, 0, NULL};
}

static void free_arrays(struct fd_table *t)
{
    kheap_free(t->files, t->size * sizeof(struct file *));
    kheap_free(t->cloexec, t->size * sizeof(*t->cloexec));
    fd_table_init(t);
}

/* Makes an empty table of `size` slots. Returns 0 or -ENOMEM. */
static int make_arrays(struct fd_table *t, uint32_t size)
{
    *t = (struct fd_table){
        .files = kheap_zalloc(size * sizeof(struct file *)),
        .size = size,
        .cloexec = kheap_zalloc(size * sizeof(*t->cloexec)),
    };
    if (t->files == NULL || t->cloexec == NULL) {
        free_arrays(t);
        return -ENOMEM;
    }
    return 0;
}

/* Makes room for descriptor fd < FD_MAX. */
static int grow(struct fd_table *t, uint32_t fd)
{
    struct fd_table larger;
    uint32_t size = FD_FIRST_SIZE;
    while (size <= fd) {
        size *= 2;
    }
    int err = make_arrays(&larger, size);
    if (err != 0) {
        return err;
    }
    if (t->size > 0) {
        memcpy(larger.files, t->files, t->size * sizeof(struct file *));
        memcpy(larger.cloexec, t->cloexec, t->size * sizeof(*t->cloexec));
    }
    free_arrays(t);
    *t = larger;
    return 0;
}

int fd_table_copy(struct fd_table *to, const struct fd_table *from)
{
    fd_table_init(to);
    if (from->size == 0) {
        return 0;
    }
    int err = make_arrays(to, from->size);
    if (err != 0) {
        return err;
    }
    for (uint32_t fd = 0; fd < from->size; fd++) {
        if (from->files[fd] != NULL) {
            file_ref(from->files[fd]);
            to->files[fd] = from->files[fd];
            to->cloexec[fd] = from->cloexec[fd];
        }
    }
    return 0;
}

static void close_slot(struct fd_table *t, uint32_t fd)
{
    struct file *file = t->files[fd];
    t->files[fd] = NULL;
    t->cloexec[fd] = 0;
    file_unref(file);
}

void fd_table_close_on_exec(struct fd_table *t)
{
    for (uint32_t fd = 0; fd < t->size; fd++) {
        if (t->files[fd] != NULL && t->cloexec[fd]) {
            close_slot(t, fd);
        }
    }
}

void fd_table_destroy(struct fd_table *t)
{
    for (uint32_t fd = 0; fd < t->size; fd++) {
        if (t->files[fd] != NULL) {
            close_slot(t, fd);
        }
    }
    free_arrays(t);
}

int fd_install(struct fd_table *t, struct file *file, uint32_t min, bool cloexec)
{
    uint32_t fd = min;
    while (fd < t->size && t->files[fd] != NULL) {
        fd++;
    }
    if (fd >= FD_MAX) {
        return -EMFILE;
    }
    int err = fd >= t->size ? grow(t, fd) : 0;
    if (err != 0) {
        return err;
    }
    t->files[fd] = file;
    t->cloexec[fd] = cloexec;
    return (int)fd;
}

int fd_put(struct fd_table *t, struct file *file, uint32_t fd, bool cloexec)
{
    int err = fd >= t->size ? grow(t, fd) : 0;
    if (err != 0) {
        return err;
    }
    file_ref(file);
    if (t->files[fd] != NULL) {
        close_slot(t, fd);
    }
    t->files[fd] = file;
    t->cloexec[fd] = cloexec;
    return 0;
}

struct file *fd_get(const struct fd_table *t, int fd)
{
    return fd >= 0 && (uint32_t)fd < t->size ? t->files[fd] : NULL;
}

int fd_close(struct fd_table *t, int fd)
{
    if (fd_get(t, fd) == NULL) {
        return -EBADF;
    }
    close_slot(t, (uint32_t)fd);
    return 0;
}
