/*
 * File calls: descriptors, paths and user buffers are checked here; what a file does is fs/'s
 * business. One rule for lengths (bad-input S2, S6): a buffer that leaves the user half is -EFAULT
 * before anything moves, a longer transfer than Linux would do is cut, length 0 looks at no pointer.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/stat.h>
#include <linux/uio.h>

#include "arch/cpu.h"
#include "fs/file.h"
#include "kernel/proc/process.h"
#include "kernel/proc/usercopy.h"
#include "kernel/sys/syscall.h"
#include "lib/addr.h"
#include "lib/compiler.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/phys/kheap.h"

/* Linux's MAX_RW_COUNT: INT_MAX rounded down to a page. */
#define TRANSFER_MAX 0x7FFFF000u

/* ---- read and write ------------------------------------------------------------------------------ */

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

    return move(file, &io, len < TRANSFER_MAX ? len : TRANSFER_MAX);
}

long sys_read(struct process *self, const struct syscall_args *args)
{
    return transfer(self, args, file_read);
}

long sys_write(struct process *self, const struct syscall_args *args)
{
    return transfer(self, args, file_write);
}

long sys_getdents64(struct process *self, const struct syscall_args *args)
{
    return transfer(self, args, file_getdents64);
}

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
    uint32_t left = TRANSFER_MAX;

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
        one->iov_len = one->iov_len < left ? one->iov_len : left;
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

/* Moves vector after vector until one comes back short. Bytes, or the error of the first. */
static long move_vectors(struct file *file, const struct vectors *v, transfer_fn *move)
{
    long total = 0;

    for (uint32_t i = 0; i < v->count; i++) {
        uint32_t len = v->all[i].iov_len;
        struct io_buffer io = io_of_user((uint32_t)v->all[i].iov_base);
        int32_t n = len == 0 ? 0 : move(file, &io, len);

        if (n < 0) {
            return total != 0 ? total : n;
        }
        total += n;
        if ((uint32_t)n < len) {
            break;
        }
    }
    return total;
}

static long transfer_vectors(struct process *self, const struct syscall_args *args,
                             transfer_fn *move, bool is_read)
{
    struct file *file = fd_get(&self->fds, (int)args->arg[0]);
    struct vectors v;

    if (file == NULL || !(is_read ? file_is_readable(file) : file_is_writable(file))) {
        return -EBADF;
    }
    int err = open_vectors(&v, args->arg[1], args->arg[2]);

    if (err != 0) {
        return err;
    }
    long answer = move_vectors(file, &v, move);

    close_vectors(&v);
    return answer;
}

long sys_readv(struct process *self, const struct syscall_args *args)
{
    return transfer_vectors(self, args, file_read, true);
}

long sys_writev(struct process *self, const struct syscall_args *args)
{
    return transfer_vectors(self, args, file_write, false);
}

/* ---- Descriptors --------------------------------------------------------------------------------- */

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

/* ---- Paths --------------------------------------------------------------------------------------- */

/* fs_lookup of a user's path. */
static int lookup_user_path(uint32_t user, bool follow, struct inode **out)
{
    char *path;
    int err = path_from_user(user, &path);

    if (err == 0) {
        err = fs_lookup(path, follow, out);
        path_free(path);
    }
    return err;
}

#define ACCESS_READ  4u
#define ACCESS_WRITE 2u
#define ACCESS_EXEC  1u

/* Every process is root: reading is always allowed, executing if anybody may. */
long sys_access(struct process *self, const struct syscall_args *args)
{
    uint32_t mode = args->arg[1];
    struct inode *inode;

    (void)self;
    if (mode & ~(ACCESS_READ | ACCESS_WRITE | ACCESS_EXEC)) {
        return -EINVAL;
    }
    int err = lookup_user_path(args->arg[0], true, &inode);

    if (err != 0) {
        return err;
    }
    if ((mode & ACCESS_WRITE) && inode->type != INODE_DEVICE) {
        err = -EROFS;
    } else if ((mode & ACCESS_EXEC) && !(inode->mode & (S_IXUSR | S_IXGRP | S_IXOTH))) {
        err = -EACCES;
    }
    inode_unref(inode);
    return err;
}

/* Copies at most `size` bytes of a link's text; there is no end byte. */
static long put_link(uint32_t user, const char *text, uint32_t length, uint32_t size)
{
    uint32_t n = length < size ? length : size;
    int err = copy_to_user(user, text, n);

    return err != 0 ? err : (long)n;
}

static long read_symlink(const struct inode *inode, uint32_t user, uint32_t size)
{
    if (inode->type != INODE_SYMLINK) {
        return -EINVAL;
    }
    const char *target = inode_link_target(inode);

    return put_link(user, target, strlen(target), size);
}

/* The one link of /proc that a static program's start-up asks for. */
static const char self_exe[] = "/proc/self/exe";

static long read_link(const struct process *self, char *path, uint32_t user, uint32_t size)
{
    struct inode *inode;

    if (strcmp(path, self_exe) == 0) {
        return put_link(user, path, inode_path(self->program, path, PATH_MAX), size);
    }
    int err = fs_lookup(path, false, &inode);

    if (err != 0) {
        return err;
    }
    long answer = read_symlink(inode, user, size);

    inode_unref(inode);
    return answer;
}

