/*
 * For the programs that die on purpose: an address that the compiler knows nothing about, so that it
 * neither warns about the access nor leaves it out.
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
