/* Interval timers (itimer.h). */
#include "kernel/proc/itimer.h"

#include <asm/siginfo.h>
#include <asm/signal.h>
#include <linux/time.h>

#include "arch/div64.h"
#include "dev/clock.h"
#include "kernel/proc/process.h"
#include "kernel/proc/signal.h"
#include "lib/compiler.h"
#include "lib/minmax.h"

static void send(struct process *process, int signal)
{
    const struct signal_info info = {.signal = signal, .code = SI_KERNEL};

    (void)signal_send(process, &info);
}

/* ---- Real time --------------------------------------------------------------------------------- */

/* Returns a time after `now` that is a whole number of intervals after `expired`. */
static uint64_t next_expiry(uint64_t expired, uint64_t interval, uint64_t now)
{
    uint32_t rest;

    if (interval > UINT32_MAX) {
        while (expired <= now) {
            expired += interval;
        }
        return expired;
    }
    (void)div_u64(now - expired, (uint32_t)interval, &rest);
    return now + ((uint32_t)interval - rest);
}

static void expire_real(struct timer *timer)
{
    struct process *process = container_of(timer, struct process, itimers.real);
    uint64_t interval = process->itimers.real_interval;

    if (interval != 0) {
        timer_start(timer, next_expiry(timer->expires, interval, clock_now()));
    }
    send(process, SIGALRM);
}

/* A timer that is due but waits for the next interrupt has a microsecond left: 0 would mean that it
 * does not run. */
static uint64_t left_of_real(const struct process *process)
{
    const struct timer *timer = &process->itimers.real;

    if (!timer->is_queued) {
        return 0;
    }
    uint64_t now = clock_now();

    return timer->expires > now ? timer->expires - now : 1000;
}

static void set_real(struct process *process, const struct itimer_value *value)
{
    struct timer *timer = &process->itimers.real;

    timer->expire = expire_real;
    process->itimers.real_interval = value->interval;
    (void)timer_stop(timer);
    if (value->left != 0) {
        timer_start(timer, min_u64(clock_now() + value->left, INT64_MAX));
    }
}

/* ---- CPU time ---------------------------------------------------------------------------------- */

static struct itimer_cpu *cpu_timer(struct process *process, uint32_t which)
{
    return which == ITIMER_VIRTUAL ? &process->itimers.virtual : &process->itimers.profiling;
}

static void tick_one(struct process *process, struct itimer_cpu *timer, int signal)
{
    if (timer->left == 0) {
        return;
    }
    if (timer->left > CLOCK_TICK_NS) {
        timer->left -= CLOCK_TICK_NS;
        return;
    }
    timer->left = timer->interval;
    send(process, signal);
}

void itimer_tick(struct process *process, bool from_user)
{
    if (from_user) {
        tick_one(process, &process->itimers.virtual, SIGVTALRM);
    }
    tick_one(process, &process->itimers.profiling, SIGPROF);
}

/* ---- All three --------------------------------------------------------------------------------- */

void itimer_get(const struct process *process, uint32_t which, struct itimer_value *value)
{
    const struct process_itimers *timers = &process->itimers;
    const struct itimer_cpu *cpu = which == ITIMER_VIRTUAL ? &timers->virtual : &timers->profiling;

    if (which == ITIMER_REAL) {
        *value = (struct itimer_value){left_of_real(process), timers->real_interval};
    } else {
        *value = (struct itimer_value){cpu->left, cpu->interval};
    }
}

void itimer_set(struct process *process, uint32_t which, const struct itimer_value *value)
{
    if (which == ITIMER_REAL) {
        set_real(process, value);
    } else {
        *cpu_timer(process, which) = (struct itimer_cpu){value->left, value->interval};
    }
}

void itimer_stop_all(struct process *process)
{
    if (unlikely(process->itimers.real.is_queued)) {
        (void)timer_stop(&process->itimers.real);
    }
    process->itimers.virtual.left = 0;
    process->itimers.profiling.left = 0;
}
