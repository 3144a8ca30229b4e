/*
 * The tree from the inside, for fs/ and its tests. A node is an inode with its name and its place
 * in the name index. Users of fs/ see only inodes (fs/file.h).
 */
#ifndef FS_NODE_H
#define FS_NODE_H

#include <stddef.h>
#include <stdint.h>

#include "fs/file.h"
#include "lib/compiler.h"

#define NODE_NAME_MAX 255u  /* one component, Linux's NAME_MAX           */
#define NODE_PATH_MAX 4096u /* a path with its terminator, Linux's PATH_MAX     */

struct node {
    struct inode inode; /* first: source and inode addresses are the node's */
    struct inode *last_child;
    struct node *index_next; /* names with the same hash value, lowest bits */
    uint32_t hash;
    uint32_t path_len; /* bytes of path without its terminator */
    char path[];
};

static inline struct node *node_of(struct inode *inode)
{
    return container_of(inode, struct node, inode);
}

/* Returns the child of dir called name[0..len), or NULL. Takes no reference. */
struct node *node_find(struct node *dir, const char *name, uint32_t len);

/* Adds an empty child of the given type and permissions (S_IF* is set from the type). dir must be a
 * directory without that name. The tree holds the only reference. Returns 0 and *out, -ENOMEM or
 * -ENAMETOOLONG. */
must_check int node_add(struct node *dir, const char *name, uint32_t len, enum inode_type type,
                        uint32_t permissions, struct node **out);

/* Walks path from the root, makes missing directories, and returns the last component unresolved.
 * Skips empty and "." components; *name_len is 0 if nothing is left (the root). Returns 0,
 * -ENOTDIR, -ENAMETOOLONG, -ENOMEM, or -EINVAL for "..". */
must_check int node_make_parents(const char *path, struct node **parent, const char **name,
                                 uint32_t *name_len);

/* Files whose bytes lie in memory at inode->data. */
extern const struct file_ops memory_file_ops;
/* Directories: they can be opened, and operations for files fail as on Linux. */
extern const struct file_ops directory_ops;
/* Inodes that are never opened themselves: symbolic links, and files without content yet. */
extern const struct file_ops no_ops;
/* Panics if a table has a gap. */
void file_ops_check(const struct file_ops *ops);

/* Cuts the next component off *path. Returns its start and *len, which is 0 at the end. */
const char *path_next(const char **path, uint32_t *len);

#endif
