/* scanf, setjmp, and what is left of stdio. Expected results are what C11 7.21.6.2 says. */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"

static void test_integers(void)
{
    int a = 0, b = 0, c = 0, n = 0;
    unsigned int u = 0;
    is(sscanf(" 12 -7 0x1f", "%d%d%x", &a, &b, &u), 3, "three integers");
    ok(a == 12 && b == -7 && u == 0x1f, "their values");
    is(sscanf("12345", "%2d%3d", &a, &b), 2, "widths");
    ok(a == 12 && b == 345, "cut the digits");
    is(sscanf("010 0x10 10", "%i%i%i", &a, &b, &c), 3, "%i");
    ok(a == 8 && b == 16 && c == 10, "finds the base");
    is(sscanf("5,6", "%d,%d%n", &a, &b, &n), 2, "a literal between");
    is(n, 3, "%n counts characters");
    is(sscanf("1 2", "%*d%d", &a), 1, "* leaves one out");
    is(a, 2, "and stores the next");
    is(sscanf("abc", "%d", &a), 0, "no number");
    is(sscanf("", "%d", &a), EOF, "no input");
    is(sscanf("   ", "%d", &a), EOF, "only space");
    is(sscanf("7 x", "%d%d", &a, &b), 1, "stops at the first mismatch");
    signed char small = 0;
    long long large = 0;
    is(sscanf("-1 9223372036854775807", "%hhd%lld", &small, &large), 2, "lengths");
    ok(small == -1 && large == 9223372036854775807ll, "store in their types");
    is(sscanf("0x", "%x", &u), 0, "a prefix alone is no number");
    is(sscanf("50%", "%d%%%n", &a, &n), 1, "a percent sign");
    is(n, 3, "is taken");
}

static void test_texts(void)
{
    char s[16], t[16], c = 0;
    is(sscanf("  hello world", "%s%s", s, t), 2, "two words");
    ok(strcmp(s, "hello") == 0 && strcmp(t, "world") == 0, "their texts");
    is(sscanf("abcdef", "%3s%c", s, &c), 2, "a width for a word");
    ok(strcmp(s, "abc") == 0 && c == 'd', "and the character behind");
    is(sscanf("abc123]", "%[a-z]%[^]]", s, t), 2, "sets");
    ok(strcmp(s, "abc") == 0 && strcmp(t, "123") == 0, "of both kinds");
    is(sscanf("a", "%2c", s), 0, "too few characters");
    is(sscanf("key = value", "%15[^ =] = %15s", s, t), 2, "a key and a value");
    is_string(t, "value", "the value");
}

static void test_floats(void)
{
    float f = 0;
    double d = 0;
    long double l = 0;
    is(sscanf("1.5 -2e3 0x1p-1", "%f%lf%Lf", &f, &d, &l), 3, "three floats");
    ok(f == 1.5f && d == -2000.0 && l == 0.5L, "their values");
    is(sscanf("inf", "%lf", &d), 1, "infinity");
    is(sscanf("1e", "%lf", &d), 0, "an exponent without digits");
    is(sscanf("3.14.15", "%lf%Lf", &d, &l), 2, "a second point starts anew");
}

static jmp_buf state;
static volatile int is_armed = 1; /* the compiler may not see that deep never returns */

__attribute__((noinline)) static void deep(int depth, int value)
{
    volatile char frame[64] = {0};
    if (depth == 0 && is_armed) {
        longjmp(state, value);
    }
    if (depth > 0) {
        deep(depth - 1 + frame[0], value);
    }
}

static void test_jumps(void)
{
    volatile int kept = 1;
    int value = setjmp(state);
    if (value == 0) {
        kept = 2;
        deep(10, 42);
    }
    is(value, 42, "longjmp's value");
    is(kept, 2, "a variable keeps its value");
    value = setjmp(state);
    if (value == 0) {
        deep(3, 0);
    }
    is(value, 1, "0 becomes 1");
}

int main(void)
{
    test_integers();
    test_texts();
    test_floats();
    test_jumps();
    return done_testing();
}
