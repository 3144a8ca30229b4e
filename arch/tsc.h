/* The time stamp counter. Read it only on a CPU that has one (cpu_info.tsc). */
#ifndef ARCH_TSC_H
#define ARCH_TSC_H

#include <stdint.h>

/* Returns the counter, in cycles of the CPU or, with --icount, in units of QEMU's clock. */
static inline uint64_t cpu_rdtsc(void)
{
    uint32_t lo, hi;
    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return ((uint64_t)hi << 32) | lo;
}

#endif
