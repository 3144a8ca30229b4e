/*
 * The only kernel code that touches user addresses (arch/usercopy.asm). A fault in it is taken by
 * the page-fault handler like the program's own; one that is refused ends the copy early.
 * Addresses and ranges are checked by kernel/proc/usercopy.c; nothing else calls these.
 */
#ifndef ARCH_USERCOPY_H
#define ARCH_USERCOPY_H

#include <stdint.h>

#include "lib/compiler.h"

/* Copies n bytes between user and kernel memory, either direction. Gives the number of bytes NOT
 * copied: 0 is success; bytes before the failing one are copied, exactly. */
must_check uint32_t usercopy_bytes(void *dst, const void *src, uint32_t n);
/* Clears n bytes of user memory; the number NOT cleared. */
must_check uint32_t usercopy_zero(void *dst, uint32_t n);
/* Copies up to max bytes of a string including its end. Gives the length without the end, max if
 * there was no end within max, or -1 on a refused fault. */
must_check int32_t usercopy_string(char *dst, const char *src, uint32_t max);

#endif
