/*
 * The one printf. A conversion takes three steps: parse it into a format_spec, fetch its argument
 * by length, and put it as prefix + zeros + body with padding around (C11, 7.21.6.1).
 *
 * The kernel has no 64-bit division (no libgcc), so 64-bit decimals are divided in 32- and 16-bit
 * pieces, as on paper.
 */
#include "lib/format.h"

#include <limits.h>

#include "lib/string.h"

/* 64 bits in octal are 22 digits; with a leading zero 23. */
#define DIGITS_MAX 24

void format_put(struct format_sink *sink, const char *bytes, size_t n)
{
    if (n > 0) {
        sink->put(sink, bytes, n);
        sink->total += n;
    }
}

static void put_fill(struct format_sink *sink, char c, size_t n)
{
    char block[16];
    memset(block, c, sizeof(block));
    for (; n > sizeof(block); n -= sizeof(block)) {
        format_put(sink, block, sizeof(block));
    }
    format_put(sink, block, n);
}

void format_put_number(struct format_sink *sink, const struct format_spec *spec, const char *prefix,
                       size_t prefix_len, const char *body, size_t body_len)
{
    size_t len = prefix_len + body_len;
    size_t pad = (size_t)spec->width > len ? (size_t)spec->width - len : 0;
    bool has_zeros = spec->is_zero && !spec->is_left;

    if (!spec->is_left && !has_zeros) {
        put_fill(sink, ' ', pad);
    }
    format_put(sink, prefix, prefix_len);
    if (has_zeros) {
        put_fill(sink, '0', pad);
    }
    format_put(sink, body, body_len);
    if (spec->is_left) {
        put_fill(sink, ' ', pad);
    }
}

/* C leaves zero padding of text undefined; like others, this one pads with spaces. */
static void put_text(struct format_sink *sink, const struct format_spec *spec, const char *text,
                     size_t len)
{
    struct format_spec plain = *spec;
    plain.is_zero = false;
    format_put_number(sink, &plain, NULL, 0, text, len);
}

/* ---- Integers -------------------------------------------------------------------------------- */

/* Divides *v by 10 and returns the remainder. Works in pieces whose quotients fit 32 bits, because
 * each partial dividend is below 10 * 2^16. */
static uint32_t divide_by_ten(uint64_t *v)
{
    uint32_t high = (uint32_t)(*v >> 32), low = (uint32_t)*v;
    if (high == 0) {
        *v = low / 10;
        return low % 10;
    }
    uint32_t part = (high % 10) << 16 | low >> 16;
    uint32_t q1 = part / 10;
    part = (part % 10) << 16 | (low & 0xFFFFu);
    *v = (uint64_t)(high / 10) << 32 | q1 << 16 | part / 10;
    return part % 10;
}

/* Writes v's digits so that they end at `end`. Returns the first digit; v == 0 has one zero. */
static char *make_digits(char *end, uint64_t v, char conversion)
{
    const char *alphabet = conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char *p = end;
    do {
        uint32_t digit;
        if (conversion == 'o') {
            digit = (uint32_t)v & 7u;
            v >>= 3;
        } else if (conversion == 'x' || conversion == 'X') {
            digit = (uint32_t)v & 15u;
            v >>= 4;
        } else {
            digit = divide_by_ten(&v);
        }
        *--p = alphabet[digit];
    } while (v != 0);
    return p;
}

/* Puts at least spec->precision digits. A precision overrides the 0 flag. */
static void put_digits(struct format_sink *sink, const struct format_spec *spec, const char *prefix,
                       size_t prefix_len, const char *digits, size_t n)
{
    if (spec->precision < 0) {
        format_put_number(sink, spec, prefix, prefix_len, digits, n);
        return;
    }
    size_t zeros = (size_t)spec->precision > n ? (size_t)spec->precision - n : 0;
    size_t len = prefix_len + zeros + n;
    size_t pad = (size_t)spec->width > len ? (size_t)spec->width - len : 0;
    if (!spec->is_left) {
        put_fill(sink, ' ', pad);
    }
    format_put(sink, prefix, prefix_len);
    put_fill(sink, '0', zeros);
    format_put(sink, digits, n);
    if (spec->is_left) {
        put_fill(sink, ' ', pad);
    }
}

static void put_unsigned(struct format_sink *sink, const struct format_spec *spec, uint64_t v,
                         const char *prefix)
{
    char digits[DIGITS_MAX];
    char *end = digits + sizeof(digits);
    char *start = make_digits(end, v, spec->conversion);

    /* Zero with precision zero has no digits, except that # with o puts the 0. */
    if (v == 0 && spec->precision == 0) {
        start = end;
    }
    if (spec->conversion == 'o' && spec->is_alternate && (start == end || *start != '0') &&
        spec->precision <= (int)(end - start)) {
        *--start = '0';
    }
    put_digits(sink, spec, prefix, strlen(prefix), start, (size_t)(end - start));
}

/* The analyzer follows a va_list into a structure, but not out of it again. */
/* NOLINTBEGIN(clang-analyzer-valist.Uninitialized) */

