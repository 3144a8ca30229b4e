/*
 * Pipes. The bytes are a ring over 16 pages; `start` and `used` say which part holds bytes, and a
 * page exists while one of its bytes does. A copy to or from user memory may fault and sleep, so
 * whoever moves bytes holds the pipe's own lock; the state can change only while he sleeps for room
 * or bytes, with the lock released.
 */
#include "fs/pipe.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/poll.h>
#include <stddef.h>

#include "fs/poll.h"
#include "fs/tree/file_system.h"
#include "lib/assert.h"
#include "lib/restart.h"
#include "mm/phys/kheap.h"
#include "sync/wait_queue.h"

#define PIPE_PAGES (PIPE_SIZE / PAGE_SIZE)

struct pipe {
    uint8_t *pages[PIPE_PAGES];
    uint32_t start; /* of the first byte: 0..PIPE_SIZE - 1 */
    uint32_t used;
    uint32_t readers, writers;           /* open files                                   */
    uint32_t reader_opens, writer_opens; /* ever: what an open of the other end waits for */
    bool is_locked;
    struct wait_queue changed; /* bytes, room, ends and the lock */
};

/* ---- Waking and locking -------------------------------------------------------------------------- */

static void pipe_changed(struct pipe *pipe)
{
    wait_queue_wake_all(&pipe->changed);
    poll_wake();
}

static int pipe_lock(struct pipe *pipe)
{
    while (pipe->is_locked) {
        if (!wait_queue_sleep(&pipe->changed)) {
            return -ERESTARTSYS;
        }
    }
    pipe->is_locked = true;
    return 0;
}

static void pipe_unlock(struct pipe *pipe)
{
    pipe->is_locked = false;
    pipe_changed(pipe);
}

/* Sleeps with the lock released. */
static int pipe_wait(struct pipe *pipe)
{
    pipe_unlock(pipe);
    return wait_queue_sleep(&pipe->changed) ? pipe_lock(pipe) : -ERESTARTSYS;
}

/* ---- The ring ------------------------------------------------------------------------------------ */

static uint8_t **page_at(struct pipe *pipe, uint32_t at)
{
    return &pipe->pages[at % PIPE_SIZE / PAGE_SIZE];
}

/* Bytes from `at` to the end of its page, at most n. */
static uint32_t piece_at(uint32_t at, uint32_t n)
{
    uint32_t left = PAGE_SIZE - at % PAGE_SIZE;

    return n < left ? n : left;
}

static void free_page(uint8_t **page)
{
    if (*page != NULL) {
        kheap_free(*page, PAGE_SIZE);
        *page = NULL;
    }
}

/* Takes n bytes off the front; a page that holds none any more is freed. The last bytes of a ring
 * that was full may lie in the page of the first ones. */
static void consume(struct pipe *pipe, uint32_t n)
{
    uint8_t **old = page_at(pipe, pipe->start);

    pipe->start = (pipe->start + n) % PIPE_SIZE;
    pipe->used -= n;
    if (pipe->used == 0) {
        free_page(old);
        pipe->start = 0;
    } else if (page_at(pipe, pipe->start) != old &&
               page_at(pipe, pipe->start + pipe->used - 1) != old) {
        free_page(old);
    }
}

/* Moves bytes that are there to the reader. Bytes, or -EFAULT. */
static int32_t take_bytes(struct pipe *pipe, struct io_buffer *io, uint32_t len)
{
    uint32_t done = 0;

    while (done < len && pipe->used > 0) {
        uint32_t most = len - done < pipe->used ? len - done : pipe->used;
        uint32_t n = piece_at(pipe->start, most);
        uint32_t moved = io->put(io, *page_at(pipe, pipe->start) + pipe->start % PAGE_SIZE, n);

        consume(pipe, moved);
        done += moved;
        if (moved < n) {
            return done > 0 ? (int32_t)done : -EFAULT;
        }
    }
    return (int32_t)done;
}

