/*
 * The console: which device is the terminal, and where the kernel's lines go.
 *
 *   serial  COM1 and, copied, the VGA screen, with input from COM1 and the keyboard. This is one
 *           terminal with a line discipline (ldisc.h); kernel lines appear between the programs'
 *           output.
 *   vga     the same with screen and keyboard alone. COM1 gets a copy of the kernel's lines.
 *   run     the host's three standard streams. Output, byte exact, and the kernel's lines go to the
 *           stream (kernel/log/stream.h) in one order; input comes from COM1.
 */
#ifndef TTY_CONSOLE_H
#define TTY_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

enum console_mode { CONSOLE_SERIAL, CONSOLE_VGA, CONSOLE_RUN };

struct console_config {
    enum console_mode mode;
    /* For CONSOLE_RUN: bit n is set if the host's descriptor n is a terminal, and its size. */
    uint32_t host_terminals;
    uint16_t rows, columns;
};

/* Finds the devices and makes printk work. Needs the low memory mapped at KERNEL_BASE, but no heap
 * and no interrupts. */
void console_init(const struct console_config *config);

/* Adds /dev/console, and in run mode /dev/stdin, /dev/stdout, /dev/stderr and /dev/report, and
 * unmasks the console's interrupts: IRQ_KEYBOARD and IRQ_COM1 of dev/pic.h. Needs the PIC set up
 * and the hooks of job.h. Returns 0 or the error of fs_add_device. */
must_check int console_register_devices(void);

/* Takes in what arrived. Interrupts off. Wakes readers; may kill the foreground job (^C). */
void console_interrupt(uint32_t irq, bool from_user);

#endif
