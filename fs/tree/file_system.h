/*
 * File systems that are mounted. Each instance has a tree of dentries, inode numbers of its own and a
 * device number; it is mounted in one place at most. Names are handled by fs/ alone. A file system
 * supplies inodes and, if its directories are not lists in memory (procfs), look-up and listing.
 */
#ifndef FS_TREE_FILE_SYSTEM_H
#define FS_TREE_FILE_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/tree/inode.h"
#include "lib/compiler.h"
#include "lib/list.h"

struct dentry;

/* One entry of a directory, for getdents. */
struct directory_entry {
    char name[256];
    uint32_t number; /* inode number */
    uint32_t mode;   /* its S_IF* bits */
    uint64_t next;   /* position of the entry behind it */
};

struct file_system_type {
    const char *name; /* "tmpfs" */
    uint32_t magic;   /* statfs(2) */
    /* Makes an instance: its root directory, and *fs with the rest zero. 0 or -errno. NULL: cannot be
     * mounted by a program. */
    int (*mount)(struct file_system *fs, const char *options);
    /* The entry called name[0..len) of a directory whose entries are not dentries, with a reference.
     * NULL: all entries are dentries. 0; -ENOENT; -ENOMEM. */
    int (*lookup)(struct dentry *dir, const char *name, uint32_t len, struct dentry **out);
    /* The first entry of such a directory at pos or behind it. 1; 0 at the end. */
    int (*list)(const struct dentry *dir, uint64_t pos, struct directory_entry *out);
    bool is_fixed;                 /* programs make, rename and remove no names */
    struct file_system_type *next; /* registered before */
};

struct file_system {
    const struct file_system_type *type;
    struct dentry *root;     /* with a reference */
    struct dentry *covered;  /* the directory it is mounted on, with a reference; NULL: "/" */
    uint32_t device;         /* st_dev */
    uint32_t last_number;    /* inode number given last */
    uint32_t inodes;         /* alive; an unmounted instance is freed with the last */
    struct vm_quota content; /* pages of files */
    uint32_t flags;          /* MS_RDONLY, MS_NOSUID ... as mount(2) has them */
    char source[32];         /* the "device" named at mount time */
    TAILQ_ENTRY(file_system) entry;
};

TAILQ_HEAD(file_system_list, file_system);
extern struct file_system_list file_systems; /* mounted, oldest first: /proc/mounts */

/* Registers a type that mount(2) knows by its name. It must live for ever. */
void file_system_register(struct file_system_type *type);
/* The first of the registered types; the others follow by `next`. */
const struct file_system_type *file_system_types(void);

/* Mounts a new instance on `on` (NULL: as "/"). 0; -ENODEV: no such type; -EBUSY: something is
 * mounted there already, -ENOTDIR, -ENOMEM. */
must_check int fs_mount(const char *type, const char *source, struct dentry *on, uint32_t flags,
                        const char *options, struct file_system **out);
/* Unmounts what has its root at `root`, and drops the caller's reference on that. -EINVAL: not a root, or "/"; -EBUSY: in use. */
must_check int fs_unmount(struct dentry *root);

#endif
