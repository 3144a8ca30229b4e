/*
 * Copies to and from user memory. Every address that a program passes goes through here. The range
 * is checked against the user half first; then arch/usercopy.asm copies the bytes, and absent pages
 * come in by the ordinary fault path (kernel/trap/page_fault.c). A fault that is refused ends the
 * copy. Each value is fetched once, so what was checked is what is used.
 */
#ifndef KERNEL_USER_USERCOPY_H
#define KERNEL_USER_USERCOPY_H

#include <stdint.h>

#include "fs/file.h"
#include "lib/compiler.h"

/* Copy n bytes and return 0. Fail with -EFAULT, and may then have copied some. n 0 succeeds. */
must_check int copy_from_user(void *to, uint32_t from, uint32_t n);
must_check int copy_to_user(uint32_t to, const void *from, uint32_t n);
/* Clears user memory. Returns 0 or -EFAULT. */
must_check int clear_user(uint32_t to, uint32_t n);

/* Copies a string with its end into the size bytes at `to`. Returns its length without the end.
 * Fails with -EFAULT, and with -ENAMETOOLONG if size bytes hold no end. */
must_check int32_t copy_string_from_user(char *to, uint32_t from, uint32_t size);

/* Copies a path. Returns 0 with *path, for path_free to free. Fails with -EFAULT, -ENAMETOOLONG or
 * -ENOMEM. */
must_check int path_from_user(uint32_t from, char **path);
void path_free(char *path);

/* Returns a buffer of the running process for fs/. The caller has checked that its range lies in the
 * user half. */
struct io_buffer io_of_user(uint32_t base);
/* The same at an address that nobody has checked: each put and get checks its range and copies all of
 * it or reports 0 bytes. For structures whose size only the callee knows. */
struct io_buffer io_of_user_address(uint32_t base);

#endif
