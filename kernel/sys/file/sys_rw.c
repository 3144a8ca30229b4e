/*
 * read, write, readv, writev, getdents64 and the two calls for the position. One rule for lengths
 * (bad-input S2, S6): a buffer that leaves the user half fails with -EFAULT before anything moves, a
 * transfer longer than Linux's limit is cut (FILE_IO_MAX), and with length 0 no pointer is looked at.
 */
#include <asm/errno.h>
#include <linux/uio.h>

#include "fs/file.h"
#include "kernel/proc/process.h"
#include "kernel/proc/signal.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"
#include "lib/addr.h"
#include "lib/minmax.h"
#include "mm/phys/kheap.h"

/* ---- One buffer ------------------------------------------------------------------------------ */

typedef int32_t transfer_fn(struct file *file, struct io_buffer *io, uint32_t len);

static long transfer(struct process *self, const struct syscall_args *args, transfer_fn *move)
{
    uint32_t base = args->arg[1], len = args->arg[2];
    struct file *file = fd_get(&self->fds, (int)args->arg[0]);

    if (file == NULL) {
        return -EBADF;
    }
    if (!is_user_range(base, len) && len != 0) {
        return -EFAULT;
    }
    struct io_buffer io = io_of_user(base);

    return move(file, &io, len);
}

long sys_read(struct process *self, const struct syscall_args *args)
{
    return transfer(self, args, file_read);
}

/* Who writes where nobody reads any more gets SIGPIPE besides the error. */
static long after_write(struct process *self, long result)
{
    if (unlikely(result == -EPIPE)) {
        signal_broken_pipe(self);
    }
    return result;
}

long sys_write(struct process *self, const struct syscall_args *args)
{
    return after_write(self, transfer(self, args, file_write));
}

long sys_getdents64(struct process *self, const struct syscall_args *args)
{
    return transfer(self, args, file_getdents64);
}

/* pread and pwrite: the position comes in two words. */
typedef int32_t transfer_at_fn(struct file *file, struct io_buffer *io, uint32_t len, int64_t pos);

static int64_t position_of(const struct syscall_args *args)
{
    return (int64_t)((uint64_t)args->arg[4] << 32 | args->arg[3]);
}

static long transfer_at(struct process *self, const struct syscall_args *args, transfer_at_fn *move)
{
    uint32_t base = args->arg[1], len = args->arg[2];
    struct file *file = fd_get(&self->fds, (int)args->arg[0]);

    if (position_of(args) < 0) {
        return -EINVAL;
    }
    if (file == NULL) {
        return -EBADF;
    }
    if (!is_user_range(base, len) && len != 0) {
        return -EFAULT;
    }
    struct io_buffer io = io_of_user(base);

    return move(file, &io, len, position_of(args));
}

long sys_pread64(struct process *self, const struct syscall_args *args)
{
    return transfer_at(self, args, file_read_at);
}

long sys_pwrite64(struct process *self, const struct syscall_args *args)
{
    return after_write(self, transfer_at(self, args, file_write_at));
}

/* ---- Vectors -------------------------------------------------------------------------------------- */

/* The vectors are fetched once, into kernel memory: here if they are few. */
#define VECTORS_ON_STACK 8u
struct vectors {
    struct iovec few[VECTORS_ON_STACK];
    struct iovec *all;
    uint32_t count;
};

static size_t vectors_size(const struct vectors *v)
{
    return v->count * sizeof(v->all[0]);
}

static void close_vectors(struct vectors *v)
{
    if (v->all != v->few) {
        kheap_free(v->all, vectors_size(v));
    }
}

/* Every length positive as a signed number, then every range inside the user half; the sum is cut to
 * the most that one call moves. */
static int check_vectors(struct vectors *v)
{
    uint32_t left = FILE_IO_MAX;

    for (uint32_t i = 0; i < v->count; i++) {
        if ((int32_t)v->all[i].iov_len < 0) {
            return -EINVAL;
        }
    }
    for (uint32_t i = 0; i < v->count; i++) {
        struct iovec *one = &v->all[i];

        if (one->iov_len != 0 && !is_user_range((uint32_t)one->iov_base, one->iov_len)) {
            return -EFAULT;
        }
        one->iov_len = min_u32(one->iov_len, left);
        left -= one->iov_len;
    }
    return 0;
}

