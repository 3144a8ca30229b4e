/* Wait queues (wait_queue.h): a list of the stack frames of those who sleep. */
#include "sync/wait_queue.h"

#include <stddef.h>

#include "lib/assert.h"
#include "lib/list.h"
#include "sync/timer.h"

static const struct sync_hooks *scheduler;

void sync_set_hooks(const struct sync_hooks *hooks)
{
    scheduler = hooks;
}

void wait_queue_init(struct wait_queue *queue)
{
    lock_init(&queue->lock, LOCK_WAIT_QUEUE);
    TAILQ_INIT(&queue->waiters);
}

static void enqueue(struct wait_queue *queue, struct waiter *waiter)
{
    lock_acquire(&queue->lock);
    TAILQ_INSERT_TAIL(&queue->waiters, waiter, entry);
    lock_release(&queue->lock);
}

/* A thread that is being killed wakes without wait_queue_wake_all, so it may still be queued. */
static void dequeue(struct wait_queue *queue, struct waiter *waiter)
{
    lock_acquire(&queue->lock);
    if (waiter->is_queued) {
        TAILQ_REMOVE(&queue->waiters, waiter, entry);
    }
    lock_release(&queue->lock);
}

static bool sleep_as(struct wait_queue *queue, struct waiter *waiter)
{
    debug_assert(scheduler != NULL);
    lock_assert_no_spin();
    enqueue(queue, waiter);
    bool is_alive = scheduler->block(waiter);

    dequeue(queue, waiter);
    return is_alive;
}

static bool sleep(struct wait_queue *queue, bool ignores_signals)
{
    struct waiter waiter = {.is_queued = true, .ignores_signals = ignores_signals};

    return sleep_as(queue, &waiter);
}

/* A waiter that a timer wakes, too. */
struct timed_waiter {
    struct timer timer;
    struct waiter waiter;
};

/* The timer expires in an interrupt, so the waiter sleeps and its thread is set. */
static void wake_waiter(struct timer *timer)
{
    scheduler->wake(container_of(timer, struct timed_waiter, timer)->waiter.thread);
}

bool wait_queue_sleep_until(struct wait_queue *queue, uint64_t deadline)
{
    struct timed_waiter timed = {.timer.expire = wake_waiter, .waiter.is_queued = true};

    timer_start(&timed.timer, deadline);
    bool is_alive = sleep_as(queue, &timed.waiter);

    (void)timer_stop(&timed.timer);
    return is_alive;
}

bool wait_queue_sleep(struct wait_queue *queue)
{
    return sleep(queue, false);
}

bool wait_queue_sleep_killable(struct wait_queue *queue)
{
    return sleep(queue, true);
}

void wait_queue_wake_all(struct wait_queue *queue)
{
    struct waiter *waiter;

    lock_acquire(&queue->lock);
    while ((waiter = TAILQ_FIRST(&queue->waiters)) != NULL) {
        TAILQ_REMOVE(&queue->waiters, waiter, entry);
        waiter->is_queued = false;
        scheduler->wake(waiter->thread);
    }
    lock_release(&queue->lock);
}
