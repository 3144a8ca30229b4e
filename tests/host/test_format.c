/*
 * lib/format.c against the host's own snprintf, which knows C's rules: every combination of flags,
 * widths and precisions for integers and strings, the edges of every length, and where the two differ
 * on purpose, the text itself.
 */
#include "tests/host/support.h"

#include <inttypes.h>
#include <limits.h>

#include "lib/compiler.h"
#include "lib/format.h"
#include "lib/string.h"

/* Formats are made at run time or are wrong on purpose. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
#pragma GCC diagnostic ignored "-Wformat-zero-length"

#define OUT 256

/* Both printers, the same arguments: the same text and length. */
#define SAME(...)                                                                                  \
    do {                                                                                           \
        char ours[OUT], theirs[OUT];                                                               \
        int our_len = format_buffer(ours, sizeof(ours), __VA_ARGS__);                              \
        int their_len = snprintf(theirs, sizeof(theirs), __VA_ARGS__);                             \
        assert_string_equal(ours, theirs);                                                         \
        assert_int_equal(our_len, their_len);                                                      \
    } while (0)

#define GIVES(text, ...)                                                                           \
    do {                                                                                           \
        char ours[OUT];                                                                            \
        int our_len = format_buffer(ours, sizeof(ours), __VA_ARGS__);                              \
        assert_string_equal(ours, text);                                                           \
        assert_int_equal(our_len, strlen(text));                                                   \
    } while (0)

static const char *const widths[] = {"", "1", "5", "12", "30"};
static const char *const precisions[] = {"", ".", ".0", ".1", ".5", ".25"};

/* Calls back with every "%<flags><width><precision>" in turn. */
static void each_spec(const char *flags, void (*check)(const char *spec))
{
    size_t n = strlen(flags);
    for (unsigned int set = 0; set < 1u << n; set++) {
        for (size_t w = 0; w < array_size(widths); w++) {
            for (size_t p = 0; p < array_size(precisions); p++) {
                char spec[32] = "%";
                size_t len = 1;
                for (size_t f = 0; f < n; f++) {
                    if (set & 1u << f) {
                        spec[len++] = flags[f];
                    }
                }
                (void)snprintf(spec + len, sizeof(spec) - len, "%s%s", widths[w], precisions[p]);
                check(spec);
            }
        }
    }
}

static void with(char *fmt, const char *spec, const char *conversion)
{
    (void)snprintf(fmt, 40, "<%s%s>", spec, conversion);
}

static void check_signed(const char *spec)
{
    static const int values[] = {0, 1, -1, 42, -12345, INT_MAX, INT_MIN};
    char fmt[40];
    for (size_t i = 0; i < array_size(values); i++) {
        with(fmt, spec, "d");
        SAME(fmt, values[i]);
        with(fmt, spec, "lli");
        SAME(fmt, (long long)values[i] * 1000003);
    }
}

static void check_unsigned(const char *spec)
{
    static const unsigned int values[] = {0, 1, 8, 255, 0xDEADBEEF, UINT_MAX};
    static const char *const conversions[] = {"x", "X", "o"};
    char fmt[40];
    for (size_t i = 0; i < array_size(values); i++) {
        for (size_t c = 0; c < array_size(conversions); c++) {
            with(fmt, spec, conversions[c]);
            SAME(fmt, values[i]);
        }
    }
}

static void check_decimal(const char *spec)
{
    char fmt[40];
    with(fmt, spec, "u");
    SAME(fmt, 0u);
    SAME(fmt, UINT_MAX);
}

static void check_text(const char *spec)
{
    char fmt[40];
    with(fmt, spec, "s");
    SAME(fmt, "");
    SAME(fmt, "seven b");
    SAME(fmt, (char *)NULL);
    with(fmt, spec, "c");
    SAME(fmt, 'x');
}

static void test_signed(void **state)
{
    (void)state;
    each_spec("-+ 0", check_signed);
}

static void test_unsigned(void **state)
{
    (void)state;
    each_spec("-#0", check_unsigned);
    each_spec("-0", check_decimal);
}

