/*
 * The printf family. lib/format.c does the conversions; this file provides the sinks.
 *
 * An unbuffered stream (stderr) uses a small buffer during one call, so that a message is one write
 * and not one per conversion.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/compiler.h"
#include "user/libc/stdio_impl.h"

#define BORROWED_SIZE 256

struct stream_sink {
    struct format_sink sink;
    FILE *stream;
    bool has_failed;
};

static void stream_put(struct format_sink *sink, const char *bytes, size_t n)
{
    struct stream_sink *s = container_of(sink, struct stream_sink, sink);
    if (!s->has_failed && stream_write(s->stream, bytes, n) != n) {
        s->has_failed = true;
    }
}

printf_like(2, 0) static int print_to(FILE *stream, const char *format, va_list args)
{
    struct stream_sink s = {
        .sink = {.put = stream_put, .put_float = stdio_put_float, .put_more = stdio_put_more},
        .stream = stream,
    };
    int n = format_to(&s.sink, format, args);
    return s.has_failed ? -1 : n;
}

printf_like(2, 0) static int print_unbuffered(FILE *stream, const char *format, va_list args)
{
    char borrowed[BORROWED_SIZE];
    struct _IO_FILE kept = *stream;
    stream->buffer = borrowed;
    stream->size = sizeof(borrowed);
    stream->mode = _IOFBF;
    int n = print_to(stream, format, args);
    if (!stream_drain(stream)) {
        n = -1;
    }
    stream->buffer = kept.buffer;
    stream->size = kept.size;
    stream->mode = kept.mode;
    return n;
}

int vfprintf(FILE *restrict stream, const char *restrict format, va_list args)
{
    if (!stream_begin_write(stream)) {
        return -1;
    }
    return stream->mode == _IONBF ? print_unbuffered(stream, format, args)
                                  : print_to(stream, format, args);
}

int fprintf(FILE *restrict stream, const char *restrict format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vfprintf(stream, format, args);
    va_end(args);
    return n;
}

int vprintf(const char *restrict format, va_list args)
{
    return vfprintf(stdout, format, args);
}

int printf(const char *restrict format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vfprintf(stdout, format, args);
    va_end(args);
    return n;
}

int vdprintf(int fd, const char *restrict format, va_list args)
{
    struct _IO_FILE stream = {.ops = &stream_fd_ops, .fd = fd, .mode = _IONBF, .can_write = true};
    return print_unbuffered(&stream, format, args);
}

int dprintf(int fd, const char *restrict format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vdprintf(fd, format, args);
    va_end(args);
    return n;
}

void perror(const char *text)
{
    int error = errno;
    if (text != NULL && *text != '\0') {
        (void)fprintf(stderr, "%s: %s\n", text, strerror(error));
    } else {
        (void)fprintf(stderr, "%s\n", strerror(error));
    }
}
