/*
 * <stdlib.h>: integers from text, arithmetic, searching, random numbers, the environment.
 *
 * All integer conversions share one reader, which works in unsigned long long and reports overflow.
 * The four public functions differ only in their limits (C11, 7.22.1.4).
 */
#include <stdlib.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* ---- Integers from text ------------------------------------------------------------------------ */

struct integer {
    unsigned long long magnitude; /* ULLONG_MAX if it does not fit */
    bool is_negative, is_too_large;
};

/* Returns 0..35, or 36 and more for a character that is no digit in any base. */
static int digit_value(char c)
{
    if (isdigit((unsigned char)c)) {
        return c - '0';
    }
    return isalpha((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : 36;
}

/* Resolves base 0 and skips the prefix "0x", which counts only with a digit behind it. */
static const char *skip_prefix(const char *p, int *base)
{
    bool has_hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && digit_value(p[2]) < 16;
    if ((*base == 0 || *base == 16) && has_hex) {
        *base = 16;
        return p + 2;
    }
    if (*base == 0) {
        *base = *p == '0' ? 8 : 10;
    }
    return p;
}

static struct integer read_integer(const char *text, char **end, int base)
{
    struct integer v = {0};
    const char *p = text;
    while (isspace((unsigned char)*p)) {
        p++;
    }
    if (*p == '-' || *p == '+') {
        v.is_negative = *p++ == '-';
    }
    bool is_valid = base == 0 || (base >= 2 && base <= 36);
    if (!is_valid) {
        errno = EINVAL;
    }
    p = skip_prefix(p, &base);
    const char *first = p;
    for (; is_valid && digit_value(*p) < base; p++) {
        unsigned int digit = (unsigned int)digit_value(*p), radix = (unsigned int)base;
        if (v.magnitude > (ULLONG_MAX - digit) / radix) {
            v.is_too_large = true;
        } else {
            v.magnitude = v.magnitude * radix + digit;
        }
    }
    if (end != NULL) {
        *end = (char *)(size_t)(p == first ? text : p);
    }
    return v;
}

/* Clamps to [-limit - 1, limit]. */
static long long signed_within(struct integer v, unsigned long long limit)
{
    if (v.is_negative) {
        limit++;
    }
    if (v.is_too_large || v.magnitude > limit) {
        errno = ERANGE;
        v.magnitude = limit;
    }
    return (long long)(v.is_negative ? 0 - v.magnitude : v.magnitude);
}

/* A minus sign negates in the unsigned type, as C requires. */
static unsigned long long unsigned_within(struct integer v, unsigned long long limit)
{
    if (v.is_too_large || v.magnitude > limit) {
        errno = ERANGE;
        return limit;
    }
    return v.is_negative ? 0 - v.magnitude : v.magnitude;
}

long strtol(const char *restrict text, char **restrict end, int base)
{
    return (long)signed_within(read_integer(text, end, base), LONG_MAX);
}

long long strtoll(const char *restrict text, char **restrict end, int base)
{
    return signed_within(read_integer(text, end, base), LLONG_MAX);
}

unsigned long strtoul(const char *restrict text, char **restrict end, int base)
{
    return (unsigned long)unsigned_within(read_integer(text, end, base), ULONG_MAX);
}

unsigned long long strtoull(const char *restrict text, char **restrict end, int base)
{
    return unsigned_within(read_integer(text, end, base), ULLONG_MAX);
}

intmax_t strtoimax(const char *text, char **end, int base)
{
    return strtoll(text, end, base);
}

uintmax_t strtoumax(const char *text, char **end, int base)
{
    return strtoull(text, end, base);
}

int atoi(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

long atol(const char *text)
{
    return strtol(text, NULL, 10);
}

long long atoll(const char *text)
{
    return strtoll(text, NULL, 10);
}

/* ---- Arithmetic -------------------------------------------------------------------------------- */

int abs(int value)
{
    return value < 0 ? -value : value;
}

long labs(long value)
{
    return value < 0 ? -value : value;
}

long long llabs(long long value)
{
    return value < 0 ? -value : value;
}

div_t div(int dividend, int divisor)
{
    return (div_t){dividend / divisor, dividend % divisor};
}

ldiv_t ldiv(long dividend, long divisor)
{
    return (ldiv_t){dividend / divisor, dividend % divisor};
}

lldiv_t lldiv(long long dividend, long long divisor)
{
    return (lldiv_t){dividend / divisor, dividend % divisor};
}

/* ---- Random numbers ---------------------------------------------------------------------------- */

/* Marsaglia's xorshift32 (2003): full period over all states but 0, which the seed avoids. */
int rand_r(unsigned int *seed)
{
    unsigned int x = *seed != 0 ? *seed : 0x9E3779B9u;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *seed = x;
    return (int)(x & RAND_MAX);
}

static unsigned int rand_state = 1;

void srand(unsigned int seed)
{
    rand_state = seed;
}

int rand(void)
{
    return rand_r(&rand_state);
}

/* ---- Environment ------------------------------------------------------------------------------- */

char *getenv(const char *name)
{
    size_t len = strlen(name);
    if (environ == NULL || len == 0) {
        return NULL;
    }
    for (char **entry = environ; *entry != NULL; entry++) {
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=') {
            return *entry + len + 1;
        }
    }
    return NULL;
}
