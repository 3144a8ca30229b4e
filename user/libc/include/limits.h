/*
 * <limits.h>: C's limits from the compiler's predefined macros, POSIX's from Linux's header. It
 * does not include the compiler's own file, which expects a libc's file after it.
 */
#ifndef FL_LIMITS_H
#define FL_LIMITS_H

#include <linux/limits.h>

#define CHAR_BIT   __CHAR_BIT__
#define MB_LEN_MAX 1

#define SCHAR_MAX __SCHAR_MAX__
#define SCHAR_MIN (-SCHAR_MAX - 1)
#define UCHAR_MAX (SCHAR_MAX * 2 + 1)
#ifdef __CHAR_UNSIGNED__
#define CHAR_MIN 0
#define CHAR_MAX UCHAR_MAX
#else
#define CHAR_MIN SCHAR_MIN
#define CHAR_MAX SCHAR_MAX
#endif

#define SHRT_MAX  __SHRT_MAX__
#define SHRT_MIN  (-SHRT_MAX - 1)
#define USHRT_MAX (SHRT_MAX * 2 + 1)

#define INT_MAX  __INT_MAX__
#define INT_MIN  (-INT_MAX - 1)
#define UINT_MAX (INT_MAX * 2U + 1U)

#define LONG_MAX  __LONG_MAX__
#define LONG_MIN  (-LONG_MAX - 1L)
#define ULONG_MAX (LONG_MAX * 2UL + 1UL)

#define LLONG_MAX  __LONG_LONG_MAX__
#define LLONG_MIN  (-LLONG_MAX - 1LL)
#define ULLONG_MAX (LLONG_MAX * 2ULL + 1ULL)

#define LONG_BIT 32
#define WORD_BIT 32

#define SSIZE_MAX INT_MAX
#define IOV_MAX   1024

#define RE_DUP_MAX       255
#define NL_ARGMAX        9
#define TZNAME_MAX       6
#define _POSIX_PATH_MAX  256
#define _POSIX_NAME_MAX  14
#define _POSIX_ARG_MAX   4096
#define _POSIX_OPEN_MAX  20
#define _POSIX2_LINE_MAX 2048
#define LINE_MAX         4096
#ifndef PAGE_SIZE
#define PAGE_SIZE 4096
#endif

#endif
