/* The load (loadavg.h): exponential averages with Linux's constants. */
#include "kernel/proc/loadavg.h"

#include "dev/pit.h"
#include "kernel/proc/sched.h"

#define TICKS_BETWEEN (5u * PIT_TICKS_PER_SECOND)
#define ONE           (1u << LOADAVG_SHIFT)

/* exp(-5 s / 1, 5 and 15 minutes). */
static const uint32_t decays[LOADAVG_COUNT] = {1884, 2014, 2037};

static uint32_t averages[LOADAVG_COUNT];
static uint32_t ticks;

uint32_t loadavg_next(uint32_t load, uint32_t decay, uint32_t n_ready)
{
    uint32_t active = n_ready << LOADAVG_SHIFT;
    uint32_t next = load * decay + active * (ONE - decay);

    if (active >= load) {
        next += ONE - 1; /* upward, or a constant load would never be reached */
    }
    return next / ONE;
}

void loadavg_tick(void)
{
    if (++ticks % TICKS_BETWEEN != 0) {
        return;
    }
    uint32_t n_ready = sched_count_ready();

    for (int i = 0; i < LOADAVG_COUNT; i++) {
        averages[i] = loadavg_next(averages[i], decays[i], n_ready);
    }
}

void loadavg_read(uint32_t loads[LOADAVG_COUNT])
{
    for (int i = 0; i < LOADAVG_COUNT; i++) {
        loads[i] = averages[i];
    }
}
