/*
 * /dev/console as a terminal: one line discipline over COM1 and the keyboard, shown on COM1 and the
 * screen. The kernel's lines use the same output, which therefore knows the column and starts each
 * of them on a fresh line.
 *
 * Input is processed in the interrupt. While the terminal has no room, COM1's interrupt is off and
 * bytes stay in its FIFO until somebody reads, so a script that is fed through the serial line loses
 * nothing. The price is that a ^C behind 4 KiB of unread lines waits too.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/stat.h>
#include <stddef.h>

#include "dev/keyboard.h"
#include "dev/pic.h"
#include "dev/serial.h"
#include "dev/vga.h"
#include "fs/poll.h"
#include "kernel/log/sink.h"
#include "lib/minmax.h"
#include "lib/preempt.h"
#include "lib/restart.h"
#include "sync/wait_queue.h"
#include "tty/job.h"
#include "tty/ldisc.h"
#include "tty/tty_impl.h"

static struct ldisc ldisc;
static struct wait_queue readers = WAIT_QUEUE_INITIALIZER(readers);
static struct keyboard_state keyboard;
static struct winsize window = {.ws_row = VGA_ROWS, .ws_col = VGA_COLUMNS};
static bool uses_serial;       /* COM1 is part of the terminal                                */
static bool is_throttled;      /* the terminal has no room, COM1's interrupt is off           */
static bool is_process_output; /* output comes from a write(), which may let others run       */

/* ---- Output -------------------------------------------------------------------------------------- */

/* Sends a program's bytes and lets others run while the line is busy, as long as it takes. Drops the
 * rest if the caller is being killed. */
static void send_from_process(const char *bytes, uint32_t n)
{
    uint32_t sent = serial_send(&serial_com1, bytes, n);

    while (sent < n && !yield_point()) {
        sent += serial_send(&serial_com1, bytes + sent, n - sent);
    }
}

/* A program waits for a slow line without stopping the machine; echo and kernel lines cannot. */
static void send_serial(const char *bytes, uint32_t n)
{
    if (!is_process_output) {
        (void)serial_send_patiently(&serial_com1, bytes, n);
        return;
    }
    is_process_output = false; /* interrupts and other processes run meanwhile */
    send_from_process(bytes, n);
    is_process_output = true;
}

static void show(const char *bytes, uint32_t n)
{
    if (uses_serial) {
        send_serial(bytes, n);
    }
    vga_write(bytes, n);
}

static void on_output(struct ldisc *self, const char *bytes, uint32_t n)
{
    (void)self;
    show(bytes, n);
}

static void on_readable(struct ldisc *self)
{
    (void)self;
    wait_queue_wake_all(&readers);
    poll_wake();
}

static void on_signal(struct ldisc *self, int signal)
{
    (void)self;
    job_signal(signal);
}

static const struct ldisc_ops ldisc_ops = {
    .output = on_output,
    .readable = on_readable,
    .signal = on_signal,
};

/* ---- The log's sink ------------------------------------------------------------------------------ */

static void put_serial_line(const char *text, uint32_t len)
{
    (void)serial_send_patiently(&serial_com1, text, len);
    (void)serial_send_patiently(&serial_com1, "\r\n", 2);
}

/* Shows raw bytes with their own \r\n, because a program may have cleared OPOST. Where COM1 is not
 * the terminal it gets a copy: a machine whose screen nobody sees can still be asked what happened. */
static void sink_line(enum log_kind kind, const char *text, uint32_t len)
{
    (void)kind;
    if (ldisc.column != 0) {
        show("\r\n", 2);
    }
    show(text, len);
    show("\r\n", 2);
    ldisc.column = 0;
    if (!uses_serial) {
        put_serial_line(text, len);
    }
}

static bool sink_trace(const struct log_trace *trace)
{
    (void)trace;
    return false;
}

static void sink_begin_panic(void)
{
    put_serial_line("", 0);
    vga_clear_for_panic();
}

static void sink_panic_line(const char *text, uint32_t len)
{
    put_serial_line(text, len);
    vga_write(text, len);
    vga_write("\r\n", 2);
}

static void sink_flush(void)
{
    serial_flush(&serial_com1);
}

static const struct log_sink sink = {
    .put_line = sink_line,
    .put_trace = sink_trace,
    .begin_panic = sink_begin_panic,
    .put_panic_line = sink_panic_line,
    .flush = sink_flush,
};

void terminal_init(bool has_serial)
{
    uses_serial = has_serial;
    serial_init(&serial_com1);
    vga_init();
    ldisc_init(&ldisc, &ldisc_ops);
    log_set_sink(&sink);
}

/* ---- Input --------------------------------------------------------------------------------------- */

