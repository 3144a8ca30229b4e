/*
 * The numbers of getrandom and AT_RANDOM. With seed= on the command line a run can be repeated
 * exactly, so the generator below is the only source. Otherwise each number is mixed with one of
 * RDRAND's. A CPU without RDRAND leaves only the time stamp counter at start-up, which a patient
 * guesser can find.
 *
 * The generator is SplitMix (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
 * 2014) on 32 bits: a counter with an odd step through a mixing function.
 */
#include "dev/random.h"

#include <stdbool.h>

#include "arch/cpu.h"

#define GOLDEN_STEP 0x9E3779B9u /* 2^32 / golden ratio; odd, so the counter takes every value */

static uint32_t state;
static bool is_repeatable;

void random_init(uint32_t seed)
{
    is_repeatable = seed != 0;
    state = is_repeatable || !cpu_info.tsc ? seed : (uint32_t)cpu_rdtsc();
}

static uint32_t mix(uint32_t x)
{
    x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
    x = (x ^ (x >> 13)) * 0xC2B2AE35u;
    return x ^ (x >> 16);
}

uint32_t random_next(void)
{
    uint32_t hardware = 0;

    state += GOLDEN_STEP;
    if (!is_repeatable && cpu_info.rdrand && cpu_rdrand(&hardware)) {
        state ^= hardware;
    }
    return mix(state);
}
