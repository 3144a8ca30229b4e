/* <alloca.h>: memory that goes with the function's frame. */
#ifndef FL_ALLOCA_H
#define FL_ALLOCA_H

#define alloca(size) __builtin_alloca(size)

#endif
