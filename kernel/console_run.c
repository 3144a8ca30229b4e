/*
 * Run mode's /dev/console and /dev/stderr: a program's standard streams, byte for byte, over serial
 * lines that end in files or pipes of the host (faultline run).
 *
 * Input is framed, because a serial line has no end of file: 0x10 announces that the next byte is
 * meant by number, 0x10 itself or 0x04 for the end. What nobody has read yet waits in a ring; when
 * that is full the port's interrupt is switched off and the bytes stay in its FIFO, where QEMU's
 * flow control leaves the rest with the sender.
 *
 * None of the two is a terminal: ioctl is -ENOTTY, so a libc buffers as it does for a pipe.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <stddef.h>

#include "dev/pic.h"
#include "kernel/channel.h"
#include "kernel/console_impl.h"
#include "sync/wait_queue.h"

#define FRAME_ESCAPE 0x10
#define FRAME_END    0x04
#define RING_BYTES   16384u /* a power of two */
#define RING_MASK    (RING_BYTES - 1u)

/* [tail, head) are the bytes not read yet; both count up for ever. */
static struct {
    uint32_t tail, head;
    bool is_escape;    /* the last byte was FRAME_ESCAPE          */
    bool is_ended;     /* the end of file came; it stays          */
    bool is_throttled; /* full, or nobody reads: the port's interrupt is off */
    struct wait_queue readers;
    char bytes[RING_BYTES];
} input;

static void input_add(char c)
{
    input.bytes[input.head++ & RING_MASK] = c;
}

static void input_decode(char c)
{
    if (input.is_ended) {
        return;
    }
    if (input.is_escape) {
        input.is_escape = false;
        if (c == FRAME_END) {
            input.is_ended = true;
        } else {
            input_add(c);
        }
    } else if (c == FRAME_ESCAPE) {
        input.is_escape = true;
    } else {
        input_add(c);
    }
}

/* Moves what the port has into the ring, as far as there is room. */
static void input_pump(void)
{
    int c;
    while (input.head - input.tail < RING_BYTES && (c = serial_receive(&serial_com1)) >= 0) {
        input_decode((char)c);
    }
    bool is_full = input.head - input.tail == RING_BYTES;
    if (is_full != input.is_throttled) {
        input.is_throttled = is_full;
        serial_enable_input(&serial_com1, !is_full);
    }
}

void run_console_interrupt(uint32_t irq)
{
    if (irq == IRQ_COM1) {
        input_pump();
        wait_queue_wake_all(&input.readers);
    }
}

/* Copies what is there to the reader. Bytes that a bad buffer refuses stay for the next read. */
static int32_t input_copy(struct io_buffer *io, uint32_t len)
{
    uint32_t done = 0;
    while (done < len && input.tail != input.head) {
        uint32_t place = input.tail & RING_MASK;
        uint32_t piece = input.head - input.tail;
        piece = piece < RING_BYTES - place ? piece : RING_BYTES - place;
        piece = piece < len - done ? piece : len - done;
        uint32_t moved = io->put(io, &input.bytes[place], piece);
        input.tail += moved;
        done += moved;
        if (moved < piece) {
            return done > 0 ? (int32_t)done : -EFAULT;
        }
    }
    return (int32_t)done;
}

static int32_t stream_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)pos;
    if (len == 0) {
        return 0;
    }
    for (;;) {
        input_pump();
        if (input.tail != input.head) {
            int32_t result = input_copy(io, len);
            input_pump();
            return result;
        }
        if (input.is_ended) {
            return 0;
        }
        if ((file->flags & O_NONBLOCK) != 0) {
            return -EAGAIN;
        }
        if (!wait_queue_sleep(&input.readers)) {
            return -EINTR;
        }
    }
}

static bool stream_send(void *context, const char *bytes, uint32_t n)
{
    return console_send_from_process(context, bytes, n);
}

static int32_t stream_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)pos;
    return console_write_pieces(io, len, file->inode->data, stream_send);
}

static const struct file_ops stdio_ops = {
    .open = file_open_by_all,
    .read = stream_read,
    .write = stream_write,
    .ioctl = file_no_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .is_stream = true,
};
static const struct file_ops stderr_ops = {
    .open = file_open_by_all,
    .read = file_no_read,
    .write = stream_write,
    .ioctl = file_no_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .is_stream = true,
};

int run_console_register(void)
{
    wait_queue_init(&input.readers);
    int error = fs_add_device("/dev/console", S_IFCHR | S_IRUSR | S_IWUSR, DEVICE_CONSOLE,
                              &stdio_ops, &serial_com1);
    if (error == 0) {
        error = fs_add_device("/dev/stderr", S_IFCHR | S_IWUSR, DEVICE_STDERR, &stderr_ops,
                              &serial_com2);
    }
    if (error == 0) {
        error = channel_register_device();
    }
    if (error == 0) {
        /* The first read lets input in. Until then its interrupts would come at moments of the
         * host's choosing, and two runs of a program that reads nothing would differ. */
        input.is_throttled = true;
        pic_unmask(IRQ_COM1);
    }
    return error;
}
