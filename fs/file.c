/*
 * Open files: the part of read, write, lseek and getdents64 that is the same for every file system
 * and device. Access modes, positions and the results for directories are decided here, once.
 *
 * The initrd is a read-only file system: whatever would change it fails with -EROFS, as on Linux.
 * Everybody is root, but a file without any permission bit for an access refuses it (-EACCES).
 */
#include "fs/file.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <stddef.h>

#include "fs/mode.h"
#include "fs/node.h"
#include "fs/open_mode.h"
#include "lib/assert.h"
#include "lib/minmax.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "mm/pager/file_cache.h"
#include "mm/phys/kheap.h"

#define ANY_READ        0444u
#define ANY_WRITE       0222u
#define FILE_OFFSET_MAX INT64_MAX

/* ---- Files in memory ------------------------------------------------------------------------- */

#define READ_PIECE (64u << 10) /* bytes between two preemption points */

static int32_t memory_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    const struct inode *inode = file->inode;
    if (*pos >= inode->source.size) {
        return 0;
    }
    uint64_t left = inode->source.size - *pos;
    uint32_t n = (uint32_t)min_u64(left, len);
    if (n == 0) {
        return 0;
    }
    const uint8_t *bytes = (const uint8_t *)inode->data + *pos;
    uint32_t done = 0, piece, moved;
    do {
        piece = min_u32(n - done, READ_PIECE);
        moved = io->put(io, bytes + done, piece);
        done += moved;
    } while (moved == piece && done < n && !preempt_point());
    *pos += done;
    return done > 0 ? (int32_t)done : -EFAULT;
}

static int memory_map(struct file *file, const struct file_mapping *mapping,
                      struct vm_object **object)
{
    (void)mapping;
    *object = vm_object_of_file(&file->inode->source);
    return *object != NULL ? 0 : -ENOMEM;
}

const struct file_ops memory_file_ops = {
    .open = file_open_by_all,
    .read = memory_read,
    .write = file_no_write,
    .ioctl = file_no_ioctl,
    .map = memory_map,
    .release = file_no_release,
};

/* ---- Operations that a kind of file lacks ---------------------------------------------------- */

int file_open_by_all(const struct inode *inode)
{
    (void)inode;
    return 0;
}

int32_t file_no_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)file;
    (void)io;
    (void)len;
    (void)pos;
    return -EINVAL;
}

int32_t file_no_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    return file_no_read(file, io, len, pos);
}

int32_t file_no_ioctl(struct file *file, uint32_t request, uint32_t arg, struct io_buffer *at_arg)
{
    (void)file;
    (void)request;
    (void)arg;
    (void)at_arg;
    return -ENOTTY;
}

int file_no_map(struct file *file, const struct file_mapping *mapping, struct vm_object **object)
{
    (void)file;
    (void)mapping;
    (void)object;
    return -ENODEV;
}

void file_no_release(struct file *file)
{
    (void)file;
}

static int32_t directory_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)file;
    (void)io;
    (void)len;
    (void)pos;
    return -EISDIR;
}

const struct file_ops directory_ops = {
    .open = file_open_by_all,
    .read = directory_read,
    .write = file_no_write, /* never opened for writing */
    .ioctl = file_no_ioctl,
    .map = file_no_map,
    .release = file_no_release,
};

const struct file_ops no_ops = {
    .open = file_open_by_all,
    .read = file_no_read,
    .write = file_no_write,
    .ioctl = file_no_ioctl,
    .map = file_no_map,
    .release = file_no_release,
};

void file_ops_check(const struct file_ops *ops)
{
    assert(ops->open != NULL && ops->read != NULL && ops->write != NULL && ops->ioctl != NULL &&
           ops->map != NULL && ops->release != NULL);
}

/* ---- Opening --------------------------------------------------------------------------------- */

static int check_directory(uint32_t flags)
{
    return open_mode_needs_write(flags) || (flags & (O_CREAT | O_TRUNC)) ? -EISDIR : 0;
}

static int check_access(const struct inode *inode, uint32_t flags)
{
    if ((open_mode_needs_read(flags) && !(inode->mode & ANY_READ)) ||
        (inode->type == INODE_DEVICE && open_mode_needs_write(flags) &&
         !(inode->mode & ANY_WRITE))) {
        return -EACCES;
    }
    if (inode->type == INODE_FILE && (open_mode_needs_write(flags) || (flags & O_TRUNC))) {
        return -EROFS;
    }
    return 0;
}

