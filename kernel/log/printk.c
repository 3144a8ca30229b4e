/*
 * Formats messages, cuts them into lines and hands those to the sink. The buffer is static to keep
 * kernel stacks small; the log lock covers it and the sink. A panic formats into a buffer of its own
 * and acquires no lock.
 */
#include "kernel/log/printk.h"

#include <stdarg.h>
#include <stddef.h>

#include "kernel/log/sink.h"
#include "lib/format.h"
#include "lib/string.h"
#include "sync/lock.h"

static LOCK_DEFINE(log_lock, LOCK_LOG);
static char buffer[PRINTK_LINE_MAX]; /* under log_lock */
static uint32_t shown_level = LOG_INFO;
static const struct log_sink *sink;

void log_set_sink(const struct log_sink *new_sink)
{
    sink = new_sink;
}

void log_set_level(uint32_t level)
{
    shown_level = level;
}

/* ---- Lines --------------------------------------------------------------------------------------- */

static void put_buffer_locked(enum log_kind kind)
{
    const char *line = buffer;

    lock_assert_held(&log_lock);
    do {
        const char *end = strchr(line, '\n');
        size_t len = end != NULL ? (size_t)(end - line) : strlen(line);

        sink->put_line(kind, line, (uint32_t)len);
        line += len + (end != NULL ? 1 : 0);
    } while (*line != '\0');
}

static void put_lines(enum log_kind kind, const char *fmt, va_list args) printf_like(2, 0);
static void put_lines(enum log_kind kind, const char *fmt, va_list args)
{
    if (sink == NULL) {
        return;
    }
    lock_acquire(&log_lock);
    format_buffer_v(buffer, sizeof(buffer), fmt, args);
    put_buffer_locked(kind);
    lock_release(&log_lock);
}

void printk(const char *fmt, ...)
{
    if (shown_level < LOG_INFO) {
        return;
    }
    va_list args;

    va_start(args, fmt);
    put_lines(LOG_LINE, fmt, args);
    va_end(args);
}

void printk_level(int level, const char *fmt, ...)
{
    if ((uint32_t)level > shown_level) {
        return;
    }
    va_list args;

    va_start(args, fmt);
    put_lines(LOG_LINE, fmt, args);
    va_end(args);
}

void printk_crash(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    put_lines(LOG_CRASH, fmt, args);
    va_end(args);
}

void printk_trace(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    put_lines(LOG_FAULT, fmt, args);
    va_end(args);
}

void printk_line(const char *line)
{
    printk_level(LOG_WARN, "%s", line);
}

bool log_trace(const struct log_trace *trace)
{
    return sink != NULL && sink->put_trace(trace);
}

/* ---- Panic --------------------------------------------------------------------------------------- */

void log_begin_panic(void)
{
    if (sink != NULL) {
        sink->begin_panic();
    }
}

void log_put_panic_line(const char *text, uint32_t len)
{
    if (sink != NULL) {
        sink->put_panic_line(text, len);
    }
}

void log_flush(void)
{
    if (sink != NULL) {
        sink->flush();
    }
}
