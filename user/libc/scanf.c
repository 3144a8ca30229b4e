/*
 * The scanf family (C11, 7.21.6.2). Input comes one character at a time from a source that accepts
 * one character back. The characters of a number are collected in a small buffer as long as they
 * can still form one, and then converted by strtoll and strtold.
 *
 * Conversions: d i u o x X p, a e f g in both cases, c s [ n %, with *, width and the lengths
 * hh h l ll j z t L.
 */
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/compiler.h"
#include "lib/format.h"

#define NUMBER_SIZE 512 /* longer ones are truncated; 500 digits decide any double in use */

struct source {
    FILE *stream; /* NULL: text */
    const char *text;
    int taken; /* characters so far */
};

static int source_get(struct source *in)
{
    int c = in->stream != NULL  ? fgetc(in->stream)
            : *in->text != '\0' ? (unsigned char)*in->text++
                                : EOF;
    in->taken += c != EOF;
    return c;
}

static void source_unget(struct source *in, int c)
{
    if (c == EOF) {
        return;
    }
    in->taken--;
    if (in->stream != NULL) {
        (void)ungetc(c, in->stream);
    } else {
        in->text--;
    }
}

static void skip_space(struct source *in)
{
    int c;
    do {
        c = source_get(in);
    } while (isspace(c));
    source_unget(in, c);
}

/* One conversion, parsed. */
struct directive {
    bool is_suppressed;
    int width; /* INT_MAX if none is given */
    enum format_length length;
    char conversion;
    const char *set; /* of %[: behind the bracket and the ^ */
    size_t set_len;
    bool is_inverted;
};

enum outcome { MATCHED, MISMATCH, NO_INPUT };

/* ---- Numbers ----------------------------------------------------------------------------------- */

struct number {
    char text[NUMBER_SIZE];
    size_t len;
    int width; /* characters that may still be taken */
};

/* Takes the next character if `accepts` returns true for it. */
static bool take(struct source *in, struct number *n, bool (*accepts)(int c, int base), int base)
{
    if (n->width == 0) {
        return false;
    }
    int c = source_get(in);
    if (c == EOF || !accepts(c, base)) {
        source_unget(in, c);
        return false;
    }
    n->width--;
    if (n->len < sizeof(n->text) - 1) {
        n->text[n->len++] = (char)c;
        n->text[n->len] = '\0';
    }
    return true;
}

static bool is_sign(int c, int base)
{
    (void)base;
    return c == '-' || c == '+';
}

static bool is_digit_of(int c, int base)
{
    return isdigit(c) ? c - '0' < base : isalpha(c) && tolower(c) - 'a' + 10 < base;
}

/* Accepts the letter `base` in either case. */
static bool is_letter(int c, int base)
{
    return tolower(c) == base;
}

/* Takes "0x" in front of a number that is or may be hexadecimal. Returns the base. */
static int take_prefix(struct source *in, struct number *n, int base)
{
    bool may_be_hex = base == 0 || base == 16;
    if (may_be_hex && take(in, n, is_letter, '0')) {
        return take(in, n, is_letter, 'x') ? 16 : base == 0 ? 8 : 16;
    }
    return base == 0 ? 10 : base;
}

static void take_digits(struct source *in, struct number *n, int base)
{
    while (take(in, n, is_digit_of, base)) {
    }
}

static void take_word(struct source *in, struct number *n, const char *word)
{
    while (*word != '\0' && take(in, n, is_letter, *word)) {
        word++;
    }
}

static void take_float(struct source *in, struct number *n)
{
    (void)take(in, n, is_sign, 0);
    if (take(in, n, is_letter, 'i')) {
        take_word(in, n, "nfinity");
    } else if (take(in, n, is_letter, 'n')) {
        take_word(in, n, "an");
    } else {
        (void)take_prefix(in, n, 16);
        bool is_hex = n->len > 0 && tolower((unsigned char)n->text[n->len - 1]) == 'x';
        int base = is_hex ? 16 : 10;
        take_digits(in, n, base);
        if (take(in, n, is_letter, '.')) {
            take_digits(in, n, base);
        }
        if (take(in, n, is_letter, is_hex ? 'p' : 'e')) {
            (void)take(in, n, is_sign, 0);
            take_digits(in, n, 10);
        }
    }
}

static int base_of(char conversion)
{
    switch (conversion) {
    case 'i':
        return 0;
    case 'o':
        return 8;
    case 'x':
    case 'X':
    case 'p':
        return 16;
    default:
        return 10;
    }
}

