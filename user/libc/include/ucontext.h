/* <ucontext.h>: the type alone; there is no getcontext. */
#ifndef FL_UCONTEXT_H
#define FL_UCONTEXT_H

#include <sys/ucontext.h>

#endif
