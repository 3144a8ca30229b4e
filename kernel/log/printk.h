/*
 * The kernel's own messages. Every call prints complete lines: a newline is added where the text
 * lacks one. Where a line goes is up to the sink (sink.h). A terminal that a program left in the
 * middle of a line first starts a new one.
 *
 * All functions may be called from anywhere, interrupt handlers included. Lines longer than
 * PRINTK_LINE_MAX are cut.
 */
#ifndef KERNEL_LOG_PRINTK_H
#define KERNEL_LOG_PRINTK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

#define PRINTK_LINE_MAX 512

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Shows lines up to this level (loglevel= on the command line). The level is LOG_INFO at first. */
void log_set_level(uint32_t level);

/* Prints a LOG_INFO line. */
void printk(const char *fmt, ...) printf_like(1, 2);
/* Prints if level is at most that of log_set_level. */
void printk_level(int level, const char *fmt, ...) printf_like(2, 3);
/* Prints what a user must see whatever the log level is: crash lines and contract L8's line. */
void printk_crash(const char *fmt, ...) printf_like(1, 2);
/* Prints a line of the fault trace. The caller checks whether trace=1 is set. */
void printk_trace(const char *fmt, ...) printf_like(1, 2);
/* Prints one finished LOG_WARN line. Reporters of other modules, as of initrd_mount, have this
 * type. */
void printk_line(const char *line);

/* A page fault for the trace, as the stream carries it (docs/stream.md), little endian. */
struct log_trace {
    uint64_t clock;
    int32_t pid;
    uint32_t ip, address, frame, freemem, vmsize_kb, rss_kb, cost;
    char access;    /* 'r', 'w', 'x'                   */
    char cause[19]; /* the cause, padded with zeros    */
} __attribute__((packed, aligned(4)));
_Static_assert(sizeof(struct log_trace) == 60, "docs/stream.md and Faultline::Stream know it");

/* Hands a record of the fault trace to the sink. Returns false if the caller should print a line
 * instead (printk_trace). */
bool log_trace(const struct log_trace *trace);

#endif
