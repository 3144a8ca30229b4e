/* Names of the CPU's exceptions. */
#ifndef ARCH_TRAP_NAMES_H
#define ARCH_TRAP_NAMES_H

#include <stdint.h>

/* Returns the name of an exception in plain words, or NULL if the vector is none (SDM vol. 3,
 * 6.15). */
const char *trap_name(uint32_t vector);

#endif
