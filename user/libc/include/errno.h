/* <errno.h>: Linux's error numbers and the variable they are found in. */
#ifndef FL_ERRNO_H
#define FL_ERRNO_H

#include <asm/errno.h>

extern int errno;

#endif
