/* Device nodes (device.h). */
#include "fs/device.h"

#include <asm/errno.h>
#include <stddef.h>

#include "fs/file.h"
#include "fs/tree/setup.h"

int fs_add_device(const char *path, uint32_t mode, uint32_t device, const struct file_ops *ops,
                  void *data)
{
    const struct inode_spec spec = {.type = INODE_DEVICE, .mode = mode, .device = device};
    struct dentry *dir;
    struct inode *inode;
    const char *name;
    uint32_t len;

    file_ops_check(ops);
    int err = fs_make_parents(path, &dir, &name, &len);

    if (err != 0) {
        return err;
    }
    if (len == 0 || dentry_find(dir, name, len) != NULL) {
        return -EEXIST;
    }
    err = fs_add_inode(dir, name, len, &spec, &inode);
    if (err == 0) {
        inode->ops = ops;
        inode->data = data;
    }
    return err;
}