/* Moves the writer's bytes into what room there is. Bytes; -EFAULT or -ENOMEM for none. */
static int32_t put_bytes(struct pipe *pipe, struct io_buffer *io, uint32_t len)
{
    uint32_t done = 0;

    while (done < len && pipe->used < PIPE_SIZE) {
        uint32_t at = (pipe->start + pipe->used) % PIPE_SIZE;
        uint8_t **page = page_at(pipe, at);
        uint32_t room = PIPE_SIZE - pipe->used;
        uint32_t n = piece_at(at, len - done < room ? len - done : room);

        if (*page == NULL && (*page = kheap_alloc(PAGE_SIZE)) == NULL) {
            return done > 0 ? (int32_t)done : -ENOMEM;
        }
        uint32_t moved = io->get(io, *page + at % PAGE_SIZE, n);

        pipe->used += moved;
        done += moved;
        if (moved < n) {
            if (pipe->used == 0) {
                free_page(page);
            }
            return done > 0 ? (int32_t)done : -EFAULT;
        }
    }
    return (int32_t)done;
}

/* ---- Reading and writing ------------------------------------------------------------------------- */

static struct pipe *pipe_of(const struct file *file)
{
    return file->inode->pipe;
}

static bool is_nonblocking(const struct file *file)
{
    return (file->flags & O_NONBLOCK) != 0;
}

static int32_t pipe_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    struct pipe *pipe = pipe_of(file);
    int32_t answer = 0;

    (void)pos;
    if (len == 0) {
        return 0;
    }
    int err = pipe_lock(pipe);

    while (err == 0 && pipe->used == 0 && pipe->writers > 0) {
        if (is_nonblocking(file)) {
            pipe_unlock(pipe);
            return -EAGAIN;
        }
        err = pipe_wait(pipe);
    }
    if (err != 0) {
        return err;
    }
    answer = take_bytes(pipe, io, len);
    pipe_unlock(pipe);
    return answer;
}

/* Up to PIPE_BUF bytes go in one piece or not at all. */
static bool has_room(const struct pipe *pipe, uint32_t len)
{
    uint32_t room = PIPE_SIZE - pipe->used;

    return len <= PIPE_BUF ? room >= len : room > 0;
}

/* One round: waits for room, then moves what fits. */
static int32_t write_some(struct file *file, struct pipe *pipe, struct io_buffer *io, uint32_t len,
                          bool is_first)
{
    while (pipe->readers > 0 && !has_room(pipe, len)) {
        if (is_nonblocking(file)) {
            return is_first ? -EAGAIN : 0;
        }
        int err = pipe_wait(pipe);

        if (err != 0) {
            return err;
        }
    }
    return pipe->readers == 0 ? -EPIPE : put_bytes(pipe, io, len);
}

static int32_t pipe_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    struct pipe *pipe = pipe_of(file);
    uint32_t done = 0;
    int32_t moved = 0;

    (void)pos;
    if (len == 0) {
        return 0;
    }
    int err = pipe_lock(pipe);

    if (err != 0) {
        return err;
    }
    do {
        moved = write_some(file, pipe, io, len - done, done == 0);
        done += moved > 0 ? (uint32_t)moved : 0;
    } while (moved > 0 && done < len);
    if (moved != -ERESTARTSYS) { /* which comes from a wait that did not get the lock again */
        pipe_unlock(pipe);
    }
    return done > 0 ? (int32_t)done : moved;
}

static uint32_t pipe_poll(struct file *file)
{
    const struct pipe *pipe = pipe_of(file);
    uint32_t events = 0;

    if (file_is_readable(file)) {
        events |= pipe->used > 0 ? POLLIN | POLLRDNORM : 0;
        events |= pipe->writers == 0 && pipe->writer_opens > 0 ? POLLHUP : 0;
    }
    if (file_is_writable(file)) {
        events |= pipe->used <= PIPE_SIZE - PIPE_BUF ? POLLOUT | POLLWRNORM : 0;
        events |= pipe->readers == 0 ? POLLERR : 0;
    }
    return events;
}

/* ---- Ends ---------------------------------------------------------------------------------------- */

static void add_end(struct pipe *pipe, const struct file *file)
{
    if (file_is_readable(file)) {
        pipe->readers++;
        pipe->reader_opens++;
    }
    if (file_is_writable(file)) {
        pipe->writers++;
        pipe->writer_opens++;
    }
    pipe_changed(pipe);
}

