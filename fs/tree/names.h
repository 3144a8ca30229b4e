/*
 * Making, renaming and removing names: what mkdir, mknod, symlink, link, unlink, rmdir and rename do
 * behind their arguments. Errors are Linux's, in Linux's order where programs can tell. Each either
 * succeeds or changes nothing.
 */
#ifndef FS_TREE_NAMES_H
#define FS_TREE_NAMES_H

#include <stdint.h>

#include "fs/tree/path.h"
#include "lib/compiler.h"

/* Makes a name for a new inode; spec's owner and mode are completed from the view (umask, effective
 * ids, the directory's set-group-id). -EEXIST, -ENOENT, -ENOTDIR, -EACCES, -EROFS, -ENOMEM ... */
must_check int fs_make(const struct path *path, const struct inode_spec *spec);
/* The same in a directory that was looked up, without asking whether the name is free; *out (NULL:
 * not wanted) has a reference. For open(O_CREAT). */
must_check int fs_make_entry(const struct fs_view *view, const struct last_name *last,
                             const struct inode_spec *spec, struct dentry **out);

/* Gives an inode one more name. -EPERM for a directory, -EXDEV, -EMLINK. */
must_check int fs_link(struct dentry *from, const struct path *to);
/* Removes a name: of a directory, which must be empty, if is_directory, else of anything else. */
must_check int fs_remove(const struct path *path, bool is_directory);
/* flags: RENAME_NOREPLACE, RENAME_EXCHANGE. */
must_check int fs_rename(const struct path *from, const struct path *to, uint32_t flags);

/* Gives a file a new size: longer ends in zeros, pages past the end leave every mapping. -EISDIR,
 * -EINVAL (not a file), -EFBIG, -ENOSPC. */
must_check int fs_truncate(struct inode *inode, uint64_t size);

/* chmod, chown (UINT32_MAX: stays) and utimensat (a nsec of UTIME_NOW or UTIME_OMIT as there).
 * -EPERM, -EROFS. */
must_check int fs_set_mode(struct inode *inode, const struct credentials *who, uint32_t mode);
must_check int fs_set_owner(struct inode *inode, const struct credentials *who, uint32_t uid,
                            uint32_t gid);

#endif
