/*
 * Locks: who may touch what, and in which order.
 *
 * There is one CPU, and interrupts are off from trap entry to return, so a lock never has to wait.
 * In debug builds it asserts what more CPUs will rely on; in release builds it is nothing, in space
 * and in time. A violation is a kernel bug and ends in the panic screen:
 *
 *   - A lock is acquired once, and in the order of enum lock_rank.
 *   - A spin lock is acquired with interrupts off, and released before the thread sleeps, yields or
 *     lets interrupts in: interrupt handlers take spin locks.
 *   - A sleep lock may be held across all of these. It is therefore never acquired under a spin
 *     lock; the order of the ranks says so too.
 *   - A thread returns to ring 3 without any lock.
 *
 * A function whose name ends in `_locked` leaves the lock to its caller, and asserts that it is
 * held. docs/architecture.md, "Locks", says what each lock protects and what has none yet.
 */
#ifndef SYNC_LOCK_H
#define SYNC_LOCK_H

#include <stdbool.h>

/* The order of acquisition: while a lock is held, only locks further down may be acquired. What is
 * equal is not ordered, so two locks of one rank are never held together. */
enum lock_rank {
    /* Sleep locks. */
    LOCK_MAP = 1, /* one address space: areas, holes, charges, page tables                   */
    LOCK_OBJECT,  /* one object: its index of pages                                          */
    LOCK_FIRST_SPIN,
    /* Spin locks. */
    LOCK_PROCESS_TREE = LOCK_FIRST_SPIN, /* pids, parents and children, who is init          */
    LOCK_WAIT_QUEUE,                     /* one wait queue: its waiters                      */
    LOCK_TIMERS,                         /* the queue of timers                              */
    LOCK_RUN_QUEUE,                      /* run queue, states of processes                   */
    LOCK_KSTACK,                         /* slots of kernel stacks                           */
    LOCK_FRAME_ZONE,                     /* free lists, magazines, counts of frames          */
    LOCK_LOG,                            /* the buffer of printk                             */
    LOCK_RANK_END
};

struct lock;

#ifdef FAULTLINE_DEBUG

/* The locks that a thread holds, the last one first. All zeros: none. */
struct lock_holder {
    struct lock *last;
};

struct lock {
    enum lock_rank rank;
    const struct lock_holder *holder; /* NULL: free */
    struct lock *held_before;         /* by the same holder */
};

/* A lock with static storage: static LOCK_DEFINE(log_lock, LOCK_LOG); */
#define LOCK_DEFINE(name, lock_rank) struct lock name = {.rank = (lock_rank)}
/* The lock in the initializer of a structure, with its comma. */
#define LOCK_MEMBER(name, lock_rank) .name = {.rank = (lock_rank)},

void lock_init(struct lock *lock, enum lock_rank rank);
void lock_acquire(struct lock *lock);
void lock_release(struct lock *lock);
/* Panics unless the running thread holds the lock. */
void lock_assert_held(const struct lock *lock);
/* Panics if the running thread holds a spin lock: called wherever it may sleep, give the CPU away
 * or let interrupts in. */
void lock_assert_no_spin(void);
/* Panics if the running thread holds any lock: called on the way to ring 3 and at its end. */
void lock_assert_none(void);
/* After a panic: releases whatever the running thread holds, so that the screen can look at all. */
void lock_release_all(void);
/* The scheduler: from now on the locks of this thread count. Until the first call it is that of the
 * boot stack. */
void lock_switch_holder(struct lock_holder *holder);
/* Installs what tells whether interrupts are off; NULL: not checked. */
void lock_set_irq_probe(bool (*irqs_are_off)(void));

#else

/* Empty, which gcc and clang allow and give no size. */
__extension__ struct lock_holder {
};
__extension__ struct lock {
};

#define LOCK_DEFINE(name, rank) struct lock name
#define LOCK_MEMBER(name, rank)

static inline void lock_init(struct lock *lock, enum lock_rank rank)
{
    (void)lock;
    (void)rank;
}
static inline void lock_acquire(struct lock *lock)
{
    (void)lock;
}
static inline void lock_release(struct lock *lock)
{
    (void)lock;
}
static inline void lock_assert_held(const struct lock *lock)
{
    (void)lock;
}
static inline void lock_assert_no_spin(void)
{
}
static inline void lock_assert_none(void)
{
}
static inline void lock_release_all(void)
{
}
static inline void lock_switch_holder(struct lock_holder *holder)
{
    (void)holder;
}
static inline void lock_set_irq_probe(bool (*irqs_are_off)(void))
{
    (void)irqs_are_off;
}

#endif

#endif
