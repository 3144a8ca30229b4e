/*
 * The kernel's own voice. Every call prints complete lines: a newline is added where the text lacks
 * one, and on a terminal that a program left in the middle of a line a new one is started. Where
 * a line goes is the sink's decision (kernel/console.c): the terminal, or a record in run mode.
 *
 * Callable from anywhere once console_early_init() has run, interrupt handlers included. Lines
 * longer than PRINTK_LINE_MAX are cut.
 */
#ifndef KERNEL_LOG_PRINTK_H
#define KERNEL_LOG_PRINTK_H

#include <stdarg.h>
#include <stdbool.h>

#include <stdint.h>

#include "lib/compiler.h"

#define PRINTK_LINE_MAX 512

/* What kind of kernel line this is: the record tag of run mode. */
enum console_line { CONSOLE_LINE_LOG = 'K', CONSOLE_LINE_CRASH = 'C', CONSOLE_LINE_TRACE = 'T' };

/* A page fault for the trace, as run mode's stream carries it (docs/stream.md), little endian. */
struct log_trace {
    uint64_t clock;
    int32_t pid;
    uint32_t ip, address, frame, freemem, vmsize_kb, rss_kb, cost;
    char access;    /* 'r', 'w', 'x'                       */
    char cause[19]; /* its word, padded with zeros         */
} __attribute__((packed, aligned(4)));
_Static_assert(sizeof(struct log_trace) == 60, "docs/stream.md and Faultline::Stream know it");

/* Where lines go: shows len bytes that hold no newline as one line. */
typedef void log_sink(enum console_line kind, const char *text, uint32_t len);
/* Takes a trace record as it is. False: the caller writes a line. */
typedef bool log_trace_sink(const struct log_trace *trace);
/* Sends all lines and records from now on to the sinks. What comes before the first call is lost. */
void log_set_sink(log_sink *sink, log_trace_sink *trace_sink);
/* Hands a trace record to the sink; false if it wants a line instead (printk_trace). */
bool log_trace(const struct log_trace *trace);

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Shows lines up to this level (loglevel= on the command line); LOG_INFO at start. */
void log_set_level(uint32_t level);

/* A LOG_INFO line. */
void printk(const char *fmt, ...) printf_like(1, 2);
/* Shown if level is at most that of log_set_level. */
void printk_level(int level, const char *fmt, ...) printf_like(2, 3);
/* What a user must see whatever the log level: crash lines, contract L8's line (record `C`). */
void printk_crash(const char *fmt, ...) printf_like(1, 2);
/* A line of the fault trace, trace=1 (record `T`); the caller knows whether it is on. */
void printk_trace(const char *fmt, ...) printf_like(1, 2);
/* The shape that reporters of other modules want (initrd_mount): one finished line, LOG_WARN. */
void printk_line(const char *line);

#endif
