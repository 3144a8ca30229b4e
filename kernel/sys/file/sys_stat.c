/* stat64, lstat64, fstat64, fstatat64 and statx. */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/tree/file_system.h"
#include "kernel/proc/process.h"
#include "kernel/sys/file/user_path.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"
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
    st.st_dev = inode->fs->device;
    st.__st_ino = inode->number;
    st.st_ino = inode->number;
    st.st_mode = inode->mode;
    st.st_nlink = inode->links;
    st.st_uid = inode->uid;
    st.st_gid = inode->gid;
    st.st_rdev = inode->device;
    st.st_size = (int64_t)inode->source.size;
    st.st_blksize = PAGE_SIZE;
    st.st_blocks = blocks_of(inode);
    st.st_atime = (unsigned long)inode->atime.sec;
    st.st_atime_nsec = inode->atime.nsec;
    st.st_mtime = (unsigned long)inode->mtime.sec;
    st.st_mtime_nsec = inode->mtime.nsec;
    st.st_ctime = (unsigned long)inode->ctime.sec;
    st.st_ctime_nsec = inode->ctime.nsec;
    return copy_to_user(user, &st, sizeof(st));
}

static long stat_at(struct process *self, int dir_fd, uint32_t user_path, uint32_t user,
                    uint32_t at_flags)
{
    struct inode *inode;
    int err = user_path_inode(self, dir_fd, user_path, at_flags, &inode);

    if (err != 0) {
        return err;
    }
    long answer = put_stat64(inode, user);

    inode_unref(inode);
    return answer;
}

long sys_stat64(struct process *self, const struct syscall_args *args)
{
    return stat_at(self, AT_FDCWD, args->arg[0], args->arg[1], 0);
}

long sys_lstat64(struct process *self, const struct syscall_args *args)
{
    return stat_at(self, AT_FDCWD, args->arg[0], args->arg[1], AT_SYMLINK_NOFOLLOW);
}

long sys_fstatat64(struct process *self, const struct syscall_args *args)
{
    uint32_t flags = args->arg[3];

    if ((flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)) != 0) {
        return -EINVAL;
    }
    return stat_at(self, (int)args->arg[0], args->arg[1], args->arg[2], flags);
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
    st.stx_nlink = inode->links;
    st.stx_uid = inode->uid;
    st.stx_gid = inode->gid;
    st.stx_mode = (uint16_t)inode->mode;
    st.stx_ino = inode->number;
    st.stx_size = inode->source.size;
    st.stx_blocks = blocks_of(inode);
    st.stx_atime.tv_sec = inode->atime.sec;
    st.stx_atime.tv_nsec = inode->atime.nsec;
    st.stx_mtime.tv_sec = inode->mtime.sec;
    st.stx_mtime.tv_nsec = inode->mtime.nsec;
    st.stx_ctime.tv_sec = inode->ctime.sec;
    st.stx_ctime.tv_nsec = inode->ctime.nsec;
    st.stx_rdev_major = DEVICE_MAJOR(inode->device);
    st.stx_rdev_minor = DEVICE_MINOR(inode->device);
    st.stx_dev_minor = inode->fs->device;
    return copy_to_user(user, &st, sizeof(st));
}

#define STATX_FLAGS                                                                                \
    ((uint32_t)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))

long sys_statx(struct process *self, const struct syscall_args *args)
{
    uint32_t flags = args->arg[2];
    struct inode *inode;

    if ((flags & ~STATX_FLAGS) || (args->arg[3] & STATX__RESERVED) ||
        (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE) {
        return -EINVAL;
    }
    int err = user_path_inode(self, (int)args->arg[0], args->arg[1], flags, &inode);

    if (err != 0) {
        return err;
    }
    long answer = put_statx(inode, args->arg[4]);

    inode_unref(inode);
    return answer;
}
