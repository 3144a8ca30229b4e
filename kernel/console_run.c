/*
 * Run mode's /dev/stdin, /dev/stdout and /dev/stderr: the host's three standard streams, byte for byte
 * (faultline run); /dev/console is the first two in one. Output goes to the stream (stream.h).
 *
 * Input comes from COM1, framed, because a serial line has no end of file: 0x10 announces that the
 * next byte is meant by number, 0x10 itself, 0x04 for the end, 0x03 for ^C. What nobody has read yet
 * waits in a ring; when that is full the port's interrupt is switched off and the bytes stay in its
 * FIFO, where QEMU's flow control leaves the rest with the sender. A ^C behind them waits, too.
 *
 * Each is a terminal exactly where the host's is (tty= on the command line); otherwise ioctl is
 * -ENOTTY.
 */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/termios.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <stddef.h>

#include "dev/pic.h"
#include "dev/serial.h"
#include "kernel/cmdline.h"
#include "kernel/console_impl.h"
#include "kernel/proc/process.h"
#include "kernel/proc/usercopy.h"
#include "kernel/stream.h"
#include "sync/wait_queue.h"

#define FRAME_ESCAPE 0x10
#define FRAME_BREAK  0x03
#define FRAME_END    0x04
#define RING_BYTES   16384u /* a power of two */
#define RING_MASK    (RING_BYTES - 1u)

/* What is behind a device. */
struct host_stream {
    enum stream_kind kind; /* of what is written to it                                 */
    uint32_t tty_bits;     /* the host's descriptors that must be terminals for it to be one */
};
#define TTY_BIT(descriptor) (1u << (descriptor))

/* [tail, head) are the bytes not read yet; both count up for ever. */
static struct {
    uint32_t tail, head;
    bool is_escape;    /* the last byte was FRAME_ESCAPE          */
    bool is_ended;     /* the end of file came; it stays          */
    bool is_throttled; /* full: the port's interrupt is off */
    struct wait_queue readers;
    char bytes[RING_BYTES];
} input;

static void input_add(char c)
{
    input.bytes[input.head++ & RING_MASK] = c;
}

static void input_control(char c)
{
    if (c == FRAME_BREAK) {
        process_kill_foreground();
    } else if (c == FRAME_END) {
        input.is_ended = true;
    } else if (!input.is_ended) {
        input_add(c);
    }
}

