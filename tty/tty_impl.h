/*
 * What the files of tty/ share: the two kinds of /dev/console, the requests that both answer, and
 * the parts of run mode.
 */
#ifndef TTY_TTY_IMPL_H
#define TTY_TTY_IMPL_H

#include <asm/termios.h>
#include <stdbool.h>
#include <stdint.h>

#include "fs/device.h"
#include "fs/file.h"
#include "kernel/log/stream.h"
#include "lib/compiler.h"

/* Linux's device numbers: /dev/console is 5:1, ttyS0 and its successors are 4:64 and up. */
#define DEVICE_CONSOLE 0x0501u
#define DEVICE_STDERR  0x0441u
#define DEVICE_REPORT  0x0442u
#define DEVICE_STDIN   0x0443u
#define DEVICE_STDOUT  0x0444u

/* Bytes that a device copies to or from a program at a time, on the kernel stack. */
#define TTY_PIECE 256u

/* ---- terminal.c: console=serial and console=vga -------------------------------------------------- */

/* Finds the devices and becomes the log's sink. With has_serial COM1 is part of the terminal; without
 * it COM1 only gets a copy of the kernel's lines. Needs no heap and no interrupts. */
void terminal_init(bool has_serial);
/* Adds /dev/console and enables input. Returns 0 or the error of fs_add_device. */
must_check int terminal_register(void);
/* Takes in what arrived at the keyboard or COM1. Interrupts off. */
void terminal_interrupt(uint32_t irq);

/* ---- host_streams.c: console=run ----------------------------------------------------------------- */

/* descriptors: bit n is set if the host's descriptor n is a terminal; window is that terminal's. */
void host_streams_init(uint32_t descriptors, const struct winsize *window);
/* Adds /dev/console, /dev/stdin, /dev/stdout, /dev/stderr and /dev/report and enables input. Returns
 * 0 or the error of fs_add_device. */
must_check int host_streams_register(void);

/* ---- host_input.c -------------------------------------------------------------------------------- */

/* Enables COM1's interrupt. */
void host_input_start(void);
/* Takes in what arrived at COM1. Interrupts off. */
void host_input_interrupt(uint32_t irq);
/* Copies up to len bytes to the reader and sleeps while there are none. Returns their number, 0 at
 * the end of the input; fails with -EAGAIN if it would sleep and may not, with -EFAULT if the first
 * byte cannot be copied, with -EINTR if the caller is being killed. */
must_check int32_t host_input_read(struct io_buffer *io, uint32_t len, bool may_sleep);
/* Returns the number of bytes that can be read now. */
uint32_t host_input_bytes(void);
/* Drops the bytes that have not been read. */
void host_input_flush(void);

/* ---- host_output.c ------------------------------------------------------------------------------- */

/* Sends a program's bytes as frames of the kind. Waits for the device as long as it takes, while
 * others run. Returns the number of bytes taken; fails with -EFAULT, or with -EINTR if the caller is
 * being killed. */
must_check int32_t host_output_write(enum stream_kind kind, struct io_buffer *io, uint32_t len);

/* ---- report.c ------------------------------------------------------------------------------------ */

/* Adds /dev/report. Each write of pid 1's to it is one frame, "TAG TEXT" with a tag of
 * STREAM_REPORT_TAGS. Returns 0 or the error of fs_add_device. For other processes opening fails
 * with -EACCES, and writing to an inherited descriptor with -EPERM. A write fails with -EMSGSIZE
 * above STREAM_LINE_MAX bytes and with -EINVAL without such a tag. */
must_check int report_register(void);

/* ---- requests.c ---------------------------------------------------------------------------------- */

/* What the requests of a terminal work on. Every entry is filled in. */
struct request_target {
    const struct termios *termios;
    struct winsize *window;
    void (*set_termios)(const struct termios *wanted);
    void (*flush_input)(void);
    uint32_t (*readable_bytes)(void);
};

/* Answers an ioctl of a terminal (fs/file.h has the arguments). Returns 0; fails with -ENOTTY for
 * an unknown request, with -EFAULT, and for TIOCSPGRP as job_set_group does. A request that fails
 * changes nothing. */
must_check int32_t request_answer(const struct request_target *target, uint32_t request,
                                  uint32_t arg, struct io_buffer *at_arg);

#endif
