/*
 * <stdint.h>: the compiler's own. gcc's looks for a libc's file when the program is compiled as
 * hosted; its freestanding twin has all types from the compiler itself.
 */
#if defined __clang__
#include_next <stdint.h>
#else
#include <stdint-gcc.h>
#endif
