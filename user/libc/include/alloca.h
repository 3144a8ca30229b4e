/* <alloca.h>: memory that is freed when the function returns. */
#ifndef FL_ALLOCA_H
#define FL_ALLOCA_H

#define alloca(size) __builtin_alloca(size)

#endif
