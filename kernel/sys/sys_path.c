/* Paths: access and readlink. */
#include <asm/errno.h>
#include <linux/limits.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "kernel/proc/process.h"
#include "kernel/proc/usercopy.h"
#include "kernel/sys/sys_impl.h"
#include "kernel/sys/syscall.h"
#include "lib/minmax.h"
#include "lib/string.h"

int sys_lookup_path(uint32_t user, bool follow, struct inode **out)
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

/* Every process is root, which may read every file, and execute a file that anybody may. */
long sys_access(struct process *self, const struct syscall_args *args)
{
    uint32_t mode = args->arg[1];
    struct inode *inode;

    (void)self;
    if (mode & ~(ACCESS_READ | ACCESS_WRITE | ACCESS_EXEC)) {
        return -EINVAL;
    }
    int err = sys_lookup_path(args->arg[0], true, &inode);

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

/* Copies at most `size` bytes of a link's text, without a terminator. Returns the number, or
 * -errno. */
static long put_link(uint32_t user, const char *text, uint32_t length, uint32_t size)
{
    uint32_t n = min_u32(length, size);
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

/* The one link of /proc that static programs read at their start. */
static const char self_exe[] = "/proc/self/exe";

static long read_link(const struct process *self, char *path, uint32_t user, uint32_t size)
{
    struct inode *inode;

    if (strcmp(path, self_exe) == 0) {
        return put_link(user, path, inode_path(self->program.file, path, PATH_MAX), size);
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
