/* Random numbers: the CPU's generator, or a seeded one. Not for secrets when seed= is given. */
#ifndef DEV_RANDOM_H
#define DEV_RANDOM_H

#include <stdint.h>

/* Seeds the generator: seed= of the command line, or the clock if that is 0. */
void random_init(uint32_t seed);
uint32_t random_next(void);

#endif
