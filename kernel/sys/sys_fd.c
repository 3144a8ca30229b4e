/* Descriptors: open, close, ioctl and fcntl64. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "fs/file.h"
#include "kernel/proc/process.h"
#include "kernel/proc/usercopy.h"
#include "kernel/sys/syscall.h"

long sys_open(struct process *self, const struct syscall_args *args)
{
    uint32_t flags = args->arg[1];
    struct file *file;
    char *path;
    int err = path_from_user(args->arg[0], &path);

    if (err != 0) {
        return err;
    }
    err = file_open(path, flags, &file);
    path_free(path);
    if (err != 0) {
        return err;
    }
    int fd = fd_install(&self->fds, file, 0, (flags & O_CLOEXEC) != 0);

    if (fd < 0) {
        file_unref(file);
    }
    return fd;
}

long sys_close(struct process *self, const struct syscall_args *args)
{
    return fd_close(&self->fds, (int)args->arg[0]);
}

long sys_ioctl(struct process *self, const struct syscall_args *args)
{
    struct file *file = fd_get(&self->fds, (int)args->arg[0]);

    if (file == NULL) {
        return -EBADF;
    }
    struct io_buffer at_arg = io_of_user_address(args->arg[2]);

    return file_ioctl(file, args->arg[1], args->arg[2], &at_arg);
}

static long duplicate(struct process *self, struct file *file, uint32_t min, bool cloexec)
{
    if (min >= FD_MAX) {
        return -EINVAL;
    }
    int fd = fd_install(&self->fds, file, min, cloexec);

    if (fd >= 0) {
        file_ref(file);
    }
    return fd;
}

/* The flags of an open file that F_SETFL may change. */
#define FLAGS_CHANGEABLE ((uint32_t)(O_APPEND | O_NONBLOCK))

long sys_fcntl64(struct process *self, const struct syscall_args *args)
{
    int fd = (int)args->arg[0];
    uint32_t arg = args->arg[2];
    struct file *file = fd_get(&self->fds, fd);

    if (file == NULL) {
        return -EBADF;
    }
    switch (args->arg[1]) {
    case F_DUPFD:
        return duplicate(self, file, arg, false);
    case F_DUPFD_CLOEXEC:
        return duplicate(self, file, arg, true);
    case F_GETFD:
        return self->fds.cloexec[fd] ? FD_CLOEXEC : 0;
    case F_SETFD:
        self->fds.cloexec[fd] = (arg & FD_CLOEXEC) != 0;
        return 0;
    case F_GETFL:
        return (long)file->flags;
    case F_SETFL:
        file->flags = (file->flags & ~FLAGS_CHANGEABLE) | (arg & FLAGS_CHANGEABLE);
        return 0;
    default:
        return -EINVAL;
    }
}
