/*
 * Wait queues: threads that wait for the same thing.
 *
 * A waiter lives on the stack of the thread that sleeps, so a queue allocates nothing and cannot
 * fail. What a thread is and how it sleeps is the scheduler's business: it installs two hooks, and
 * nothing here or below knows a process. That lets mm/, fs/ and the terminal wait.
 *
 * Each queue has a spin lock. Interrupt handlers may wake; they may not sleep.
 */
#ifndef SYNC_WAIT_QUEUE_H
#define SYNC_WAIT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/list.h"
#include "sync/lock.h"

/* One sleeping thread. */
struct waiter {
    TAILQ_ENTRY(waiter) entry;
    void *thread;         /* the scheduler's; set by the block hook     */
    bool is_queued;       /* false once wait_queue_wake_all has seen it */
    bool ignores_signals; /* it wakes for a kill alone */
};

TAILQ_HEAD(waiter_list, waiter);

struct wait_queue {
    struct lock lock;
    struct waiter_list waiters;
};

#define WAIT_QUEUE_INITIALIZER(queue)                                                              \
    {                                                                                              \
        LOCK_MEMBER(lock, LOCK_WAIT_QUEUE).waiters = TAILQ_HEAD_INITIALIZER((queue).waiters)       \
    }

void wait_queue_init(struct wait_queue *queue);

/*
 * wait_queue_sleep: sleeps until the queue is woken, or a signal arrives, or the thread is being
 * killed.
 *
 *   returns  false if the thread has a signal to deliver or is being killed (it may not have slept at
 *            all): give up, with -ERESTARTSYS if nothing was done (lib/restart.h)
 *   after    something changed, perhaps for the benefit of another waiter: the caller checks its
 *            condition again
 */
must_check bool wait_queue_sleep(struct wait_queue *queue);

/*
 * wait_queue_sleep_until: the same, but sleeps no longer than until `deadline`, in nanoseconds of
 * the monotonic clock (sync/timer.h). The caller reads the clock to learn whether it has come.
 */
must_check bool wait_queue_sleep_until(struct wait_queue *queue, uint64_t deadline);
/* The same as wait_queue_sleep, but signals that do not kill the thread leave it asleep, or wake it as if something had
 * changed. For waits that are certain to be short. */
must_check bool wait_queue_sleep_killable(struct wait_queue *queue);

/* Wakes every waiter. Callable from interrupt handlers and with nobody waiting. */
void wait_queue_wake_all(struct wait_queue *queue);

/* How threads sleep; installed once, before anybody does. */
struct sync_hooks {
    /* Stores the running thread in waiter->thread and gives the CPU away until `wake` is called for
     * it, or it is interrupted: it is being killed, or has a signal to deliver and does not ignore
     * those. Returns false if it is interrupted, at once if it was before. */
    bool (*block)(struct waiter *waiter);
    /* Makes a thread runnable; does nothing if it is. Callable from interrupt handlers. */
    void (*wake)(void *thread);
};
void sync_set_hooks(const struct sync_hooks *hooks);

#endif
