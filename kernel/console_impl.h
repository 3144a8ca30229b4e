/* What console.c, console_terminal.c and console_run.c share: the two kinds of /dev/console. */
#ifndef KERNEL_CONSOLE_IMPL_H
#define KERNEL_CONSOLE_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "dev/serial.h"
#include "fs/file.h"
#include "lib/compiler.h"

/* Device numbers as Linux gives them: /dev/console is 5:1, ttyS0.. are 4:64... */
#define DEVICE_CONSOLE 0x0501u
#define DEVICE_STDERR  0x0441u
#define DEVICE_REPORT  0x0442u
#define DEVICE_STDIN   0x0443u
#define DEVICE_STDOUT  0x0444u

/* Bytes that a device copies from a program at a time, on the kernel stack. */
#define CONSOLE_PIECE 256u

/* Sends a program's bytes; lets other processes run while the line is busy, as long as it takes.
 * False: the process is being killed, the rest is not sent. Process context only. */
must_check bool console_send_from_process(struct serial_port *port, const char *bytes, uint32_t n);

/* A write() to a device: copies piece by piece from the program and hands each piece to `send`, which
 * gives false to stop. Interrupts are let in between pieces. */
must_check int32_t console_write_pieces(struct io_buffer *io, uint32_t len, void *context,
                                        bool (*send)(void *context, const char *bytes, uint32_t n));

/* TIOCSWINSZ and TIOCSPGRP, for both kinds: what is at arg is copied and checked, then committed. 0;
 * -EFAULT; a group that is negative -EINVAL, nobody's -ESRCH. */
struct winsize;
must_check int32_t console_set_window(struct winsize *window, uint32_t arg);
must_check int32_t console_set_foreground(int *group, uint32_t arg);

/* ---- console_terminal.c: console=serial and console=vga ---------------------------------------- */

/* Readies the terminal for output; needs nothing. */
void terminal_init(void);
must_check int terminal_register(void);
void terminal_interrupt(uint32_t irq);
/* A line of the kernel's on the terminal, starting at column 0. */
void terminal_put_line(const char *text, uint32_t len);

/* ---- console_run.c: console=run ---------------------------------------------------------------- */

must_check int run_console_register(void);
void run_console_interrupt(uint32_t irq);

#endif
