/*
 * Floating point for printf: %f %e %g %a, all of them correctly rounded (C11, 7.21.6.1).
 *
 * The argument becomes an exact decimal and is rounded once, at the last place shown; its digits
 * are then read off place by place. %g first rounds as %e would and examines the resulting
 * exponent. %f at the precision it then chooses ends at the same place, so nothing is rounded
 * twice.
 */
#include <ctype.h>
#include <string.h>

#include "user/libc/decimal.h"
#include "user/libc/stdio_impl.h"

#define DEFAULT_PRECISION 6
#define PRECISION_MAX     (1 << 20) /* far behind the last digit of any number; sums stay in int */
#define EXPONENT_TEXT     8         /* "e-16445" */

/* The decided layout of a number. */
struct layout {
    int top;       /* place of the first digit                                 */
    int unit;      /* place after which the point comes                        */
    int precision; /* digits behind the point                                  */
    bool has_point;
    char exponent[EXPONENT_TEXT];
    int exponent_len;
};

static void put_repeated(struct format_sink *sink, char c, int n)
{
    for (; n > 0; n--) {
        format_put(sink, &c, 1);
    }
}

static void put_digits(struct format_sink *sink, const struct decimal *d, int from, int to)
{
    for (; from >= to; from--) {
        char c = (char)('0' + decimal_digit(d, from));
        format_put(sink, &c, 1);
    }
}

static const char *sign_text(const struct format_spec *spec, bool is_negative)
{
    return is_negative ? "-" : spec->is_plus ? "+" : spec->is_space ? " " : "";
}

static void put_layout(struct format_sink *sink, const struct format_spec *spec, const char *sign,
                       const struct decimal *d, const struct layout *l)
{
    int len = (int)strlen(sign) + (l->top - l->unit + 1) + (l->has_point ? 1 : 0) + l->precision +
              l->exponent_len;
    int pad = spec->width > len ? spec->width - len : 0;
    bool has_zeros = spec->is_zero && !spec->is_left;

    put_repeated(sink, ' ', spec->is_left || has_zeros ? 0 : pad);
    format_put(sink, sign, strlen(sign));
    put_repeated(sink, '0', has_zeros ? pad : 0);
    put_digits(sink, d, l->top, l->unit);
    if (l->has_point) {
        format_put(sink, ".", 1);
    }
    put_digits(sink, d, l->unit - 1, l->unit - l->precision);
    format_put(sink, l->exponent, (size_t)l->exponent_len);
    put_repeated(sink, ' ', spec->is_left ? pad : 0);
}

/* Writes the exponent: the letter, a sign and at least min_digits digits. */
static int make_exponent(char *text, char letter, int exponent, int min_digits)
{
    char digits[EXPONENT_TEXT];
    int n = 0, len = 0;
    for (int rest = exponent < 0 ? -exponent : exponent; rest > 0 || n < min_digits; rest /= 10) {
        digits[n++] = (char)('0' + rest % 10);
    }
    text[len++] = letter;
    text[len++] = exponent < 0 ? '-' : '+';
    while (n > 0) {
        text[len++] = digits[--n];
    }
    return len;
}

/* ---- %f %e %g ---------------------------------------------------------------------------------- */

static struct layout fixed_layout(const struct decimal *d, int precision)
{
    int magnitude = decimal_magnitude(d);
    return (struct layout){.top = magnitude > 0 ? magnitude : 0, .precision = precision};
}

static struct layout scientific_layout(const struct decimal *d, int precision, char letter)
{
    int magnitude = decimal_magnitude(d);
    struct layout l = {.top = magnitude, .unit = magnitude, .precision = precision};
    l.exponent_len = make_exponent(l.exponent, letter, magnitude, 2);
    return l;
}

/* %g: P significant digits; scientific if the exponent is below -4 or not below P. Removes trailing
 * zeros, unless # keeps them. */
static struct layout general_layout(struct decimal *d, const struct format_spec *spec,
                                    int precision)
{
    int digits = precision == 0 ? 1 : precision;
    decimal_round(d, decimal_magnitude(d) - (digits - 1));
    int magnitude = decimal_magnitude(d);
    bool is_fixed = magnitude >= -4 && magnitude < digits;
    struct layout l = is_fixed
                          ? fixed_layout(d, digits - 1 - magnitude)
                          : scientific_layout(d, digits - 1, spec->conversion == 'g' ? 'e' : 'E');
    while (!spec->is_alternate && l.precision > 0 && decimal_digit(d, l.unit - l.precision) == 0) {
        l.precision--;
    }
    return l;
}

