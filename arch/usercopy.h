/*
 * The only kernel code that touches user addresses (arch/usercopy.asm). The page-fault handler
 * resolves a fault in it like one of the program; a refused fault ends the copy early. Only
 * kernel/user/usercopy.c calls these functions, after it has checked addresses and ranges.
 */
#ifndef ARCH_USERCOPY_H
#define ARCH_USERCOPY_H

#include <stdint.h>

#include "lib/compiler.h"

/* Copies n bytes between user and kernel memory, in either direction. Returns the number of bytes
 * not copied; 0 is success. All bytes before the failing one are copied. */
must_check uint32_t usercopy_bytes(void *dst, const void *src, uint32_t n);
/* Clears n bytes of user memory. Returns the number not cleared. */
must_check uint32_t usercopy_zero(void *dst, uint32_t n);
/* Copies at most max bytes of a string, its terminator included. Returns the length without the
 * terminator, max if the first max bytes have none, or -1 if a fault was refused. */
must_check int32_t usercopy_string(char *dst, const char *src, uint32_t max);

#endif
