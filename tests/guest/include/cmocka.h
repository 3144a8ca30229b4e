/*
 * As much of cmocka as the allocators' host tests use, over TAP: so the same files run inside the
 * kernel. A failed assertion ends its test, and the next one follows.
 */
#ifndef TESTS_GUEST_CMOCKA_H
#define TESTS_GUEST_CMOCKA_H

#include <setjmp.h>

#include "tests/guest/tap.h"

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

static jmp_buf cmocka_failed;

__attribute__((noreturn)) static inline void cmocka_fail(const char *what, const char *file,
                                                         int line)
{
    printf("#   %s:%d: %s\n", file, line, what);
    longjmp(cmocka_failed, 1);
}

#define cmocka_check(condition, what)                                                              \
    ((condition) ? (void)0 : cmocka_fail((what), __FILE__, __LINE__))

#define assert_true(condition)     cmocka_check(condition, #condition)
#define assert_false(condition)    cmocka_check(!(condition), "not " #condition)
#define assert_null(pointer)       cmocka_check((pointer) == NULL, #pointer " is NULL")
#define assert_non_null(pointer)   cmocka_check((pointer) != NULL, #pointer " is not NULL")
#define assert_ptr_equal(a, b)     cmocka_check((const void *)(a) == (const void *)(b), #a " is " #b)
#define assert_int_equal(a, b)     cmocka_check((long long)(a) == (long long)(b), #a " is " #b)
#define assert_int_not_equal(a, b) cmocka_check((long long)(a) != (long long)(b), #a " is not " #b)
#define fail_msg(...)              (printf("# " __VA_ARGS__), cmocka_fail("", __FILE__, __LINE__))
#define print_message(...)         printf("# " __VA_ARGS__)

#define cmocka_unit_test(function)                                                                 \
    {                                                                                              \
#function, function                                                                        \
    }
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    (cmocka_run_all(tests, sizeof(tests) / sizeof((tests)[0])), done_testing())

static inline void cmocka_run_all(const struct CMUnitTest *tests, size_t n)
{
    static size_t i; /* survives the jump */

    for (i = 0; i < n; i++) {
        void *state = NULL;
        if (setjmp(cmocka_failed) == 0) {
            tests[i].run(&state);
            ok(true, tests[i].name);
        } else {
            ok(false, tests[i].name);
        }
    }
}

#endif
