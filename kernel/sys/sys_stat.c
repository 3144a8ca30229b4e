/* stat64, lstat64, fstat64 and statx. */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "kernel/proc/process.h"
#include "kernel/proc/usercopy.h"
#include "kernel/sys/sys_impl.h"
#include "kernel/sys/syscall.h"
#include "lib/addr.h"
#include "lib/string.h"

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
    int err = sys_lookup_path(args->arg[0], follow, &inode);

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

/* An inode's dev_t has the minor number in its low byte and the major number above. */
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

/* Finds the inode that a descriptor and a path name together. The path is absolute, or relative to
 * the descriptor's directory or to the root, which is the only working directory. "" with
 * AT_EMPTY_PATH names the descriptor's own inode. */
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
        return fs_lookup_at(file->inode, path, follow, out);
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
