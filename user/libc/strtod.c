/*
 * Text to floating point, correctly rounded to nearest, ties to even (C11, 7.22.1.3).
 *
 * The digits become an exact decimal, which is scaled by powers of two until its integer part has
 * exactly 64 bits. Of the rest behind the point it only matters whether it is zero. Float,
 * double and long double differ in how many of the 64 bits they keep and where their exponents end.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "user/libc/decimal.h"

/* A binary format: bits of the mantissa, and the exponent of its lowest bit in the smallest and in
 * the largest numbers (IEEE 754 and x87). */
struct binary_format {
    int bits, lowest, highest;
};
static const struct binary_format format_float = {24, -149, 104};
static const struct binary_format format_double = {53, -1074, 971};
static const struct binary_format format_long_double = {64, -16445, 16320};

/* A parsed number: (mantissa + half / 2 + a rest below one half) * 2^exponent. */
struct binary {
    uint64_t mantissa; /* 0, or with its top bit set */
    int exponent;
    bool has_half, has_more;
};

/* ---- Rounding ---------------------------------------------------------------------------------- */

/* Returns how many low bits of the mantissa the format drops; more near its smallest number. */
static int bits_dropped(const struct binary_format *f, int exponent)
{
    int dropped = 64 - f->bits;
    return exponent + dropped < f->lowest ? f->lowest - exponent : dropped;
}

/* Drops low bits, which become the new half and the new rest. */
static struct binary drop_bits(struct binary b, int dropped)
{
    struct binary out = {.exponent = b.exponent + dropped};
    if (dropped == 0) {
        return b;
    }
    if (dropped > 64) {
        out.has_more = true;
        return out;
    }
    uint64_t half = 1ull << (dropped - 1);
    out.mantissa = dropped == 64 ? 0 : b.mantissa >> dropped;
    out.has_half = (b.mantissa & half) != 0;
    out.has_more = b.has_half || b.has_more || (b.mantissa & (half - 1)) != 0;
    return out;
}

static long double round_to_format(const struct binary_format *f, struct binary b)
{
    if (b.mantissa == 0) {
        return 0;
    }
    int dropped = bits_dropped(f, b.exponent);
    b = drop_bits(b, dropped);
    if (dropped > 64 - f->bits && (b.has_half || b.has_more)) {
        errno = ERANGE; /* too small to be exact */
    }
    if (b.has_half && (b.has_more || b.mantissa % 2 != 0)) {
        b.mantissa++;
        if (b.mantissa == 0) { /* 2^64 */
            b.mantissa = 1ull << 63;
            b.exponent++;
        }
    }
    if (b.exponent > f->highest ||
        (b.exponent == f->highest && f->bits < 64 && b.mantissa >> (f->bits & 63) != 0)) {
        errno = ERANGE;
        return (long double)__builtin_inf();
    }
    return b.mantissa == 0 ? 0 : float_put_together(b.mantissa, b.exponent);
}

/* ---- Decimal ----------------------------------------------------------------------------------- */

/* Places beyond these mean infinity or zero in every format, whatever the digits. */
#define PLACE_MAX      4940
#define PLACE_MIN      (-4970)
#define EXPONENT_CLAMP 100000000 /* no text is long enough to outweigh this */

/* A number's text: its digits from the first non-zero one on, and that digit's place. */
struct literal {
    const char *first; /* NULL: the number is zero */
    const char *end;   /* behind the whole number; NULL: no digit at all */
    int place;
};

/* Reads the exponent behind `letter`. Returns 0 and leaves p in place if there is none. */
static const char *read_exponent(const char *p, char letter, int *exponent)
{
    *exponent = 0;
    if (tolower((unsigned char)*p) != letter) {
        return p;
    }
    const char *q = p + 1;
    bool is_negative = *q == '-';
    q += *q == '-' || *q == '+';
    if (!isdigit((unsigned char)*q)) {
        return p;
    }
    int v = 0;
    for (; isdigit((unsigned char)*q); q++) {
        v = v < EXPONENT_CLAMP ? v * 10 + (*q - '0') : v;
    }
    *exponent = is_negative ? -v : v;
    return q;
}

