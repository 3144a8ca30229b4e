/*
 * Paths: from a string to a dentry, as Linux resolves them. A walk starts at the process's root
 * (leading slash), at its working directory, or at a directory that the caller has open; it follows
 * symbolic links (at most 40), crosses mounts, and never climbs above the process's root.
 */
#ifndef FS_TREE_PATH_H
#define FS_TREE_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/tree/dentry.h"
#include "fs/tree/inode.h"
#include "lib/compiler.h"

/* How a process sees the tree. Each pointer has a reference. */
struct fs_view {
    struct dentry *root, *cwd;
    uint32_t umask;
    struct credentials who;
};

/* The view of pid 1: "/" twice, umask 022, root. Needs fs_init(). */
void fs_view_init(struct fs_view *view);
void fs_view_copy(struct fs_view *to, const struct fs_view *from);
void fs_view_destroy(struct fs_view *view);

/* Where a path starts that is relative: base NULL means the working directory. */
struct path {
    const struct fs_view *view;
    struct dentry *base;
    const char *text;
};

/*
 * fs_lookup: the dentry that a path names.
 *
 *   follow   whether a symbolic link in the last place is followed; one with a slash behind it is
 *            anyway
 *   returns  0 and *out with a reference; -ENOENT (an empty path, too), -ENOTDIR, -EACCES (a
 *            directory that may not be searched), -ELOOP, -ENAMETOOLONG, -ENOMEM; -EINTR when the
 *            caller is being killed
 */
must_check int fs_lookup(const struct path *path, bool follow, struct dentry **out);

/* The last component of a path that may not exist, and the directory for it. */
struct last_name {
    struct dentry *dir; /* with a reference */
    char name[NAME_LEN_MAX + 1];
    uint32_t len;   /* 0: the path is "/"; "." and ".." are given as they stand */
    bool has_slash; /* something is behind it: it can only be a directory */
};
/* As fs_lookup, but for the last component, which is neither looked up nor followed. */
must_check int fs_lookup_parent(const struct path *path, struct last_name *out);
/* The same, but follows symbolic links in the last place to where they lead (O_CREAT). */
must_check int fs_lookup_creation(const struct path *path, struct last_name *out);
/* The entry of a directory with a reference: -ENOENT, or what its file system says. */
must_check int fs_find_entry(struct dentry *dir, const char *name, uint32_t len,
                             struct dentry **out);

/* Cuts the next component off *path: its start and length; length 0 at the end. */
const char *path_next(const char **path, uint32_t *len);
bool path_is_dot(const char *name, uint32_t len);
bool path_is_dot_dot(const char *name, uint32_t len);

#endif