static void store_integer(void *to, enum format_length length, unsigned long long value)
{
    switch (length) {
    case FORMAT_CHAR:
        *(unsigned char *)to = (unsigned char)value;
        break;
    case FORMAT_SHORT:
        *(unsigned short *)to = (unsigned short)value;
        break;
    case FORMAT_LONG:
        *(unsigned long *)to = (unsigned long)value;
        break;
    case FORMAT_LONG_LONG:
    case FORMAT_LONG_DOUBLE:
        *(unsigned long long *)to = value;
        break;
    case FORMAT_SIZE:
        *(size_t *)to = (size_t)value;
        break;
    case FORMAT_INT:
    default:
        *(unsigned int *)to = (unsigned int)value;
        break;
    }
}

static void store_float(void *to, enum format_length length, const char *text)
{
    if (length == FORMAT_LONG_DOUBLE) {
        *(long double *)to = strtold(text, NULL);
    } else if (length == FORMAT_LONG) {
        *(double *)to = strtod(text, NULL);
    } else {
        *(float *)to = strtof(text, NULL);
    }
}

/* Clamps as strtol and strtoul do, not as strtoll and strtoull, where the target is an int. */
static unsigned long long convert_integer(const struct directive *d, const char *text, int base)
{
    bool is_signed = d->conversion == 'd' || d->conversion == 'i';
    bool is_wide = d->length == FORMAT_LONG_LONG || d->length == FORMAT_LONG_DOUBLE;
    if (is_wide) {
        return is_signed ? (unsigned long long)strtoll(text, NULL, base)
                         : strtoull(text, NULL, base);
    }
    return is_signed ? (unsigned long long)strtol(text, NULL, base) : strtoul(text, NULL, base);
}

static enum outcome scan_integer(struct source *in, const struct directive *d, void *to)
{
    struct number n = {.width = d->width};
    (void)take(in, &n, is_sign, 0);
    int base = take_prefix(in, &n, base_of(d->conversion));
    take_digits(in, &n, base);

    char *end;
    (void)strtoull(n.text, &end, base);
    if (n.len == 0 || *end != '\0') {
        return MISMATCH;
    }
    if (to != NULL) {
        store_integer(to, d->conversion == 'p' ? FORMAT_SIZE : d->length,
                      convert_integer(d, n.text, base));
    }
    return MATCHED;
}

static enum outcome scan_float(struct source *in, const struct directive *d, void *to)
{
    struct number n = {.width = d->width};
    take_float(in, &n);
    char *end;
    (void)strtold(n.text, &end);
    if (n.len == 0 || *end != '\0') {
        return MISMATCH;
    }
    if (to != NULL) {
        store_float(to, d->length, n.text);
    }
    return MATCHED;
}

/* ---- Characters -------------------------------------------------------------------------------- */

/* Returns true if c is in the set of %[...]. A range is written a-z. */
static bool set_has(const struct directive *d, int c)
{
    bool is_in = false;
    for (size_t i = 0; i < d->set_len; i++) {
        unsigned char first = (unsigned char)d->set[i], last = first;
        if (i + 2 < d->set_len && d->set[i + 1] == '-') {
            last = (unsigned char)d->set[i + 2];
            i += 2;
        }
        is_in = is_in || (c >= first && c <= last);
    }
    return is_in != d->is_inverted;
}

static bool belongs(const struct directive *d, int c)
{
    switch (d->conversion) {
    case 's':
        return !isspace(c);
    case '[':
        return set_has(d, c);
    default:
        return true;
    }
}

static enum outcome scan_text(struct source *in, const struct directive *d, char *to)
{
    bool is_chars = d->conversion == 'c';
    int width = is_chars && d->width == INT_MAX ? 1 : d->width;
    int n = 0, c;
    while (n < width && (c = source_get(in)) != EOF) {
        if (!belongs(d, c)) {
            source_unget(in, c);
            break;
        }
        if (to != NULL) {
            to[n] = (char)c;
        }
        n++;
    }
    if (n == 0 || (is_chars && n < width)) {
        return MISMATCH;
    }
    if (to != NULL && !is_chars) {
        to[n] = '\0';
    }
    return MATCHED;
}

/* ---- Parsing ----------------------------------------------------------------------------------- */

static const char *parse_length(const char *p, enum format_length *length)
{
    static const struct {
        const char *text;
        enum format_length length;
    } lengths[] = {
        {"hh", FORMAT_CHAR}, {"h", FORMAT_SHORT},       {"ll", FORMAT_LONG_LONG},
        {"l", FORMAT_LONG},  {"j", FORMAT_LONG_LONG},   {"z", FORMAT_SIZE},
        {"t", FORMAT_SIZE},  {"L", FORMAT_LONG_DOUBLE},
    };
    *length = FORMAT_INT;
    for (size_t i = 0; i < array_size(lengths); i++) {
        size_t len = strlen(lengths[i].text);
        if (strncmp(p, lengths[i].text, len) == 0) {
            *length = lengths[i].length;
            return p + len;
        }
    }
    return p;
}

