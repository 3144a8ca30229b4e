/*
 * The conversions of printf that the kernel's log has not: %n, %m (glibc), and wide characters and
 * strings. A wide character that is no byte makes the whole call fail with EILSEQ.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "user/libc/stdio_impl.h"
#include "user/libc/wide_byte.h"

static void store_count(struct format_sink *sink, const struct format_spec *spec, void *to)
{
    switch (spec->length) {
    case FORMAT_CHAR:
        *(signed char *)to = (signed char)sink->total;
        break;
    case FORMAT_SHORT:
        *(short *)to = (short)sink->total;
        break;
    case FORMAT_LONG_LONG:
        *(long long *)to = (long long)sink->total;
        break;
    case FORMAT_INT:
    case FORMAT_LONG:
    case FORMAT_SIZE:
    case FORMAT_LONG_DOUBLE:
    default:
        *(int *)to = (int)sink->total;
        break;
    }
}

static void put_blanks(struct format_sink *sink, int n)
{
    struct format_spec blanks = {.width = n, .precision = -1};
    format_put_number(sink, &blanks, NULL, 0, "", 0);
}

static void fail(struct format_sink *sink)
{
    errno = EILSEQ;
    sink->has_failed = true;
}

/* Puts n wide characters as bytes. */
static void put_wide(struct format_sink *sink, const struct format_spec *spec, const wchar_t *text,
                     size_t n)
{
    int pad = n < (size_t)spec->width ? spec->width - (int)n : 0;
    put_blanks(sink, spec->is_left ? 0 : pad);
    for (size_t i = 0; i < n; i++) {
        int byte = wide_to_byte((unsigned int)text[i]);
        if (byte < 0) {
            fail(sink);
            return;
        }
        char c = (char)byte;
        format_put(sink, &c, 1);
    }
    put_blanks(sink, spec->is_left ? pad : 0);
}

static size_t wide_length(const wchar_t *text, size_t max)
{
    size_t n = 0;
    while (n < max && text[n] != L'\0') {
        n++;
    }
    return n;
}

static void put_message(struct format_sink *sink, const struct format_spec *spec, const char *text)
{
    struct format_spec plain = *spec;
    plain.is_zero = false;
    size_t max = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;
    format_put_number(sink, &plain, NULL, 0, text, strnlen(text, max));
}

bool stdio_put_more(struct format_sink *sink, const struct format_spec *spec,
                    struct format_args *args)
{
    size_t max = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;
    switch (spec->conversion) {
    case 'n':
        store_count(sink, spec, va_arg(args->list, void *));
        return true;
    case 'm':
        put_message(sink, spec, strerror(errno));
        return true;
    case 'c':
    case 'C': {
        wchar_t c = (wchar_t)va_arg(args->list, unsigned int);
        put_wide(sink, spec, &c, 1);
        return true;
    }
    case 's':
    case 'S': {
        const wchar_t *text = va_arg(args->list, const wchar_t *);
        text = text != NULL ? text : L"(null)";
        put_wide(sink, spec, text, wide_length(text, max));
        return true;
    }
    default:
        return false;
    }
}
