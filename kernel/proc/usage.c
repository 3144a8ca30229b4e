/* What processes use (usage.h). */
#include "kernel/proc/usage.h"

#include "arch/div64.h"
#include "dev/clock.h"
#include "kernel/proc/itimer.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "lib/minmax.h"
#include "mm/vm_map.h"

/* ---- CPU time ---------------------------------------------------------------------------------- */

/* Without a clock that measures, ticks are all there is. */
static uint64_t cpu_ns(uint64_t cycles, const struct usage_sums *sums)
{
    uint64_t ticks = (uint64_t)sums->user_ticks + sums->system_ticks;

    return clock_rate() != 0 ? clock_cycles_to_ns(cycles) : ticks * CLOCK_TICK_NS;
}

uint64_t usage_cpu_ns(const struct process *process)
{
    return cpu_ns(sched_cycles_of(process), &process->usage.own);
}

/* Returns the user's share of the time. Without ticks it is all of it. */
static uint64_t user_share(uint64_t ns, uint32_t user_ticks, uint32_t system_ticks)
{
    uint32_t ticks = user_ticks + system_ticks, rest, ignored;

    if (system_ticks == 0 || ticks == 0) {
        return ns;
    }
    uint64_t per_tick = div_u64(ns, ticks, &rest);

    return per_tick * user_ticks + div_u64((uint64_t)rest * user_ticks, ticks, &ignored);
}

struct usage_times usage_times_of_sums(const struct usage_sums *sums)
{
    uint64_t ns = cpu_ns(sums->cycles, sums);
    uint64_t user = user_share(ns, sums->user_ticks, sums->system_ticks);

    return (struct usage_times){user, ns - user};
}

/* The shares change with every tick, so one part might fall while the sum rises. */
struct usage_times usage_times_of(struct process *process)
{
    struct process_usage *usage = &process->usage;
    uint64_t ns = usage_cpu_ns(process);
    uint64_t user = user_share(ns, usage->own.user_ticks, usage->own.system_ticks);

    user = max_u64(user, usage->last_user_ns);
    user = min_u64(user, ns - usage->last_system_ns);
    usage->last_user_ns = user;
    usage->last_system_ns = ns - user;
    return (struct usage_times){user, ns - user};
}

/* ---- Sums -------------------------------------------------------------------------------------- */

static uint32_t rss_peak_of(const struct process *process)
{
    uint32_t before = process->usage.own.rss_peak;
    struct vm_map *map = process->memory.map;

    return map == NULL ? before : max_u32(before, vm_map_rss_peak(map));
}

void usage_of(const struct process *process, struct usage_sums *sums)
{
    *sums = process->usage.own;
    sums->cycles = sched_cycles_of(process);
    sums->rss_peak = rss_peak_of(process);
}

void usage_add(struct usage_sums *to, const struct usage_sums *more)
{
    to->cycles += more->cycles;
    to->user_ticks += more->user_ticks;
    to->system_ticks += more->system_ticks;
    to->faults += more->faults;
    to->voluntary_switches += more->voluntary_switches;
    to->involuntary_switches += more->involuntary_switches;
    to->rss_peak = max_u32(to->rss_peak, more->rss_peak);
}

void usage_give_to_parent(const struct process *zombie)
{
    struct usage_sums *to = &zombie->family.parent->usage.children;

    usage_add(to, &zombie->usage.own);
    if (zombie->usage.children.cycles != 0) {
        usage_add(to, &zombie->usage.children);
    }
}

void usage_keep_peak(struct process *process)
{
    process->usage.own.rss_peak = rss_peak_of(process);
}

/* ---- The timer's interrupt --------------------------------------------------------------------- */

void usage_tick(struct process *process, bool from_user)
{
    if (from_user) {
        process->usage.own.user_ticks++;
    } else {
        process->usage.own.system_ticks++;
    }
    itimer_tick(process, from_user);
}
