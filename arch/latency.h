/*
 * How long interrupts are off, and because of what. The time stamp counter is read wherever they go
 * off or on: at trap entry and return, in cpu_irq_window() and cpu_idle(). A stretch that several
 * processes share, through a switch, is named after the largest part. Not in it: the entry and exit
 * code of arch/trap.asm, about 30 instructions, and what latency_uncounted() leaves out.
 *
 * Only in debug builds and with `make LATENCY=1`, which is the release kernel but for this. Elsewhere
 * every function here is nothing.
 */
#ifndef ARCH_LATENCY_H
#define ARCH_LATENCY_H

#include <stdint.h>

#include "arch/tsc.h"

/* What keeps interrupts off: a vector below 0x100, a system call, or one of the others. */
#define LATENCY_CALL  0x10000u /* + its number                                 */
#define LATENCY_EXIT  0x20000u /* a process gives back what it has             */
#define LATENCY_START 0x20001u /* a new process, on its way to its first instruction */

struct latency_record {
    uint64_t ticks; /* 0: nothing was measured */
    uint32_t what;
};

#ifdef FAULTLINE_LATENCY

/* Interrupts went off for this. */
void latency_off(uint32_t what);
/* They go on: the stretch ends. */
void latency_on(void);
/* The stretch goes on, from here for something else. Gives what it was for so far. */
uint32_t latency_rename(uint32_t what);
uint32_t latency_what(void);
/* Takes ticks out of the stretch. */
void latency_discount(uint64_t ticks);
/* The longest stretch of all, and the longest since the last call of this function. */
void latency_read(struct latency_record *longest, struct latency_record *recent);

/* Runs a check of debug builds, whose length nobody waits for in a release build. */
#define latency_uncounted(call)                                                                    \
    do {                                                                                           \
        uint64_t latency_start = cpu_rdtsc();                                                      \
        call;                                                                                      \
        latency_discount(cpu_rdtsc() - latency_start);                                             \
    } while (0)

#else

static inline void latency_off(uint32_t what)
{
    (void)what;
}
static inline void latency_on(void)
{
}
static inline uint32_t latency_rename(uint32_t what)
{
    return what;
}
static inline uint32_t latency_what(void)
{
    return 0;
}
static inline void latency_read(struct latency_record *longest, struct latency_record *recent)
{
    *longest = *recent = (struct latency_record){0};
}
#define latency_uncounted(call) call

#endif

#endif
