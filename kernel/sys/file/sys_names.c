/* Making, renaming and removing names (fs/tree/names.h). Each call without `at` is the one with the working
 * directory. */
#include "fs/tree/names.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "kernel/proc/process.h"
#include "kernel/sys/file/user_path.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"

static long make_at(struct process *self, int dir_fd, uint32_t user, const struct inode_spec *spec)
{
    struct user_path path;
    int err = user_path_begin(self, dir_fd, user, &path);

    if (err == 0) {
        err = fs_make(&path.path, spec);
        user_path_end(&path);
    }
    return err;
}

/* ---- Directories, fifos and other nodes ---------------------------------------------------------- */

static long make_directory(struct process *self, int dir_fd, uint32_t user, uint32_t mode)
{
    const struct inode_spec spec = {.type = INODE_DIRECTORY, .mode = mode & 01777u};

    return make_at(self, dir_fd, user, &spec);
}

long sys_mkdir(struct process *self, const struct syscall_args *args)
{
    return make_directory(self, AT_FDCWD, args->arg[0], args->arg[1]);
}

long sys_mkdirat(struct process *self, const struct syscall_args *args)
{
    return make_directory(self, (int)args->arg[0], args->arg[1], args->arg[2]);
}

/* Files and fifos. Device nodes are made by their drivers alone, sockets do not exist. */
static long make_node(struct process *self, int dir_fd, uint32_t user, uint32_t mode)
{
    struct inode_spec spec = {.type = INODE_FILE, .mode = mode};

    switch (mode & S_IFMT) {
    case 0:
    case S_IFREG:
        break;
    case S_IFIFO:
        spec.type = INODE_FIFO;
        break;
    case S_IFCHR:
    case S_IFBLK:
    case S_IFSOCK:
    case S_IFDIR:
        return -EPERM;
    default:
        return -EINVAL;
    }
    return make_at(self, dir_fd, user, &spec);
}

long sys_mknod(struct process *self, const struct syscall_args *args)
{
    return make_node(self, AT_FDCWD, args->arg[0], args->arg[1]);
}

long sys_mknodat(struct process *self, const struct syscall_args *args)
{
    return make_node(self, (int)args->arg[0], args->arg[1], args->arg[2]);
}

/* ---- Links --------------------------------------------------------------------------------------- */

static long make_symlink(struct process *self, uint32_t target, int dir_fd, uint32_t user)
{
    struct inode_spec spec = {.type = INODE_SYMLINK, .mode = 0777};
    char *text;
    int err = path_from_user(target, &text);

    if (err != 0) {
        return err;
    }
    spec.target = text;
    long answer = text[0] == '\0' ? -ENOENT : make_at(self, dir_fd, user, &spec);

    path_free(text);
    return answer;
}

long sys_symlink(struct process *self, const struct syscall_args *args)
{
    return make_symlink(self, args->arg[0], AT_FDCWD, args->arg[1]);
}

long sys_symlinkat(struct process *self, const struct syscall_args *args)
{
    return make_symlink(self, args->arg[0], (int)args->arg[1], args->arg[2]);
}

struct at_path {
    int dir_fd;
    uint32_t user;
};

static long make_link(struct process *self, struct at_path from, struct at_path to, uint32_t flags)
{
    struct user_path path;
    struct dentry *old;

    if ((flags & ~(uint32_t)AT_SYMLINK_FOLLOW) != 0) {
        return -EINVAL;
    }
    int err =
        user_path_lookup(self, from.dir_fd, from.user, flags != 0 ? 0 : AT_SYMLINK_NOFOLLOW, &old);

    if (err != 0) {
        return err;
    }
    err = user_path_begin(self, to.dir_fd, to.user, &path);
    if (err == 0) {
        err = fs_link(old, &path.path);
        user_path_end(&path);
    }
    dentry_unref(old);
    return err;
}

long sys_link(struct process *self, const struct syscall_args *args)
{
    return make_link(self, (struct at_path){AT_FDCWD, args->arg[0]},
                     (struct at_path){AT_FDCWD, args->arg[1]}, 0);
}

long sys_linkat(struct process *self, const struct syscall_args *args)
{
    return make_link(self, (struct at_path){(int)args->arg[0], args->arg[1]},
                     (struct at_path){(int)args->arg[2], args->arg[3]}, args->arg[4]);
}

/* ---- Removing ------------------------------------------------------------------------------------ */

static long remove_at(struct process *self, int dir_fd, uint32_t user, bool is_directory)
{
    struct user_path path;
    int err = user_path_begin(self, dir_fd, user, &path);

    if (err == 0) {
        err = fs_remove(&path.path, is_directory);
        user_path_end(&path);
    }
    return err;
}

long sys_unlink(struct process *self, const struct syscall_args *args)
{
    return remove_at(self, AT_FDCWD, args->arg[0], false);
}

long sys_rmdir(struct process *self, const struct syscall_args *args)
{
    return remove_at(self, AT_FDCWD, args->arg[0], true);
}

long sys_unlinkat(struct process *self, const struct syscall_args *args)
{
    if ((args->arg[2] & ~(uint32_t)AT_REMOVEDIR) != 0) {
        return -EINVAL;
    }
    return remove_at(self, (int)args->arg[0], args->arg[1], args->arg[2] != 0);
}

/* ---- Renaming ------------------------------------------------------------------------------------ */

static long rename_at(struct process *self, struct at_path from, struct at_path to, uint32_t flags)
{
    struct user_path old, new;
    int err = user_path_begin(self, from.dir_fd, from.user, &old);

    if (err != 0) {
        return err;
    }
    err = user_path_begin(self, to.dir_fd, to.user, &new);
    if (err == 0) {
        err = fs_rename(&old.path, &new.path, flags);
        user_path_end(&new);
    }
    user_path_end(&old);
    return err;
}

long sys_rename(struct process *self, const struct syscall_args *args)
{
    return rename_at(self, (struct at_path){AT_FDCWD, args->arg[0]},
                     (struct at_path){AT_FDCWD, args->arg[1]}, 0);
}

long sys_renameat(struct process *self, const struct syscall_args *args)
{
    return rename_at(self, (struct at_path){(int)args->arg[0], args->arg[1]},
                     (struct at_path){(int)args->arg[2], args->arg[3]}, 0);
}

long sys_renameat2(struct process *self, const struct syscall_args *args)
{
    return rename_at(self, (struct at_path){(int)args->arg[0], args->arg[1]},
                     (struct at_path){(int)args->arg[2], args->arg[3]}, args->arg[4]);
}
