/*
 * The kernel's own voice. Every call prints complete lines: a newline is added where the text lacks
 * one, and on a terminal that a program left in the middle of a line a new one is started. Where
 * a line goes is console.c's decision: the terminal, or a tagged record on COM3 in run mode.
 *
 * Callable from anywhere once console_early_init() has run, interrupt handlers included. Lines
 * longer than PRINTK_LINE_MAX are cut.
 */
#ifndef KERNEL_PRINTK_H
#define KERNEL_PRINTK_H

#include <stdarg.h>

#include "lib/compiler.h"

#define PRINTK_LINE_MAX 512

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* A LOG_INFO line. */
void printk(const char *fmt, ...) printf_like(1, 2);
/* Shown if level <= loglevel= of the command line. */
void printk_level(int level, const char *fmt, ...) printf_like(2, 3);
/* What a user must see whatever the log level: crash lines, contract L8's line (record `C`). */
void printk_crash(const char *fmt, ...) printf_like(1, 2);
/* A line of the fault trace, trace=1 (record `T`); the caller checks cmdline.trace. */
void printk_trace(const char *fmt, ...) printf_like(1, 2);
/* The shape that reporters of other modules want (initrd_mount): one finished line, LOG_WARN. */
void printk_line(const char *line);

#endif
