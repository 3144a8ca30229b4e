/* Descriptors: open and its family, pipes, close, dup, ioctl and fcntl64. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "fs/pipe.h"
#include "kernel/proc/process.h"
#include "kernel/sys/file/user_path.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"
#include "lib/assert.h"

/* ---- Opening and closing ------------------------------------------------------------------------- */

/* Gives a new descriptor the caller's reference, or drops it. */
static int install(struct process *self, struct file *file, uint32_t flags)
{
    int fd = fd_install(&self->fds, file, 0, (flags & O_CLOEXEC) != 0);

    if (fd < 0) {
        file_unref(file);
    }
    return fd;
}

static long open_at(struct process *self, int dir_fd, uint32_t user, uint32_t flags, uint32_t mode)
{
    struct user_path path;
    struct file *file;
    int err = user_path_begin(self, dir_fd, user, &path);

    if (err != 0) {
        return err;
    }
    err = file_open(&path.path, flags, mode, &file);
    user_path_end(&path);
    return err != 0 ? err : install(self, file, flags);
}

long sys_open(struct process *self, const struct syscall_args *args)
{
    return open_at(self, AT_FDCWD, args->arg[0], args->arg[1], args->arg[2]);
}

long sys_openat(struct process *self, const struct syscall_args *args)
{
    return open_at(self, (int)args->arg[0], args->arg[1], args->arg[2], args->arg[3]);
}

long sys_creat(struct process *self, const struct syscall_args *args)
{
    return open_at(self, AT_FDCWD, args->arg[0], O_CREAT | O_WRONLY | O_TRUNC, args->arg[1]);
}

/* Closes a descriptor that this call has made. */
static void close_own(struct process *self, int fd)
{
    int err = fd_close(&self->fds, fd);

    assert(err == 0);
}

/* Writes both descriptors of a pipe to the program; closes them again if that fails. */
static long put_pipe(struct process *self, uint32_t user, const int fds[2])
{
    int err = copy_to_user(user, fds, 2 * sizeof(fds[0]));

    if (err != 0) {
        close_own(self, fds[0]);
        close_own(self, fds[1]);
    }
    return err;
}

static long make_pipe(struct process *self, uint32_t user, uint32_t flags)
{
    struct file *read_end, *write_end;
    int fds[2];

    if ((flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK)) != 0) {
        return -EINVAL;
    }
    int err = pipe_create(flags, &read_end, &write_end);

    if (err != 0) {
        return err;
    }
    fds[0] = install(self, read_end, flags);
    if (fds[0] < 0) {
        file_unref(write_end);
        return fds[0];
    }
    fds[1] = install(self, write_end, flags);
    if (fds[1] < 0) {
        close_own(self, fds[0]);
        return fds[1];
    }
    return put_pipe(self, user, fds);
}

long sys_pipe(struct process *self, const struct syscall_args *args)
{
    return make_pipe(self, args->arg[0], 0);
}

long sys_pipe2(struct process *self, const struct syscall_args *args)
{
    return make_pipe(self, args->arg[0], args->arg[1]);
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

long sys_dup(struct process *self, const struct syscall_args *args)
{
    struct file *file = fd_get(&self->fds, (int)args->arg[0]);

    return file == NULL ? -EBADF : duplicate(self, file, 0, false);
}

/* Puts a file in the place of a descriptor, which is closed if it was open. */
static long duplicate_to(struct process *self, struct file *file, uint32_t to, bool cloexec)
{
    if (to >= FD_MAX) {
        return -EBADF;
    }
    int err = fd_put(&self->fds, file, to, cloexec);

    return err != 0 ? err : (long)to;
}

long sys_dup2(struct process *self, const struct syscall_args *args)
{
    struct file *file = fd_get(&self->fds, (int)args->arg[0]);

    if (file == NULL) {
        return -EBADF;
    }
    return args->arg[0] == args->arg[1] ? (long)args->arg[1]
                                        : duplicate_to(self, file, args->arg[1], false);
}

long sys_dup3(struct process *self, const struct syscall_args *args)
{
    uint32_t flags = args->arg[2];
    struct file *file = fd_get(&self->fds, (int)args->arg[0]);

    if ((flags & ~(uint32_t)O_CLOEXEC) != 0 || args->arg[0] == args->arg[1]) {
        return -EINVAL;
    }
    return file == NULL ? -EBADF : duplicate_to(self, file, args->arg[1], flags != 0);
}

/* ---- fcntl --------------------------------------------------------------------------------------- */

/* The flags of an open file that F_SETFL may change. */
#define FLAGS_CHANGEABLE ((uint32_t)(O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME))

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
    case F_GETPIPE_SZ:
        return file_is_pipe(file) ? (long)PIPE_SIZE : -EBADF;
    case F_SETFL:
        file->flags = (file->flags & ~FLAGS_CHANGEABLE) | (arg & FLAGS_CHANGEABLE);
        return 0;
    default:
        return -EINVAL;
    }
}