static void input_decode(char c)
{
    if (input.is_escape) {
        input.is_escape = false;
        input_control(c);
    } else if (c == FRAME_ESCAPE) {
        input.is_escape = true;
    } else if (!input.is_ended) {
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

/* Copies what is there to the reader. A copy may sleep and others read meanwhile, so the bytes are taken
 * out of the ring first; those that a bad buffer refuses go back if nobody has read since. */
static int32_t input_copy(struct io_buffer *io, uint32_t len)
{
    char piece[CONSOLE_PIECE];
    uint32_t done = 0;
    while (done < len && input.tail != input.head) {
        uint32_t n = 0;
        while (n < sizeof(piece) && n < len - done && input.tail != input.head) {
            piece[n++] = input.bytes[input.tail++ & RING_MASK];
        }
        uint32_t tail = input.tail;
        uint32_t moved = io->put(io, piece, n);
        done += moved;
        if (moved < n) {
            if (input.tail == tail) {
                input.tail -= n - moved;
            }
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

static const struct host_stream *stream_of(const struct file *file)
{
    return file->inode->data;
}

static int32_t host_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)pos;
    return stream_write(stream_of(file)->kind, io, len);
}

/* ---- The host's terminal --------------------------------------------------------------------------- */

/* Input is edited and echoed over there, so the settings are kept for who asks, and change nothing.
 * Output is not processed here: OPOST is off and stays off. */
static struct termios termios = {
    .c_iflag = ICRNL | IUTF8,
    .c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL,
    .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .c_cc = {[VINTR] = 3, [VQUIT] = 28, [VERASE] = 0x7F, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1},
};
static struct winsize window;
static int foreground_group = PROCESS_INIT_PID; /* TIOCSPGRP's memory; there is no job control */

static int32_t set_termios(uint32_t arg)
{
    struct termios wanted;
    if (copy_from_user(&wanted, arg, sizeof(wanted)) != 0) {
        return -EFAULT;
    }
    wanted.c_oflag &= ~(tcflag_t)OPOST;
    termios = wanted;
    return 0;
}

static int32_t put_int(uint32_t arg, int value)
{
    return copy_to_user(arg, &value, sizeof(value));
}

static int32_t flush_input(uint32_t arg)
{
    if (arg != TCOFLUSH) {
        input.tail = input.head;
    }
    return 0;
}

static int32_t terminal_request(uint32_t request, uint32_t arg)
{
    switch (request) {
    case TCGETS:
        return copy_to_user(arg, &termios, sizeof(termios));
    case TCSETS:
    case TCSETSW:
        return set_termios(arg);
    case TCSETSF: {
        int32_t error = set_termios(arg);
        return error != 0 ? error : flush_input(TCIFLUSH);
    }
    case TCFLSH:
        return flush_input(arg);
    case TCSBRK:
        return 0;
    case TIOCGWINSZ:
        return copy_to_user(arg, &window, sizeof(window));
    case TIOCSWINSZ:
        return console_set_window(&window, arg);
    case TIOCGPGRP:
        return put_int(arg, foreground_group);
    case TIOCSPGRP:
        return console_set_foreground(&foreground_group, arg);
    case FIONREAD:
        return put_int(arg, (int)(input.head - input.tail));
    default:
        return -ENOTTY;
    }
}

static int32_t host_ioctl(struct file *file, uint32_t request, uint32_t arg)
{
    uint32_t needed = stream_of(file)->tty_bits;
    return (cmdline.tty & needed) == needed ? terminal_request(request, arg) : -ENOTTY;
}

/* ---- Devices --------------------------------------------------------------------------------------- */

static const struct file_ops input_ops = {
    .open = file_open_by_all,
    .read = stream_read,
    .write = file_no_write,
    .ioctl = host_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .is_stream = true,
};
static const struct file_ops output_ops = {
    .open = file_open_by_all,
    .read = file_no_read,
    .write = host_write,
    .ioctl = host_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .is_stream = true,
};
static const struct file_ops console_ops = {
    .open = file_open_by_all,
    .read = stream_read,
    .write = host_write,
    .ioctl = host_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .is_stream = true,
};

static struct host_stream console_stream = {STREAM_OUTPUT, TTY_BIT(0) | TTY_BIT(1)};
static struct host_stream input_stream = {STREAM_OUTPUT, TTY_BIT(0)};
static struct host_stream output_stream = {STREAM_OUTPUT, TTY_BIT(1)};
static struct host_stream error_stream = {STREAM_ERROR, TTY_BIT(2)};

static const struct device_node {
    const char *path;
    uint32_t mode, number;
    const struct file_ops *ops;
    struct host_stream *stream;
} nodes[] = {
    {"/dev/console", S_IRUSR | S_IWUSR, DEVICE_CONSOLE, &console_ops, &console_stream},
    {"/dev/stdin", S_IRUSR, DEVICE_STDIN, &input_ops, &input_stream},
    {"/dev/stdout", S_IWUSR, DEVICE_STDOUT, &output_ops, &output_stream},
    {"/dev/stderr", S_IWUSR, DEVICE_STDERR, &output_ops, &error_stream},
};

int run_console_register(void)
{
    wait_queue_init(&input.readers);
    window = (struct winsize){.ws_row = cmdline.rows, .ws_col = cmdline.columns};
    for (uint32_t i = 0; i < array_size(nodes); i++) {
        const struct device_node *node = &nodes[i];
        int error =
            fs_add_device(node->path, S_IFCHR | node->mode, node->number, node->ops, node->stream);
        if (error != 0) {
            return error;
        }
    }
    /* From now on: ^C comes this way, too, also to a program that reads nothing. */
    serial_enable_input(&serial_com1, true);
    pic_unmask(IRQ_COM1);
    return stream_register_device();
}
