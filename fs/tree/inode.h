/*
 * Inodes: what a name stands for. An inode knows neither its names nor where it is mounted; names are
 * dentries (fs/tree/dentry.h) and each holds one reference. The last reference frees the inode, so a file
 * lives on while it is open or mapped although its last name is gone (bad-input F13).
 *
 * Locking: one CPU, the kernel is not preempted but at preemption points.
 */
#ifndef FS_TREE_INODE_H
#define FS_TREE_INODE_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/tree/mode.h"
#include "lib/compiler.h"
#include "lib/list.h"
#include "mm/pager/file_store.h"
#include "mm/vm_object.h"

struct dentry;
struct file_ops;
struct file_system;
struct pipe;

enum inode_type { INODE_FILE, INODE_DIRECTORY, INODE_DEVICE, INODE_SYMLINK, INODE_FIFO };

/* Seconds since 1970 and the part of the next one. */
struct timestamp {
    int64_t sec;
    uint32_t nsec; /* 0..999 999 999 */
};

struct inode {
    struct vm_source source; /* first: file bytes for mappings; size is source.size */
    uint32_t refs;
    uint32_t links;  /* names in directories; a directory: 2 and one per directory in it */
    uint32_t number; /* inode number, from 1 */
    uint32_t mode;   /* S_IFREG | 0755 ...   */
    uint32_t uid, gid;
    uint32_t device; /* devices: st_rdev */
    enum inode_type type;
    struct timestamp atime, mtime, ctime;
    const struct file_ops *ops; /* devices: what their driver does; NULL: follows from type */
    struct file_system *fs;
    /* Of the file system or device. An initrd file: its bytes; a symbolic link: its target, a string
     * of source.size bytes on the kernel heap. */
    void *data;
    struct pipe *pipe;         /* a fifo that is open */
    int32_t writers;           /* open for writing; negative: programs that run from it (ETXTBSY) */
    LIST_HEAD(, dentry) names; /* linked or not, while the dentry lives */
};

/* What a new inode is to be. */
struct inode_spec {
    enum inode_type type;
    uint32_t mode; /* permission bits; S_IF* follows from type */
    uint32_t uid, gid;
    uint32_t device;
    const char *target; /* symbolic links: copied */
};

static inline struct inode *inode_of_source(struct vm_source *src)
{
    return (struct inode *)(void *)src; /* source is the first member */
}

/* Makes an inode of fs with one reference, no names, the time of now. 0 or -ENOMEM. */
must_check int inode_create(struct file_system *fs, const struct inode_spec *spec,
                            struct inode **out);
void inode_ref(struct inode *inode);
/* Drops a reference; the last one frees the inode and its content. NULL is ignored. */
void inode_unref(struct inode *inode);

/* One of its names, a linked one if there is any; NULL: it has none. No reference is taken. */
struct dentry *inode_name(const struct inode *inode);
/* Where a symbolic link points. Needs type INODE_SYMLINK. The text lives as long as the inode. */
const char *inode_link_target(const struct inode *inode);
/* The S_IF* bits of a type. */
uint32_t inode_type_bits(enum inode_type type);

/* ---- Permissions ------------------------------------------------------------------------------- */

/* Supplementary groups, shared by the processes that a process forks. */
struct group_list {
    uint32_t refs, count;
    uint32_t gid[];
};

/* Whose request it is (credentials(7)). The effective ids decide. */
struct credentials {
    uint32_t uid, euid, suid;
    uint32_t gid, egid, sgid;
    struct group_list *groups; /* with a reference; NULL: none */
};

#define MAY_READ    4u
#define MAY_WRITE   2u
#define MAY_EXECUTE 1u

/* Returns 0 if the caller may do all of `wanted` (MAY_*), else -EACCES. Uid 0 may read and write
 * everything, search every directory, and execute what has an execute bit. */
int inode_permission(const struct inode *inode, const struct credentials *who, uint32_t wanted);
/* True if the caller owns the inode or is root. */
bool inode_is_owner(const struct inode *inode, const struct credentials *who);
/* One more holder of the same credentials, as fork makes; and one less. */
static inline void credentials_ref(const struct credentials *who)
{
    if (who->groups != NULL) {
        who->groups->refs++;
    }
}
void credentials_unref(struct credentials *who);
/* Gives the holder groups of its own. -ENOMEM with the old ones kept. */
must_check int credentials_set_groups(struct credentials *who, const uint32_t *gid, uint32_t count);
bool credentials_in_group(const struct credentials *who, uint32_t gid);

/* ---- Times ------------------------------------------------------------------------------------- */

/* Sets where the time comes from; without it every time is 0. */
void inode_set_clock(struct timestamp (*now)(void));
struct timestamp inode_now(void);
/* The content changed: mtime and ctime. */
void inode_touch(struct inode *inode);
/* Mode, owner or names changed: ctime. */
void inode_changed(struct inode *inode);

/* ---- Running and writing (ETXTBSY) ------------------------------------------------------------- */

/* Returns 0, or -ETXTBSY while somebody has it open for writing (run) or runs from it (write). */
must_check int inode_begin_run(struct inode *inode);
/* One more that runs from it, as a fork makes. */
void inode_run_again(struct inode *inode);
void inode_end_run(struct inode *inode);
must_check int inode_begin_write(struct inode *inode);
void inode_end_write(struct inode *inode);

#endif
