/* Timers (timer.h): a red-black tree in the order of their times. */
#include "sync/timer.h"

#include <stddef.h>

#include "sync/lock.h"

static LOCK_DEFINE(timers_lock, LOCK_TIMERS);
static RB_HEAD(timer_tree, timer) timers = RB_INITIALIZER(&timers);
static uint64_t starts; /* gives every start its place among those of the same time */

static int compare_times(const struct timer *a, const struct timer *b)
{
    if (a->expires != b->expires) {
        return a->expires < b->expires ? -1 : 1;
    }
    return a->order < b->order ? -1 : a->order > b->order;
}

RB_GENERATE_STATIC(timer_tree, timer, entry, compare_times)

static bool remove_locked(struct timer *timer)
{
    lock_assert_held(&timers_lock);
    if (!timer->is_queued) {
        return false;
    }
    RB_REMOVE(timer_tree, &timers, timer);
    timer->is_queued = false;
    return true;
}

void timer_start(struct timer *timer, uint64_t expires)
{
    lock_acquire(&timers_lock);
    (void)remove_locked(timer);
    if (expires != TIMER_NEVER) {
        timer->expires = expires;
        timer->order = starts++;
        timer->is_queued = true;
        RB_INSERT(timer_tree, &timers, timer);
    }
    lock_release(&timers_lock);
}

bool timer_stop(struct timer *timer)
{
    lock_acquire(&timers_lock);
    bool was_queued = remove_locked(timer);

    lock_release(&timers_lock);
    return was_queued;
}

/* Takes the first timer off the queue if it is due; NULL: it is not. */
static struct timer *take_due(uint64_t now)
{
    lock_acquire(&timers_lock);
    struct timer *timer = RB_MIN(timer_tree, &timers);

    if (timer != NULL && (timer->expires > now || !remove_locked(timer))) {
        timer = NULL;
    }
    lock_release(&timers_lock);
    return timer;
}

void timer_expire_due(uint64_t now)
{
    struct timer *timer;

    while ((timer = take_due(now)) != NULL) {
        timer->expire(timer);
    }
}

bool timer_is_any_queued(void)
{
    return !RB_EMPTY(&timers);
}
