/* Compiler attributes that the whole tree uses, under the names that its comments use. */
#ifndef LIB_COMPILER_H
#define LIB_COMPILER_H

#define must_check  __attribute__((warn_unused_result))
#define noreturn_fn __attribute__((noreturn))
/* Kept out of line, so that the fast path beside it stays short. */
#define cold_fn __attribute__((cold, noinline))
/* Kept out of line for its large stack frame, not because it is rare. */
#define noinline_fn __attribute__((noinline))
/* Always inlined: the parts of a hot path, whatever the compiler thinks of their size. */
#define hot_inline_fn inline __attribute__((always_inline))
/* Unrolls the next loop four times. For the loop of a few instructions that is a whole operation.
 * */
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
