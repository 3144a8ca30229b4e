/* printf: every conversion with its flags, widths, precisions and lengths; floats correctly
 * rounded. Expected texts are what C11 7.21.6.1 says and glibc prints. */
#include <float.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"

static char text[8192];

#define FORMATS(wanted, ...)                                                                       \
    do {                                                                                           \
        int len = snprintf(text, sizeof(text), __VA_ARGS__);                                       \
        is_string(text, wanted, #__VA_ARGS__);                                                     \
        if (len != (int)strlen(text)) {                                                            \
            is(len, strlen(text), "snprintf returns the length of the text");                      \
        }                                                                                          \
    } while (0)

static void test_integers(void)
{
    FORMATS("0 -1 2147483647 -2147483648", "%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
    FORMATS("4294967295 ffffffff FFFFFFFF 37777777777", "%u %x %X %o", ~0u, ~0u, ~0u, ~0u);
    FORMATS("-9223372036854775808 18446744073709551615", "%lld %llu", LLONG_MIN, ULLONG_MAX);
    FORMATS("-1 255 -1 65535", "%hhd %hhu %hd %hu", (signed char)255, (unsigned char)255,
            (short)65535, (unsigned short)65535);
    FORMATS("[   42] [42   ] [00042] [  +42]", "[%5d] [%-5d] [%05d] [%+5d]", 42, 42, 42, 42);
    FORMATS("[ 42] [  042] [0x2a] [052] [0X2A]", "[% d] [%5.3d] [%#x] [%#o] [%#X]", 42, 42, 42, 42,
            42);
    FORMATS("[] [0] [ ]", "[%.0d] [%#x] [% .0d]", 0, 0, 0);
    FORMATS("[   -7] [-7   ] [-0007]", "[%*d] [%*d] [%.*d]", 5, -7, -5, -7, 4, -7);
    FORMATS("123 456 789 -5", "%zu %td %ju %jd", (size_t)123, (ptrdiff_t)456, (uintmax_t)789,
            (intmax_t)-5);
    FORMATS("0x1000 (nil)", "%p %p", (void *)0x1000, (void *)0);
}

static void test_text(void)
{
    FORMATS("a % [  abc] [abc  ] [ab]", "%c %% [%5s] [%-5s] [%.2s]", 'a', "abc", "abc", "abc");
    FORMATS("[    a] [a    ]", "[%5c] [%-5c]", 'a', 'a');
    volatile size_t room = 4; /* so that the compiler does not object to the cut */
    is(snprintf(text, room, "%s", "abcdef"), 6, "snprintf returns the whole length of a cut text");
    is_string(text, "abc", "snprintf cuts and terminates the text");
    is(snprintf(NULL, 0, "%d", 12345), 5, "snprintf measures without a buffer");
}

static void test_fixed(void)
{
    FORMATS("0.000000 1.000000 -1.500000", "%f %f %f", 0.0, 1.0, -1.5);
    FORMATS("0 2 2 4 -2", "%.0f %.0f %.0f %.0f %.0f", 0.5, 1.5, 2.5, 3.5, -2.5);
    FORMATS("0.1 0.3 0.12 0.14 1.00", "%.1f %.1f %.2f %.2f %.2f", 0.05, 0.25 + 1e-9, 0.125, 0.135,
            0.999);
    FORMATS("0.1000000000000000055511151231257827021181583404541015625", "%.55f", 0.1);
    FORMATS("123456789012345680.0", "%.1f", 123456789012345678.0);
    FORMATS("[    1.50] [1.50    ] [00001.50] [+1.5]", "[%8.2f] [%-8.2f] [%08.2f] [%+.1f]", 1.5,
            1.5, 1.5, 1.5);
    FORMATS("3. -0.0", "%#.0f %.1f", 3.0, -0.0);
    FORMATS("inf -inf INF [  nan] [  inf]", "%f %f %F [%5.1f] [%05f]", __builtin_inf(),
            -__builtin_inf(), __builtin_inf(), __builtin_nan(""), __builtin_inf());
    FORMATS("179769313486231570814527423731704356798070567525844996598917476803157260780028538760"
            "589558632766878171540458953514382464234321326889464182768467546703537516986049910576"
            "551282076245490090389328944075868508455133942304583236903222948165808559332123348274"
            "797826204144723168738177180919299881250404026184124858368",
            "%.0f", DBL_MAX);
}

static void test_scientific(void)
{
    FORMATS("0.000000e+00 1.000000e+00 1.234568e+10", "%e %e %e", 0.0, 1.0, 12345678901.0);
    FORMATS("1e+01 9.9e-01 1.0E+100", "%.0e %.1e %.1E", 9.5, 0.99, 1e100);
    FORMATS("4.9406564584124654e-324", "%.16e", 4.9406564584124654e-324);
    FORMATS("2.2250738585072014e-308 1.7976931348623157e+308", "%.16e %.16e", DBL_MIN, DBL_MAX);
    FORMATS("3.6451995318824746025e-4951", "%.19Le", 3.6451995318824746025e-4951L);
    FORMATS("1.18973149535723176502e+4932", "%.20Le", LDBL_MAX);
}

static void test_general(void)
{
    FORMATS("0 1 0.0001 1e-05 100000 1e+06", "%g %g %g %g %g %g", 0.0, 1.0, 1e-4, 1e-5, 1e5, 1e6);
    FORMATS("1.5 1.50000 0.1 3.14159", "%g %#g %g %g", 1.5, 1.5, 0.1, 3.14159265358979);
    FORMATS("1e+02 1e+02 1.2e+02 123.5", "%.0g %.1g %.2g %.4g", 123.456, 123.456, 123.456, 123.456);
    FORMATS("0.10000000000000001 1E+20", "%.17g %G", 0.1, 1e20);
    FORMATS("9.99999e+06 1e+07 999999 1e+06", "%g %g %g %g", 9999990.0, 9999999.0, 999999.0,
            999999.5);
}

static void test_hexadecimal_floats(void)
{
    FORMATS("0x1p+0 0x1.8p+1 -0x1p-1 0x0p+0", "%a %a %a %a", 1.0, 3.0, -0.5, 0.0);
    FORMATS("0x1.99ap-4 0X1.999999999999AP-4", "%.3a %A", 0.1, 0.1);
    FORMATS("0x2p+0 0x1p+0 [  0x1p+0]", "%.0a %.0a [%8a]", 1.5, 1.25, 1.0);
}

int main(void)
{
    test_integers();
    test_text();
    test_fixed();
    test_scientific();
    test_general();
    test_hexadecimal_floats();
    return done_testing();
}
