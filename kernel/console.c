/*
 * The console's switchboard: it knows the mode and which device hears what; console_terminal.c and
 * console_run.c are the two behaviours behind it.
 *
 * Everything the kernel says goes out at once and by polling. There is no buffer that a crash could
 * keep the last words in.
 */
#include "kernel/console.h"

#include <asm/errno.h>
#include <asm/termios.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "dev/vga.h"
#include "kernel/cmdline.h"
#include "kernel/console_impl.h"
#include "kernel/log/printk.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/usercopy.h"
#include "kernel/stream.h"
#include "lib/preempt.h"

static bool is_run_mode(void)
{
    return cmdline.console == CONSOLE_RUN;
}

static void put_line(enum console_line kind, const char *text, uint32_t len);
static bool put_trace(const struct log_trace *trace);

void console_early_init(void)
{
    log_set_sink(put_line, put_trace);
    if (is_run_mode()) {
        stream_init();
    } else {
        serial_init(&serial_com1);
        vga_init();
        terminal_init();
    }
}

int console_register_devices(void)
{
    return is_run_mode() ? run_console_register() : terminal_register();
}

void console_interrupt(uint32_t irq)
{
    if (is_run_mode()) {
        run_console_interrupt(irq);
    } else {
        terminal_interrupt(irq);
    }
}

static void put_serial_line(const char *text, uint32_t len)
{
    (void)serial_send_patiently(&serial_com1, text, len);
    (void)serial_send_patiently(&serial_com1, "\r\n", 2);
}

/* In vga mode programs do not write to COM1, the kernel does: a machine without a screen in sight
 * can still be asked what happened. */
static void put_line(enum console_line kind, const char *text, uint32_t len)
{
    if (is_run_mode()) {
        stream_put((enum stream_kind)kind, text, len);
        return;
    }
    terminal_put_line(text, len);
    if (cmdline.console == CONSOLE_VGA) {
        put_serial_line(text, len);
    }
}

static bool put_trace(const struct log_trace *trace)
{
    if (is_run_mode()) {
        stream_put(STREAM_TRACE, trace, sizeof(*trace));
    }
    return is_run_mode();
}

/* ---- Panic ------------------------------------------------------------------------------------- */

void console_panic_begin(void)
{
    if (!is_run_mode()) {
        put_serial_line("", 0);
        vga_clear_for_panic();
    }
}

void console_panic_line(const char *text, uint32_t len)
{
    if (is_run_mode()) {
        stream_put(STREAM_LOG, text, len);
        return;
    }
    put_serial_line(text, len);
    vga_write(text, len);
    vga_write("\r\n", 2);
}

void console_flush(void)
{
    if (is_run_mode()) {
        stream_flush();
    } else {
        serial_flush(&serial_com1);
    }
}

/* ---- Shared by the devices ---------------------------------------------------------------------- */

bool console_send_from_process(struct serial_port *port, const char *bytes, uint32_t n)
{
    uint32_t sent = serial_send(port, bytes, n);
    while (sent < n) {
        if ((process_running->work & PROCESS_WORK_KILL) != 0) {
            return false;
        }
        cpu_irq_window();
        sched_yield_cpu();
        sent += serial_send(port, bytes + sent, n - sent);
    }
    return true;
}

int32_t console_write_pieces(struct io_buffer *io, uint32_t len, void *context,
                             bool (*send)(void *context, const char *bytes, uint32_t n))
{
    char piece[CONSOLE_PIECE];
    uint32_t done = 0;
    while (done < len) {
        uint32_t want = len - done < sizeof(piece) ? len - done : sizeof(piece);
        uint32_t got = io->get(io, piece, want);
        if (got != 0 && !send(context, piece, got)) {
            return done > 0 ? (int32_t)done : -EINTR;
        }
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

int32_t console_set_window(struct winsize *window, uint32_t arg)
{
    struct winsize size;
    if (copy_from_user(&size, arg, sizeof(size)) != 0) {
        return -EFAULT;
    }
    *window = size;
    return 0;
}

/* A group is a process here. */
int32_t console_set_foreground(int *group, uint32_t arg)
{
    int wanted;
    if (copy_from_user(&wanted, arg, sizeof(wanted)) != 0) {
        return -EFAULT;
    }
    if (wanted < 0) {
        return -EINVAL;
    }
    if (process_find(wanted) == NULL) {
        return -ESRCH;
    }
    *group = wanted;
    return 0;
}
