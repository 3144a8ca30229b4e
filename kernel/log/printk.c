/*
 * printk: format, cut into lines, hand to the console. The buffer is static to keep kernel stacks
 * small: kernel code runs with interrupts off and printk lets none in, so there is one user at a
 * time. (A panic formats into a buffer of its own.)
 */
#include "kernel/log/printk.h"

#include <stddef.h>
#include <stdint.h>

#include "lib/format.h"
#include "lib/string.h"

static char buffer[PRINTK_LINE_MAX];
static uint32_t shown_level = LOG_INFO;
static log_sink *put_line;
static log_trace_sink *put_trace;

void log_set_sink(log_sink *sink, log_trace_sink *trace_sink)
{
    put_line = sink;
    put_trace = trace_sink;
}

bool log_trace(const struct log_trace *trace)
{
    return put_trace != NULL && put_trace(trace);
}

void log_set_level(uint32_t level)
{
    shown_level = level;
}

static void put_lines(enum console_line kind, const char *fmt, va_list args) printf_like(2, 0);
static void put_lines(enum console_line kind, const char *fmt, va_list args)
{
    if (put_line == NULL) {
        return;
    }
    format_buffer_v(buffer, sizeof(buffer), fmt, args);
    const char *line = buffer;
    do {
        const char *end = strchr(line, '\n');
        size_t len = end != NULL ? (size_t)(end - line) : strlen(line);
        put_line(kind, line, (uint32_t)len);
        line += len + (end != NULL ? 1 : 0);
    } while (*line != '\0');
}

void printk(const char *fmt, ...)
{
    if (shown_level < LOG_INFO) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    put_lines(CONSOLE_LINE_LOG, fmt, args);
    va_end(args);
}

void printk_level(int level, const char *fmt, ...)
{
    if ((uint32_t)level > shown_level) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    put_lines(CONSOLE_LINE_LOG, fmt, args);
    va_end(args);
}

void printk_crash(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put_lines(CONSOLE_LINE_CRASH, fmt, args);
    va_end(args);
}

void printk_trace(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put_lines(CONSOLE_LINE_TRACE, fmt, args);
    va_end(args);
}

void printk_line(const char *line)
{
    printk_level(LOG_WARN, "%s", line);
}
