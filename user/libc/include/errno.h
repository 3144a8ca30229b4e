/* <errno.h>: Linux's error numbers, and the variable that holds them. */
#ifndef FL_ERRNO_H
#define FL_ERRNO_H

#include <asm/errno.h>

extern int errno;

#endif
