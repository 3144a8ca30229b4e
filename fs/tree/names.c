/* Making, renaming and removing names. Permissions and every refusal come first, memory next, and
 * only then the tree changes, which cannot fail. */
#include "fs/tree/names.h"

#include <asm/errno.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <stddef.h>

#include "fs/tree/dentry.h"
#include "fs/tree/file_system.h"
#include "lib/string.h"

#define LINKS_MAX       65000u
#define PERMISSION_BITS 07777u

/* ---- Permission to change a directory ------------------------------------------------------------ */

static int check_writable_fs(const struct inode *inode)
{
    return (inode->fs->flags & MS_RDONLY) != 0 ? -EROFS : 0;
}

static int may_add(const struct fs_view *view, const struct dentry *dir)
{
    if (!dir->is_linked) {
        return -ENOENT; /* removed while somebody stands in it */
    }
    int err = inode_permission(dir->inode, &view->who, MAY_WRITE | MAY_EXECUTE);

    if (err == 0) {
        err = check_writable_fs(dir->inode);
    }
    return err == 0 && dir->inode->fs->type->is_fixed ? -EPERM : err;
}

/* The sticky bit lets only owners of the name's inode or of the directory remove it. */
static int may_remove(const struct fs_view *view, const struct dentry *dir,
                      const struct dentry *entry)
{
    int err = may_add(view, dir);

    if (err != 0) {
        return err;
    }
    if ((dir->inode->mode & S_ISVTX) != 0 && !inode_is_owner(dir->inode, &view->who) &&
        !inode_is_owner(entry->inode, &view->who)) {
        return -EPERM;
    }
    return entry->mounted != NULL ? -EBUSY : 0;
}

/* ---- Making -------------------------------------------------------------------------------------- */

/* The mode and owner of a new inode: umask, effective ids; a set-group-id directory hands on its
 * group, and to directories the bit. */
static struct inode_spec completed(const struct fs_view *view, const struct inode *dir,
                                   const struct inode_spec *spec)
{
    struct inode_spec full = *spec;

    full.uid = view->who.euid;
    full.gid = view->who.egid;
    full.mode &= PERMISSION_BITS;
    if (spec->type != INODE_SYMLINK) {
        full.mode &= ~view->umask;
    }
    if ((dir->mode & S_ISGID) != 0) {
        full.gid = dir->gid;
        full.mode |= spec->type == INODE_DIRECTORY ? (uint32_t)S_ISGID : 0;
    }
    return full;
}

static int add_entry(struct dentry *dir, const char *name, uint32_t len, struct inode *inode,
                     struct dentry **out)
{
    struct dentry *d;
    int err = dentry_create(dir, name, len, inode, &d);

    if (err != 0) {
        return err;
    }
    dentry_link(d);
    inode_touch(dir->inode);
    if (out != NULL) {
        *out = d;
    } else {
        dentry_unref(d);
    }
    return 0;
}

int fs_make_entry(const struct fs_view *view, const struct last_name *last,
                  const struct inode_spec *spec, struct dentry **out)
{
    struct inode *inode;
    int err = may_add(view, last->dir);

    if (err != 0) {
        return err;
    }
    if (spec->type == INODE_DIRECTORY && last->dir->inode->links >= LINKS_MAX) {
        return -EMLINK;
    }
    const struct inode_spec full = completed(view, last->dir->inode, spec);

    err = inode_create(last->dir->inode->fs, &full, &inode);
    if (err != 0) {
        return err;
    }
    err = add_entry(last->dir, last->name, last->len, inode, out);
    inode_unref(inode); /* the name has its own */
    return err;
}

static bool is_special(const struct last_name *last)
{
    return last->len == 0 || path_is_dot(last->name, last->len) ||
           path_is_dot_dot(last->name, last->len);
}

static bool is_taken(const struct last_name *last)
{
    struct dentry *child;

    if (is_special(last)) {
        return true;
    }
    if (fs_find_entry(last->dir, last->name, last->len, &child) != 0) {
        return false;
    }
    dentry_unref(child);
    return true;
}

int fs_make(const struct path *path, const struct inode_spec *spec)
{
    struct last_name last;
    int err = fs_lookup_parent(path, &last);

    if (err != 0) {
        return err;
    }
    if (is_taken(&last)) {
        err = -EEXIST;
    } else if (last.has_slash && spec->type != INODE_DIRECTORY) {
        err = -ENOENT;
    } else {
        err = fs_make_entry(path->view, &last, spec, NULL);
    }
    dentry_unref(last.dir);
    return err;
}

/* ---- Links --------------------------------------------------------------------------------------- */

