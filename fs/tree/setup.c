/* The root file system before programs. See fs/tree/setup.h. */
#include "fs/tree/setup.h"

#include <asm/errno.h>
#include <stddef.h>

#include "fs/tree/file_system.h"
#include "fs/tree/path.h"

int fs_init(void)
{
    struct file_system *root;

    return fs_mount("rootfs", "rootfs", NULL, 0, NULL, &root);
}

static struct dentry *root_dentry(void)
{
    return TAILQ_FIRST(&file_systems)->root;
}

int fs_add_name(struct dentry *dir, const char *name, uint32_t len, struct inode *inode)
{
    struct dentry *d;
    int err = dentry_create(dir, name, len, inode, &d);

    if (err == 0) {
        dentry_link(d);
        dentry_unref(d);
    }
    return err;
}

int fs_add_inode(struct dentry *dir, const char *name, uint32_t len, const struct inode_spec *spec,
                 struct inode **out)
{
    int err = inode_create(dir->inode->fs, spec, out);

    if (err != 0) {
        return err;
    }
    err = fs_add_name(dir, name, len, *out);
    inode_unref(*out); /* the name has its own, if it was made */
    return err;
}

/* One step down, made if it is missing. */
static int enter_or_make(struct dentry **dir, const char *name, uint32_t len)
{
    const struct inode_spec spec = {.type = INODE_DIRECTORY, .mode = 0755};
    struct dentry *child = dentry_find(*dir, name, len);
    struct inode *inode;

    if (child == NULL) {
        int err = fs_add_inode(*dir, name, len, &spec, &inode);

        if (err != 0) {
            return err;
        }
        child = dentry_find(*dir, name, len);
    }
    if (child->inode->type != INODE_DIRECTORY) {
        return -ENOTDIR;
    }
    *dir = child;
    return 0;
}

/* The next component that means something; length 0 at the end. */
static int next_name(const char **path, const char **name, uint32_t *len)
{
    do {
        *name = path_next(path, len);
    } while (path_is_dot(*name, *len));
    if (path_is_dot_dot(*name, *len)) {
        return -EINVAL;
    }
    return *len > NAME_LEN_MAX ? -ENAMETOOLONG : 0;
}

int fs_make_parents(const char *path, struct dentry **dir, const char **name, uint32_t *name_len)
{
    const char *next;
    uint32_t next_len;
    int err;

    *dir = root_dentry();
    *name = path;
    *name_len = 0;
    while ((err = next_name(&path, &next, &next_len)) == 0 && next_len > 0) {
        err = *name_len > 0 ? enter_or_make(dir, *name, *name_len) : 0;
        if (err != 0) {
            break;
        }
        *name = next;
        *name_len = next_len;
    }
    return err;
}
