/*
 * The wprintf family. A format is read wide; each conversion in it is plain ASCII, so it is handed to
 * lib/format.c as such, and the bytes that come back become wide characters. Wide arguments stay
 * wide on the way.
 */
#include <stddef.h>

#if __has_include(<wchar.h>)
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "user/libc/stdio_impl.h"
#include "user/libc/wide_byte.h"

#define CONVERSION_MAX 64 /* "%-#+0 2147483647.2147483647lld" */

struct wide_sink {
    struct format_sink sink;
    FILE *stream; /* NULL: memory */
    wchar_t *at;
    size_t room; /* wide characters left, without the terminator */
};

static void put_one(struct wide_sink *w, wchar_t c)
{
    if (w->stream != NULL) {
        w->sink.has_failed = w->sink.has_failed || fputwc(c, w->stream) == WEOF;
    } else if (w->room > 0) {
        *w->at++ = c;
        w->room--;
    } else {
        w->sink.has_failed = true;
    }
}

static void put_bytes(struct format_sink *sink, const char *bytes, size_t n)
{
    struct wide_sink *w = container_of(sink, struct wide_sink, sink);
    for (size_t i = 0; i < n; i++) {
        put_one(w, (wchar_t)wide_of_byte((unsigned char)bytes[i]));
    }
}

static void put_wide(struct wide_sink *w, const struct format_spec *spec, const wchar_t *text,
                     size_t n)
{
    size_t pad = n < (size_t)spec->width ? (size_t)spec->width - n : 0;
    for (size_t i = 0; !spec->is_left && i < pad; i++) {
        put_one(w, L' ');
    }
    for (size_t i = 0; i < n; i++) {
        put_one(w, text[i]);
    }
    for (size_t i = 0; spec->is_left && i < pad; i++) {
        put_one(w, L' ');
    }
    w->sink.total += n + pad;
}

static bool put_more(struct format_sink *sink, const struct format_spec *spec,
                     struct format_args *args)
{
    struct wide_sink *w = container_of(sink, struct wide_sink, sink);
    if (spec->conversion == 'c' || spec->conversion == 'C') {
        wchar_t c = (wchar_t)va_arg(args->list, wint_t);
        put_wide(w, spec, &c, 1);
        return true;
    }
    if (spec->conversion == 's' || spec->conversion == 'S') {
        const wchar_t *text = va_arg(args->list, const wchar_t *);
        text = text != NULL ? text : L"(null)";
        put_wide(w, spec, text,
                 wcsnlen(text, spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision));
        return true;
    }
    return stdio_put_more(sink, spec, args);
}

/* Handles the conversion that begins with the '%' at p. Returns the address behind it. */
static const wchar_t *convert(struct wide_sink *w, const wchar_t *p, struct format_args *args)
{
    char narrow[CONVERSION_MAX] = "%";
    size_t n = 1;
    for (p++; *p != L'\0' && n < sizeof(narrow) - 1;) {
        narrow[n] = (char)(*p < 0x80 ? *p : '?');
        p++;
        if (strchr("0123456789-+ #'.*hlLjzt", narrow[n++]) == NULL) {
            break;
        }
    }
    (void)format_conversion(&w->sink, narrow + 1, args);
    return p;
}

static int wide_format(struct wide_sink *w, const wchar_t *format, va_list list)
{
    struct format_args args;
    va_copy(args.list, list);
    w->sink.put = put_bytes;
    w->sink.put_float = stdio_put_float;
    w->sink.put_more = put_more;
    while (*format != L'\0' && !w->sink.has_failed) {
        if (*format == L'%') {
            format = convert(w, format, &args);
        } else {
            put_one(w, *format++);
            w->sink.total++;
        }
    }
    va_end(args.list);
    return w->sink.has_failed ? -1 : (int)w->sink.total;
}

int vfwprintf(FILE *restrict stream, const wchar_t *restrict format, va_list args)
{
    return wide_format(&(struct wide_sink){.stream = stream}, format, args);
}

int vwprintf(const wchar_t *restrict format, va_list args)
{
    return vfwprintf(stdout, format, args);
}

/* Unlike vsnprintf fails if the text does not fit. */
int vswprintf(wchar_t *restrict to, size_t size, const wchar_t *restrict format, va_list args)
{
    if (size == 0) {
        return -1;
    }
    struct wide_sink w = {.at = to, .room = size - 1};
    int n = wide_format(&w, format, args);
    *w.at = L'\0';
    return n;
}

int fwprintf(FILE *restrict stream, const wchar_t *restrict format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vfwprintf(stream, format, args);
    va_end(args);
    return n;
}

int wprintf(const wchar_t *restrict format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vfwprintf(stdout, format, args);
    va_end(args);
    return n;
}

int swprintf(wchar_t *restrict to, size_t size, const wchar_t *restrict format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vswprintf(to, size, format, args);
    va_end(args);
    return n;
}
#endif