static void test_text(void **state)
{
    (void)state;
    each_spec("-", check_text);
}

static void test_lengths(void **state)
{
    (void)state;
    SAME("%hhd %hhd %hhu %hhx", 127, 128, 256 + 255, -1);
    SAME("%hd %hd %hu %hx", 32767, 32768, 65536 + 65535, -1);
    SAME("%ld %lu %lx", LONG_MIN, ULONG_MAX, ULONG_MAX);
    SAME("%lld %llu %llx %llo", LLONG_MIN, ULLONG_MAX, ULLONG_MAX, ULLONG_MAX);
    SAME("%jd %ju", INTMAX_MIN, UINTMAX_MAX);
    SAME("%zu %zx %td", SIZE_MAX, SIZE_MAX, PTRDIFF_MIN);
    SAME("%d%c%s%x", 1, '2', "3", 4);
}

/* The kernel divides 64 bits in pieces: around every power of ten and of two. */
static void test_wide_decimals(void **state)
{
    (void)state;
    for (uint64_t v = 1; v <= UINT64_MAX / 10; v *= 10) {
        SAME("%" PRIu64 " %" PRIu64 " %" PRIu64, v - 1, v, v + 1);
        SAME("%" PRIu64, v * 9);
    }
    for (unsigned int bit = 0; bit < 64; bit++) {
        uint64_t v = UINT64_C(1) << bit;
        SAME("%" PRIu64 " %" PRIu64 " %" PRId64, v, v - 1, (int64_t)v);
    }
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        SAME("%" PRIu64, random);
    }
}

static void test_pointers(void **state)
{
    (void)state;
    SAME("%p|%12p|%-12p|", (void *)0x1234, (void *)0xC0DE, (void *)0xC0DE);
    SAME("%p|%8p|%-8p|", NULL, NULL, NULL);
}

static void test_stars(void **state)
{
    (void)state;
    SAME("<%*d>", 6, 42);
    SAME("<%*d>", -6, 42);
    SAME("<%.*d>", 4, 42);
    SAME("<%.*d>", -4, 42);
    SAME("<%*.*s>", 8, 3, "abcdef");
    SAME("<%-*.*s>", 8, 3, "abcdef");
    SAME("<%0*d>", 6, -42);
}

static void test_percent_and_unknown(void **state)
{
    (void)state;
    GIVES("100%", "100%%");
    GIVES("%y", "%y");
    GIVES("%-5.3lk|7", "%-5.3lk|%d", 7);
    GIVES("end %", "end %");
    GIVES("end %5", "end %5");
    GIVES("", "");
    GIVES("plain", "plain");
}

/* Without a hook a floating argument is shown as its conversion, and what follows stays in step. */
static void test_floats_without_hook(void **state)
{
    (void)state;
    GIVES("%.2f|7", "%.2f|%d", 3.5, 7);
    GIVES("%Lg|8", "%Lg|%d", (long double)3.5, 8);
}

struct text_sink {
    struct format_sink sink;
    char text[OUT];
    size_t len;
};

static void text_put(struct format_sink *sink, const char *bytes, size_t n)
{
    struct text_sink *t = container_of(sink, struct text_sink, sink);
    assert_true(t->len + n < OUT);
    memcpy(t->text + t->len, bytes, n);
    t->len += n;
    t->text[t->len] = '\0';
}

/* A hook as the libc's: it takes the argument and gives the digits to be padded. */
static void text_put_float(struct format_sink *sink, const struct format_spec *spec,
                           struct format_args *args)
{
    char digits[64];
    double v = va_arg(args->list, double);
    int n = snprintf(digits, sizeof(digits), "%.*f", spec->precision < 0 ? 6 : spec->precision,
                     v < 0 ? -v : v);
    format_put_number(sink, spec, "-", v < 0 ? 1 : 0, digits, (size_t)n);
}

static int text_format(struct text_sink *t, const char *fmt, ...)
{
    va_list ap;
    t->len = 0;
    va_start(ap, fmt);
    int len = format_to(&t->sink, fmt, ap);
    va_end(ap);
    return len;
}

