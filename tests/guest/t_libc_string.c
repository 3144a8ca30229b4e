/* <string.h>, <ctype.h> and <stdlib.h>: the edges of each. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tap.h"

static void test_memory(void)
{
    char a[64], b[64];
    bool is_same = true;
    for (size_t at = 0; at < 8; at++) {
        for (size_t n = 0; n < 40; n++) {
            for (size_t i = 0; i < sizeof(a); i++) {
                a[i] = b[i] = (char)i;
            }
            memmove(a + at, a + 4, n);
            for (size_t i = 0; i < n; i++) {
                is_same = is_same && a[at + i] == (char)(4 + i);
            }
            for (size_t i = 0; i < sizeof(a); i++) {
                is_same = is_same && ((i >= at && i < at + n) || a[i] == b[i]);
            }
        }
    }
    ok(is_same, "memmove in both directions at every alignment changes nothing beside");
    memset(a, 'x', 10);
    ok(a[9] == 'x' && a[10] != 'x', "memset stops at its length");
    is(memcmp("ab\xff", "ab\x01", 3) > 0, 1, "memcmp compares unsigned bytes");
    is(memcmp("a", "b", 0), 0, "memcmp of nothing");
    ok(memchr("abc", 'c', 2) == NULL, "memchr stops at its length");
    ok(memchr(a, 'x', 10) == a && memrchr(a, 'x', 10) == a + 9, "memchr and memrchr find ends");
    const char *where = "abcabd";
    ok(memmem(where, 6, "abd", 3) == where + 3, "memmem");
    ok(memmem(where, 5, "abd", 3) == NULL, "memmem stops at its length");
    ok(memmem(where, 6, "", 0) == where, "memmem of nothing");
}

static void test_strings(void)
{
    char s[32];
    is(strlen(""), 0, "strlen of an empty string");
    is(strnlen("abc", 2), 2, "strnlen stops at its length");
    ok(strcmp("a", "b") < 0 && strcmp("b", "a") > 0 && strcmp("", "") == 0, "strcmp");
    ok(strcmp("\xff", "a") > 0, "strcmp compares unsigned bytes");
    is(strncmp("abc", "abd", 2), 0, "strncmp stops at its length");
    ok(strcasecmp("HeLLo", "hEllO") == 0 && strncasecmp("abX", "aby", 2) == 0, "strcasecmp");
    is_string(strcpy(s, "abc"), "abc", "strcpy");
    is_string(strcat(s, "def"), "abcdef", "strcat");
    volatile size_t one = 1; /* so that the compiler does not object to the cut */
    is_string(strncat(s, "ghi", one), "abcdefg", "strncat");
    is(strlcpy(s, "abcdef", 4), 6, "strlcpy returns the whole length");
    is_string(s, "abc", "strlcpy cuts and terminates");
    is(strlcat(s, "xyz", 6), 6, "strlcat returns the whole length");
    is_string(s, "abcxy", "strlcat cuts and terminates");
    memset(s, '?', sizeof(s));
    strncpy(s, "ab", 5);
    ok(s[2] == 0 && s[4] == 0 && s[5] == '?', "strncpy pads with zeros");
    is_string(strstr("abcabd", "abd"), "abd", "strstr");
    ok(strstr("abc", "abcd") == NULL, "strstr of something longer");
    ok(strchr("abc", 'd') == NULL && *strchr("abc", 0) == 0,
       "strchr finds characters and the terminator");
    is_string(strrchr("a/b/c", '/'), "/c", "strrchr");
    is(strspn("aabc", "ab"), 3, "strspn");
    is(strcspn("xyzab", "ab"), 3, "strcspn");
    ok(strpbrk("abc", "xy") == NULL, "strpbrk of nothing");
    char list[] = ",,a,b,,c,";
    is_string(strtok(list, ","), "a", "strtok skips delimiters in front");
    is_string(strtok(NULL, ","), "b", "strtok returns the second word");
    is_string(strtok(NULL, ","), "c", "strtok skips delimiters between words");
    ok(strtok(NULL, ",") == NULL, "strtok returns NULL at the end");
    is_string(strerror(ENOENT), "No such file or directory", "strerror");
    is_string(strerror(-3), "Unknown error -3", "strerror of no error");
}

static void test_characters(void)
{
    int letters = 0, digits = 0, spaces = 0, prints = 0, points = 0;
    for (int c = -1; c < 256; c++) {
        letters += isalpha(c) != 0;
        digits += isxdigit(c) != 0;
        spaces += isspace(c) != 0;
        prints += isprint(c) != 0;
        points += ispunct(c) != 0;
    }
    ok(letters == 52 && digits == 22 && spaces == 6 && prints == 95 && points == 32,
       "the ctype classes have the right sizes");
    ok(toupper('z') == 'Z' && tolower('A') == 'a' && toupper('1') == '1', "toupper and tolower");
}

