/* The load: how many processes run or are ready to, on average over 1, 5 and 15 minutes. */
#ifndef KERNEL_PROC_LOADAVG_H
#define KERNEL_PROC_LOADAVG_H

#include <stdint.h>

#define LOADAVG_SHIFT 11 /* fixed point: 1.0 is 1 << LOADAVG_SHIFT */
#define LOADAVG_COUNT 3

/* The timer's interrupt. Counts every five seconds. */
void loadavg_tick(void);
/* Stores the averages. */
void loadavg_read(uint32_t loads[LOADAVG_COUNT]);
/* Returns the next value of an average whose old value decays by `decay` / 2^LOADAVG_SHIFT. */
uint32_t loadavg_next(uint32_t load, uint32_t decay, uint32_t n_ready);

#endif