static struct literal read_literal(const char *p)
{
    struct literal l = {0};
    int place = -1; /* of the next digit, counted from the point */
    bool has_digits = false, has_point = false;
    for (;; p++) {
        if (*p == '.' && !has_point) {
            has_point = true;
        } else if (isdigit((unsigned char)*p)) {
            has_digits = true;
            if (l.first == NULL && *p != '0') {
                l.first = p;
                l.place = place;
            }
            if (!has_point) {
                l.place += l.first != NULL; /* every further digit moves the first one up */
            } else {
                place--;
            }
        } else {
            break;
        }
    }
    if (has_digits) {
        int exponent;
        l.end = read_exponent(p, 'e', &exponent);
        l.place += exponent;
    }
    return l;
}

/* Puts the digits into d, each at its place. Returns true if a non-zero digit was left out. */
static bool fill_decimal(struct decimal *d, const struct literal *l)
{
    static const uint32_t power[LIMB_DIGITS] = {1,      10,      100,      1000,     10000,
                                                100000, 1000000, 10000000, 100000000};
    int above =
        l->place >= 0 ? l->place / LIMB_DIGITS : -((LIMB_DIGITS - 1 - l->place) / LIMB_DIGITS);
    int within = l->place - above * LIMB_DIGITS;
    int kept = 0;
    bool has_rest = false;

    d->units = DECIMAL_HEAD;
    d->first = d->last = d->units - above;
    d->limb[d->last] = 0;
    for (const char *p = l->first; *p == '.' || isdigit((unsigned char)*p); p++) {
        if (*p == '.') {
            continue;
        }
        if (kept++ >= DECIMAL_DIGITS_MAX) {
            has_rest = has_rest || *p != '0';
            continue;
        }
        if (within < 0) {
            within = LIMB_DIGITS - 1;
            d->limb[++d->last] = 0;
        }
        d->limb[d->last] += (uint32_t)(*p - '0') * power[within--];
    }
    decimal_trim(d);
    return has_rest;
}

/* Reduces what lies behind the point to a half and a rest. has_rest: digits were left out. */
static void fraction_part(const struct decimal *d, bool has_rest, struct binary *b)
{
    int i = d->units + 1;
    uint32_t first = i > d->last ? 0 : d->limb[i]; /* d is at least 2^63, so d->first <= units */
    b->has_half = first >= LIMB_BASE / 2;
    b->has_more = has_rest || first % (LIMB_BASE / 2) != 0 || d->last > i;
}

/* Reads the part before the point. Returns false if it has more than 64 bits. */
static bool integer_part(const struct decimal *d, uint64_t *out)
{
    uint64_t v = 0;
    for (int i = d->first; i <= d->units; i++) {
        uint32_t limb = i <= d->last ? d->limb[i] : 0;
        if (__builtin_mul_overflow(v, (uint64_t)LIMB_BASE, &v) ||
            __builtin_add_overflow(v, (uint64_t)limb, &v)) {
            return false;
        }
    }
    *out = v;
    return true;
}

/* Scales until the integer part has exactly 64 bits. 3 bits per decimal place are
 * safe, since 2^64 has 20 digits. */
static struct binary binary_of_decimal(struct decimal *d, bool has_rest)
{
    struct binary b = {0};
    for (int place; (place = decimal_magnitude(d)) > 19;) {
        decimal_scale(d, -3 * (place - 19));
        b.exponent += 3 * (place - 19);
    }
    for (int place; (place = decimal_magnitude(d)) < 18;) {
        decimal_scale(d, 3 * (18 - place));
        b.exponent -= 3 * (18 - place);
    }
    while (!integer_part(d, &b.mantissa)) {
        decimal_scale(d, -1);
        b.exponent++;
    }
    int missing = __builtin_clzll(b.mantissa);
    if (missing > 0) {
        decimal_scale(d, missing);
        b.exponent -= missing;
        (void)integer_part(d, &b.mantissa);
    }
    fraction_part(d, has_rest, &b);
    return b;
}

