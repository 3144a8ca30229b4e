/* Random numbers from the CPU's generator or from a seeded one. With seed= they are no secret. */
#ifndef DEV_RANDOM_H
#define DEV_RANDOM_H

#include <stdint.h>

/* Seeds the generator with seed= of the command line, or with the clock if that is 0. */
void random_init(uint32_t seed);
/* Returns the next 32 random bits. */
uint32_t random_next(void);

#endif
