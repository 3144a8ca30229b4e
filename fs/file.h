/*
 * Files: inodes in one tree, open files, and descriptor tables.
 *
 * The initrd is the root file system. Its members are read in place, in the boot module. Devices
 * register themselves. Functions fail with the errno that Linux would choose, negated. A writable
 * file system, pipes or /proc would each be another struct file_ops, and nothing here knows which.
 *
 * Locking: the kernel runs on one CPU and is not preempted. A device's read may sleep; its caller
 * holds the file meanwhile.
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
 * User memory as fs/ sees it. file_ops copy through these functions, so that fs/ knows no process
 * and the host tests need no user half. Both return the number of bytes copied; fewer than n means
 * a bad address. kernel/proc/usercopy.c implements them.
 */
struct io_buffer {
    uint32_t (*put)(struct io_buffer *io, const void *from, uint32_t n); /* to the reader    */
    uint32_t (*get)(struct io_buffer *io, void *to, uint32_t n);         /* from the writer  */
    uintptr_t base; /* address of the buffer                    */
    uint32_t done;  /* bytes moved so far; put and get continue there */
};

/* The mapping that a file is asked for. */
struct file_mapping {
    uint32_t pages;
    bool is_shared;     /* else private: writes stay in the mapping */
    bool is_no_reserve; /* MAP_NORESERVE                            */
};

/*
 * The operations of a kind of file. Every table is complete: for an operation that a kind lacks it
 * has one of the functions file_no_read() to file_no_release() below, never NULL, so that no caller
 * tests for absence (registering a table with a gap panics). Only fs/ calls through it; everybody
 * else uses file_read() and the other functions of open files.
 */
struct file_ops {
    /* Returns 0 if the caller may open it, or -errno. */
    int (*open)(const struct inode *inode);
    /* Return the number of bytes moved, 0 at the end, or -errno. `len` is at most FILE_IO_MAX.
     * If the buffer has a bad address, they return the bytes before it, or -EFAULT if there are
     * none. */
    int32_t (*read)(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos);
    int32_t (*write)(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos);
    /* arg is a number or a user address, depending on the request. at_arg copies from and to that
     * address, and checks it. Fails with -ENOTTY for an unknown request. */
    int32_t (*ioctl)(struct file *file, uint32_t request, uint32_t arg, struct io_buffer *at_arg);
    /* Sets *object to the object of a mapping, with a reference for the caller; to NULL if the
     * mapping is private anonymous memory. Returns 0, -ENODEV (cannot be mapped) or -ENOMEM. */
    int (*map)(struct file *file, const struct file_mapping *mapping, struct vm_object **object);
    void (*release)(struct file *file); /* the last reference is dropped */
    bool is_stream;       /* no position: lseek is -ESPIPE                            */
    bool is_positionless; /* the position is always 0: lseek does nothing, successfully */
};

/* For tables: everybody may open; read and write fail with -EINVAL, ioctl with -ENOTTY, map with
 * -ENODEV; release does nothing. */
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

/* ---- Tree ------------------------------------------------------------------------------------ */

/* Makes the root directory. Returns 0 or -ENOMEM. */
must_check int fs_init(void);
/* Adds every member of a ustar archive, and skips bad members with a line through report (bad-input
 * B9). The bytes must stay there. Returns the number of files and directories added, -EINVAL if the
 * bytes are no tar archive, or -ENOMEM. */
must_check int initrd_mount(const uint8_t *bytes, uint32_t size, void (*report)(const char *line));
/* Adds a device node, e.g. "/dev/console", and the directories above it. Panics if ops has a gap.
 * Returns 0, -ENOMEM or -EEXIST. */
must_check int fs_add_device(const char *path, uint32_t mode, uint32_t device,
                             const struct file_ops *ops, void *data);

/* Finds path, which is absolute or relative to the root (the only working directory), and follows
 * at most 40 symbolic links. Returns 0 and *out with a reference; or -ENOENT, -ENOTDIR,
 * -ENAMETOOLONG or -ELOOP. */
must_check int fs_lookup(const char *path, bool follow_last, struct inode **out);
/* The same, but a relative path starts at dir. Fails with -ENOTDIR if dir is no directory. */
must_check int fs_lookup_at(struct inode *dir, const char *path, bool follow_last,
                            struct inode **out);
void inode_ref(struct inode *inode);
void inode_unref(struct inode *inode);
static inline struct inode *inode_of_source(struct vm_source *src)
{
    return (struct inode *)(void *)src; /* source is the first member */
}
/* Returns the text of a symbolic link. The type must be INODE_SYMLINK. */
const char *inode_link_target(const struct inode *inode);
/* Writes the whole path into buf, cut at size. Returns its full length. */
uint32_t inode_path(const struct inode *inode, char *buf, uint32_t size);

/* ---- Open files ------------------------------------------------------------------------------ */

/* Opens path with Linux's open flags (fs/open_mode.h). Returns 0 and *out with one reference. Fails
 * with -EISDIR for writing a directory, -EACCES by permission bits, -EROFS for creating or writing
 * a file of the initrd, -ENOMEM, or an error of fs_lookup(). */
must_check int file_open(const char *path, uint32_t flags, struct file **out);
void file_ref(struct file *file);
void file_unref(struct file *file);
int32_t file_read(struct file *file, struct io_buffer *io, uint32_t len); /* -EBADF by mode */
int32_t file_write(struct file *file, struct io_buffer *io, uint32_t len);
/* Makes a request; the arguments are those of file_ops.ioctl. Fails with -ENOTTY for a request that
 * this kind of file does not know. */
int32_t file_ioctl(struct file *file, uint32_t request, uint32_t arg, struct io_buffer *at_arg);
/* Finds the object of a mapping of the file, as file_ops.map does. The caller checks the open
 * mode. */
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
/* Writes linux_dirent64 records into io. Returns the bytes written, 0 at the end, -ENOTDIR, or
 * -EINVAL if the buffer is too small. */
int32_t file_getdents64(struct file *file, struct io_buffer *io, uint32_t len);

/* ---- Descriptors ----------------------------------------------------------------------------- */

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
void fd_table_destroy(struct fd_table *t); /* closes all */
/* Installs the file, with the caller's reference, as the lowest free descriptor >= min. Returns the
 * descriptor, -EMFILE or -ENOMEM. */
must_check int fd_install(struct fd_table *t, struct file *file, uint32_t min, bool cloexec);
/* Returns the open file, or NULL if the descriptor is not open. Takes no reference. */
struct file *fd_get(const struct fd_table *t, int fd);
must_check int fd_close(struct fd_table *t, int fd); /* -EBADF */

#endif
