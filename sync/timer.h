/*
 * Timers: functions to be called at a given time.
 *
 * A timer lives in whoever waits for it, on a sleeper's stack or in a process's record, so starting
 * one allocates nothing and cannot fail. What the time is, and how often somebody looks, is the
 * caller's business: the timer interrupt calls timer_expire_due. Times are in nanoseconds of the
 * monotonic clock.
 *
 * Locking: LOCK_TIMERS, a spin lock, protects the queue; functions are called without it.
 */
#ifndef SYNC_TIMER_H
#define SYNC_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/tree.h"

/* A time that never comes. */
#define TIMER_NEVER UINT64_MAX

struct timer {
    /* Called in the timer interrupt. The timer is not queued; it may be started again, for a later
     * time. */
    void (*expire)(struct timer *timer);
    /* timer.c's. All zeros: not queued. */
    RB_ENTRY(timer) entry;
    uint64_t expires;
    uint64_t order; /* timers of the same time expire in the order of their start */
    bool is_queued;
};

/* Queues the timer for a time, from the present one, if any. A time that has passed expires at the
 * next interrupt; TIMER_NEVER leaves the timer unqueued. */
void timer_start(struct timer *timer, uint64_t expires);
/* Takes the timer off the queue. Returns false if it was not there. */
bool timer_stop(struct timer *timer);
/* Calls the function of every timer whose time is at most `now`, earliest first. */
void timer_expire_due(uint64_t now);
/* Returns true if any timer is queued. */
bool timer_is_any_queued(void);

#endif