/* The last end frees the pipe and the bytes that nobody read. */
static void pipe_release(struct file *file)
{
    struct pipe *pipe = pipe_of(file);

    pipe->readers -= file_is_readable(file) ? 1 : 0;
    pipe->writers -= file_is_writable(file) ? 1 : 0;
    pipe_changed(pipe);
    if (pipe->readers + pipe->writers > 0) {
        return;
    }
    file->inode->pipe = NULL;
    for (uint32_t i = 0; i < PIPE_PAGES; i++) {
        free_page(&pipe->pages[i]);
    }
    kheap_free(pipe, sizeof(*pipe));
}

static int make_pipe(struct inode *inode)
{
    struct pipe *pipe = kheap_zalloc(sizeof(*pipe));

    if (pipe == NULL) {
        return -ENOMEM;
    }
    wait_queue_init(&pipe->changed);
    inode->pipe = pipe;
    return 0;
}

/* Opening one end of a fifo waits for the other, but for O_RDWR and O_NONBLOCK. */
static int wait_for_other_end(struct file *file, struct pipe *pipe)
{
    bool reads = file_is_readable(file), writes = file_is_writable(file);
    uint32_t seen = reads ? pipe->writer_opens : pipe->reader_opens;

    if (reads == writes || (reads ? pipe->writers : pipe->readers) > 0) {
        return 0;
    }
    if (is_nonblocking(file)) {
        return reads ? 0 : -ENXIO;
    }
    while ((reads ? pipe->writer_opens : pipe->reader_opens) == seen) {
        if (!wait_queue_sleep(&pipe->changed)) {
            return -ERESTARTSYS;
        }
    }
    return 0;
}

static int fifo_open(struct file *file)
{
    if (!file_is_readable(file) && !file_is_writable(file)) {
        return -EINVAL; /* access mode 3 is neither end, so it would not keep the pipe alive */
    }
    int err = file->inode->pipe == NULL ? make_pipe(file->inode) : 0;

    if (err != 0) {
        return err;
    }
    add_end(file->inode->pipe, file);
    err = wait_for_other_end(file, file->inode->pipe);
    if (err != 0) {
        pipe_release(file);
    }
    return err;
}

const struct file_ops fifo_ops = {
    .open = fifo_open,
    .read = pipe_read,
    .write = pipe_write,
    .ioctl = file_no_ioctl,
    .map = file_no_map,
    .release = pipe_release,
    .poll = pipe_poll,
    .is_stream = true,
};

bool file_is_pipe(const struct file *file)
{
    return file->ops == &fifo_ops;
}

uint32_t pipe_used(const struct file *file)
{
    return pipe_of(file)->used;
}

/* ---- pipe2 --------------------------------------------------------------------------------------- */

/* Pipes are inodes of a file system that is mounted nowhere, as Linux's pipefs. */
static const struct file_system_type pipe_fs_type = {.name = "pipefs", .is_fixed = true};
static struct file_system pipe_fs = {.type = &pipe_fs_type, .inodes = 1 /* never the last */};

static int create_end(struct inode *inode, uint32_t flags, struct file **out)
{
    int err = file_create(inode, &fifo_ops, flags, out);

    if (err == 0) {
        inode_ref(inode);
        add_end(inode->pipe, *out);
    }
    return err;
}

static int create_ends(struct inode *inode, uint32_t flags, struct file **read_end,
                       struct file **write_end)
{
    int err = create_end(inode, O_RDONLY | (flags & O_NONBLOCK), read_end);

    if (err != 0) {
        kheap_free(inode->pipe, sizeof(*inode->pipe));
        inode->pipe = NULL;
        return err;
    }
    err = create_end(inode, O_WRONLY | (flags & O_NONBLOCK), write_end);
    if (err != 0) {
        file_unref(*read_end);
    }
    return err;
}

int pipe_create(uint32_t flags, struct file **read_end, struct file **write_end)
{
    const struct inode_spec spec = {.type = INODE_FIFO, .mode = 0600};
    struct inode *inode;
    int err = inode_create(&pipe_fs, &spec, &inode);

    if (err != 0) {
        return err;
    }
    err = make_pipe(inode);
    if (err == 0) {
        err = create_ends(inode, flags, read_end, write_end);
    }
    inode_unref(inode); /* each end has its own */
    return err;
}
