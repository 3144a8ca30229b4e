/*
 * Division of 64 bits by 32. For `/` on 64 bits i386 compilers call libgcc, which the kernel is not
 * linked with.
 */
#ifndef ARCH_DIV64_H
#define ARCH_DIV64_H

#include <stdint.h>

/* Returns n / divisor and stores the rest in *rest. divisor is not 0. */
static inline uint64_t div_u64(uint64_t n, uint32_t divisor, uint32_t *rest)
{
    uint32_t high = (uint32_t)(n >> 32), low = (uint32_t)n;
    uint32_t quotient_high = high / divisor, quotient_low;

    /* The rest of the upper half is less than the divisor, so the quotient fits (SDM vol. 2A, DIV).
     */
    __asm__("divl %4"
            : "=a"(quotient_low), "=d"(*rest)
            : "0"(low), "1"(high % divisor), "r"(divisor)
            : "cc");
    return (uint64_t)quotient_high << 32 | quotient_low;
}

#endif
