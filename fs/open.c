/*
 * Opening: from a path and flags to a file, as open(2) has it. Whatever refuses comes before anything
 * changes, but for O_CREAT, whose file stays when memory for the open file is short.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <stddef.h>

#include "fs/file.h"
#include "fs/pipe.h"
#include "fs/tree/dentry.h"
#include "fs/tree/file_system.h"
#include "fs/tree/names.h"
#include "lib/string.h"
#include "mm/phys/kheap.h"

/* What a file remembers of its flags; the others only say how to open. */
#define FLAGS_KEPT                                                                                 \
    ((uint32_t)(O_ACCMODE | O_APPEND | O_NONBLOCK | O_DSYNC | __O_SYNC | O_DIRECT | O_LARGEFILE |  \
                O_NOATIME | O_PATH | O_DIRECTORY | O_NOFOLLOW))

static uint32_t wanted_rights(uint32_t flags)
{
    uint32_t rights = open_mode_needs_read(flags) ? MAY_READ : 0;

    rights |= open_mode_needs_write(flags) || (flags & O_TRUNC) != 0 ? MAY_WRITE : 0;
    return rights;
}

static bool wants_write(uint32_t flags)
{
    return (wanted_rights(flags) & MAY_WRITE) != 0;
}

/* The path exists: may it be opened so? */
static int check_open(const struct fs_view *view, const struct dentry *dentry, uint32_t flags)
{
    const struct inode *inode = dentry->inode;

    if (inode->type == INODE_SYMLINK) {
        return -ELOOP; /* O_NOFOLLOW */
    }
    if (inode->type == INODE_DIRECTORY) {
        if (wants_write(flags) || (flags & O_CREAT) != 0) {
            return -EISDIR;
        }
    } else if ((flags & O_DIRECTORY) != 0) {
        return -ENOTDIR;
    }
    int err = inode_permission(inode, &view->who, wanted_rights(flags));

    if (err != 0) {
        return err;
    }
    if (inode->type == INODE_FILE && wants_write(flags) && (inode->fs->flags & MS_RDONLY) != 0) {
        return -EROFS;
    }
    return (flags & O_NOATIME) != 0 && !inode_is_owner(inode, &view->who) ? -EPERM : 0;
}

/* ---- Files --------------------------------------------------------------------------------------- */

int file_create(struct inode *inode, const struct file_ops *ops, uint32_t flags, struct file **out)
{
    struct file *file = kheap_alloc(sizeof(*file));

    if (file == NULL) {
        return -ENOMEM;
    }
    *file = (struct file){
        .inode = inode,
        .ops = ops,
        .refs = 1,
        .flags = flags & FLAGS_KEPT,
    };
    *out = file;
    return 0;
}

static int begin_write(struct file *file)
{
    int err = inode_begin_write(file->inode);

    file->is_writer = err == 0;
    return err;
}

/* The last word is the kind's own; then it can only be the truncation that fails. */
static int start_file(struct file *file, uint32_t flags)
{
    int err = 0;

    if (file->inode->type == INODE_FILE && wants_write(flags)) {
        err = begin_write(file);
    }
    if (err == 0) {
        err = file->ops->open(file);
    }
    if (err == 0 && (flags & O_TRUNC) != 0 && file->inode->type == INODE_FILE) {
        err = fs_truncate(file->inode, 0);
    }
    return err;
}

/* What an open file of the inode can do. */
static const struct file_ops *ops_of(const struct inode *inode)
{
    switch (inode->type) {
    case INODE_FILE:
        return &memory_file_ops;
    case INODE_DIRECTORY:
        return &directory_ops;
    case INODE_FIFO:
        return &fifo_ops;
    case INODE_DEVICE:
        return inode->ops != NULL ? inode->ops : &no_ops;
    case INODE_SYMLINK:
    default:
        return &no_ops;
    }
}