/* Checks that an existing file may be opened with these flags. */
static int check_open(const struct inode *inode, uint32_t flags)
{
    if ((flags & O_CREAT) && (flags & O_EXCL)) {
        return -EEXIST;
    }
    if (inode->type == INODE_SYMLINK) {
        return -ELOOP; /* O_NOFOLLOW */
    }
    if (inode->type == INODE_DIRECTORY) {
        return check_directory(flags);
    }
    return (flags & O_DIRECTORY) ? -ENOTDIR : check_access(inode, flags);
}

/* Asks the device, after all other checks. */
static int ask_device(const struct inode *inode)
{
    return inode->ops->open(inode);
}

/* Returns the error for creating a path that does not exist: -EROFS if only its last component is
 * missing. */
static int refuse_create(const char *path)
{
    char parent[NODE_NAME_MAX + 1];
    struct inode *dir;
    const char *slash = strrchr(path, '/');
    size_t len = slash != NULL ? (size_t)(slash - path) : 0;
    if (len == 0) {
        return -EROFS; /* in the root */
    }
    if (len >= sizeof(parent)) {
        return -ENOENT;
    }
    memcpy(parent, path, len);
    parent[len] = '\0';
    int err = fs_lookup(parent, true, &dir);
    if (err != 0) {
        return err;
    }
    inode_unref(dir);
    return -EROFS;
}

static struct file *file_create(struct inode *inode, uint32_t flags)
{
    struct file *file = kheap_alloc(sizeof(*file));
    if (file != NULL) {
        *file = (struct file){
            .inode = inode,
            .ops = inode->ops,
            .refs = 1,
            .flags = flags & (O_ACCMODE | O_APPEND | O_NONBLOCK),
        };
    }
    return file;
}

int file_open(const char *path, uint32_t flags, struct file **out)
{
    struct inode *inode;
    bool is_exclusive = (flags & O_CREAT) && (flags & O_EXCL);
    int err = fs_lookup(path, !(flags & O_NOFOLLOW) && !is_exclusive, &inode);
    if (err == -ENOENT && (flags & O_CREAT)) {
        return refuse_create(path);
    }
    if (err != 0) {
        return err;
    }
    err = check_open(inode, flags);
    if (err == 0) {
        err = ask_device(inode);
    }
    if (err == 0) {
        *out = file_create(inode, flags);
        err = *out != NULL ? 0 : -ENOMEM;
    }
    if (err != 0) {
        inode_unref(inode);
    }
    return err;
}

void file_ref(struct file *file)
{
    file->refs++;
}

void file_unref(struct file *file)
{
    if (--file->refs > 0) {
        return;
    }
    file->ops->release(file);
    inode_unref(file->inode);
    kheap_free(file, sizeof(*file));
}

/* ---- Reading and writing --------------------------------------------------------------------- */

int32_t file_read(struct file *file, struct io_buffer *io, uint32_t len)
{
    if (!file_is_readable(file)) {
        return -EBADF;
    }
    return file->ops->read(file, io, min_u32(len, FILE_IO_MAX), &file->pos);
}

int32_t file_write(struct file *file, struct io_buffer *io, uint32_t len)
{
    if (!file_is_writable(file)) {
        return -EBADF;
    }
    if (file->flags & O_APPEND) {
        file->pos = file->inode->source.size;
    }
    return file->ops->write(file, io, min_u32(len, FILE_IO_MAX), &file->pos);
}

int32_t file_ioctl(struct file *file, uint32_t request, uint32_t arg, struct io_buffer *at_arg)
{
    return file->ops->ioctl(file, request, arg, at_arg);
}

int file_map(struct file *file, const struct file_mapping *mapping, struct vm_object **object)
{
    return file->ops->map(file, mapping, object);
}

/* SEEK_DATA and SEEK_HOLE. A file is all data, and a hole begins at its end. */
static int64_t seek_data_or_hole(struct file *file, int64_t offset, bool is_hole)
{
    uint64_t size = file->inode->source.size;

    if ((uint64_t)offset >= size) {
        return -ENXIO;
    }
    file->pos = is_hole ? size : (uint64_t)offset;
    return (int64_t)file->pos;
}

/* Seeks to offset from base. base is at most INT64_MAX, so that neither sum can wrap. */
static int64_t seek_from(struct file *file, uint64_t base, int64_t offset)
{
    if (offset > 0 && (uint64_t)offset > FILE_OFFSET_MAX - base) {
        return -EOVERFLOW;
    }
    if (offset < 0 && 0 - (uint64_t)offset > base) {
        return -EINVAL;
    }
    file->pos = base + (uint64_t)offset;
    return (int64_t)file->pos;
}

