/*
 * Kinds of files: those whose bytes are memory, and what stands in a table of operations where a kind
 * does nothing.
 */
#include <asm/errno.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/poll.h>
#include <stddef.h>

#include "fs/file.h"
#include "fs/tree/file_system.h"
#include "lib/assert.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "mm/pager/file_cache.h"
#include "mm/pager/file_store.h"
#include "mm/phys/kheap.h"

/* ---- Files in memory --------------------------------------------------------------------------- */

#define READ_PIECE (64u << 10) /* bytes between two preemption points */

/* Bytes of an initrd file that nobody has written: straight from where they lie. */
static uint32_t read_in_place(const struct inode *inode, struct io_buffer *io, uint64_t pos,
                              uint32_t n)
{
    const uint8_t *bytes = (const uint8_t *)inode->data + pos;
    uint32_t done = 0, piece, moved;

    do {
        piece = n - done < READ_PIECE ? n - done : READ_PIECE;
        moved = io->put(io, bytes + done, piece);
        done += moved;
    } while (moved == piece && done < n && !preempt_point());
    return done;
}

/* Bytes up to the end of a page or of the transfer, whichever comes first. */
static uint32_t page_piece(uint64_t pos, uint32_t n)
{
    uint32_t left = PAGE_SIZE - (uint32_t)(pos & PAGE_OFFSET_MASK);

    return n < left ? n : left;
}

/*
 * Bytes of the page cache go through a buffer: a copy to user memory may fault and sleep, and neither
 * a window on a page nor the page's place in the cache may be held meanwhile.
 */
static int32_t read_pages(struct inode *inode, struct io_buffer *io, uint64_t pos, uint32_t n)
{
    uint8_t *buffer = kheap_alloc(PAGE_SIZE);
    uint32_t done = 0, piece, moved;
    int err;

    if (buffer == NULL) {
        return -ENOMEM;
    }
    do {
        piece = page_piece(pos + done, n - done);
        err = vm_source_read(&inode->source, pos + done, buffer, piece);
        moved = err == 0 ? io->put(io, buffer, piece) : 0;
        err = err == 0 && moved < piece ? -EFAULT : err;
        done += moved;
    } while (err == 0 && done < n && !preempt_point());
    kheap_free(buffer, PAGE_SIZE);
    return done > 0 ? (int32_t)done : err;
}

static int32_t memory_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    struct inode *inode = file->inode;

    if (*pos >= inode->source.size || len == 0) {
        return 0;
    }
    uint64_t left = inode->source.size - *pos;
    uint32_t n = left < len ? (uint32_t)left : len;
    int32_t done = 0;

    if (vm_source_is_changed(&inode->source) || inode->data == NULL) {
        done = read_pages(inode, io, *pos, n);
    } else {
        done = (int32_t)read_in_place(inode, io, *pos, n);
        done = done > 0 ? done : -EFAULT;
    }
    *pos += done > 0 ? (uint32_t)done : 0;
    return done;
}

/* One piece, inside a page, from the buffer into the page cache. 0 or -ENOSPC. */
static int write_piece(struct inode *inode, uint64_t pos, const uint8_t *buffer, uint32_t n)
{
    return vm_source_write(&inode->source, pos, buffer, n);
}

static int32_t write_pages(struct inode *inode, struct io_buffer *io, uint64_t pos, uint32_t n)
{
    uint8_t *buffer = kheap_alloc(PAGE_SIZE);
    uint32_t done = 0, piece, moved;
    int err = 0;

    if (buffer == NULL) {
        return -ENOMEM;
    }
    do {
        piece = page_piece(pos + done, n - done);
        moved = io->get(io, buffer, piece);
        err = moved < piece ? -EFAULT : 0;
        int write_err = moved > 0 ? write_piece(inode, pos + done, buffer, moved) : 0;

        err = write_err != 0 ? write_err : err;
        done += write_err == 0 ? moved : 0;
    } while (err == 0 && done < n && !preempt_point());
    kheap_free(buffer, PAGE_SIZE);
    return done > 0 ? (int32_t)done : err;
}

static int32_t memory_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    struct inode *inode = file->inode;

    if (len == 0) {
        return 0;
    }
    if (*pos >= VM_SOURCE_SIZE_MAX) {
        return -EFBIG;
    }
    uint64_t room = VM_SOURCE_SIZE_MAX - *pos;
    int32_t done = write_pages(inode, io, *pos, room < len ? (uint32_t)room : len);

    if (done > 0) {
        *pos += (uint32_t)done;
        inode_touch(inode);
    }
    return done;
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
    .write = memory_write,
    .ioctl = file_no_ioctl,
    .map = memory_map,
    .release = file_no_release,
    .poll = file_poll_always,
};

/* ---- What a kind of file does not do ------------------------------------------------------------- */

int file_open_by_all(struct file *file)
{
    (void)file;
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

uint32_t file_poll_always(struct file *file)
{
    (void)file;
    return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
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
    .poll = file_poll_always,
};

static int32_t path_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)file;
    (void)io;
    (void)len;
    (void)pos;
    return -EBADF;
}

static int32_t path_ioctl(struct file *file, uint32_t request, uint32_t arg,
                          struct io_buffer *at_arg)
{
    (void)file;
    (void)request;
    (void)arg;
    (void)at_arg;
    return -EBADF;
}

static int path_map(struct file *file, const struct file_mapping *mapping,
                    struct vm_object **object)
{
    (void)file;
    (void)mapping;
    (void)object;
    return -EBADF;
}

const struct file_ops path_ops = {
    .open = file_open_by_all,
    .read = path_read,
    .write = path_read,
    .ioctl = path_ioctl,
    .map = path_map,
    .release = file_no_release,
    .poll = file_poll_always,
};

static int open_nothing(struct file *file)
{
    (void)file;
    return -ENXIO;
}

const struct file_ops no_ops = {
    .open = open_nothing,
    .read = file_no_read,
    .write = file_no_write,
    .ioctl = file_no_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .poll = file_poll_always,
};

void file_ops_check(const struct file_ops *ops)
{
    assert(ops->open != NULL && ops->read != NULL && ops->write != NULL && ops->ioctl != NULL &&
           ops->map != NULL && ops->release != NULL && ops->poll != NULL);
}
