/* The clock (clock.h). */
#include "dev/clock.h"

#include "arch/cpu.h"
#include "arch/div64.h"
#include "arch/tsc.h"
#include "dev/pit.h"

#define HZ_PER_MHZ 1000000u

/* At least so many periods are measured at start-up, 0.25 ms, which is not more than start-up takes
 * anyway. */
#define PERIODS_MIN (PIT_INPUT_HZ / 4000)
/* At this tick, 40 ms later, the rate is measured again, to 1 in 40 000. */
#define REFINE_TICK 4u
/* The longest that a measurement may take is 55 ms. A host that stops the machine for longer spoils
 * it. */
#define CALIBRATE_TRIES 5u
/* One end of the measurement is the quickest of so many readings. */
#define EDGE_TRIES 4u

static struct {
    struct clock_scale scale;
    uint64_t hz;        /* 0: the interrupts are counted        */
    uint64_t base;      /* the counter when the scale was set   */
    uint64_t base_time; /* and the time at that moment          */
    uint64_t ticks;     /* interrupts since clock_start         */
    uint64_t refine_at; /* tick at which the rate is measured again; 0: it was */
    uint64_t last;      /* the latest answer                    */
    uint64_t realtime;  /* at clock_start                       */
} clock;

/* ---- Arithmetic ------------------------------------------------------------------------------ */

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a < b ? b - a : a - b;
}

uint64_t clock_rate_of(uint64_t cycles, uint32_t periods)
{
    uint32_t rest;

    if (periods == 0 || cycles > UINT64_MAX / PIT_INPUT_HZ) {
        return 0;
    }
    uint64_t hz = div_u64(cycles * PIT_INPUT_HZ, periods, &rest);

    if (hz < CLOCK_RATE_MIN || hz > CLOCK_RATE_MAX) {
        return 0;
    }
    uint64_t whole = div_u64(hz + HZ_PER_MHZ / 2, HZ_PER_MHZ, &rest) * HZ_PER_MHZ;

    return distance(hz, whole) <= div_u64(hz, periods, &rest) ? whole : hz;
}

/* The divisor of div_u64 has 32 bits, so rates are divided by 16 first. */
struct clock_scale clock_scale_of(uint64_t hz)
{
    struct clock_scale scale = {.shift = 32};
    uint32_t rest;
    uint64_t factor = div_u64((uint64_t)CLOCK_NS_PER_SECOND << 28, (uint32_t)(hz >> 4), &rest);

    for (; factor > UINT32_MAX; factor >>= 1) {
        scale.shift--;
    }
    scale.factor = (uint32_t)factor;
    return scale;
}

uint64_t clock_scale_apply(struct clock_scale scale, uint64_t cycles)
{
    uint64_t high = (cycles >> 32) * scale.factor, low = (uint64_t)(uint32_t)cycles * scale.factor;

    return (high << (32 - scale.shift)) + (low >> scale.shift);
}

/* ---- Start-up -------------------------------------------------------------------------------- */

/* The counter and the stopwatch at one moment, which is when the stopwatch steps. */
struct edge {
    uint64_t cycles;
    uint32_t periods;
};

static struct edge calibration_start;

/* Waits for a step of the stopwatch. Returns false if it has run out; *width is the time between the
 * reading before and the one after the step. */
static bool next_edge(struct edge *edge, uint64_t *width)
{
    uint32_t before;

    if (!pit_stopwatch_read(&before)) {
        return false;
    }
    do {
        edge->cycles = cpu_rdtsc();
        if (!pit_stopwatch_read(&edge->periods)) {
            return false;
        }
    } while (edge->periods == before);
    *width = cpu_rdtsc() - edge->cycles;
    return true;
}

/* The host may stop the machine between the two readings of an edge, so the quickest counts. */
static bool read_edge(struct edge *best)
{
    uint64_t best_width = UINT64_MAX, width;
    struct edge edge;

    for (uint32_t i = 0; i < EDGE_TRIES; i++) {
        if (!next_edge(&edge, &width)) {
            return false;
        }
        if (width < best_width) {
            best_width = width;
            *best = edge;
        }
    }
    return true;
}

void clock_calibrate(void)
{
    pit_stopwatch_start();
    (void)read_edge(&calibration_start);
}

/* Returns the measured rate; 0 if the stopwatch ran out meanwhile. */
static uint64_t finish_calibration(void)
{
    struct edge end;

    do {
        if (!read_edge(&end)) {
            return 0;
        }
    } while (end.periods - calibration_start.periods < PERIODS_MIN);
    return clock_rate_of(end.cycles - calibration_start.cycles,
                         end.periods - calibration_start.periods);
}

/* Continues the clock at another rate. */
static void set_rate(uint64_t hz)
{
    uint64_t now = cpu_rdtsc();

    clock.base_time += clock_cycles_to_ns(now - clock.base);
    clock.base = now;
    clock.hz = hz;
    clock.scale = clock_scale_of(hz);
}

void clock_start(int64_t seconds)
{
    uint64_t hz = cpu_info.tsc ? finish_calibration() : 0;

    for (uint32_t i = 0; cpu_info.tsc && hz == 0 && i < CALIBRATE_TRIES; i++) {
        clock_calibrate();
        hz = finish_calibration();
    }
    if (hz != 0) {
        set_rate(hz);
        clock.refine_at = REFINE_TICK;
    }
    clock.realtime = (uint64_t)seconds * CLOCK_NS_PER_SECOND;
}

/* The stopwatch still runs; if it has run out, it is started for another try. */
static void refine(void)
{
    uint64_t hz = finish_calibration();

    clock.refine_at = 0;
    if (hz == 0) {
        clock_calibrate();
        clock.refine_at = clock.ticks + REFINE_TICK;
    } else if (hz != clock.hz) {
        set_rate(hz);
    }
}

uint64_t clock_rate(void)
{
    return clock.hz;
}

/* ---- Reading --------------------------------------------------------------------------------- */

uint64_t clock_cycles_to_ns(uint64_t cycles)
{
    return clock.hz != 0 ? clock_scale_apply(clock.scale, cycles) : 0;
}

static uint64_t current_time(void)
{
    if (clock.hz == 0) {
        return clock.ticks * CLOCK_TICK_NS;
    }
    return clock.base_time + clock_scale_apply(clock.scale, cpu_rdtsc() - clock.base);
}

/* A virtual machine that moves to another host may see its counter jump back. */
uint64_t clock_now(void)
{
    uint64_t now = current_time();

    if (now < clock.last || now > INT64_MAX) {
        return clock.last;
    }
    clock.last = now;
    return now;
}

uint64_t clock_realtime(void)
{
    return clock.realtime + clock_now();
}

bool clock_set_realtime(uint64_t realtime)
{
    uint64_t now = clock_now();

    if (realtime < now) {
        return false;
    }
    clock.realtime = realtime - now;
    return true;
}

uint64_t clock_realtime_at_start(void)
{
    return clock.realtime;
}

void clock_tick(void)
{
    clock.ticks++;
    if (unlikely(clock.ticks == clock.refine_at)) {
        refine();
    }
}