static void test_float_hook(void **state)
{
    (void)state;
    struct text_sink t = {.sink = {.put = text_put, .put_float = text_put_float}};
    assert_int_equal(text_format(&t, "%d <%8.4f> <%-9.1f> <%09.2f> %s", 1, 3.8887, 2.25, -1.5, "x"),
                     38);
    assert_string_equal(t.text, "1 <  3.8887> <2.2      > <-00001.50> x");
}

/* A hook that knows %m and wide strings, and fails at %C. */
static bool text_put_more(struct format_sink *sink, const struct format_spec *spec,
                          struct format_args *args)
{
    if (spec->conversion == 'm') {
        format_put_number(sink, spec, NULL, 0, "message", 7);
        return true;
    }
    if (spec->conversion == 's' && spec->length == FORMAT_LONG) {
        (void)va_arg(args->list, const int *);
        format_put(sink, "wide", 4);
        return true;
    }
    sink->has_failed = spec->conversion == 'C';
    return sink->has_failed;
}

static void test_more_hook(void **state)
{
    (void)state;
    struct text_sink t = {.sink = {.put = text_put, .put_more = text_put_more}};
    static const int wide[] = {'w', 0};
    assert_int_equal(text_format(&t, "%9m|%s|%ls|%d", "text", wide, 7), 21);
    assert_string_equal(t.text, "  message|text|wide|7");
    assert_int_equal(text_format(&t, "%lc %y %'d", 'c', 1000), 9);
    assert_string_equal(t.text, "c %y 1000");
    assert_int_equal(text_format(&t, "a%Cb"), -1);
    assert_int_equal(text_format(&t, "again"), 5);
}

/* The sink sees all bytes in order and the total is theirs. */
static void test_sink_total(void **state)
{
    (void)state;
    struct text_sink t = {.sink = {.put = text_put}};
    int len = text_format(&t, "%40s|%-40d|%030x", "right", -7, 0xABCu);
    assert_int_equal(len, 112);
    assert_int_equal(t.len, 112);
    assert_int_equal(t.sink.total, 112);
}

/* Every size of buffer around the text's own: cut, ended, and not one byte beyond. */
static void test_buffer_sizes(void **state)
{
    (void)state;
    static const char text[] = "abc 12345";
    for (size_t size = 0; size <= sizeof(text) + 1; size++) {
        char *buf = malloc(size + 1);
        memset(buf, '#', size + 1);
        assert_int_equal(format_buffer(buf, size, "%s %d", "abc", 12345), strlen(text));
        if (size > 0) {
            size_t shown = size - 1 < strlen(text) ? size - 1 : strlen(text);
            assert_int_equal(strlen(buf), shown);
            assert_memory_equal(buf, text, shown);
        }
        assert_int_equal(buf[size], '#');
        free(buf);
    }
    assert_int_equal(format_buffer(NULL, 0, "%d", 1000), 4);
}

/* A precision keeps %s from reading further: no end is needed. */
static void test_unended_string(void **state)
{
    (void)state;
    char *bytes = malloc(4);
    memcpy(bytes, "wxyz", 4);
    GIVES("wxyz", "%.4s", bytes);
    GIVES("wx", "%.2s", bytes);
    free(bytes);
}

static void test_huge_width(void **state)
{
    (void)state;
    char small[8];
    assert_int_equal(format_buffer(small, sizeof(small), "%100000d", 5), 100000);
    assert_string_equal(small, "       ");
    assert_int_equal(format_buffer(small, sizeof(small), "%.100000d", 5), 100000);
    assert_string_equal(small, "0000000");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signed),
        cmocka_unit_test(test_unsigned),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_wide_decimals),
        cmocka_unit_test(test_pointers),
        cmocka_unit_test(test_stars),
        cmocka_unit_test(test_percent_and_unknown),
        cmocka_unit_test(test_floats_without_hook),
        cmocka_unit_test(test_float_hook),
        cmocka_unit_test(test_more_hook),
        cmocka_unit_test(test_sink_total),
        cmocka_unit_test(test_buffer_sizes),
        cmocka_unit_test(test_unended_string),
        cmocka_unit_test(test_huge_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
