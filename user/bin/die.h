/*
 * For the programs that die on purpose: hides an address from the compiler, so that it neither
 * warns about the access nor removes it.
 */
#ifndef DIE_H
#define DIE_H

#include <stdint.h>

static inline volatile char *address_of(uintptr_t number)
{
    __asm__ volatile("" : "+r"(number));
    return (volatile char *)number;
}

#endif
