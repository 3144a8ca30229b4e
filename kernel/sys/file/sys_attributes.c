/* Attributes of inodes: mode, owner, times and size. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/stat.h>
#include <linux/time_types.h>

#include "fs/tree/file_system.h"
#include "fs/tree/names.h"
#include "kernel/proc/process.h"
#include "kernel/sys/file/user_path.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"

/* ---- Mode and owner ------------------------------------------------------------------------------ */

static long set_mode(struct process *self, int dir_fd, uint32_t user, uint32_t mode)
{
    struct inode *inode;
    int err = user_path_inode(self, dir_fd, user, 0, &inode);

    if (err == 0) {
        err = fs_set_mode(inode, &self->view.who, mode);
        inode_unref(inode);
    }
    return err;
}

long sys_chmod(struct process *self, const struct syscall_args *args)
{
    return set_mode(self, AT_FDCWD, args->arg[0], args->arg[1]);
}

long sys_fchmodat(struct process *self, const struct syscall_args *args)
{
    return set_mode(self, (int)args->arg[0], args->arg[1], args->arg[2]);
}

long sys_fchmod(struct process *self, const struct syscall_args *args)
{
    const struct file *file = fd_get(&self->fds, (int)args->arg[0]);

    if (file == NULL || file->ops == &path_ops) {
        return -EBADF;
    }
    return fs_set_mode(file->inode, &self->view.who, args->arg[1]);
}

struct owner {
    uint32_t uid, gid;
};

static long set_owner(struct process *self, int dir_fd, uint32_t user, uint32_t at_flags,
                      struct owner owner)
{
    struct inode *inode;

