/*
 * Files: inodes in one tree, open files, and a process's descriptor table.
 *
 * The initrd is the root file system: ustar members in the boot module, read in place. Devices
 * register themselves. Errors are negative errno, Linux's choice of number. A writable file system,
 * pipes and /proc are other struct file_ops; nothing here knows which.
 *
 * Locking: one CPU, kernel not preempted; a device's read may sleep, its file is pinned meanwhile.
 */
#ifndef FS_FILE_H
#define FS_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/open_mode.h"
#include "lib/compiler.h"
#include "mm/vm_object.h"

struct file;
struct inode;

/* Linux's MAX_RW_COUNT: one transfer moves at most so many bytes. */
#define FILE_IO_MAX 0x7FFFF000u

enum inode_type { INODE_FILE, INODE_DIRECTORY, INODE_DEVICE, INODE_SYMLINK };

/*
 * User memory as fs/ sees it: file_ops copy through these, so fs/ knows no process and the host
 * tests need no user half. Gives the bytes that could be copied (fewer than n: a bad address).
 * Implemented by kernel/proc/usercopy.c.
 */
struct io_buffer {
    uint32_t (*put)(struct io_buffer *io, const void *from, uint32_t n); /* to the reader    */
    uint32_t (*get)(struct io_buffer *io, void *to, uint32_t n);         /* from the writer  */
    uintptr_t base; /* address of the buffer                    */
    uint32_t done;  /* bytes moved so far; put and get go on there */
};

/* What a mapping of a file needs to know about itself. */
struct file_mapping {
    uint32_t pages;
    bool is_shared;     /* else private: writes stay in the mapping */
    bool is_no_reserve; /* MAP_NORESERVE                            */
};

/*
 * What a kind of file can do. Every table is complete: what a kind cannot do is one of the file_no_*
 * functions below, never NULL, so that no caller tests for absence (a table with a gap is refused
 * when it is registered). Only fs/ calls through it; everybody else uses file_read() and its like.
 */
struct file_ops {
    /* May the caller open it? 0 or -errno. */
    int (*open)(const struct inode *inode);
    /* Bytes moved, 0 at the end, or -errno. `len` is at most FILE_IO_MAX. A bad buffer
     * gives the bytes before the bad one, -EFAULT if there are none. */
    int32_t (*read)(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos);
    int32_t (*write)(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos);
    /* arg is a number or a user address, depending on the request. at_arg copies from and to that
     * address, and checks it. Fails with -ENOTTY for an unknown request. */
    int32_t (*ioctl)(struct file *file, uint32_t request, uint32_t arg, struct io_buffer *at_arg);
    /* The object behind a mapping, with a reference for the caller; NULL if the mapping is private
     * anonymous memory. 0, -ENODEV (cannot be mapped), -ENOMEM. */
    int (*map)(struct file *file, const struct file_mapping *mapping, struct vm_object **object);
    void (*release)(struct file *file); /* last reference gone           */
    bool is_stream;       /* no position: lseek is -ESPIPE                            */
    bool is_positionless; /* the position is always 0: lseek does nothing, successfully */
};

/* Entries for kinds of files that do nothing there: everybody may open; -EINVAL, -EINVAL, -ENOTTY,
 * -ENODEV; nothing. */
int file_open_by_all(const struct inode *inode);
int32_t file_no_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos);
int32_t file_no_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos);
int32_t file_no_ioctl(struct file *file, uint32_t request, uint32_t arg, struct io_buffer *at_arg);
int file_no_map(struct file *file, const struct file_mapping *mapping, struct vm_object **object);
void file_no_release(struct file *file);

struct inode {
    struct vm_source source; /* first: file bytes for mappings; size is source.size            */
    uint32_t refs;
    uint32_t number; /* inode number, from 1                                           */
    uint32_t mode;   /* S_IFREG | 0755 ...                                             */
    enum inode_type type;
    uint32_t mtime;
    uint32_t device; /* devices: st_rdev                                               */
    const struct file_ops *ops;
    void *data;           /* of the file system or device                                   */
    struct inode *parent; /* the tree: NULL for the root                                    */
    struct inode *children, *next_sibling;
    const char *name; /* last component, "" for the root                                */
};

struct file {
    struct inode *inode;
    const struct file_ops *ops;
    uint32_t refs;
    uint32_t flags; /* O_ACCMODE | O_APPEND | O_NONBLOCK, Linux's values */
    uint64_t pos;
};