static int open_vectors(struct vectors *v, uint32_t user, uint32_t count)
{
    if (count > UIO_MAXIOV) {
        return -EINVAL;
    }
    v->count = count;
    v->all = count <= VECTORS_ON_STACK ? v->few : kheap_alloc(vectors_size(v));
    if (v->all == NULL) {
        return -ENOMEM;
    }
    int err = copy_from_user(v->all, user, (uint32_t)vectors_size(v));

    if (err == 0) {
        err = check_vectors(v);
    }
    if (err != 0) {
        close_vectors(v);
    }
    return err;
}

/* How a vector is moved: at the file's own position, or at one of the caller's, which goes on from one
 * vector to the next. One of the two functions is NULL. */
struct movement {
    transfer_fn *move;
    transfer_at_fn *move_at;
    int64_t pos;
    bool is_read;
};

static int32_t move_vector(struct file *file, const struct iovec *one, const struct movement *m,
                           long before)
{
    uint32_t len = one->iov_len;
    struct io_buffer io = io_of_user((uint32_t)one->iov_base);

    if (len == 0) {
        return 0;
    }
    return m->move != NULL ? m->move(file, &io, len) : m->move_at(file, &io, len, m->pos + before);
}

/* Moves vector after vector until one comes back short. Bytes, or the error of the first. */
static long move_vectors(struct file *file, const struct vectors *v, const struct movement *m)
{
    long total = 0;

    for (uint32_t i = 0; i < v->count; i++) {
        int32_t n = move_vector(file, &v->all[i], m, total);

        if (n < 0) {
            return total != 0 ? total : n;
        }
        total += n;
        if ((uint32_t)n < v->all[i].iov_len) {
            break;
        }
    }
    return total;
}

static long transfer_vectors(struct process *self, const struct syscall_args *args,
                             const struct movement *m)
{
    struct file *file = fd_get(&self->fds, (int)args->arg[0]);
    struct vectors v;

    if (m->pos < 0) {
        return -EINVAL;
    }
    if (file == NULL || !(m->is_read ? file_is_readable(file) : file_is_writable(file))) {
        return -EBADF;
    }
    if (m->move_at != NULL && file->ops->is_stream) {
        return -ESPIPE;
    }
    int err = open_vectors(&v, args->arg[1], args->arg[2]);

    if (err != 0) {
        return err;
    }
    long answer = move_vectors(file, &v, m);

    close_vectors(&v);
    return answer;
}

long sys_readv(struct process *self, const struct syscall_args *args)
{
    return transfer_vectors(self, args, &(struct movement){.move = file_read, .is_read = true});
}

long sys_writev(struct process *self, const struct syscall_args *args)
{
    return after_write(self, transfer_vectors(self, args, &(struct movement){.move = file_write}));
}

long sys_preadv(struct process *self, const struct syscall_args *args)
{
    return transfer_vectors(
        self, args,
        &(struct movement){.move_at = file_read_at, .pos = position_of(args), .is_read = true});
}

long sys_pwritev(struct process *self, const struct syscall_args *args)
{
    return after_write(self, transfer_vectors(self, args,
                                              &(struct movement){.move_at = file_write_at,
                                                                 .pos = position_of(args)}));
}

/* ---- Positions ------------------------------------------------------------------------------------ */

long sys_lseek(struct process *self, const struct syscall_args *args)
{
    struct file *file = fd_get(&self->fds, (int)args->arg[0]);

    if (file == NULL) {
        return -EBADF;
    }
    int64_t pos = file_seek(file, (int32_t)args->arg[1], args->arg[2]);

    return pos > INT32_MAX ? -EOVERFLOW : (long)pos;
}

long sys_llseek(struct process *self, const struct syscall_args *args)
{
    struct file *file = fd_get(&self->fds, (int)args->arg[0]);
    int64_t offset = (int64_t)((uint64_t)args->arg[1] << 32 | args->arg[2]);

    if (file == NULL) {
        return -EBADF;
    }
    int64_t pos = file_seek(file, offset, args->arg[4]);

    return pos < 0 ? (long)pos : copy_to_user(args->arg[3], &pos, sizeof(pos));
}