long sys_readlink(struct process *self, const struct syscall_args *args)
{
    char *path;

    if ((int32_t)args->arg[2] <= 0) {
        return -EINVAL;
    }
    int err = path_from_user(args->arg[0], &path);

    if (err != 0) {
        return err;
    }
    long answer = read_link(self, path, args->arg[1], args->arg[2]);

    path_free(path);
    return answer;
}

/* ---- stat ---------------------------------------------------------------------------------------- */

#define STAT_BLOCK_SIZE 512u

static uint64_t blocks_of(const struct inode *inode)
{
    return (inode->source.size + STAT_BLOCK_SIZE - 1) / STAT_BLOCK_SIZE;
}

static long put_stat64(const struct inode *inode, uint32_t user)
{
    struct stat64 st;

    memset(&st, 0, sizeof(st));
    st.st_dev = 1;
    st.__st_ino = inode->number;
    st.st_ino = inode->number;
    st.st_mode = inode->mode;
    st.st_nlink = 1;
    st.st_rdev = inode->device;
    st.st_size = (int64_t)inode->source.size;
    st.st_blksize = PAGE_SIZE;
    st.st_blocks = blocks_of(inode);
    st.st_atime = inode->mtime;
    st.st_mtime = inode->mtime;
    st.st_ctime = inode->mtime;
    return copy_to_user(user, &st, sizeof(st));
}

static long stat_path(const struct syscall_args *args, bool follow)
{
    struct inode *inode;
    int err = lookup_user_path(args->arg[0], follow, &inode);

    if (err != 0) {
        return err;
    }
    long answer = put_stat64(inode, args->arg[1]);

    inode_unref(inode);
    return answer;
}

long sys_stat64(struct process *self, const struct syscall_args *args)
{
    (void)self;
    return stat_path(args, true);
}

long sys_lstat64(struct process *self, const struct syscall_args *args)
{
    (void)self;
    return stat_path(args, false);
}

long sys_fstat64(struct process *self, const struct syscall_args *args)
{
    const struct file *file = fd_get(&self->fds, (int)args->arg[0]);

    return file == NULL ? -EBADF : put_stat64(file->inode, args->arg[1]);
}

/* dev_t as the inode has it: minor in the low byte, major in the next. */
#define DEVICE_MINOR(device) ((device)&0xFFu)
#define DEVICE_MAJOR(device) ((device) >> 8)

static long put_statx(const struct inode *inode, uint32_t user)
{
    struct statx st;

    memset(&st, 0, sizeof(st));
    st.stx_mask = STATX_BASIC_STATS;
    st.stx_blksize = PAGE_SIZE;
    st.stx_nlink = 1;
    st.stx_mode = (uint16_t)inode->mode;
    st.stx_ino = inode->number;
    st.stx_size = inode->source.size;
    st.stx_blocks = blocks_of(inode);
    st.stx_atime.tv_sec = inode->mtime;
    st.stx_mtime.tv_sec = inode->mtime;
    st.stx_ctime.tv_sec = inode->mtime;
    st.stx_rdev_major = DEVICE_MAJOR(inode->device);
    st.stx_rdev_minor = DEVICE_MINOR(inode->device);
    st.stx_dev_minor = 1;
    return copy_to_user(user, &st, sizeof(st));
}

/* fs_lookup of a path that counts from a directory. */
static int lookup_below(const struct inode *directory, const char *path, bool follow,
                        struct inode **out)
{
    if (directory->type != INODE_DIRECTORY) {
        return -ENOTDIR;
    }
    char *whole = kheap_alloc(PATH_MAX);

    if (whole == NULL) {
        return -ENOMEM;
    }
    uint32_t length = inode_path(directory, whole, PATH_MAX);
    int total = format_buffer(whole + length, PATH_MAX - length, "/%s", path);
    bool is_cut = (uint32_t)total >= PATH_MAX - length;
    int err = is_cut ? -ENAMETOOLONG : fs_lookup(whole, follow, out);

    kheap_free(whole, PATH_MAX);
    return err;
}

/* The inode that a descriptor and a path mean together: a path is absolute, or counts from the
 * descriptor's directory or the root, the only working directory there is; "" with AT_EMPTY_PATH is
 * the descriptor's own. */
static int find_at(struct process *self, int fd, const char *path, uint32_t flags,
                   struct inode **out)
{
    bool follow = !(flags & AT_SYMLINK_NOFOLLOW);

    if (path[0] == '/' || fd == AT_FDCWD) {
        return fs_lookup(path, follow, out);
    }
    const struct file *file = fd_get(&self->fds, fd);

    if (file == NULL) {
        return -EBADF;
    }
    if (path[0] != '\0') {
        return lookup_below(file->inode, path, follow, out);
    }
    if (!(flags & AT_EMPTY_PATH)) {
        return -ENOENT;
    }
    *out = file->inode;
    inode_ref(*out);
    return 0;
}

#define STATX_FLAGS                                                                                \
    ((uint32_t)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))

long sys_statx(struct process *self, const struct syscall_args *args)
{
    uint32_t flags = args->arg[2];
    struct inode *inode;
    char *path;

    if ((flags & ~STATX_FLAGS) || (args->arg[3] & STATX__RESERVED) ||
        (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE) {
        return -EINVAL;
    }
    int err = path_from_user(args->arg[1], &path);

    if (err != 0) {
        return err;
    }
    err = find_at(self, (int)args->arg[0], path, flags, &inode);
    path_free(path);
    if (err != 0) {
        return err;
    }
    long answer = put_statx(inode, args->arg[4]);

    inode_unref(inode);
    return answer;
}
