/*
 * Dentries: names. A dentry is one component of a path and the inode it names; directories in memory
 * hold theirs in a list in order of creation (what getdents shows), and every name is also in one
 * hash index over (directory, name), so that 100 000 names in one directory cost no more to find
 * than ten.
 *
 * References: a parent's list holds one on each child, a child one on its parent and one on its
 * inode, and whoever keeps a pointer across a preemption point takes one. A dentry that was removed
 * keeps its parent, so that ".." and its path still have an answer.
 */
#ifndef FS_TREE_DENTRY_H
#define FS_TREE_DENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/tree/inode.h"
#include "lib/compiler.h"
#include "lib/list.h"

#define NAME_LEN_MAX 255u  /* one component, Linux's NAME_MAX    */
#define PATH_LEN_MAX 4096u /* a path with its end, Linux's PATH_MAX */

struct dentry {
    struct dentry *parent; /* NULL: the root of a file system */
    struct inode *inode;
    LIST_ENTRY(dentry) name_entry; /* in inode->names */
    struct dentry *mounted;        /* the root of what is mounted on it; NULL: nothing */
    struct dentry *index_next;     /* names with the same hash value, lowest bits      */
    TAILQ_ENTRY(dentry) sibling;
    TAILQ_HEAD(, dentry) children; /* in the order of `cookie` */
    uint64_t cookie;      /* its position in the parent, from 2: 0 and 1 are "." and ".." */
    uint64_t last_cookie; /* given to a child */
    uint32_t refs, hash;
    bool is_linked; /* in its parent's list; a root always */
    uint8_t len;
    char *name; /* len bytes and a 0; apart, because a dentry that moves keeps its users */
};

/* Makes a name for inode in dir (NULL: a root), in no list yet. It takes a reference on both. 0,
 * -ENOMEM, -ENAMETOOLONG. */
must_check int dentry_create(struct dentry *dir, const char *name, uint32_t len,
                             struct inode *inode, struct dentry **out);
void dentry_ref(struct dentry *dentry);
/* NULL is ignored. The last reference frees it, and may free its inode and its parent. */
void dentry_unref(struct dentry *dentry);

/* Enters it into its parent, which takes a reference. The name must be free (asserted). */
void dentry_link(struct dentry *dentry);
/* Takes it out of its parent. It stays valid for those who have a reference. */
void dentry_unlink(struct dentry *dentry);
/* Gives a linked dentry the place and the name of `as`, which is not linked and whose reference it
 * takes. The place must be free. Whoever has a reference on `dentry` sees it there. */
void dentry_move(struct dentry *dentry, struct dentry *as);
/* Lets two linked dentries change places and names. */
void dentry_exchange(struct dentry *a, struct dentry *b);

/* The linked child of dir called name[0..len), or NULL. No reference is taken. */
struct dentry *dentry_find(const struct dentry *dir, const char *name, uint32_t len);
/* True if `dentry` is `ancestor` or lies below it, across mounts. */
bool dentry_is_below(struct dentry *dentry, const struct dentry *ancestor);
/* The directory above, across mounts; itself at the top. No reference is taken. */
struct dentry *dentry_above(struct dentry *dentry);
/* The root of what is mounted on it, or itself. No reference is taken. */
struct dentry *dentry_top(struct dentry *dentry);

/* The whole path from "/" into buf, with " (deleted)" behind a removed name. Returns its length
 * without the end; a path that does not fit loses its beginning and starts with "...". */
uint32_t dentry_path(struct dentry *dentry, char *buf, uint32_t size);
/* The same as a process sees it whose root is `root`; -ENOENT: removed, or not below root;
 * -ERANGE: does not fit. */
int32_t dentry_path_below(struct dentry *dentry, struct dentry *root, char *buf, uint32_t size);

#endif