static void pump_serial(void)
{
    int c;

    while (ldisc_has_room(&ldisc) && (c = serial_receive(&serial_com1)) >= 0) {
        ldisc_input(&ldisc, (char)c);
    }
    bool is_full = !ldisc_has_room(&ldisc);

    if (is_full != is_throttled) {
        is_throttled = is_full;
        serial_enable_input(&serial_com1, !is_full);
    }
}

static void pump_keyboard(void)
{
    int code;

    while ((code = keyboard_scan_code()) >= 0) {
        char text[KEYBOARD_TEXT_MAX];
        uint32_t n = keyboard_decode(&keyboard, (uint8_t)code, text);

        for (uint32_t i = 0; i < n; i++) {
            ldisc_input(&ldisc, text[i]);
        }
    }
}

void terminal_interrupt(uint32_t irq)
{
    if (irq == IRQ_KEYBOARD) {
        pump_keyboard();
    } else if (irq == IRQ_COM1 && uses_serial) {
        pump_serial();
    }
}

/* ---- The file ------------------------------------------------------------------------------------ */

/* Copies a line, or in raw mode whatever there is, to the reader. Bytes that a bad buffer refuses
 * stay. */
static int32_t copy_input(struct io_buffer *io, uint32_t len)
{
    char piece[TTY_PIECE];
    uint32_t done = 0;
    bool is_line_done = false;

    while (done < len && !is_line_done) {
        uint32_t max = min_u32(len - done, (uint32_t)sizeof(piece));
        bool is_eof;
        uint32_t n = ldisc_peek(&ldisc, piece, max, &is_eof);
        uint32_t moved = n > 0 ? io->put(io, piece, n) : 0;

        ldisc_take(&ldisc, moved, is_eof && moved == n);
        done += moved;
        if (moved < n) {
            return done > 0 ? (int32_t)done : -EFAULT;
        }
        is_line_done = is_eof || n < max || (n > 0 && piece[n - 1] == '\n');
    }
    return (int32_t)done;
}

static int32_t terminal_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)pos;
    if (len == 0) {
        return 0;
    }
    while (!ldisc_is_readable(&ldisc)) {
        if (file->flags & O_NONBLOCK) {
            return -EAGAIN;
        }
        if (!wait_queue_sleep(&readers)) {
            return -ERESTARTSYS;
        }
    }
    int32_t result = copy_input(io, len);

    if (uses_serial) {
        pump_serial();
    }
    return result;
}

static uint32_t terminal_poll(struct file *file)
{
    (void)file;
    return (ldisc_is_readable(&ldisc) ? POLLIN | POLLRDNORM : 0) | POLLOUT | POLLWRNORM;
}

static int32_t terminal_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    char piece[TTY_PIECE];
    uint32_t done = 0;

    (void)file;
    (void)pos;
    while (done < len) {
        uint32_t want = min_u32(len - done, (uint32_t)sizeof(piece));
        uint32_t got = io->get(io, piece, want);

        is_process_output = true;
        ldisc_output(&ldisc, piece, got);
        is_process_output = false;
        done += got;
        if (got < want) {
            return done > 0 ? (int32_t)done : -EFAULT;
        }
        if (preempt_point()) {
            break;
        }
    }
    return (int32_t)done;
}

static void set_termios(const struct termios *wanted)
{
    ldisc_set_termios(&ldisc, wanted, false);
}

static void flush_input(void)
{
    ldisc_flush_input(&ldisc);
}

static uint32_t readable_bytes(void)
{
    return ldisc_readable_bytes(&ldisc);
}

static int32_t terminal_ioctl(struct file *file, uint32_t request, uint32_t arg,
                              struct io_buffer *at_arg)
{
    static const struct request_target target = {
        .termios = &ldisc.termios,
        .window = &window,
        .set_termios = set_termios,
        .flush_input = flush_input,
        .readable_bytes = readable_bytes,
    };

    (void)file;
    return request_answer(&target, request, arg, at_arg);
}

static const struct file_ops terminal_file_ops = {
    .open = file_open_by_all,
    .read = terminal_read,
    .write = terminal_write,
    .ioctl = terminal_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .poll = terminal_poll,
    .is_stream = true,
};

int terminal_register(void)
{
    int err = fs_add_device("/dev/console", S_IFCHR | S_IRUSR | S_IWUSR, DEVICE_CONSOLE,
                            &terminal_file_ops, NULL);

    if (err != 0) {
        return err;
    }
    keyboard_init();
    pic_unmask(IRQ_KEYBOARD);
    if (uses_serial) {
        serial_enable_input(&serial_com1, true);
        pic_unmask(IRQ_COM1);
        pump_serial(); /* bytes that came early cause no interrupt */
    }
    return 0;
}
