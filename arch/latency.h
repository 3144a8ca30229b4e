/*
 * Measures how long interrupts are off, and names the cause. The time stamp counter is read
 * wherever they go off or on: at trap entry and return, in cpu_irq_window() and cpu_idle(). A
 * stretch that several processes share, because of a switch, is named after its largest part. It
 * does not include the entry and exit code of arch/trap.asm, about 30 instructions, and what
 * latency_uncounted() leaves out.
 *
 * Only debug builds and `make LATENCY=1`, the release kernel with this stopwatch, measure. In other
 * builds these functions do nothing.
 */
#ifndef ARCH_LATENCY_H
#define ARCH_LATENCY_H

#include <stdint.h>

#include "arch/tsc.h"

/* What keeps interrupts off: a vector below 0x100, a system call, or one of the others. */
#define LATENCY_CALL  0x10000u /* + its number                                 */
#define LATENCY_EXIT  0x20000u /* a process frees what it has                  */
#define LATENCY_START 0x20001u /* a new process, on its way to its first instruction */

struct latency_record {
    uint64_t ticks; /* 0: nothing was measured */
    uint32_t what;
};

#ifdef FAULTLINE_LATENCY

/* Starts a stretch: interrupts went off for this cause. */
void latency_off(uint32_t what);
/* Ends the stretch: interrupts go on. */
void latency_on(void);
/* Continues the stretch for another cause. Returns the one before. */
uint32_t latency_rename(uint32_t what);
/* Returns the cause of the current stretch. */
uint32_t latency_what(void);
/* Subtracts ticks from the stretch. */
void latency_discount(uint64_t ticks);
/* Stores the longest stretch of all, and the longest since the last call of this function. */
void latency_read(struct latency_record *longest, struct latency_record *recent);

/* Runs a check of debug builds without counting its time, which a release build does not spend. */
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
