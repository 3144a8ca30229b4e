/*
 * Open files: what read, write and lseek mean before a file system or a device has its say. Access
 * modes and positions are decided here, once.
 */
#include "fs/file.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <stddef.h>

#include "fs/tree/dentry.h"
#include "fs/tree/names.h"
#include "lib/assert.h"
#include "lib/minmax.h"
#include "mm/phys/kheap.h"

#define FILE_OFFSET_MAX INT64_MAX

/* ---- References ---------------------------------------------------------------------------------- */

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
    if (file->is_writer) {
        inode_end_write(file->inode);
    }
    inode_unref(file->inode);
    dentry_unref(file->dentry);
    kheap_free(file, sizeof(*file));
}

/* ---- Reading and writing ----------------------------------------------------------------------- */

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
    if ((file->flags & O_APPEND) != 0 && file->inode->type == INODE_FILE) {
        file->pos = file->inode->source.size;
    }
    return file->ops->write(file, io, min_u32(len, FILE_IO_MAX), &file->pos);
}

int32_t file_read_at(struct file *file, struct io_buffer *io, uint32_t len, int64_t pos)
{
    uint64_t at = (uint64_t)pos;

    if (pos < 0) {
        return -EINVAL;
    }
    if (!file_is_readable(file)) {
        return -EBADF;
    }
    return file->ops->is_stream ? -ESPIPE
                                : file->ops->read(file, io, min_u32(len, FILE_IO_MAX), &at);
}

/* Linux appends here, too, whatever pos says. */
int32_t file_write_at(struct file *file, struct io_buffer *io, uint32_t len, int64_t pos)
{
    bool appends = (file->flags & O_APPEND) != 0 && file->inode->type == INODE_FILE;
    uint64_t at = appends ? file->inode->source.size : (uint64_t)pos;

    if (pos < 0) {
        return -EINVAL;
    }
    if (!file_is_writable(file)) {
        return -EBADF;
    }
    return file->ops->is_stream ? -ESPIPE
                                : file->ops->write(file, io, min_u32(len, FILE_IO_MAX), &at);
}

uint32_t file_poll(struct file *file)
{
    return file->ops->poll(file);
}

int file_truncate(struct file *file, int64_t size)
{
    if (size < 0 || !file_is_writable(file) || file->inode->type != INODE_FILE) {
        return -EINVAL;
    }
    return fs_truncate(file->inode, (uint64_t)size);
}

int32_t file_ioctl(struct file *file, uint32_t request, uint32_t arg, struct io_buffer *at_arg)
{
    return file->ops->ioctl(file, request, arg, at_arg);
}

int file_map(struct file *file, const struct file_mapping *mapping, struct vm_object **object)
{
    return file->ops->map(file, mapping, object);
}

/* SEEK_DATA and SEEK_HOLE: a file is all data, and a hole begins at its end. */
static int64_t seek_data_or_hole(struct file *file, int64_t offset, bool is_hole)
{
    uint64_t size = file->inode->source.size;

    if ((uint64_t)offset >= size) {
        return -ENXIO;
    }
    file->pos = is_hole ? size : (uint64_t)offset;
    return (int64_t)file->pos;
}

/* Moves to offset from base, which is 0..INT64_MAX, so that neither sum can wrap. */
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