static void put_decimal(struct format_sink *sink, const struct format_spec *spec,
                        const struct float_parts *parts)
{
    struct decimal d;
    struct layout l;
    int precision = spec->precision < 0 ? DEFAULT_PRECISION : spec->precision;
    if (precision > PRECISION_MAX) {
        precision = PRECISION_MAX;
    }

    decimal_set(&d, parts->mantissa, parts->exponent);
    switch (spec->conversion) {
    case 'f':
    case 'F':
        decimal_round(&d, -precision);
        l = fixed_layout(&d, precision);
        break;
    case 'e':
    case 'E':
        decimal_round(&d, decimal_magnitude(&d) - precision);
        l = scientific_layout(&d, precision, spec->conversion);
        break;
    default:
        l = general_layout(&d, spec, precision);
        break;
    }
    l.has_point = l.precision > 0 || spec->is_alternate;
    put_layout(sink, spec, sign_text(spec, parts->is_negative), &d, &l);
}

/* ---- %a ---------------------------------------------------------------------------------------- */

#define HEX_FRACTION_DIGITS 16 /* 64 bits */
#define HEX_PRECISION_MAX   64 /* further digits would all be zeros and are left out */

/* 1.fraction * 2^exponent, with the fraction in the upper bits; lead is 0 only for zero. */
struct hexadecimal {
    unsigned int lead;
    uint64_t fraction;
    int exponent;
};

static struct hexadecimal hexadecimal_of(const struct float_parts *parts)
{
    if (parts->mantissa == 0) {
        return (struct hexadecimal){0};
    }
    int shift = __builtin_clzll(parts->mantissa);
    return (struct hexadecimal){
        .lead = 1,
        .fraction = parts->mantissa << shift << 1,
        .exponent = parts->exponent + 63 - shift,
    };
}

/* Keeps `digits` < HEX_FRACTION_DIGITS digits of the fraction, ties to even. */
static void hexadecimal_round(struct hexadecimal *h, int digits)
{
    int bits = 4 * (HEX_FRACTION_DIGITS - digits);
    uint64_t unit = digits == 0 ? 0 : 1ull << bits; /* 0: the lead's unit, 2^64 */
    uint64_t rest = h->fraction & (unit - 1), half = 1ull << (bits - 1);
    bool is_odd = digits == 0 ? h->lead % 2 != 0 : (h->fraction & unit) != 0;
    h->fraction -= rest;
    if (rest > half || (rest == half && is_odd)) {
        h->fraction += unit;
        h->lead += h->fraction < unit || digits == 0;
    }
}

static int hexadecimal_digits(const struct hexadecimal *h)
{
    int digits = HEX_FRACTION_DIGITS;
    while (digits > 0 && h->fraction << (4 * (digits - 1)) == 0) {
        digits--;
    }
    return digits;
}

static void put_hexadecimal(struct format_sink *sink, const struct format_spec *spec,
                            const struct float_parts *parts)
{
    struct hexadecimal h = hexadecimal_of(parts);
    int shown = spec->precision < HEX_PRECISION_MAX ? spec->precision : HEX_PRECISION_MAX;
    if (shown < 0) {
        shown = hexadecimal_digits(&h);
    } else if (shown < HEX_FRACTION_DIGITS) {
        hexadecimal_round(&h, shown);
    }

    bool is_upper = spec->conversion == 'A';
    const char *alphabet = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char body[2 + HEX_PRECISION_MAX + EXPONENT_TEXT];
    int n = 0;
    body[n++] = alphabet[h.lead];
    if (shown > 0 || spec->is_alternate) {
        body[n++] = '.';
    }
    for (; shown > 0; shown--, h.fraction <<= 4) {
        body[n++] = alphabet[h.fraction >> 60];
    }
    n += make_exponent(body + n, is_upper ? 'P' : 'p', h.exponent, 1);

    char prefix[4];
    size_t prefix_len = strlcpy(prefix, sign_text(spec, parts->is_negative), sizeof(prefix));
    prefix_len += strlcpy(prefix + prefix_len, is_upper ? "0X" : "0x", sizeof("0x"));
    format_put_number(sink, spec, prefix, prefix_len, body, (size_t)n);
}

/* ---- The hook ---------------------------------------------------------------------------------- */

static void put_special(struct format_sink *sink, const struct format_spec *spec,
                        const struct float_parts *parts)
{
    struct format_spec plain = *spec;
    plain.is_zero = false;
    bool is_upper = isupper((unsigned char)spec->conversion);
    const char *word = parts->is_nan ? (is_upper ? "NAN" : "nan") : (is_upper ? "INF" : "inf");
    const char *sign = sign_text(spec, parts->is_negative);
    format_put_number(sink, &plain, sign, strlen(sign), word, strlen(word));
}

void stdio_put_float(struct format_sink *sink, const struct format_spec *spec,
                     struct format_args *args)
{
    long double value = spec->length == FORMAT_LONG_DOUBLE ? va_arg(args->list, long double)
                                                           : va_arg(args->list, double);
    struct float_parts parts = float_take_apart(value);
    if (parts.is_infinite || parts.is_nan) {
        put_special(sink, spec, &parts);
    } else if (spec->conversion == 'a' || spec->conversion == 'A') {
        put_hexadecimal(sink, spec, &parts);
    } else {
        put_decimal(sink, spec, &parts);
    }
}