static void test_numbers(void)
{
    char *end;
    is(strtol("  -0x7fzz", &end, 0), -127, "strtol reads a prefix");
    is_string(end, "zz", "strtol stores where the number ends");
    is(strtol("0x", &end, 16), 0, "strtol of a prefix alone");
    is_string(end, "x", "strtol of 0x alone stops behind the 0");
    is(strtol("077", NULL, 0), 63, "strtol reads octal");
    is(strtol("zz", NULL, 36), 35 * 36 + 35, "strtol reads base 36");
    errno = 0;
    is(strtol("2147483648", NULL, 10), LONG_MAX, "strtol over its limit");
    is(errno, ERANGE, "strtol over its limit sets errno");
    errno = 0;
    is(strtol("-2147483648", NULL, 10), LONG_MIN, "strtol reads LONG_MIN");
    is(errno, 0, "strtol of LONG_MIN leaves errno");
    ok(strtoul("-1", NULL, 10) == ULONG_MAX, "strtoul negates");
    ok(strtoull("18446744073709551615", NULL, 10) == ULLONG_MAX, "strtoull reads ULLONG_MAX");
    ok(strtoll("-9223372036854775808", NULL, 10) == LLONG_MIN, "strtoll reads LLONG_MIN");
    is(strtol("abc", &end, 10), 0, "strtol of no digits returns 0");
    is_string(end, "abc", "strtol of no digits consumes nothing");
    is(atoi(" 42abc"), 42, "atoi");
    is(abs(-5) + labs(-6l) + llabs(-7ll), 18, "abs");
    div_t d = div(-7, 2);
    ok(d.quot == -3 && d.rem == -1, "div rounds to zero");
}

static void test_floats(void)
{
    char *end;
    ok(strtod("0.1", NULL) == 0.1, "strtod reads 0.1");
    ok(strtod("-1.5e3xyz", &end) == -1500.0, "strtod reads -1.5e3");
    is_string(end, "xyz", "strtod stores where the number ends");
    ok(strtod("9007199254740993", NULL) == 9007199254740992.0, "strtod rounds a tie to even");
    ok(strtod("9007199254740993.000000000000000000000000000000001", NULL) == 9007199254740994.0,
       "strtod rounds up a little above the tie");
    ok(strtod("1.7976931348623157e308", NULL) == 1.7976931348623157e308, "strtod reads DBL_MAX");
    ok(strtod("4.9e-324", NULL) == 4.9406564584124654e-324, "strtod reads the smallest double");
    ok(strtod("2.4703282292062327e-324", NULL) == 0.0,
       "strtod rounds below half the smallest double to zero");
    ok(strtod("2.2250738585072011e-308", NULL) == 2.2250738585072011e-308,
       "strtod reads the subnormal border");
    errno = 0;
    ok(strtod("1e400", NULL) == __builtin_inf(), "strtod overflows to infinity");
    is(errno, ERANGE, "strtod's overflow sets errno");
    ok(strtod("inf", NULL) == __builtin_inf() && strtod("-Infinity", &end) < 0 && *end == 0,
       "strtod reads inf");
    ok(strtod("0x1.8p1", NULL) == 3.0, "strtod reads hexadecimal");
    ok(strtod(".", &end) == 0 && *end == '.', "strtod: a point alone is no number");
    ok(strtod("1e+", &end) == 1 && *end == 'e', "strtod: an exponent needs digits");
    ok(strtof("16777217", NULL) == 16777216.0f, "strtof rounds to 24 bits");
    ok(strtold("1.18973149535723176502e+4932", NULL) == 1.18973149535723176502e+4932L,
       "strtold reads the largest long double");
    ok(strtold("0x1.fffffffffffffffffp0", NULL) == 2.0L, "strtold rounds its 65th bit");
    ok(strtold("18446744073709551615.5", NULL) == 18446744073709551616.0L,
       "strtold rounds a tie to even, upwards");
    ok(strtold("18446744073709551614.5", NULL) == 18446744073709551614.0L,
       "strtold rounds a tie to even, downwards");
}

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return x < y ? -1 : x > y;
}

static void test_sorting(void)
{
    int v[257];
    for (int n = 0; n <= 257; n += n < 10 ? 1 : 13) {
        srand((unsigned int)n);
        for (int i = 0; i < n; i++) {
            v[i] = rand() % 100;
        }
        qsort(v, (size_t)n, sizeof(v[0]), compare_ints);
        bool is_sorted = true;
        for (int i = 1; i < n; i++) {
            is_sorted = is_sorted && v[i - 1] <= v[i];
        }
        if (!is_sorted) {
            is(n, -1, "qsort sorts");
        }
    }
    for (int i = 0; i < 100; i++) {
        v[i] = 2 * i;
    }
    int found = 0, missed = 0;
    for (int key = -1; key < 202; key++) {
        int *hit = bsearch(&key, v, 100, sizeof(v[0]), compare_ints);
        found += hit != NULL && *hit == key;
        missed += hit == NULL;
    }
    ok(found == 100 && missed == 103, "bsearch finds all and only what is there");
    ok(bsearch(v, v, 0, sizeof(v[0]), compare_ints) == NULL, "bsearch in an empty array");
}

int main(void)
{
    test_memory();
    test_strings();
    test_characters();
    test_numbers();
    test_floats();
    test_sorting();
    return done_testing();
}