/* ---- Tree ------------------------------------------------------------------------------------- */

/* Makes the root with /dev/null and /dev/zero. -ENOMEM. */
must_check int fs_init(void);
/* Adds every member of a ustar archive; bad members are skipped with a message through report
 * (printk in the kernel). The bytes must live for ever. Number of files and directories added, or
 * -EINVAL if it is not a tar, or -ENOMEM. bad-input B9. */
must_check int initrd_mount(const uint8_t *bytes, uint32_t size, void (*report)(const char *line));
/* Adds a device node, e.g. "/dev/console"; makes parent directories. Panics if ops has a gap. 0 or
 * -ENOMEM, -EEXIST. */
must_check int fs_add_device(const char *path, uint32_t mode, uint32_t device,
                             const struct file_ops *ops, void *data);

/* Finds path (absolute, or from the root: there is no working directory but "/"); follows symbolic
 * links (at most 40: -ELOOP). 0 and *out with a reference; -ENOENT, -ENOTDIR, -ENAMETOOLONG,
 * -ELOOP. */
must_check int fs_lookup(const char *path, bool follow_last, struct inode **out);
void inode_ref(struct inode *inode);
void inode_unref(struct inode *inode);
static inline struct inode *inode_of_source(struct vm_source *src)
{
    return (struct inode *)(void *)src; /* source is the first member */
}
/* Where a symbolic link points: its text as it stands. Needs: type INODE_SYMLINK. */
const char *inode_link_target(const struct inode *inode);
/* The whole path into buf (cut at size); gives its length. */
uint32_t inode_path(const struct inode *inode, char *buf, uint32_t size);

/* ---- Open files ------------------------------------------------------------------------------- */

/* Opens path with Linux's open flags. -EISDIR for writing a directory, -EACCES by mode bits,
 * -EROFS for creating or writing a file of the initrd, ... Access mode 3 is Linux's: it needs the
 * permissions of O_RDWR and allows neither reading nor writing. One reference in *out. */
must_check int file_open(const char *path, uint32_t flags, struct file **out);
void file_ref(struct file *file);
void file_unref(struct file *file);
int32_t file_read(struct file *file, struct io_buffer *io, uint32_t len); /* -EBADF by mode */
int32_t file_write(struct file *file, struct io_buffer *io, uint32_t len);
/* Makes a request; the arguments are those of file_ops.ioctl. Fails with -ENOTTY for a request that
 * this kind of file does not know. */
int32_t file_ioctl(struct file *file, uint32_t request, uint32_t arg, struct io_buffer *at_arg);
/* The object behind a mapping of the file: see file_ops.map. The open mode is the caller's to check. */
must_check int file_map(struct file *file, const struct file_mapping *mapping,
                        struct vm_object **object);
/* Returns true if the file was opened for reading, and for writing. */
static inline bool file_is_readable(const struct file *file)
{
    return open_mode_allows_read(file->flags);
}
static inline bool file_is_writable(const struct file *file)
{
    return open_mode_allows_write(file->flags);
}
int64_t file_seek(struct file *file, int64_t offset, uint32_t whence);
/* getdents64: linux_dirent64 records into io. -ENOTDIR, -EINVAL (buffer too small). */
int32_t file_getdents64(struct file *file, struct io_buffer *io, uint32_t len);

/* ---- Descriptors ------------------------------------------------------------------------------ */

#define FD_MAX 1024u /* RLIMIT_NOFILE */

/* Grows on demand; entries are struct file * or NULL. */
struct fd_table {
    struct file **files;
    uint32_t size;    /* slots allocated */
    uint8_t *cloexec; /* one per slot */
};
void fd_table_init(struct fd_table *t);
must_check int fd_table_copy(struct fd_table *to, const struct fd_table *from); /* fork; -ENOMEM */
void fd_table_close_on_exec(struct fd_table *t);
void fd_table_release(struct fd_table *t); /* closes all */
/* Lowest free descriptor >= min takes over the caller's reference. -EMFILE, -ENOMEM. */
must_check int fd_install(struct fd_table *t, struct file *file, uint32_t min, bool cloexec);
struct file *fd_get(const struct fd_table *t, int fd); /* NULL: -EBADF. No reference is taken */
must_check int fd_close(struct fd_table *t, int fd);   /* -EBADF */

#endif
