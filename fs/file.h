/*
 * Open files and descriptor tables. What a file is when nobody has it open is fs/tree/inode.h, what it is
 * called fs/tree/dentry.h.
 *
 * Locking: one CPU, kernel not preempted; a device's read may sleep, its file is pinned meanwhile.
 */
#ifndef FS_FILE_H
#define FS_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/open_mode.h"
#include "fs/tree/inode.h"
#include "fs/tree/path.h"
#include "lib/compiler.h"
#include "mm/vm_object.h"

/* Linux's MAX_RW_COUNT: one transfer moves at most so many bytes. */
#define FILE_IO_MAX 0x7FFFF000u

struct file;

/*
 * User memory as fs/ sees it: file_ops copy through these, so fs/ knows no process and the host
 * tests need no user half. Returns the bytes that could be copied (fewer than n: a bad address).
 * Implemented by kernel/user/usercopy.c.
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
    /* The file is being opened: 0, or -errno and then release is not called. */
    int (*open)(struct file *file);
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
    /* Which of POLLIN, POLLOUT ... hold now. */
    uint32_t (*poll)(struct file *file);
    bool is_stream;       /* no position: lseek is -ESPIPE                            */
    bool is_positionless; /* the position is always 0: lseek does nothing, successfully */
};

/* Entries for kinds of files that do nothing there: everybody may open; -EINVAL, -EINVAL, -ENOTTY,
 * -ENODEV; nothing. */
int file_open_by_all(struct file *file);
int32_t file_no_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos);
int32_t file_no_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos);
int32_t file_no_ioctl(struct file *file, uint32_t request, uint32_t arg, struct io_buffer *at_arg);
int file_no_map(struct file *file, const struct file_mapping *mapping, struct vm_object **object);
void file_no_release(struct file *file);
uint32_t file_poll_always(struct file *file); /* readable and writable at any time */

/* Files whose bytes are the page cache's; directories; files opened with O_PATH; what is never opened
 * as itself (symbolic links, devices without a driver). */
extern const struct file_ops memory_file_ops, directory_ops, path_ops, no_ops;
/* Panics if a table has a gap. */
void file_ops_check(const struct file_ops *ops);

struct file {
    struct dentry *dentry; /* the name it was opened by; NULL: a pipe has none */
    struct inode *inode;
    const struct file_ops *ops;
    uint32_t refs;
    uint32_t flags; /* O_ACCMODE | O_APPEND | O_NONBLOCK | O_PATH ..., Linux's values */
    uint64_t pos;
    bool is_writer; /* counted in inode->writers */
};

/* ---- Open files ------------------------------------------------------------------------------- */

/*
 * file_open: opens a path with Linux's open flags (open(2)).
 *
 *   mode     permission bits of a file that O_CREAT makes, before the umask
 *   returns  0 and one reference in *out; -errno as open(2) lists them. Access mode 3 is Linux's: it
 *            needs the permissions of O_RDWR and allows neither reading nor writing
 */
must_check int file_open(const struct path *path, uint32_t flags, uint32_t mode, struct file **out);
/* A file of an inode that has no name (a pipe's end). Takes references of its own on neither. */
must_check int file_create(struct inode *inode, const struct file_ops *ops, uint32_t flags,
                           struct file **out);
void file_ref(struct file *file);
void file_unref(struct file *file);
int32_t file_read(struct file *file, struct io_buffer *io, uint32_t len); /* -EBADF by mode */
int32_t file_write(struct file *file, struct io_buffer *io, uint32_t len);
/* Makes a request; the arguments are those of file_ops.ioctl. Fails with -ENOTTY for a request that
 * this kind of file does not know. */
int32_t file_ioctl(struct file *file, uint32_t request, uint32_t arg, struct io_buffer *at_arg);
/* pread and pwrite: at a position of the caller's; the file's own stays. -ESPIPE for a stream,
 * -EINVAL below 0. */
int32_t file_read_at(struct file *file, struct io_buffer *io, uint32_t len, int64_t pos);
int32_t file_write_at(struct file *file, struct io_buffer *io, uint32_t len, int64_t pos);
uint32_t file_poll(struct file *file);
/* ftruncate: -EINVAL unless it is open for writing. */
must_check int file_truncate(struct file *file, int64_t size);
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
void fd_table_destroy(struct fd_table *t); /* closes all */
/* Installs the file, with the caller's reference, as the lowest free descriptor >= min. Returns the
 * descriptor, -EMFILE or -ENOMEM. */
must_check int fd_install(struct fd_table *t, struct file *file, uint32_t min, bool cloexec);
/* Puts a file, with a reference of the table's own, at fd < FD_MAX; what was open there is closed. 0,
 * -ENOMEM with nothing changed. */
must_check int fd_put(struct fd_table *t, struct file *file, uint32_t fd, bool cloexec);
struct file *fd_get(const struct fd_table *t, int fd); /* NULL: -EBADF. No reference is taken */
must_check int fd_close(struct fd_table *t, int fd);   /* -EBADF */

#endif
