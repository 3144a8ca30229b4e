/*
 * The conversions of printf, shared by the kernel's log, the panic screen, the libc and the host
 * tests. Output goes piece by piece into a sink, so nothing here needs a buffer or an allocation.
 *
 * Conversions: d i u x X o c s p %, flags - + space # 0, width and precision (also *), lengths
 * hh h l ll j z t. The kernel has no floating point, so e f g a in both cases go to the
 * sink's put_float, which the libc provides; without it they print "%f" literally and skip the
 * argument. An unknown conversion is printed literally, and so is %n, unless the sink's put_more
 * knows it. The flag ' is accepted and groups nothing.
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"

enum format_length {
    FORMAT_INT,
    FORMAT_CHAR,
    FORMAT_SHORT,
    FORMAT_LONG,
    FORMAT_LONG_LONG, /* and j */
    FORMAT_SIZE,      /* z, t  */
    FORMAT_LONG_DOUBLE
};

/* One conversion, parsed. */
struct format_spec {
    bool is_left, is_plus, is_space, is_alternate, is_zero;
    int width;     /* 0: none                          */
    int precision; /* -1: none                         */
    enum format_length length;
    char conversion; /* the letter: 'd', 'x', 'f', ... */
};

/* A va_list that can be passed by address on every ABI. */
struct format_args {
    va_list list;
};

struct format_sink {
    /* Takes n bytes. Its state surrounds the sink (container_of). */
    void (*put)(struct format_sink *sink, const char *bytes, size_t n);
    /* Takes one floating argument from args (a long double if spec->length says so) and formats it
     * with format_put_number. NULL: no floating point. */
    void (*put_float)(struct format_sink *sink, const struct format_spec *spec,
                      struct format_args *args);
    /* Takes what only a libc has: conversions that are not listed above, and c and s with length
     * l. Returns false if it does not know one. NULL: none. */
    bool (*put_more)(struct format_sink *sink, const struct format_spec *spec,
                     struct format_args *args);
    size_t total;    /* bytes so far; format.c keeps it */
    bool has_failed; /* set by a hook: the whole call returns -1 */
};

/* Formats into sink. Returns the number of bytes put, or -1 if a hook failed. */
int format_to(struct format_sink *sink, const char *fmt, va_list ap) printf_like(2, 0);

/* One conversion of format_to. p points behind its '%'. Returns the address behind it. For sinks whose
 * formats are not char. */
const char *format_conversion(struct format_sink *sink, const char *p, struct format_args *args);

/* snprintf and vsnprintf: write at most size bytes including the terminator, which is always
 * written if size is not 0. Return the length of the whole text. buf may be NULL if size is 0. */
int format_buffer(char *buf, size_t size, const char *fmt, ...) printf_like(3, 4);
int format_buffer_v(char *buf, size_t size, const char *fmt, va_list ap) printf_like(3, 0);

/* Puts n bytes of a conversion and counts them. For put_float hooks. */
void format_put(struct format_sink *sink, const char *bytes, size_t n);

/* Puts a number's text, padded to spec->width, with prefix (sign, "0x") before the zeros that
 * is_zero asks for and body after them. For put_float hooks. */
void format_put_number(struct format_sink *sink, const struct format_spec *spec, const char *prefix,
                       size_t prefix_len, const char *body, size_t body_len);

#endif
