/*
 * Where the kernel's lines go. Whoever owns the devices that show them installs a sink at start-up:
 * the terminal (tty/terminal.c), or the stream to the host (stream.h). The kernel's log therefore
 * knows neither.
 *
 * Locking: one CPU. Lines and records arrive with interrupts off; the last three functions also
 * serve a panic, where nothing but the devices may be trusted.
 */
#ifndef KERNEL_LOG_SINK_H
#define KERNEL_LOG_SINK_H

#include <stdbool.h>
#include <stdint.h>

struct log_trace;

/* The kinds of line. The values are also the kinds of frame in the stream. */
enum log_kind {
    LOG_LINE = 'K',  /* an ordinary line                   */
    LOG_CRASH = 'C', /* shown whatever the log level is    */
    LOG_FAULT = 'T', /* a page fault, while trace=1 is set */
};

/* Every entry is filled in. */
struct log_sink {
    /* Shows len bytes, which contain no newline, as one line. */
    void (*put_line)(enum log_kind kind, const char *text, uint32_t len);
    /* Takes a record of the fault trace. Returns false if it wants a line instead. */
    bool (*put_trace)(const struct log_trace *trace);
    /* Prepares the devices for a panic screen. */
    void (*begin_panic)(void);
    /* Shows a line of the panic screen. Touches nothing but the devices. */
    void (*put_panic_line)(const char *text, uint32_t len);
    /* Waits, for a bounded time, until the devices have sent everything. */
    void (*flush)(void);
};

/* Sends everything from now on to the sink, which must live forever. Lines that were printed before
 * the first call are lost. */
void log_set_sink(const struct log_sink *sink);

/* Call the sink's entries of the same names, or do nothing while there is no sink. */
void log_begin_panic(void);
void log_put_panic_line(const char *text, uint32_t len);
void log_flush(void);

#endif
