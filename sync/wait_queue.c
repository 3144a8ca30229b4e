/* Wait queues (wait_queue.h): a list of the stack frames of those who sleep. */
#include "sync/wait_queue.h"

#include <stddef.h>

#include "lib/assert.h"

static const struct sync_hooks *scheduler;

void sync_set_hooks(const struct sync_hooks *hooks)
{
    scheduler = hooks;
}

void wait_queue_init(struct wait_queue *queue)
{
    TAILQ_INIT(&queue->waiters);
}

bool wait_queue_sleep(struct wait_queue *queue)
{
    struct waiter waiter = {.is_queued = true};

    debug_assert(scheduler != NULL);
    TAILQ_INSERT_TAIL(&queue->waiters, &waiter, entry);
    bool is_alive = scheduler->block(&waiter);

    /* A thread that is killed was woken by nobody who took it off the queue. */
    if (waiter.is_queued) {
        TAILQ_REMOVE(&queue->waiters, &waiter, entry);
    }
    return is_alive;
}

void wait_queue_wake_all(struct wait_queue *queue)
{
    struct waiter *waiter;

    while ((waiter = TAILQ_FIRST(&queue->waiters)) != NULL) {
        TAILQ_REMOVE(&queue->waiters, waiter, entry);
        waiter->is_queued = false;
        scheduler->wake(waiter->thread);
    }
}
