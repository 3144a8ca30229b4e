/*
 * Run mode's /dev/stdin, /dev/stdout and /dev/stderr: the host's three standard streams, byte for
 * byte (faultline run). /dev/console is the first two in one. host_input.c and host_output.c move
 * the bytes.
 *
 * Each device is a terminal exactly if the host's descriptor is one (tty= on the command line);
 * otherwise ioctl fails with -ENOTTY.
 */
#include <asm/errno.h>
#include <asm/termbits.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <stddef.h>

#include "tty/tty_impl.h"

/* What is behind a device. */
struct host_stream {
    enum stream_kind kind; /* of what is written to it                              */
    uint32_t needed;       /* the host's descriptors that make it a terminal if all are */
};
#define DESCRIPTOR_BIT(descriptor) (1u << (descriptor))

static const struct host_stream *stream_of(const struct file *file)
{
    return file->inode->data;
}

static int32_t host_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)pos;
    return host_input_read(io, len, (file->flags & O_NONBLOCK) == 0);
}

static int32_t host_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)pos;
    return host_output_write(stream_of(file)->kind, io, len);
}

/* ---- The host's terminal ------------------------------------------------------------------------- */

/* The host edits and echoes its input, so the settings have no effect and are kept only for programs
 * that ask. Output is not processed here: OPOST is off and stays off. */
static struct termios termios = {
    .c_iflag = ICRNL | IUTF8,
    .c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL,
    .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .c_cc = {[VINTR] = 3, [VQUIT] = 28, [VERASE] = 0x7F, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1},
};
static struct winsize window;
static uint32_t terminals; /* bit n: the host's descriptor n is a terminal */

static void set_termios(const struct termios *wanted)
{
    termios = *wanted;
    termios.c_oflag &= ~(tcflag_t)OPOST;
}

static int32_t host_ioctl(struct file *file, uint32_t request, uint32_t arg,
                          struct io_buffer *at_arg)
{
    static const struct request_target target = {
        .termios = &termios,
        .window = &window,
        .set_termios = set_termios,
        .flush_input = host_input_flush,
        .readable_bytes = host_input_bytes,
    };
    uint32_t needed = stream_of(file)->needed;

    return (terminals & needed) == needed ? request_answer(&target, request, arg, at_arg) : -ENOTTY;
}

/* ---- Devices ------------------------------------------------------------------------------------- */

static const struct file_ops input_ops = {
    .open = file_open_by_all,
    .read = host_read,
    .write = file_no_write,
    .ioctl = host_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .poll = file_poll_always,
    .is_stream = true,
};
static const struct file_ops output_ops = {
    .open = file_open_by_all,
    .read = file_no_read,
    .write = host_write,
    .ioctl = host_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .poll = file_poll_always,
    .is_stream = true,
};
static const struct file_ops console_ops = {
    .open = file_open_by_all,
    .read = host_read,
    .write = host_write,
    .ioctl = host_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .poll = file_poll_always,
    .is_stream = true,
};

static struct host_stream console_stream = {STREAM_OUTPUT, DESCRIPTOR_BIT(0) | DESCRIPTOR_BIT(1)};
static struct host_stream input_stream = {STREAM_OUTPUT, DESCRIPTOR_BIT(0)};
static struct host_stream output_stream = {STREAM_OUTPUT, DESCRIPTOR_BIT(1)};
static struct host_stream error_stream = {STREAM_ERROR, DESCRIPTOR_BIT(2)};

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

void host_streams_init(uint32_t descriptors, const struct winsize *host_window)
{
    terminals = descriptors;
    window = *host_window;
    stream_init();
}

int host_streams_register(void)
{
    for (uint32_t i = 0; i < array_size(nodes); i++) {
        const struct device_node *node = &nodes[i];
        int err =
            fs_add_device(node->path, S_IFCHR | node->mode, node->number, node->ops, node->stream);

        if (err != 0) {
            return err;
        }
    }
    /* From now on ^C arrives even if no program reads. */
    host_input_start();
    return report_register();
}
