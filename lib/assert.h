/*
 * Assertions check invariants. A failed one is a kernel bug and ends in the panic screen; a user's
 * mistake or a lack of memory never fails an assertion.
 */
#ifndef LIB_ASSERT_H
#define LIB_ASSERT_H

#include "lib/compiler.h"

/* Hook: kernel/diag/panic.c in the kernel, the test support on the host. Does not return. */
noreturn_fn void panic(const char *fmt, ...) printf_like(1, 2);

#define assert(cond)                                                                               \
    ((cond) ? (void)0 : panic("assertion failed: %s (%s:%d)", #cond, __FILE__, __LINE__))

/* Checks for debug builds only, because they cost more than the operation they guard. debug_check
 * calls an x_check function, which walks a whole structure, at key points but not in every
 * operation. */
#ifdef FAULTLINE_DEBUG
#define debug_assert(cond) assert(cond)
#define debug_check(call)  ((void)(call))
#else
#define debug_assert(cond) ((void)0)
#define debug_check(call)  ((void)0)
#endif

#endif
