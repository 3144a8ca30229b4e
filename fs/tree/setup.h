/*
 * Filling the root file system at start-up: directories and the initrd's members. No program runs yet, so
 * nothing is asked for permission.
 */
#ifndef FS_TREE_SETUP_H
#define FS_TREE_SETUP_H

#include <stdint.h>

#include "fs/tree/dentry.h"
#include "lib/compiler.h"

/* Mounts the root, a ramfs (which must be registered). -ENODEV, -ENOMEM. */
must_check int fs_init(void);

/* Walks path from the root, makes the directories that are missing, and returns the last component
 * unresolved. Empty and "." components are passed over; *name_len is 0 if nothing is left (the
 * root). 0 and *dir without a reference; -ENOTDIR, -ENAMETOOLONG, -ENOMEM, -EINVAL for a "..". */
must_check int fs_make_parents(const char *path, struct dentry **dir, const char **name,
                               uint32_t *name_len);
/* Adds a name for inode to dir, which has none so called (asserted). */
must_check int fs_add_name(struct dentry *dir, const char *name, uint32_t len, struct inode *inode);
/* Adds a name for a new inode; *out without a reference. */
must_check int fs_add_inode(struct dentry *dir, const char *name, uint32_t len,
                            const struct inode_spec *spec, struct inode **out);

/* Adds every member of a ustar archive to the root; bad members are skipped with a message through
 * report (printk in the kernel). The bytes must live for ever. Returns the number of files and
 * directories added, -EINVAL if it is not a tar, or -ENOMEM. bad-input B9. */
must_check int initrd_mount(const uint8_t *bytes, uint32_t size, void (*report)(const char *line));

#endif
