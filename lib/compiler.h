/* Compiler attributes used all over the tree, under the names the prose uses. */
#ifndef LIB_COMPILER_H
#define LIB_COMPILER_H

#define must_check  __attribute__((warn_unused_result))
#define noreturn_fn __attribute__((noreturn))
/* Kept out of line, so that the fast path beside it stays short. */
#define cold_fn __attribute__((cold, noinline))
/* Kept out of line for its large stack frame, not because it is rare. */
#define noinline_fn __attribute__((noinline))
/* Inlined whatever the compiler thinks of its size: a hot path that is written in parts. */
#define hot_inline_fn inline __attribute__((always_inline))
/* In front of the loop of a few instructions that a whole operation consists of: four rounds at once. */
#ifdef __clang__
#define unrolled_loop _Pragma("clang loop unroll_count(4)")
#else
#define unrolled_loop _Pragma("GCC unroll 4")
#endif
#define printf_like(fmt, first)         __attribute__((format(printf, fmt, first)))
#define likely(x)                       __builtin_expect(!!(x), 1)
#define unlikely(x)                     __builtin_expect(!!(x), 0)
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define array_size(a)                   (sizeof(a) / sizeof((a)[0]))

#endif