/* ---- The parts of the grammar ------------------------------------------------------------------ */

static const char *read_decimal(const char *p, const struct binary_format *f, long double *value)
{
    struct literal l = read_literal(p);
    *value = 0;
    if (l.end == NULL || l.first == NULL) {
        return l.end;
    }
    if (l.place > PLACE_MAX || l.place < PLACE_MIN) {
        errno = ERANGE;
        *value = l.place > PLACE_MAX ? (long double)__builtin_inf() : 0;
        return l.end;
    }
    struct decimal d;
    bool has_rest = fill_decimal(&d, &l);
    *value = round_to_format(f, binary_of_decimal(&d, has_rest));
    return l.end;
}

static int hex_value(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Appends a bit to the number; bits without room become half and rest. */
static void append_bit(struct binary *b, bool bit, bool *has_dropped)
{
    if (b->mantissa >> 63 == 0) {
        b->mantissa = b->mantissa << 1 | bit;
        return;
    }
    if (*has_dropped) {
        b->has_more = b->has_more || bit;
    } else {
        b->has_half = bit;
    }
    *has_dropped = true;
    b->exponent++;
}

/* p points behind "0x". */
static const char *read_hexadecimal(const char *p, const struct binary_format *f,
                                    long double *value)
{
    struct binary b = {0};
    bool has_digits = false, has_point = false, has_dropped = false;
    for (; isxdigit((unsigned char)*p) || (*p == '.' && !has_point); p++) {
        if (*p == '.') {
            has_point = true;
            continue;
        }
        has_digits = true;
        for (int bit = 3; bit >= 0; bit--) {
            append_bit(&b, (hex_value(*p) >> bit & 1) != 0, &has_dropped);
        }
        b.exponent -= has_point ? 4 : 0;
    }
    if (!has_digits) {
        return NULL;
    }
    int exponent;
    p = read_exponent(p, 'p', &exponent);
    b.exponent += exponent;
    if (b.mantissa != 0) {
        int shift = __builtin_clzll(b.mantissa);
        b.mantissa <<= shift;
        b.exponent -= shift;
    }
    *value = round_to_format(f, b);
    return p;
}

/* "inf", "infinity", "nan", "nan(chars)". */
static const char *read_word(const char *p, long double *value)
{
    if (strncasecmp(p, "inf", 3) == 0) {
        *value = (long double)__builtin_inf();
        return p + (strncasecmp(p, "infinity", 8) == 0 ? 8 : 3);
    }
    if (strncasecmp(p, "nan", 3) != 0) {
        return NULL;
    }
    *value = (long double)__builtin_nan("");
    const char *q = p + 3;
    if (*q == '(') {
        for (q++; isalnum((unsigned char)*q) || *q == '_'; q++) {
        }
        return *q == ')' ? q + 1 : p + 3;
    }
    return q;
}

static const char *read_unsigned(const char *p, const struct binary_format *f, long double *value)
{
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        const char *end = read_hexadecimal(p + 2, f, value);
        if (end != NULL) {
            return end;
        }
    }
    const char *end = read_word(p, value);
    return end != NULL ? end : read_decimal(p, f, value);
}

static long double read_number(const char *text, char **end, const struct binary_format *f)
{
    const char *p = text;
    while (isspace((unsigned char)*p)) {
        p++;
    }
    bool is_negative = *p == '-';
    p += *p == '-' || *p == '+';
    long double value = 0;
    const char *behind = read_unsigned(p, f, &value);
    if (end != NULL) {
        *end = (char *)(size_t)(behind != NULL ? behind : text);
    }
    return is_negative ? -value : value;
}

double strtod(const char *restrict text, char **restrict end)
{
    return (double)read_number(text, end, &format_double);
}

float strtof(const char *restrict text, char **restrict end)
{
    return (float)read_number(text, end, &format_float);
}

long double strtold(const char *restrict text, char **restrict end)
{
    return read_number(text, end, &format_long_double);
}

double atof(const char *text)
{
    return strtod(text, NULL);
}
