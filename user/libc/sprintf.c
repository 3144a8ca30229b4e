/* printf into memory. Uses no streams, so a program that only formats links none. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "user/libc/stdio_impl.h"

struct memory_sink {
    struct format_sink sink;
    char *at;
    size_t room; /* bytes left, without the terminator */
};

static void memory_put(struct format_sink *sink, const char *bytes, size_t n)
{
    struct memory_sink *m = container_of(sink, struct memory_sink, sink);
    if (n > m->room) {
        n = m->room;
    }
    memcpy(m->at, bytes, n);
    m->at += n;
    m->room -= n;
}

int vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list args)
{
    char nowhere = 0; /* receives the terminator if there is no buffer */
    struct memory_sink m = {
        .sink = {.put = memory_put, .put_float = stdio_put_float, .put_more = stdio_put_more},
        .at = size > 0 ? to : &nowhere,
        .room = size > 0 ? size - 1 : 0,
    };
    int n = format_to(&m.sink, format, args);
    *m.at = '\0';
    return n;
}

int snprintf(char *restrict to, size_t size, const char *restrict format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(to, size, format, args);
    va_end(args);
    return n;
}

/* Only the end of memory above `to` bounds the room. */
int vsprintf(char *restrict to, const char *restrict format, va_list args)
{
    return vsnprintf(to, UINTPTR_MAX - (uintptr_t)to, format, args);
}

int sprintf(char *restrict to, const char *restrict format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsprintf(to, format, args);
    va_end(args);
    return n;
}
