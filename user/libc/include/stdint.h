/*
 * <stdint.h>: the compiler's own file. In hosted mode gcc's includes a libc's file; its
 * freestanding variant takes all types from the compiler itself.
 */
#if defined __clang__
#include_next <stdint.h>
#else
#include <stdint-gcc.h>
#endif