    if ((at_flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) {
        return -EINVAL;
    }
    int err = user_path_inode(self, dir_fd, user, at_flags, &inode);

    if (err == 0) {
        err = fs_set_owner(inode, &self->view.who, owner.uid, owner.gid);
        inode_unref(inode);
    }
    return err;
}

long sys_chown32(struct process *self, const struct syscall_args *args)
{
    return set_owner(self, AT_FDCWD, args->arg[0], 0, (struct owner){args->arg[1], args->arg[2]});
}

long sys_lchown32(struct process *self, const struct syscall_args *args)
{
    return set_owner(self, AT_FDCWD, args->arg[0], AT_SYMLINK_NOFOLLOW,
                     (struct owner){args->arg[1], args->arg[2]});
}

long sys_fchownat(struct process *self, const struct syscall_args *args)
{
    return set_owner(self, (int)args->arg[0], args->arg[1], args->arg[4],
                     (struct owner){args->arg[2], args->arg[3]});
}

long sys_fchown32(struct process *self, const struct syscall_args *args)
{
    const struct file *file = fd_get(&self->fds, (int)args->arg[0]);

    if (file == NULL || file->ops == &path_ops) {
        return -EBADF;
    }
    return fs_set_owner(file->inode, &self->view.who, args->arg[1], args->arg[2]);
}

/* ---- Times --------------------------------------------------------------------------------------- */

/* utimensat(2)'s, which no UAPI header has. */
#define UTIME_NOW  0x3FFFFFFF
#define UTIME_OMIT 0x3FFFFFFE
#define NSEC_MAX   999999999

struct new_times {
    struct timestamp atime, mtime;
    bool is_now; /* both are now: who may write may do that */
};

static bool is_good_nsec(int64_t nsec)
{
    return nsec == UTIME_NOW || nsec == UTIME_OMIT || (nsec >= 0 && nsec <= NSEC_MAX);
}

/* The times that utimensat was given, of either width: access, then change. */
static int choose_times(struct new_times *times, int64_t asec, int64_t ansec, int64_t msec,
                        int64_t mnsec)
{
    if (!is_good_nsec(ansec) || !is_good_nsec(mnsec)) {
        return -EINVAL;
    }
    *times = (struct new_times){{asec, (uint32_t)ansec}, {msec, (uint32_t)mnsec}, false};
    return 0;
}

static struct timestamp chosen_time(struct timestamp new, struct timestamp old)
{
    if (new.nsec == UTIME_OMIT) {
        return old;
    }
    return new.nsec == UTIME_NOW ? inode_now() : new;
}

static int set_times(struct inode *inode, const struct credentials *who,
                     const struct new_times *times)
{
    if (times->atime.nsec == UTIME_OMIT && times->mtime.nsec == UTIME_OMIT) {
        return 0;
    }
    int err = 0;

    if (!inode_is_owner(inode, who)) {
        err = times->is_now ? inode_permission(inode, who, MAY_WRITE) : -EPERM;
    }
    if (err == 0 && (inode->fs->flags & MS_RDONLY) != 0) {
        err = -EROFS;
    }
    if (err != 0) {
        return err;
    }
    inode->atime = chosen_time(times->atime, inode->atime);
    inode->mtime = chosen_time(times->mtime, inode->mtime);
    inode_changed(inode);
    return 0;
}

static const struct new_times both_now = {{0, UTIME_NOW}, {0, UTIME_NOW}, true};

/* Path 0 means what dir_fd has open. */
static long set_times_at(struct process *self, int dir_fd, uint32_t user, uint32_t flags,
                         const struct new_times *times)
{
    struct inode *inode;
    int err = 0;

    if ((flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) {
        return -EINVAL;
    }
    if (user == 0) {
        const struct file *file = fd_get(&self->fds, dir_fd);

        if (dir_fd == AT_FDCWD) {
            return -EFAULT;
        }
        return file == NULL ? -EBADF : set_times(file->inode, &self->view.who, times);
    }
    err = user_path_inode(self, dir_fd, user, flags, &inode);
    if (err == 0) {
        err = set_times(inode, &self->view.who, times);
        inode_unref(inode);
    }
    return err;
}

long sys_utimensat_time64(struct process *self, const struct syscall_args *args)
{
    struct __kernel_timespec user[2];
    struct new_times times = both_now;

    if (args->arg[2] != 0) {
        int err = copy_from_user(user, args->arg[2], sizeof(user));

        if (err != 0) {
            return err;
        }
        err =
            choose_times(&times, user[0].tv_sec, user[0].tv_nsec, user[1].tv_sec, user[1].tv_nsec);
        if (err != 0) {
            return err;
        }
    }
    return set_times_at(self, (int)args->arg[0], args->arg[1], args->arg[3], &times);
}

long sys_utimensat(struct process *self, const struct syscall_args *args)
{
    struct __kernel_old_timespec user[2];
    struct new_times times = both_now;

    if (args->arg[2] != 0) {
        int err = copy_from_user(user, args->arg[2], sizeof(user));

        if (err != 0) {
            return err;
        }
        err =
            choose_times(&times, user[0].tv_sec, user[0].tv_nsec, user[1].tv_sec, user[1].tv_nsec);
        if (err != 0) {
            return err;
        }
    }
    return set_times_at(self, (int)args->arg[0], args->arg[1], args->arg[3], &times);
}

#define USEC_MAX      999999
#define NSEC_PER_USEC 1000u

long sys_utimes(struct process *self, const struct syscall_args *args)
{
    struct __kernel_old_timeval user[2];
    struct new_times times = both_now;

    if (args->arg[1] != 0) {
        int err = copy_from_user(user, args->arg[1], sizeof(user));

        if (err != 0) {
            return err;
        }
        if (user[0].tv_usec < 0 || user[0].tv_usec > USEC_MAX || user[1].tv_usec < 0 ||
            user[1].tv_usec > USEC_MAX) {
            return -EINVAL;
        }
        times = (struct new_times){{user[0].tv_sec, (uint32_t)user[0].tv_usec * NSEC_PER_USEC},
                                   {user[1].tv_sec, (uint32_t)user[1].tv_usec * NSEC_PER_USEC},
                                   false};
    }
    return set_times_at(self, AT_FDCWD, args->arg[0], 0, &times);
}

/* ---- Size ---------------------------------------------------------------------------------------- */

static long set_size(struct process *self, uint32_t user, int64_t size)
{
    struct inode *inode;

    if (size < 0) {
        return -EINVAL;
    }
    int err = user_path_inode(self, AT_FDCWD, user, 0, &inode);

    if (err != 0) {
        return err;
    }
    err = inode_permission(inode, &self->view.who, MAY_WRITE);
    if (err == 0 && inode->type == INODE_FILE) {
        err = inode_begin_write(inode);
        if (err == 0) {
            err = fs_truncate(inode, (uint64_t)size);
            inode_end_write(inode);
        }
    } else if (err == 0) {
        err = fs_truncate(inode, (uint64_t)size); /* which says why not */
    }
    inode_unref(inode);
    return err;
}

static int64_t offset_of_halves(uint32_t low, uint32_t high)
{
    return (int64_t)((uint64_t)high << 32 | low);
}

long sys_truncate(struct process *self, const struct syscall_args *args)
{
    return set_size(self, args->arg[0], (int32_t)args->arg[1]);
}

long sys_truncate64(struct process *self, const struct syscall_args *args)
{
    return set_size(self, args->arg[0], offset_of_halves(args->arg[1], args->arg[2]));
}

static long set_file_size(struct process *self, int fd, int64_t size)
{
    struct file *file = fd_get(&self->fds, fd);

    if (file == NULL || file->ops == &path_ops) {
        return -EBADF;
    }
    return file_truncate(file, size);
}

long sys_ftruncate(struct process *self, const struct syscall_args *args)
{
    return set_file_size(self, (int)args->arg[0], (int32_t)args->arg[1]);
}

long sys_ftruncate64(struct process *self, const struct syscall_args *args)
{
    return set_file_size(self, (int)args->arg[0], offset_of_halves(args->arg[1], args->arg[2]));
}