static int64_t fetch_signed(enum format_length length, struct format_args *args)
{
    switch (length) {
    case FORMAT_CHAR:
        return (signed char)va_arg(args->list, int);
    case FORMAT_SHORT:
        return (short)va_arg(args->list, int);
    case FORMAT_LONG:
        return va_arg(args->list, long);
    case FORMAT_LONG_LONG:
    case FORMAT_LONG_DOUBLE: /* %Ld: an old way to say %lld */
        return va_arg(args->list, long long);
    case FORMAT_SIZE:
        return va_arg(args->list, ptrdiff_t);
    case FORMAT_INT:
    default:
        return va_arg(args->list, int);
    }
}

static uint64_t fetch_unsigned(enum format_length length, struct format_args *args)
{
    switch (length) {
    case FORMAT_CHAR:
        return (unsigned char)va_arg(args->list, unsigned int);
    case FORMAT_SHORT:
        return (unsigned short)va_arg(args->list, unsigned int);
    case FORMAT_LONG:
        return va_arg(args->list, unsigned long);
    case FORMAT_LONG_LONG:
    case FORMAT_LONG_DOUBLE:
        return va_arg(args->list, unsigned long long);
    case FORMAT_SIZE:
        return va_arg(args->list, size_t);
    case FORMAT_INT:
    default:
        return va_arg(args->list, unsigned int);
    }
}

static void convert_signed(struct format_sink *sink, const struct format_spec *spec,
                           struct format_args *args)
{
    int64_t v = fetch_signed(spec->length, args);
    const char *sign = v < 0 ? "-" : spec->is_plus ? "+" : spec->is_space ? " " : "";
    put_unsigned(sink, spec, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, sign);
}

static void convert_unsigned(struct format_sink *sink, const struct format_spec *spec,
                             struct format_args *args)
{
    uint64_t v = fetch_unsigned(spec->length, args);
    const char *prefix = "";
    if (spec->is_alternate && v != 0 && spec->conversion == 'x') {
        prefix = "0x";
    } else if (spec->is_alternate && v != 0 && spec->conversion == 'X') {
        prefix = "0X";
    }
    put_unsigned(sink, spec, v, prefix);
}

static void convert_pointer(struct format_sink *sink, const struct format_spec *spec,
                            struct format_args *args)
{
    uintptr_t v = (uintptr_t)va_arg(args->list, void *);
    if (v == 0) {
        put_text(sink, spec, "(nil)", strlen("(nil)"));
        return;
    }
    struct format_spec hex = *spec;
    hex.conversion = 'x';
    put_unsigned(sink, &hex, v, "0x");
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void convert_char(struct format_sink *sink, const struct format_spec *spec,
                         struct format_args *args)
{
    char c = (char)va_arg(args->list, int);
    put_text(sink, spec, &c, 1);
}

static void convert_string(struct format_sink *sink, const struct format_spec *spec,
                           struct format_args *args)
{
    const char *s = va_arg(args->list, const char *);
    if (s == NULL) {
        /* Part of "(null)" would be useless, so put all of it or none, as glibc does. */
        s = spec->precision >= 0 && spec->precision < (int)strlen("(null)") ? "" : "(null)";
    }
    put_text(sink, spec, s, spec->precision < 0 ? strlen(s) : strnlen(s, (size_t)spec->precision));
}

/* ---- Parsing --------------------------------------------------------------------------------- */

static const char *parse_flags(const char *p, struct format_spec *spec)
{
    for (;; p++) {
        switch (*p) {
        case '-':
            spec->is_left = true;
            break;
        case '+':
            spec->is_plus = true;
            break;
        case ' ':
            spec->is_space = true;
            break;
        case '#':
            spec->is_alternate = true;
            break;
        case '0':
            spec->is_zero = true;
            break;
        case '\'': /* groups of digits: the "C" locale has none */
            break;
        default:
            return p;
        }
    }
}

/* Parses a decimal number; one too large for int becomes INT_MAX. */
static const char *parse_number(const char *p, int *out)
{
    int v = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        int digit = *p - '0';
        v = v > (INT_MAX - digit) / 10 ? INT_MAX : v * 10 + digit;
    }
    *out = v;
    return p;
}

static const char *parse_width(const char *p, struct format_spec *spec, struct format_args *args)
{
    if (*p != '*') {
        return parse_number(p, &spec->width);
    }
    int width = va_arg(args->list, int);
    if (width < 0) {
        spec->is_left = true;
        width = width == INT_MIN ? INT_MAX : -width;
    }
    spec->width = width;
    return p + 1;
}

static const char *parse_precision(const char *p, struct format_spec *spec,
                                   struct format_args *args)
{
    spec->precision = -1;
    if (*p != '.') {
        return p;
    }
    p++;
    if (*p != '*') {
        return parse_number(p, &spec->precision);
    }
    int precision = va_arg(args->list, int);
    spec->precision = precision < 0 ? -1 : precision;
    return p + 1;
}

