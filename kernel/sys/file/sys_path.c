/* Paths without a file: access, readlink, the working directory, the root, umask, statfs, mounts. */
#include <asm/errno.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/mount.h>

#include "fs/tree/file_system.h"
#include "kernel/proc/process.h"
#include "kernel/sys/file/user_path.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"
#include "lib/addr.h"
#include "lib/minmax.h"
#include "lib/string.h"
#include "mm/phys/frame.h"
#include "mm/phys/kheap.h"

/* ---- access -------------------------------------------------------------------------------------- */

/* access() asks for the real ids, AT_EACCESS for the effective ones. */
static long check_access(struct process *self, int dir_fd, uint32_t user, uint32_t mode,
                         uint32_t flags)
{
    struct credentials who = self->view.who;
    struct inode *inode;

    if ((mode & ~(MAY_READ | MAY_WRITE | MAY_EXECUTE)) != 0 ||
        (flags & ~(uint32_t)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) {
        return -EINVAL;
    }
    int err = user_path_inode(self, dir_fd, user, flags, &inode);

    if (err != 0) {
        return err;
    }
    if ((flags & AT_EACCESS) == 0) {
        who.euid = who.uid;
        who.egid = who.gid;
    }
    err = inode_permission(inode, &who, mode);
    if (err == 0 && (mode & MAY_WRITE) != 0 && inode->type != INODE_DEVICE &&
        (inode->fs->flags & MS_RDONLY) != 0) {
        err = -EROFS;
    }
    inode_unref(inode);
    return err;
}

long sys_access(struct process *self, const struct syscall_args *args)
{
    return check_access(self, AT_FDCWD, args->arg[0], args->arg[1], 0);
}

long sys_faccessat(struct process *self, const struct syscall_args *args)
{
    return check_access(self, (int)args->arg[0], args->arg[1], args->arg[2], 0);
}

long sys_faccessat2(struct process *self, const struct syscall_args *args)
{
    return check_access(self, (int)args->arg[0], args->arg[1], args->arg[2], args->arg[3]);
}

/* ---- readlink ------------------------------------------------------------------------------------ */

/* Copies at most `size` bytes of a link's text; there is no end byte. */
static long put_link(uint32_t user, const char *text, uint32_t length, uint32_t size)
{
    uint32_t n = min_u32(length, size);
    int err = copy_to_user(user, text, n);

    return err != 0 ? err : (long)n;
}

/* The one link of /proc that a static program's start-up asks for. */
static const char self_exe[] = "/proc/self/exe";

static long read_self_exe(const struct process *self, uint32_t user, uint32_t size)
{
    char *text = kheap_alloc(PATH_MAX);

    if (text == NULL) {
        return -ENOMEM;
    }
    long answer = put_link(user, text, dentry_path(self->program.file, text, PATH_MAX), size);

    kheap_free(text, PATH_MAX);
    return answer;
}

static long read_link(struct process *self, int dir_fd, uint32_t user_path, uint32_t user,
                      uint32_t size)
{
    struct user_path path;
    struct dentry *dentry;

    if ((int32_t)size <= 0) {
        return -EINVAL;
    }
    int err = user_path_begin(self, dir_fd, user_path, &path);

    if (err != 0) {
        return err;
    }
    bool is_self_exe = strcmp(path.text, self_exe) == 0;

    err = is_self_exe ? 0 : fs_lookup(&path.path, false, &dentry);
    user_path_end(&path);
    if (err != 0) {
        return err;
    }
    if (is_self_exe) {
        return read_self_exe(self, user, size);
    }
    const struct inode *inode = dentry->inode;
    long answer = inode->type != INODE_SYMLINK ? -EINVAL
                                               : put_link(user, inode_link_target(inode),
                                                          (uint32_t)inode->source.size, size);

    dentry_unref(dentry);
    return answer;
}

long sys_readlink(struct process *self, const struct syscall_args *args)
{
    return read_link(self, AT_FDCWD, args->arg[0], args->arg[1], args->arg[2]);
}

long sys_readlinkat(struct process *self, const struct syscall_args *args)
{
    return read_link(self, (int)args->arg[0], args->arg[1], args->arg[2], args->arg[3]);
}

/* ---- Where a process is -------------------------------------------------------------------------- */

/* Puts `to`, whose reference it takes, in the place of a process's root or working directory. */
static long replace_directory(struct process *self, struct dentry **place, struct dentry *to)
{
    int err = to->inode->type == INODE_DIRECTORY
                  ? inode_permission(to->inode, &self->view.who, MAY_EXECUTE)
                  : -ENOTDIR;

    if (err != 0) {
        dentry_unref(to);
        return err;
    }
    dentry_unref(*place);
    *place = to;
    return 0;
}

long sys_chdir(struct process *self, const struct syscall_args *args)
{
    struct dentry *to;
    int err = user_path_lookup(self, AT_FDCWD, args->arg[0], 0, &to);

    return err != 0 ? err : replace_directory(self, &self->view.cwd, to);
}

long sys_fchdir(struct process *self, const struct syscall_args *args)
{
    const struct file *file = fd_get(&self->fds, (int)args->arg[0]);

    if (file == NULL) {
        return -EBADF;
    }
    if (file->dentry == NULL) {
        return -ENOTDIR;
    }
    dentry_ref(file->dentry);
    return replace_directory(self, &self->view.cwd, file->dentry);
}

long sys_chroot(struct process *self, const struct syscall_args *args)
{
    struct dentry *to;
    int err = user_path_lookup(self, AT_FDCWD, args->arg[0], 0, &to);

    if (err != 0) {
        return err;
    }
    if (self->view.who.euid != 0) {
        dentry_unref(to);
        return -EPERM;
    }
    return replace_directory(self, &self->view.root, to);
}

/* Returns the length with the end byte, as Linux's call does. */
long sys_getcwd(struct process *self, const struct syscall_args *args)
{
    char *text = kheap_alloc(PATH_MAX);

    if (text == NULL) {
        return -ENOMEM;
    }
    int32_t length = dentry_path_below(self->view.cwd, self->view.root, text, PATH_MAX);
    int err = length < 0 ? length : 0;

    if (err == 0 && (uint32_t)length >= args->arg[1]) {
        err = -ERANGE;
    }
    if (err == 0) {
        err = copy_to_user(args->arg[0], text, (uint32_t)length + 1);
    }
    kheap_free(text, PATH_MAX);
    return err != 0 ? err : (long)length + 1;
}

long sys_umask(struct process *self, const struct syscall_args *args)
{
    uint32_t old = self->view.umask;

    self->view.umask = args->arg[0] & 0777u;
    return (long)old;
}

/* ---- File systems -------------------------------------------------------------------------------- */

static long put_statfs64(const struct file_system *fs, uint32_t size, uint32_t user)
{
    uint32_t free = frame_free_count();
    struct statfs64 st;

    if (size != sizeof(st)) {
        return -EINVAL;
    }
    memset(&st, 0, sizeof(st));
    st.f_type = fs->type->magic;
    st.f_bsize = PAGE_SIZE;
    st.f_frsize = PAGE_SIZE;
    st.f_blocks = fs->content.max_pages != 0 ? fs->content.max_pages : frame_total_count();
    st.f_bfree = fs->content.max_pages != 0
                     ? min_u32(free, fs->content.max_pages -
                                         min_u32(fs->content.pages, fs->content.max_pages))
                     : free;
    st.f_bavail = st.f_bfree;
    st.f_files = fs->inodes;
    st.f_namelen = NAME_LEN_MAX;
    st.f_flags = fs->flags;
    st.f_fsid.val[0] = (int)fs->device;
    return copy_to_user(user, &st, sizeof(st));
}

long sys_statfs64(struct process *self, const struct syscall_args *args)
{
    struct inode *inode;
    int err = user_path_inode(self, AT_FDCWD, args->arg[0], 0, &inode);

    if (err != 0) {
        return err;
    }
    long answer = put_statfs64(inode->fs, args->arg[1], args->arg[2]);

    inode_unref(inode);
    return answer;
}

long sys_fstatfs64(struct process *self, const struct syscall_args *args)
{
    const struct file *file = fd_get(&self->fds, (int)args->arg[0]);

    return file == NULL ? -EBADF : put_statfs64(file->inode->fs, args->arg[1], args->arg[2]);
}

#define MOUNT_TYPE_MAX    32u
#define MOUNT_OPTIONS_MAX 256u
/* What mount(2) says that is not about this mount. */
#define MOUNT_FLAGS_KEPT ((uint32_t)(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME))
#define MOUNT_FLAGS_REFUSED                                                                        \
    ((uint32_t)(MS_REMOUNT | MS_BIND | MS_MOVE | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE))

struct mount_strings {
    char type[MOUNT_TYPE_MAX], source[MOUNT_TYPE_MAX], options[MOUNT_OPTIONS_MAX];
};

/* A string that may be absent. */
static int copy_optional(char *to, uint32_t from, uint32_t size)
{
    if (from == 0) {
        to[0] = '\0';
        return 0;
    }
    int32_t length = copy_string_from_user(to, from, size);

    return length < 0 ? length : 0;
}

static int copy_mount_strings(const struct syscall_args *args, struct mount_strings *out)
{
    int err = copy_optional(out->source, args->arg[0], sizeof(out->source));

    if (err == 0) {
        err = copy_optional(out->type, args->arg[2], sizeof(out->type));
    }
    if (err == 0) {
        err = copy_optional(out->options, args->arg[4], sizeof(out->options));
    }
    return err == -ENAMETOOLONG ? -EINVAL : err;
}

long sys_mount(struct process *self, const struct syscall_args *args)
{
    uint32_t flags = args->arg[3];
    struct mount_strings strings;
    struct file_system *fs;
    struct dentry *on;
    int err = copy_mount_strings(args, &strings);

    if (err == 0) {
        err = user_path_lookup(self, AT_FDCWD, args->arg[1], 0, &on);
    }
    if (err != 0) {
        return err;
    }
    if (self->view.who.euid != 0) {
        err = -EPERM;
    } else if ((flags & MOUNT_FLAGS_REFUSED) != 0) {
        err = -EINVAL;
    } else {
        err = fs_mount(strings.type, strings.source, on, flags & MOUNT_FLAGS_KEPT, strings.options,
                       &fs);
    }
    dentry_unref(on);
    return err;
}

/* umount2's flags, which no UAPI header has (umount(2)). */
#define UMOUNT_FORCE    1u
#define UMOUNT_NOFOLLOW 8u

long sys_umount2(struct process *self, const struct syscall_args *args)
{
    struct dentry *root;

    if ((args->arg[1] & ~(UMOUNT_FORCE | UMOUNT_NOFOLLOW)) != 0) {
        return -EINVAL;
    }
    int err =
        user_path_lookup(self, AT_FDCWD, args->arg[0],
                         (args->arg[1] & UMOUNT_NOFOLLOW) != 0 ? AT_SYMLINK_NOFOLLOW : 0, &root);

    if (err != 0) {
        return err;
    }
    if (self->view.who.euid != 0) {
        dentry_unref(root);
        return -EPERM;
    }
    return fs_unmount(root);
}
