/*
 * lib/ubsan.c: code with undefined behaviour, compiled as debug kernels are, must end in a panic that
 * says what was wrong and where. The handlers of this program come before those of the host's libubsan.
 */
#include "tests/host/support.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "lib/compiler.h"

/* Values the compiler cannot see through. */
static volatile int zero, one = 1, big = INT_MAX, many = 40;

static int table[4];

static int add(void)
{
    return big + one;
}

static int subtract(void)
{
    return -big - one - one;
}

static int multiply(void)
{
    return big * big;
}

static int negate(void)
{
    int lowest = -big - one;
    return -lowest;
}

static int divide(void)
{
    return one / zero;
}

static int shift(void)
{
    return one << many;
}

static int index_table(void)
{
    return table[many];
}

static int load_null(void)
{
    const int *volatile p = NULL;
    return *p;
}

static int load_misaligned(void)
{
    const int *volatile p = (const int *)(const void *)((const char *)table + one);
    return *p;
}

static int load_bool(void)
{
    unsigned char byte = (unsigned char)many;
    bool b;
    memcpy(&b, &byte, 1);
    return b ? 2 : 3;
}

static int reach_the_unreachable(void)
{
    if (one) {
        __builtin_unreachable();
    }
    return 0;
}

static int count_zeros_of_zero(void)
{
    return __builtin_ctz((unsigned int)zero);
}

static int pointer_wraps(void)
{
    const char *volatile high = (const char *)0xF0000000u;
    const char *p = high + big;
    return p == high;
}

static const struct {
    int (*run)(void);
    const char *text;
} cases[] = {
    {add, "overflow in addition ('int': 0x7fffffff, 0x1)"},
    {subtract, "overflow in subtraction ('int': 0x80000000, 0x1)"},
    {multiply, "overflow in multiplication ('int'"},
    {negate, "overflow in negation ('int': 0x80000000)"},
    {divide, "division by zero or overflow in division ('int': 0x1, 0"},
    {shift, "shift out of range ('int': 0x1, 0x28)"},
    {index_table, "array index out of range ('int [4]': 0x28)"},
    {load_null, "load through a null pointer"},
    {load_misaligned, "load through a misaligned or too small pointer"},
    {load_bool, "load of a value its type does not have"},
    {reach_the_unreachable, "an unreachable place was reached"},
    {count_zeros_of_zero, "zero given to ctz or clz"},
    {pointer_wraps, "pointer arithmetic wraps"},
};

static void test_every_kind(void **state)
{
    (void)state;
    for (volatile size_t i = 0; i < array_size(cases); i++) {
        expect_assert_failure(cases[i].run());
        if (strstr(support_panic_text(), cases[i].text) == NULL ||
            strstr(support_panic_text(), " at tests/host/test_ubsan.c:") == NULL) {
            fail_msg("case %u gave \"%s\", not \"%s\"", (unsigned int)i, support_panic_text(),
                     cases[i].text);
        }
    }
}

static void test_defined_behaviour_is_silent(void **state)
{
    (void)state;
    big = 5;
    many = 3;
    assert_int_equal(add(), 6);
    assert_int_equal(shift(), 8);
    assert_int_equal(index_table(), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_defined_behaviour_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
