/* Mounting. Each instance is mounted once, so a dentry alone says where in the tree it is. */
#include "fs/tree/file_system.h"

#include <asm/errno.h>
#include <linux/mount.h>
#include <stddef.h>

#include "fs/tree/dentry.h"
#include "lib/compiler.h"
#include "lib/string.h"
#include "mm/phys/kheap.h"

struct file_system_list file_systems = TAILQ_HEAD_INITIALIZER(file_systems);

static struct file_system_type *types; /* the one registered last comes first */
static uint32_t last_device;           /* st_dev given last */

void file_system_register(struct file_system_type *type)
{
    type->next = types;
    types = type;
}

const struct file_system_type *file_system_types(void)
{
    return types;
}

static const struct file_system_type *find_type(const char *name)
{
    const struct file_system_type *type = types;

    while (type != NULL && strcmp(type->name, name) != 0) {
        type = type->next;
    }
    return type;
}

static int make_instance(const struct file_system_type *type, const char *source, uint32_t flags,
                         const char *options, struct file_system **out)
{
    struct file_system *fs = kheap_zalloc(sizeof(*fs));

    if (fs == NULL) {
        return -ENOMEM;
    }
    fs->type = type;
    fs->flags = flags;
    fs->device = ++last_device;
    (void)strlcpy(fs->source, source, sizeof(fs->source));
    int err = type->mount(fs, options);

    if (err != 0) {
        kheap_free(fs, sizeof(*fs));
        return err;
    }
    *out = fs;
    return 0;
}

int fs_mount(const char *type, const char *source, struct dentry *on, uint32_t flags,
             const char *options, struct file_system **out)
{
    const struct file_system_type *found = find_type(type);

    if (found == NULL || found->mount == NULL) {
        return -ENODEV;
    }
    if (on != NULL && on->inode->type != INODE_DIRECTORY) {
        return -ENOTDIR;
    }
    if (on != NULL && !on->is_linked) {
        return -ENOENT; /* removed */
    }
    if (on != NULL && on->mounted != NULL) {
        return -EBUSY;
    }
    int err = make_instance(found, source, flags, options, out);

    if (err != 0) {
        return err;
    }
    if (on != NULL) {
        dentry_ref(on);
        on->mounted = (*out)->root;
    }
    (*out)->covered = on;
    TAILQ_INSERT_TAIL(&file_systems, *out, entry);
    return 0;
}

/* True if somebody outside the tree has a reference on the name or its inode. */
static bool is_name_in_use(const struct dentry *d)
{
    uint32_t own = 1; /* the parent's list, or the file system itself */
    uint32_t names = d->inode->type == INODE_DIRECTORY ? 1 : d->inode->links;
    const struct dentry *child;

    TAILQ_FOREACH (child, &d->children, sibling) {
        own++;
    }
    return d->refs != own || d->inode->refs != names || d->mounted != NULL;
}

/* Walks the names that are in memory without recursion, a child before its siblings. */
static bool is_in_use(const struct file_system *fs)
{
    const struct dentry *d = fs->root;

    while (!is_name_in_use(d)) {
        if (!TAILQ_EMPTY(&d->children)) {
            d = TAILQ_FIRST(&d->children);
            continue;
        }
        while (d != fs->root && TAILQ_NEXT(d, sibling) == NULL) {
            d = d->parent;
        }
        if (d == fs->root) {
            return false;
        }
        d = TAILQ_NEXT(d, sibling);
    }
    return true;
}

/* Takes every name out, leaves first. */
static void empty_tree(struct dentry *root)
{
    struct dentry *d = root;

    for (;;) {
        while (!TAILQ_EMPTY(&d->children)) {
            d = TAILQ_FIRST(&d->children);
        }
        if (d == root) {
            return;
        }
        struct dentry *parent = d->parent;

        dentry_unlink(d);
        d = parent;
    }
}

static int check_unmount(const struct file_system *fs, const struct dentry *root)
{
    if (fs->root != root || fs->covered == NULL) {
        return -EINVAL;
    }
    return is_in_use(fs) ? -EBUSY : 0;
}

int fs_unmount(struct dentry *root)
{
    struct file_system *fs = root->inode->fs;

    if (fs->root != root) {
        dentry_unref(root);
        return -EINVAL;
    }
    dentry_unref(root); /* the file system has its own */
    int err = check_unmount(fs, root);

    if (err != 0) {
        return err;
    }
    struct dentry *covered = fs->covered;

    covered->mounted = NULL; /* first: emptying lets others run, and nobody may walk in */
    TAILQ_REMOVE(&file_systems, fs, entry);
    empty_tree(root);
    fs->root = fs->covered = NULL; /* the last inode frees it: one that is mapped may be left */
    dentry_unref(root);
    dentry_unref(covered);
    return 0;
}
