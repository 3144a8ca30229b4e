/*
 * User memory is a foreign country. Every address that a program passes goes through here: the
 * range is checked against the user half first, then the bytes are copied by arch/usercopy.asm, and
 * pages that are not there come in by the ordinary fault path (trap.c). A page that may not come in
 * ends the copy. Each value is fetched once; what was checked is what is used.
 */
#ifndef KERNEL_PROC_USERCOPY_H
#define KERNEL_PROC_USERCOPY_H

#include <stdint.h>

#include "fs/file.h"
#include "lib/compiler.h"

/* All n bytes, or -EFAULT (then some may have been copied). n 0 always succeeds. */
must_check int copy_from_user(void *to, uint32_t from, uint32_t n);
must_check int copy_to_user(uint32_t to, const void *from, uint32_t n);
/* Clears user memory. 0 or -EFAULT. */
must_check int clear_user(uint32_t to, uint32_t n);

/* Copies a string with its end into the size bytes at `to`. Its length without the end; -EFAULT;
 * -ENAMETOOLONG if size bytes hold no end. */
must_check int32_t copy_string_from_user(char *to, uint32_t from, uint32_t size);

/* A path of a user: 0 and *path, to be freed by path_free; -EFAULT, -ENAMETOOLONG, -ENOMEM. */
must_check int path_from_user(uint32_t from, char **path);
void path_free(char *path);

/* A buffer of the running process for fs/. The caller has checked that its range lies in the user
 * half. */
struct io_buffer io_of_user(uint32_t base);
/* The same at an address that nobody has checked: each put and get checks its range and copies all of
 * it or reports 0 bytes. For structures whose size only the callee knows. */
struct io_buffer io_of_user_address(uint32_t base);

#endif
