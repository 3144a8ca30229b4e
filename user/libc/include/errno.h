/* <errno.h>: Linux's error numbers, and the variable that holds them. */
#ifndef FL_ERRNO_H
#define FL_ERRNO_H

#include <asm/errno.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ENOTSUP EOPNOTSUPP

extern int errno;

/* argv[0], and what is behind its last slash (glibc's names). */
extern char *program_invocation_name, *program_invocation_short_name;

#ifdef __cplusplus
}
#endif

#endif