static int check_link(const struct inode *inode, const struct last_name *last)
{
    if (is_taken(last)) {
        return -EEXIST;
    }
    if (last->has_slash) {
        return -ENOENT;
    }
    if (inode->fs != last->dir->inode->fs) {
        return -EXDEV;
    }
    if (inode->type == INODE_DIRECTORY) {
        return -EPERM;
    }
    if (inode->links == 0) {
        return -ENOENT; /* its last name is gone */
    }
    return inode->links >= LINKS_MAX ? -EMLINK : 0;
}

int fs_link(struct dentry *from, const struct path *to)
{
    struct last_name last;
    int err = fs_lookup_parent(to, &last);

    if (err != 0) {
        return err;
    }
    err = check_link(from->inode, &last);
    if (err == 0) {
        err = may_add(to->view, last.dir);
    }
    if (err == 0) {
        err = add_entry(last.dir, last.name, last.len, from->inode, NULL);
    }
    if (err == 0) {
        inode_changed(from->inode);
    }
    dentry_unref(last.dir);
    return err;
}

/* ---- Removing ------------------------------------------------------------------------------------ */

static int check_special_removal(const struct last_name *last, bool is_directory)
{
    if (!is_directory) {
        return is_special(last) ? -EISDIR : 0;
    }
    if (last->len == 0) {
        return -EBUSY;
    }
    if (path_is_dot(last->name, last->len)) {
        return -EINVAL;
    }
    return path_is_dot_dot(last->name, last->len) ? -ENOTEMPTY : 0;
}

static int check_removal(const struct dentry *entry, bool is_directory, bool has_slash)
{
    bool is_one = entry->inode->type == INODE_DIRECTORY;

    if (is_directory) {
        if (!is_one) {
            return -ENOTDIR;
        }
        return TAILQ_EMPTY(&entry->children) ? 0 : -ENOTEMPTY;
    }
    if (is_one) {
        return -EISDIR;
    }
    return has_slash ? -ENOTDIR : 0;
}

static int remove_entry(const struct fs_view *view, const struct last_name *last, bool is_directory)
{
    struct dentry *entry;
    int err = fs_find_entry(last->dir, last->name, last->len, &entry);

    if (err != 0) {
        return err;
    }
    err = may_remove(view, last->dir, entry);
    if (err == 0) {
        err = check_removal(entry, is_directory, last->has_slash);
    }
    if (err == 0) {
        inode_touch(last->dir->inode);
        inode_changed(entry->inode);
        dentry_unlink(entry);
    }
    dentry_unref(entry);
    return err;
}

int fs_remove(const struct path *path, bool is_directory)
{
    struct last_name last;
    int err = fs_lookup_parent(path, &last);

    if (err != 0) {
        return err;
    }
    err = check_special_removal(&last, is_directory);
    if (err == 0) {
        err = remove_entry(path->view, &last, is_directory);
    }
    dentry_unref(last.dir);
    return err;
}

/* ---- Renaming ------------------------------------------------------------------------------------ */

struct renaming {
    const struct fs_view *view;
    struct last_name from, to;
    struct dentry *old, *new; /* with references; new NULL: the name is free */
    uint32_t flags;
};

static bool is_directory(const struct dentry *d)
{
    return d->inode->type == INODE_DIRECTORY;
}

/* What stands in the new place: may it go? */
static int check_target(const struct renaming *r)
{
    if ((r->flags & RENAME_NOREPLACE) != 0) {
        return -EEXIST;
    }
    int err = may_remove(r->view, r->to.dir, r->new);

    if (err != 0) {
        return err;
    }
    if ((r->flags & RENAME_EXCHANGE) != 0) {
        bool is_below = is_directory(r->new) && dentry_is_below(r->from.dir, r->new);

        return is_below ? -EINVAL : 0;
    }
    if (is_directory(r->old)) {
        if (!is_directory(r->new)) {
            return -ENOTDIR;
        }
        return TAILQ_EMPTY(&r->new->children) ? 0 : -ENOTEMPTY;
    }
    return is_directory(r->new) ? -EISDIR : 0;
}

static int check_renaming(const struct renaming *r)
{
    int err = may_remove(r->view, r->from.dir, r->old);

    if (err == 0) {
        err = may_add(r->view, r->to.dir);
    }
    if (err != 0) {
        return err;
    }
    if (is_directory(r->old) && dentry_is_below(r->to.dir, r->old)) {
        return -EINVAL;
    }
    if (is_directory(r->old) && r->from.dir != r->to.dir) { /* its ".." changes */
        err = inode_permission(r->old->inode, &r->view->who, MAY_WRITE);
        if (err != 0) {
            return err;
        }
    }
    bool needs_directory = r->from.has_slash || r->to.has_slash;

    if (needs_directory && !is_directory(r->old)) {
        return -ENOTDIR;
    }
    if (r->new != NULL) {
        return check_target(r);
    }
    return (r->flags & RENAME_EXCHANGE) != 0 ? -ENOENT : 0;
}

