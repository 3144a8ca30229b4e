/* scanf, setjmp, and what is left of stdio. Expected results are what C11 7.21.6.2 says. */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"

static void test_integers(void)
{
    int a = 0, b = 0, c = 0, n = 0;
    unsigned int u = 0;
    is(sscanf(" 12 -7 0x1f", "%d%d%x", &a, &b, &u), 3, "sscanf reads three integers");
    ok(a == 12 && b == -7 && u == 0x1f, "sscanf stores three integers");
    is(sscanf("12345", "%2d%3d", &a, &b), 2, "widths split digits");
    ok(a == 12 && b == 345, "a width cuts the digits");
    is(sscanf("010 0x10 10", "%i%i%i", &a, &b, &c), 3, "%i reads three numbers");
    ok(a == 8 && b == 16 && c == 10, "%i finds the base");
    is(sscanf("5,6", "%d,%d%n", &a, &b, &n), 2, "a literal between two numbers");
    is(n, 3, "%n counts characters");
    is(sscanf("1 2", "%*d%d", &a), 1, "%*d skips a number");
    is(a, 2, "the number after %*d is stored");
    is(sscanf("abc", "%d", &a), 0, "sscanf of no number returns 0");
    is(sscanf("", "%d", &a), EOF, "sscanf of no input returns EOF");
    is(sscanf("   ", "%d", &a), EOF, "sscanf of space alone returns EOF");
    is(sscanf("7 x", "%d%d", &a, &b), 1, "sscanf stops at the first mismatch");
    signed char small = 0;
    long long large = 0;
    is(sscanf("-1 9223372036854775807", "%hhd%lld", &small, &large), 2,
       "length modifiers are accepted");
    ok(small == -1 && large == 9223372036854775807ll, "length modifiers store the whole type");
    is(sscanf("0x", "%x", &u), 0, "a prefix alone is no number");
    is(sscanf("50%", "%d%%%n", &a, &n), 1, "a percent sign");
    is(n, 3, "%% consumes a percent sign");
}

static void test_texts(void)
{
    char s[16], t[16], c = 0;
    is(sscanf("  hello world", "%s%s", s, t), 2, "sscanf reads two words");
    ok(strcmp(s, "hello") == 0 && strcmp(t, "world") == 0, "sscanf stores two words");
    is(sscanf("abcdef", "%3s%c", s, &c), 2, "a width cuts a word");
    ok(strcmp(s, "abc") == 0 && c == 'd', "%c reads the character behind a cut word");
    is(sscanf("abc123]", "%[a-z]%[^]]", s, t), 2, "%[ reads sets");
    ok(strcmp(s, "abc") == 0 && strcmp(t, "123") == 0, "%[ takes ranges and single characters");
    is(sscanf("a", "%2c", s), 0, "%c of too few characters fails");
    is(sscanf("key = value", "%15[^ =] = %15s", s, t), 2, "%[^=] splits a key and a value");
    is_string(t, "value", "the value behind a key is stored");
}

static void test_floats(void)
{
    float f = 0;
    double d = 0;
    long double l = 0;
    is(sscanf("1.5 -2e3 0x1p-1", "%f%lf%Lf", &f, &d, &l), 3, "sscanf reads three floats");
    ok(f == 1.5f && d == -2000.0 && l == 0.5L, "sscanf stores three floats");
    is(sscanf("inf", "%lf", &d), 1, "%f reads infinity");
    is(sscanf("1e", "%lf", &d), 0, "an exponent without digits is no number");
    is(sscanf("3.14.15", "%lf%Lf", &d, &l), 2, "a second point begins another number");
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
    is(value, 42, "setjmp returns longjmp's value");
    is(kept, 2, "a volatile variable keeps its value over longjmp");
    value = setjmp(state);
    if (value == 0) {
        deep(3, 0);
    }
    is(value, 1, "longjmp with 0 makes setjmp return 1");
}

int main(void)
{
    test_integers();
    test_texts();
    test_floats();
    test_jumps();
    return done_testing();
}
