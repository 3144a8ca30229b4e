/* Implements the stopwatch of arch/latency.h. */
#include "arch/latency.h"

#ifdef FAULTLINE_LATENCY

#include "arch/tsc.h"

static struct {
    uint64_t since;     /* when interrupts went off           */
    uint64_t part_from; /* when this part of the stretch began */
    uint32_t what;      /* of this part                       */
    struct latency_record largest_part;
} stretch;

static struct latency_record longest_ever, longest_recently;

void latency_off(uint32_t what)
{
    stretch.since = stretch.part_from = cpu_rdtsc();
    stretch.what = what;
    stretch.largest_part.ticks = 0;
}

static void end_part(uint64_t now)
{
    uint64_t ticks = now - stretch.part_from;

    if (ticks >= stretch.largest_part.ticks) {
        stretch.largest_part = (struct latency_record){.ticks = ticks, .what = stretch.what};
    }
    stretch.part_from = now;
}

static void note(struct latency_record *longest, uint64_t ticks)
{
    if (ticks > longest->ticks) {
        *longest = (struct latency_record){.ticks = ticks, .what = stretch.largest_part.what};
    }
}

void latency_on(void)
{
    uint64_t now = cpu_rdtsc();

    end_part(now);
    note(&longest_ever, now - stretch.since);
    note(&longest_recently, now - stretch.since);
}

uint32_t latency_rename(uint32_t what)
{
    uint32_t before = stretch.what;

    end_part(cpu_rdtsc());
    stretch.what = what;
    return before;
}

uint32_t latency_what(void)
{
    return stretch.what;
}

void latency_discount(uint64_t ticks)
{
    stretch.since += ticks;
    stretch.part_from += ticks;
}

void latency_read(struct latency_record *longest, struct latency_record *recent)
{
    *longest = longest_ever;
    *recent = longest_recently;
    longest_recently = (struct latency_record){0};
}

#else

/* C does not allow an empty translation unit. */
extern const char latency_is_off;

#endif