int64_t file_seek(struct file *file, int64_t offset, uint32_t whence)
{
    if (whence > SEEK_HOLE) {
        return -EINVAL;
    }
    if (file->ops->is_stream) {
        return -ESPIPE;
    }
    if (file->ops->is_positionless) {
        return 0;
    }
    if (whence == SEEK_SET || whence == SEEK_CUR) {
        return seek_from(file, whence == SEEK_SET ? 0 : file->pos, offset);
    }
    if (file->inode->type == INODE_DIRECTORY) {
        return -EINVAL; /* positions in a directory have no order, so it has no end */
    }
    if (whence == SEEK_END) {
        return seek_from(file, file->inode->source.size, offset);
    }
    return seek_data_or_hole(file, offset, whence == SEEK_HOLE);
}

/* ---- Directories ----------------------------------------------------------------------------- */

/* Linux's linux_dirent64, which is not among the UAPI headers. */
struct dirent64_head {
    uint64_t ino;
    uint64_t next; /* position of the next entry */
    uint16_t bytes;
    uint8_t type;
} __attribute__((packed));

#define DIRENT_ALIGN    8u
#define DOT_ENTRIES     2u /* "." and ".." come first */
#define MODE_TYPE_SHIFT 12 /* d_type is the type nibble of st_mode */

struct dirent64_buffer {
    struct dirent64_head head;
    char name[NODE_NAME_MAX + 1];
    char pad[DIRENT_ALIGN];
} __attribute__((packed));

/* Returns the entry at a position and the name it has there, or NULL after the last. */
static const struct inode *entry_at(const struct inode *dir, uint64_t pos, const char **name)
{
    if (pos == 0) {
        *name = ".";
        return dir;
    }
    if (pos == 1) {
        *name = "..";
        return dir->parent != NULL ? dir->parent : dir;
    }
    const struct inode *child = dir->children;
    for (pos -= DOT_ENTRIES; pos > 0 && child != NULL; pos--) {
        child = child->next_sibling;
    }
    if (child != NULL) {
        *name = child->name;
    }
    return child;
}

/* Returns the entry after one that entry_at() returned, without walking the list again. */
static const struct inode *entry_after(const struct inode *dir, const struct inode *entry,
                                       uint64_t pos, const char **name)
{
    if (pos <= DOT_ENTRIES) {
        return entry_at(dir, pos, name);
    }
    if (entry->next_sibling != NULL) {
        *name = entry->next_sibling->name;
    }
    return entry->next_sibling;
}

static uint32_t make_dirent(struct dirent64_buffer *out, const struct inode *inode,
                            const char *name, uint64_t pos)
{
    uint32_t used = (uint32_t)(sizeof(out->head) + strlen(name) + 1);
    uint32_t bytes = (used + DIRENT_ALIGN - 1) & ~(DIRENT_ALIGN - 1);
    memset(out, 0, bytes);
    out->head = (struct dirent64_head){
        .ino = inode->number,
        .next = pos + 1,
        .bytes = (uint16_t)bytes,
        .type = (uint8_t)(inode->mode >> MODE_TYPE_SHIFT),
    };
    (void)strlcpy(out->name, name, sizeof(out->name));
    return bytes;
}

int32_t file_getdents64(struct file *file, struct io_buffer *io, uint32_t len)
{
    const struct inode *dir = file->inode;
    struct dirent64_buffer record;
    const char *name = NULL;
    uint32_t done = 0, steps = 0;
    uint64_t pos = file->pos;
    int32_t err = 0;
    if (dir->type != INODE_DIRECTORY) {
        return -ENOTDIR;
    }
    len = min_u32(len, FILE_IO_MAX);
    const struct inode *entry = entry_at(dir, pos, &name);
    while (entry != NULL && !preempt_step(&steps)) {
        uint32_t bytes = make_dirent(&record, entry, name, pos);
        if (bytes > len - done) {
            err = -EINVAL;
            break;
        }
        if (io->put(io, &record, bytes) < bytes) {
            err = -EFAULT;
            break;
        }
        done += bytes;
        pos++;
        entry = entry_after(dir, entry, pos, &name);
    }
    file->pos = pos;
    return done > 0 ? (int32_t)done : err;
}
