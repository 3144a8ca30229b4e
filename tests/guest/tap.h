/*
 * TAP for guest tests. A test calls ok() and is() and returns done_testing() from main:
 *
 *     int main(void)
 *     {
 *         ok(freemem() > 0, "there is memory");
 *         is(2 + 2, 4, "arithmetic");
 *         return done_testing();
 *     }
 *
 * Started alone a test prints plain TAP with its plan at the end. Under tests/guest/runner.c, which
 * joins all tests into one stream, TAP_FIRST in the environment says which number comes first and
 * TAP_NAME what stands before each test's name; then the runner prints the plan. There is no pipe
 * to count lines with, so done_testing's value tells the runner how many there were: a mark that no
 * accident makes, the count, and in the low byte (what wait sees) the number of failures.
 */
#ifndef TESTS_GUEST_TAP_H
#define TESTS_GUEST_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* done_testing's value: TAP_MARK | count << TAP_COUNT_SHIFT | failures. */
#define TAP_MARK         0x5A000000
#define TAP_MARK_MASK    0x7F000000
#define TAP_COUNT_SHIFT  8
#define TAP_COUNT_MASK   0xFFFF
#define TAP_FAILURES_MAX 0xFF

static struct {
    int first;        /* number of this program's first test; 0: not yet asked for */
    const char *name; /* under the runner */
    int count, failures;
} tap_state;

static inline void tap_start(void)
{
    if (tap_state.first == 0) {
        const char *first = getenv("TAP_FIRST");
        tap_state.first = first != NULL ? atoi(first) : 1;
        tap_state.name = getenv("TAP_NAME");
    }
}

/* One test. Gives the condition, so that what makes no sense after a failure can be left out. */
static inline bool tap_ok(bool condition, const char *name, const char *file, int line)
{
    tap_start();
    printf("%sok %d - %s%s%s\n", condition ? "" : "not ", tap_state.first + tap_state.count,
           tap_state.name != NULL ? tap_state.name : "", tap_state.name != NULL ? ": " : "", name);
    tap_state.count++;
    if (!condition) {
        tap_state.failures++;
        printf("#   failed at %s:%d\n", file, line);
    }
    fflush(stdout);
    return condition;
}

static inline bool tap_is(long long got, long long wanted, const char *name, const char *file,
                          int line)
{
    if (!tap_ok(got == wanted, name, file, line)) {
        printf("#        got: %lld (0x%llx)\n#   expected: %lld (0x%llx)\n", got,
               (unsigned long long)got, wanted, (unsigned long long)wanted);
        return false;
    }
    return true;
}

static inline bool tap_is_string(const char *got, const char *wanted, const char *name,
                                 const char *file, int line)
{
    if (!tap_ok(strcmp(got, wanted) == 0, name, file, line)) {
        printf("#        got: \"%s\"\n#   expected: \"%s\"\n", got, wanted);
        return false;
    }
    return true;
}

#define ok(condition, name) tap_ok((condition), (name), __FILE__, __LINE__)
#define is(got, wanted, name)                                                                      \
    tap_is((long long)(got), (long long)(wanted), (name), __FILE__, __LINE__)
#define is_string(got, wanted, name) tap_is_string((got), (wanted), (name), __FILE__, __LINE__)
/* A test that cannot be done on this machine: counts, with the reason. */
#define skip(name, reason) tap_ok(true, name " # SKIP " reason, __FILE__, __LINE__)

/* Elements of an array, for tables of cases. */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A remark between the tests. */
#define diag(...) (printf("# " __VA_ARGS__), printf("\n"))

/* The last thing: main returns it. */
static inline int done_testing(void)
{
    tap_start();
    if (tap_state.name == NULL) {
        printf("1..%d\n", tap_state.count);
    }
    fflush(stdout);
    int failures = tap_state.failures < TAP_FAILURES_MAX ? tap_state.failures : TAP_FAILURES_MAX;
    return TAP_MARK | (tap_state.count & TAP_COUNT_MASK) << TAP_COUNT_SHIFT | failures;
}

#endif