/* Needs: may be opened. The file takes references of its own. */
static int open_dentry(struct dentry *dentry, uint32_t flags, struct file **out)
{
    struct inode *inode = dentry->inode;
    const struct file_ops *ops = ops_of(inode);
    struct file *file;

    if ((flags & O_PATH) != 0) {
        ops = &path_ops;
        flags &= (uint32_t)(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    int err = file_create(inode, ops, flags, &file);

    if (err != 0) {
        return err;
    }
    dentry_ref(dentry);
    inode_ref(inode);
    file->dentry = dentry;
    err = (flags & O_PATH) != 0 ? 0 : start_file(file, flags);
    if (err != 0) {
        file->ops = &path_ops; /* the kind's release is for what it has opened */
        file_unref(file);
        return err;
    }
    *out = file;
    return 0;
}

/* ---- Paths --------------------------------------------------------------------------------------- */

static int open_existing(const struct path *path, uint32_t flags, struct file **out)
{
    struct dentry *dentry;
    int err = fs_lookup(path, (flags & O_NOFOLLOW) == 0, &dentry);

    if (err != 0) {
        return err;
    }
    if ((flags & O_PATH) == 0) {
        err = check_open(path->view, dentry, flags);
    } else if ((flags & O_DIRECTORY) != 0 && dentry->inode->type != INODE_DIRECTORY) {
        err = -ENOTDIR;
    }
    if (err == 0) {
        err = open_dentry(dentry, flags, out);
    }
    dentry_unref(dentry);
    return err;
}

/* The entry of the last name, made if it is missing. *is_new: no permission on it is asked. */
static int find_or_make(const struct path *path, const struct last_name *last, uint32_t flags,
                        uint32_t mode, struct dentry **out, bool *is_new)
{
    const struct inode_spec spec = {.type = INODE_FILE, .mode = mode};
    int err = fs_find_entry(last->dir, last->name, last->len, out);

    *is_new = err == -ENOENT;
    if (err == -ENOENT) {
        return last->has_slash ? -EISDIR : fs_make_entry(path->view, last, &spec, out);
    }
    if (err != 0) {
        return err;
    }
    if ((flags & O_EXCL) != 0) {
        dentry_unref(*out);
        return -EEXIST;
    }
    struct dentry *top = dentry_top(*out);

    dentry_ref(top);
    dentry_unref(*out);
    *out = top;
    return 0;
}

static int open_last(const struct path *path, const struct last_name *last, uint32_t flags,
                     uint32_t mode, struct file **out)
{
    struct dentry *dentry;
    bool is_new;

    if (last->len == 0 || path_is_dot(last->name, last->len) ||
        path_is_dot_dot(last->name, last->len)) {
        return (flags & O_EXCL) != 0 ? -EEXIST : -EISDIR;
    }
    int err = find_or_make(path, last, flags, mode, &dentry, &is_new);

    if (err != 0) {
        return err;
    }
    if (is_new) {
        flags &= ~(uint32_t)O_TRUNC;
    } else {
        err = last->has_slash && dentry->inode->type != INODE_DIRECTORY
                  ? -ENOTDIR
                  : check_open(path->view, dentry, flags);
    }
    if (err == 0) {
        err = open_dentry(dentry, flags, out);
    }
    dentry_unref(dentry);
    return err;
}

static int open_or_make(const struct path *path, uint32_t flags, uint32_t mode, struct file **out)
{
    struct last_name last;
    bool follows = (flags & (O_EXCL | O_NOFOLLOW)) == 0;
    int err = follows ? fs_lookup_creation(path, &last) : fs_lookup_parent(path, &last);

    if (err != 0) {
        return err;
    }
    err = open_last(path, &last, flags, mode, out);
    dentry_unref(last.dir);
    return err;
}

int file_open(const struct path *path, uint32_t flags, uint32_t mode, struct file **out)
{
    if ((flags & O_PATH) != 0) {
        flags &= (uint32_t)(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if ((flags & __O_TMPFILE) != 0) {
        return -EOPNOTSUPP; /* libraries then make a name and remove it */
    }
    if ((flags & O_CREAT) != 0) {
        return open_or_make(path, flags, mode, out);
    }
    return open_existing(path, flags, out);
}