/* p points behind "[". A ] at the very start is a member. */
static const char *parse_set(const char *p, struct directive *d)
{
    d->is_inverted = *p == '^';
    p += d->is_inverted;
    d->set = p;
    p += *p == ']';
    while (*p != '\0' && *p != ']') {
        p++;
    }
    d->set_len = (size_t)(p - d->set);
    return *p == ']' ? p + 1 : p;
}

/* p points behind "%". */
static const char *parse_directive(const char *p, struct directive *d)
{
    *d = (struct directive){.width = INT_MAX};
    d->is_suppressed = *p == '*';
    p += d->is_suppressed;
    if (isdigit((unsigned char)*p)) {
        char *end;
        d->width = (int)strtol(p, &end, 10);
        p = end;
    }
    p = parse_length(p, &d->length);
    d->conversion = *p;
    p += *p != '\0';
    return d->conversion == '[' ? parse_set(p, d) : p;
}

/* ---- One directive ----------------------------------------------------------------------------- */

/* If the input has ended before anything was tried, the result is NO_INPUT, not a mismatch. */
static bool is_at_end(struct source *in)
{
    int c = source_get(in);
    source_unget(in, c);
    return c == EOF;
}

static enum outcome scan_conversion(struct source *in, const struct directive *d, void *to)
{
    if (strchr("c[", d->conversion) == NULL) {
        skip_space(in);
    }
    if (is_at_end(in)) {
        return NO_INPUT;
    }
    switch (tolower((unsigned char)d->conversion)) {
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'p':
        return scan_integer(in, d, to);
    case 'a':
    case 'e':
    case 'f':
    case 'g':
        return scan_float(in, d, to);
    case 'c':
    case 's':
    case '[':
        return scan_text(in, d, to);
    default:
        return MISMATCH;
    }
}

/* Matches a literal character of the format. */
static enum outcome scan_literal(struct source *in, char wanted)
{
    int c = source_get(in);
    if (c == (unsigned char)wanted) {
        return MATCHED;
    }
    source_unget(in, c);
    return c == EOF ? NO_INPUT : MISMATCH;
}

/* Takes one step along the format; *stored counts the assignments. */
static enum outcome scan_step(struct source *in, const char **format, struct format_args *args,
                              int *stored)
{
    const char *p = (*format)++;
    if (isspace((unsigned char)*p)) {
        skip_space(in);
        return MATCHED;
    }
    if (*p != '%') {
        return scan_literal(in, *p);
    }
    struct directive d;
    *format = parse_directive(p + 1, &d);
    if (d.conversion == '%') {
        skip_space(in);
        return scan_literal(in, '%');
    }
    void *to = d.is_suppressed ? NULL : va_arg(args->list, void *);
    if (d.conversion == 'n') {
        if (to != NULL) {
            store_integer(to, d.length, (unsigned long long)in->taken);
        }
        return MATCHED;
    }
    enum outcome outcome = scan_conversion(in, &d, to);
    *stored += outcome == MATCHED && to != NULL;
    return outcome;
}

static int scan(struct source *in, const char *format, va_list list)
{
    struct format_args args;
    int stored = 0;
    enum outcome outcome = MATCHED;
    va_copy(args.list, list);
    while (*format != '\0' && outcome == MATCHED) {
        outcome = scan_step(in, &format, &args, &stored);
    }
    va_end(args.list);
    return outcome == NO_INPUT && stored == 0 ? EOF : stored;
}

/* ---- The family -------------------------------------------------------------------------------- */

int vfscanf(FILE *restrict stream, const char *restrict format, va_list args)
{
    return scan(&(struct source){.stream = stream}, format, args);
}

int vscanf(const char *restrict format, va_list args)
{
    return vfscanf(stdin, format, args);
}

int vsscanf(const char *restrict text, const char *restrict format, va_list args)
{
    return scan(&(struct source){.text = text}, format, args);
}

int fscanf(FILE *restrict stream, const char *restrict format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vfscanf(stream, format, args);
    va_end(args);
    return n;
}

int scanf(const char *restrict format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vfscanf(stdin, format, args);
    va_end(args);
    return n;
}

int sscanf(const char *restrict text, const char *restrict format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsscanf(text, format, args);
    va_end(args);
    return n;
}
