/*
 * The time since start-up, and the time of day.
 *
 * The time stamp counter runs at a constant rate, which start-up measures against the timer chip.
 * The time is a function of the counter alone, so a lost interrupt loses no time, and with QEMU's
 * instruction clock (`run --icount`) two runs read the same times. If the rate cannot be measured,
 * the timer's interrupts are counted instead.
 *
 * All times are in nanoseconds, in 63 bits: 292 years. Call with interrupts off.
 */
#ifndef DEV_CLOCK_H
#define DEV_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

#define CLOCK_NS_PER_SECOND 1000000000u
/* The time between two interrupts of the timer, rounded: PIT_DIVISOR / PIT_INPUT_HZ. */
#define CLOCK_TICK_NS 10000151u

/* ---- Start-up -------------------------------------------------------------------------------- */

/* Starts the measurement of the counter's rate. What start-up does meanwhile is the measured time. */
void clock_calibrate(void);
/* Ends the measurement and starts the clock at 0, with the time of day at this moment, in seconds
 * since 1970 and not negative. */
void clock_start(int64_t seconds);
/* Returns the counter's rate in Hz; 0: interrupts are counted. */
uint64_t clock_rate(void);

/* ---- Reading --------------------------------------------------------------------------------- */

/* Returns the time since clock_start. Never decreases. */
uint64_t clock_now(void);
/* Returns the time of day: since 1970, UTC. */
uint64_t clock_realtime(void);
/* Sets the time of day. Returns false if it would have been before 1970 at clock_start. */
must_check bool clock_set_realtime(uint64_t realtime);
/* Returns the time of day at clock_start. */
uint64_t clock_realtime_at_start(void);

/* Converts a number of the counter's cycles, or the sum of several. Returns 0 if the rate is not
 * known. */
uint64_t clock_cycles_to_ns(uint64_t cycles);

/* The timer's interrupt. One of the first measures the rate again, over a longer time. */
void clock_tick(void);

/* ---- Arithmetic, for clock.c and its tests --------------------------------------------------- */

/* Converts cycles to nanoseconds: cycles * factor / 2^shift. */
struct clock_scale {
    uint32_t factor;
    uint32_t shift; /* at most 32 */
};

/* Returns the rate of a counter that advanced by `cycles` in so many periods of PIT_INPUT_HZ; 0 if
 * these make no sense. A whole number of MHz is taken for exact if the measurement, which is
 * accurate to one period, cannot tell the two apart. */
uint64_t clock_rate_of(uint64_t cycles, uint32_t periods);
/* Returns the scale of a rate between CLOCK_RATE_MIN and CLOCK_RATE_MAX. */
struct clock_scale clock_scale_of(uint64_t hz);
uint64_t clock_scale_apply(struct clock_scale scale, uint64_t cycles);

#define CLOCK_RATE_MIN 1000000ull
#define CLOCK_RATE_MAX 60000000000ull

#endif
