/*
 * /dev/console as a terminal: one line discipline over COM1 and the keyboard, shown on COM1 and the
 * screen. The kernel's own lines go through the same output, so that it knows the column and can
 * start each of them on a fresh line.
 *
 * Input is processed in the interrupt. When the terminal has no room, COM1's interrupt is switched
 * off and bytes stay in its FIFO until somebody reads: a script fed through the serial line loses
 * nothing. The price: behind 4 KiB of unread lines a ^C waits, too.
 */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/termios.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <stddef.h>

#include "dev/keyboard.h"
#include "dev/pic.h"
#include "dev/vga.h"
#include "kernel/cmdline.h"
#include "kernel/console_impl.h"
#include "kernel/proc/process.h"
#include "kernel/proc/usercopy.h"
#include "kernel/tty.h"
#include "sync/wait_queue.h"

static struct tty tty;
static struct wait_queue readers = WAIT_QUEUE_INITIALIZER(readers);
static struct keyboard_state keyboard;
static struct winsize window = {.ws_row = VGA_ROWS, .ws_col = VGA_COLUMNS};
static int foreground_group = PROCESS_INIT_PID; /* TIOCSPGRP's memory; there is no job control */
static bool is_throttled;      /* COM1's interrupt is off: no room                             */
static bool is_process_output; /* output comes from a write(), which may let others run        */

static bool uses_serial(void)
{
    return cmdline.console == CONSOLE_SERIAL;
}

/* ---- Output ------------------------------------------------------------------------------------ */

/* A process waits for a slow line without stopping the machine; echo and kernel lines cannot. The
 * rest of what a killed process writes is dropped. */
static void send_serial(const char *bytes, uint32_t n)
{
    if (!is_process_output) {
        (void)serial_send_patiently(&serial_com1, bytes, n);
        return;
    }
    is_process_output = false; /* interrupts and other processes run meanwhile */
    (void)!console_send_from_process(&serial_com1, bytes, n);
    is_process_output = true;
}

static void terminal_output(struct tty *self, const char *bytes, uint32_t n)
{
    (void)self;
    if (uses_serial()) {
        send_serial(bytes, n);
    }
    vga_write(bytes, n);
}

static void terminal_readable(struct tty *self)
{
    (void)self;
    wait_queue_wake_all(&readers);
}

static void terminal_break(struct tty *self)
{
    (void)self;
    process_kill_foreground();
}

static const struct tty_ops terminal_ops = {
    .output = terminal_output,
    .readable = terminal_readable,
    .interrupt = terminal_break,
};

void terminal_init(void)
{
    tty_init(&tty, &terminal_ops);
}

/* Raw bytes with their own \r\n: a program may have switched OPOST off. */
void terminal_put_line(const char *text, uint32_t len)
{
    if (tty.column != 0) {
        terminal_output(&tty, "\r\n", 2);
    }
    terminal_output(&tty, text, len);
    terminal_output(&tty, "\r\n", 2);
    tty.column = 0;
}

/* ---- Input ------------------------------------------------------------------------------------- */

static void pump_serial(void)
{
    int c;
    while (tty_has_room(&tty) && (c = serial_receive(&serial_com1)) >= 0) {
        tty_input(&tty, (char)c);
    }
    bool is_full = !tty_has_room(&tty);
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
            tty_input(&tty, text[i]);
        }
    }
}

void terminal_interrupt(uint32_t irq)
{
    if (irq == IRQ_KEYBOARD) {
        pump_keyboard();
    } else if (irq == IRQ_COM1 && uses_serial()) {
        pump_serial();
    }
}

/* ---- The file ---------------------------------------------------------------------------------- */

/* Hands a line (or what raw mode has) to the reader. Bytes that a bad buffer refuses stay. */
static int32_t copy_input(struct io_buffer *io, uint32_t len)
{
    char piece[CONSOLE_PIECE];
    uint32_t done = 0;
    bool is_line_done = false;
    while (done < len && !is_line_done) {
        uint32_t max = len - done < sizeof(piece) ? len - done : sizeof(piece);
        bool is_eof;
        uint32_t n = tty_peek(&tty, piece, max, &is_eof);
        uint32_t moved = n > 0 ? io->put(io, piece, n) : 0;
        tty_take(&tty, moved, is_eof && moved == n);
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
    while (!tty_is_readable(&tty)) {
        if ((file->flags & O_NONBLOCK) != 0) {
            return -EAGAIN;
        }
        if (!wait_queue_sleep(&readers)) {
            return -EINTR;
        }
    }
    int32_t result = copy_input(io, len);
    if (uses_serial()) {
        pump_serial();
    }
    return result;
}

static bool terminal_send(void *context, const char *bytes, uint32_t n)
{
    (void)context;
    is_process_output = true;
    tty_output(&tty, bytes, n);
    is_process_output = false;
    return (process_running->work & PROCESS_WORK_KILL) == 0;
}

static int32_t terminal_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)file;
    (void)pos;
    return console_write_pieces(io, len, NULL, terminal_send);
}

/* ---- ioctl ------------------------------------------------------------------------------------- */

static int32_t set_termios(uint32_t arg, bool flush)
{
    struct termios termios;
    if (copy_from_user(&termios, arg, sizeof(termios)) != 0) {
        return -EFAULT;
    }
    tty_set_termios(&tty, &termios, flush);
    return 0;
}

static int32_t put_int(uint32_t arg, int value)
{
    return copy_to_user(arg, &value, sizeof(value));
}

static int32_t terminal_ioctl(struct file *file, uint32_t request, uint32_t arg)
{
    (void)file;
    switch (request) {
    case TCGETS:
        return copy_to_user(arg, &tty.termios, sizeof(tty.termios));
    case TCSETS:
    case TCSETSW: /* output is never held back: drained already */
        return set_termios(arg, false);
    case TCSETSF:
        return set_termios(arg, true);
    case TCFLSH:
        if (arg != TCOFLUSH) {
            tty_flush_input(&tty);
        }
        return 0;
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
        return put_int(arg, (int)tty_readable_bytes(&tty));
    default:
        return -ENOTTY;
    }
}

static const struct file_ops terminal_file_ops = {
    .open = file_open_by_all,
    .read = terminal_read,
    .write = terminal_write,
    .ioctl = terminal_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .is_stream = true,
};

int terminal_register(void)
{
    int error = fs_add_device("/dev/console", S_IFCHR | S_IRUSR | S_IWUSR, DEVICE_CONSOLE,
                              &terminal_file_ops, NULL);
    if (error != 0) {
        return error;
    }
    keyboard_init();
    pic_unmask(IRQ_KEYBOARD);
    if (uses_serial()) {
        serial_enable_input(&serial_com1, true);
        pic_unmask(IRQ_COM1);
        pump_serial(); /* what came early does not interrupt */
    }
    return 0;
}