static const char *parse_length(const char *p, struct format_spec *spec)
{
    switch (*p) {
    case 'h':
        spec->length = p[1] == 'h' ? FORMAT_CHAR : FORMAT_SHORT;
        return p + (p[1] == 'h' ? 2 : 1);
    case 'l':
        spec->length = p[1] == 'l' ? FORMAT_LONG_LONG : FORMAT_LONG;
        return p + (p[1] == 'l' ? 2 : 1);
    case 'j':
        spec->length = FORMAT_LONG_LONG;
        return p + 1;
    case 'z':
    case 't':
        spec->length = FORMAT_SIZE;
        return p + 1;
    case 'L':
        spec->length = FORMAT_LONG_DOUBLE;
        return p + 1;
    default:
        return p;
    }
}

static bool is_float_conversion(char c)
{
    return c != '\0' && strchr("eEfFgGaA", c) != NULL;
}

static bool convert_more(struct format_sink *sink, const struct format_spec *spec,
                         struct format_args *args)
{
    return sink->put_more != NULL && sink->put_more(sink, spec, args);
}

/* Wide characters are the libc's. */
static void convert_text(struct format_sink *sink, const struct format_spec *spec,
                         struct format_args *args)
{
    if (spec->length == FORMAT_LONG && convert_more(sink, spec, args)) {
        return;
    }
    if (spec->conversion == 'c') {
        convert_char(sink, spec, args);
    } else {
        convert_string(sink, spec, args);
    }
}

/* Puts one parsed conversion. Returns false if there is no such conversion. */
static bool convert(struct format_sink *sink, const struct format_spec *spec,
                    struct format_args *args)
{
    switch (spec->conversion) {
    case 'd':
    case 'i':
        convert_signed(sink, spec, args);
        return true;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        convert_unsigned(sink, spec, args);
        return true;
    case 'p':
        convert_pointer(sink, spec, args);
        return true;
    case 'c':
    case 's':
        convert_text(sink, spec, args);
        return true;
    case '%':
        format_put(sink, "%", 1);
        return true;
    default:
        if (is_float_conversion(spec->conversion) && sink->put_float != NULL) {
            sink->put_float(sink, spec, args);
            return true;
        }
        return convert_more(sink, spec, args);
    }
}

/* Skips a floating argument, without floating point: a double is two words on the stack, a long
 * double three. Only a host of 64 bits passes them elsewhere than integers. */
static void skip_float(const struct format_spec *spec, struct format_args *args)
{
#ifdef __i386__
    (void)va_arg(args->list, long long);
    if (spec->length == FORMAT_LONG_DOUBLE) {
        (void)va_arg(args->list, int);
    }
#else
    if (spec->length == FORMAT_LONG_DOUBLE) {
        (void)va_arg(args->list, long double);
    } else {
        (void)va_arg(args->list, double);
    }
#endif
}

/* Skips a floating argument that nobody formats. */
static void skip_unformatted(const struct format_spec *spec, struct format_args *args)
{
    if (is_float_conversion(spec->conversion)) {
        skip_float(spec, args);
    }
}

/* NOLINTEND(clang-analyzer-valist.Uninitialized) */

const char *format_conversion(struct format_sink *sink, const char *p, struct format_args *args)
{
    const char *percent = p - 1;
    struct format_spec spec = {.length = FORMAT_INT};
    p = parse_flags(p, &spec);
    p = parse_width(p, &spec, args);
    p = parse_precision(p, &spec, args);
    p = parse_length(p, &spec);
    spec.conversion = *p;
    if (*p != '\0') {
        p++;
    }
    if (!convert(sink, &spec, args)) {
        format_put(sink, percent, (size_t)(p - percent));
        skip_unformatted(&spec, args);
    }
    return p;
}

int format_to(struct format_sink *sink, const char *fmt, va_list ap)
{
    struct format_args args;
    va_copy(args.list, ap);
    sink->total = 0;
    sink->has_failed = false;
    while (*fmt != '\0') {
        const char *start = fmt;
        while (*fmt != '\0' && *fmt != '%') {
            fmt++;
        }
        format_put(sink, start, (size_t)(fmt - start));
        if (*fmt == '%') {
            fmt = format_conversion(sink, fmt + 1, &args);
        }
    }
    va_end(args.list);
    return sink->has_failed ? -1 : (int)sink->total;
}

/* ---- Into a buffer --------------------------------------------------------------------------- */

struct buffer_sink {
    struct format_sink sink; /* first, so that both have one address */
    char *buf;
    size_t room; /* bytes left, without the terminator */
};

static void buffer_put(struct format_sink *sink, const char *bytes, size_t n)
{
    struct buffer_sink *b = container_of(sink, struct buffer_sink, sink);
    if (n > b->room) {
        n = b->room;
    }
    if (n > 0) {
        memcpy(b->buf, bytes, n);
        b->buf += n;
        b->room -= n;
    }
}

int format_buffer_v(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct buffer_sink b = {
        .sink = {.put = buffer_put},
        .buf = buf,
        .room = size > 0 ? size - 1 : 0,
    };
    int len = format_to(&b.sink, fmt, ap);
    if (size > 0) {
        *b.buf = '\0';
    }
    return len;
}

int format_buffer(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int len = format_buffer_v(buf, size, fmt, ap);
    va_end(ap);
    return len;
}
