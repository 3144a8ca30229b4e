/*
 * The tree from the inside, for fs/ and its tests: a node is an inode with its name and its place in
 * the name index. Users of fs/ see inodes only (fs/file.h).
 */
#ifndef FS_NODE_H
#define FS_NODE_H

#include <stddef.h>
#include <stdint.h>

#include "fs/file.h"
#include "lib/compiler.h"

#define NODE_NAME_MAX 255u  /* one component, Linux's NAME_MAX           */
#define NODE_PATH_MAX 4096u /* a path with its end, Linux's PATH_MAX     */

struct node {
    struct inode inode; /* first: source and inode addresses are the node's */
    struct inode *last_child;
    struct node *index_next; /* names with the same hash value, lowest bits */
    uint32_t hash;
    uint32_t path_len; /* bytes of path without its end: "" for the root, "/bin/sum" */
    char path[];
};

static inline struct node *node_of(struct inode *inode)
{
    return container_of(inode, struct node, inode);
}

/* The child of dir called name[0..len), or NULL. No reference is taken. */
struct node *node_find(struct node *dir, const char *name, uint32_t len);

/* Adds an empty child of the given type and mode bits (S_IF* set from the type). 0; -ENOMEM,
 * -ENAMETOOLONG. The name must not exist (asserted); dir is a directory. The tree has the one
 * reference. */
must_check int node_add(struct node *dir, const char *name, uint32_t len, enum inode_type type,
                        uint32_t permissions, struct node **out);

/* Walks path from the root, makes the directories that are missing, and gives the last component
 * unresolved. Empty and "." components are passed over; *name_len is 0 if nothing is left (the
 * root). 0; -ENOTDIR, -ENAMETOOLONG, -ENOMEM, -EINVAL for a "..". */
must_check int node_make_parents(const char *path, struct node **parent, const char **name,
                                 uint32_t *name_len);

/* Files whose bytes lie in memory at inode->data. */
extern const struct file_ops memory_file_ops;
/* Directories: they open, and what only files can do answers as Linux does. */
extern const struct file_ops directory_ops;
/* What is never opened as itself: symbolic links, and files without content yet. */
extern const struct file_ops no_ops;
/* Panics if a table has a gap. */
void file_ops_check(const struct file_ops *ops);

/* Cuts the next component off *path: its start and length; length 0 at the end. */
const char *path_next(const char **path, uint32_t *len);

#endif
