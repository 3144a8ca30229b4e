/*
 * The console: who is the terminal, and where the kernel's lines go. cmdline.console decides:
 *
 *   serial  COM1 and, copied, the VGA screen; input from COM1 and the keyboard. One terminal with a
 *           line discipline (tty.h); kernel lines appear between the programs' output.
 *   vga     the same on screen and keyboard alone; COM1 gets a copy of the kernel's lines.
 *   run     the host's three standard streams: output, byte exact, and the kernel's lines go to the
 *           stream (stream.h) in one order, input comes from COM1.
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

/* Finds the ports and makes printk work. Call after cmdline_parse() (or without it, when there is no
 * command line to read: the defaults then hold). Needs the low memory mapped at KERNEL_BASE, no
 * heap, no interrupts. */
void console_early_init(void);

/* Adds /dev/console, and in run mode /dev/stdin, /dev/stdout, /dev/stderr and /dev/report; lets
 * input in: unmasks the IRQs below, so the PIC is set up by now. 0, or fs_add_device's error. */
must_check int console_register_devices(void);

/* The console's interrupts are IRQ_KEYBOARD and IRQ_COM1 of dev/pic.h; COM3 shares COM1's line but
 * takes no input. */
/* Takes in what arrived. Interrupts off; wakes readers; may kill the foreground process (^C). */
void console_interrupt(uint32_t irq);

/* A panic takes the console over: the screen is cleared for it. */
void console_panic_begin(void);
/* Shows a line of it, on the serial line first. Touches nothing that could be broken but the ports
 * and the screen's memory. */
void console_panic_line(const char *text, uint32_t len);
/* Waits, not for ever, until the ports have sent what they were given. */
void console_flush(void);

#endif