static int carry_out(const struct renaming *r)
{
    struct dentry *place;

    inode_touch(r->from.dir->inode);
    inode_touch(r->to.dir->inode);
    if ((r->flags & RENAME_EXCHANGE) != 0) {
        dentry_exchange(r->old, r->new);
        return 0;
    }
    int err = dentry_create(r->to.dir, r->to.name, r->to.len, r->old->inode, &place);

    if (err != 0) {
        return err;
    }
    if (r->new != NULL) {
        inode_changed(r->new->inode);
        dentry_unlink(r->new);
    }
    inode_changed(r->old->inode);
    dentry_move(r->old, place);
    return 0;
}

static int rename_found(struct renaming *r)
{
    int err = fs_find_entry(r->from.dir, r->from.name, r->from.len, &r->old);

    if (err != 0) {
        return err;
    }
    err = fs_find_entry(r->to.dir, r->to.name, r->to.len, &r->new);
    if (err == -ENOENT) {
        r->new = NULL;
        err = 0;
    }
    if (err == 0 && r->new != NULL && r->new->inode == r->old->inode &&
        (r->flags & RENAME_NOREPLACE) == 0) {
        dentry_unref(r->old);
        dentry_unref(r->new);
        return 0; /* two names of one inode: nothing is done, POSIX says */
    }
    if (err == 0) {
        err = check_renaming(r);
    }
    if (err == 0) {
        err = carry_out(r);
    }
    dentry_unref(r->old);
    dentry_unref(r->new);
    return err;
}

static int rename_looked_up(struct renaming *r)
{
    if (r->from.dir->inode->fs != r->to.dir->inode->fs) {
        return -EXDEV;
    }
    if (is_special(&r->from)) {
        return -EBUSY;
    }
    if (is_special(&r->to)) {
        return (r->flags & RENAME_NOREPLACE) != 0 ? -EEXIST : -EBUSY;
    }
    return rename_found(r);
}

int fs_rename(const struct path *from, const struct path *to, uint32_t flags)
{
    struct renaming r = {.view = from->view, .flags = flags};

    if ((flags & ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE)) != 0 ||
        flags == (RENAME_NOREPLACE | RENAME_EXCHANGE)) {
        return -EINVAL;
    }
    int err = fs_lookup_parent(from, &r.from);

    if (err != 0) {
        return err;
    }
    err = fs_lookup_parent(to, &r.to);
    if (err == 0) {
        err = rename_looked_up(&r);
        dentry_unref(r.to.dir);
    }
    dentry_unref(r.from.dir);
    return err;
}

/* ---- Attributes ---------------------------------------------------------------------------------- */

int fs_truncate(struct inode *inode, uint64_t size)
{
    if (inode->type == INODE_DIRECTORY) {
        return -EISDIR;
    }
    if (inode->type != INODE_FILE) {
        return -EINVAL;
    }
    int err = check_writable_fs(inode);

    if (err != 0) {
        return err;
    }
    if (size > VM_SOURCE_SIZE_MAX) {
        return -EFBIG;
    }
    (void)vm_source_truncate(&inode->source, size);
    inode_touch(inode);
    return 0;
}

int fs_set_mode(struct inode *inode, const struct credentials *who, uint32_t mode)
{
    if (!inode_is_owner(inode, who)) {
        return -EPERM;
    }
    int err = check_writable_fs(inode);

    if (err != 0) {
        return err;
    }
    mode &= PERMISSION_BITS;
    if (who->euid != 0 && !credentials_in_group(who, inode->gid)) {
        mode &= ~(uint32_t)S_ISGID;
    }
    inode->mode = (inode->mode & (uint32_t)S_IFMT) | mode;
    inode_changed(inode);
    return 0;
}

/* Owners may give a file to one of their groups; only root gives it to another user. */
static bool may_set_owner(const struct inode *inode, const struct credentials *who, uint32_t uid,
                          uint32_t gid)
{
    if (who->euid == 0) {
        return true;
    }
    if (who->euid != inode->uid || (uid != UINT32_MAX && uid != inode->uid)) {
        return false;
    }
    return gid == UINT32_MAX || gid == inode->gid || credentials_in_group(who, gid);
}

int fs_set_owner(struct inode *inode, const struct credentials *who, uint32_t uid, uint32_t gid)
{
    if (!may_set_owner(inode, who, uid, gid)) {
        return -EPERM;
    }
    int err = check_writable_fs(inode);

    if (err != 0) {
        return err;
    }
    inode->uid = uid != UINT32_MAX ? uid : inode->uid;
    inode->gid = gid != UINT32_MAX ? gid : inode->gid;
    if (inode->type == INODE_FILE) { /* what the old owner trusted */
        inode->mode &= ~(uint32_t)(S_ISUID | ((inode->mode & S_IXGRP) != 0 ? S_ISGID : 0));
    }
    inode_changed(inode);
    return 0;
}
