/*
 * What every host test needs: cmocka in its order of includes, and kernel panics as cmocka assertion
 * failures. A panic that a test expects is caught with expect_assert_failure(); any other fails it.
 */
#ifndef TESTS_HOST_SUPPORT_H
#define TESTS_HOST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Text of the last panic. */
const char *support_panic_text(void);

/* Numbers that look random and are the same in every run of a test: xorshift32 (Marsaglia 2003). */
uint32_t support_random(void);

#endif
