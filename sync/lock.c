/* The checks behind locks (lock.h). In release builds this file is empty. */
#include "sync/lock.h"

#ifdef FAULTLINE_DEBUG

#include <stddef.h>

#include "lib/assert.h"
#include "lib/compiler.h"

static const char *const names[LOCK_RANK_END] = {
    [LOCK_MAP] = "map",
    [LOCK_OBJECT] = "object",
    [LOCK_PROCESS_TREE] = "process tree",
    [LOCK_WAIT_QUEUE] = "wait queue",
    [LOCK_TIMERS] = "timers",
    [LOCK_RUN_QUEUE] = "run queue",
    [LOCK_KSTACK] = "kernel stacks",
    [LOCK_FRAME_ZONE] = "frame zone",
    [LOCK_LOG] = "log",
};

static struct lock_holder boot_holder;
static struct lock_holder *running = &boot_holder;
static bool (*are_irqs_off)(void);

static const char *name_of(const struct lock *lock)
{
    return names[lock->rank];
}

static bool is_spin(const struct lock *lock)
{
    return lock->rank >= LOCK_FIRST_SPIN;
}

void lock_init(struct lock *lock, enum lock_rank rank)
{
    *lock = (struct lock){.rank = rank};
}

/* The spin lock that the running thread holds; NULL: none. Sleep locks rank lower, so a spin lock
 * would be the last. */
static const struct lock *spin_held(void)
{
    const struct lock *last = running->last;

    return last != NULL && is_spin(last) ? last : NULL;
}

void lock_acquire(struct lock *lock)
{
    struct lock *last = running->last;

    assert(lock->rank > 0 && lock->rank < LOCK_RANK_END);
    if (lock->holder == running) {
        panic("lock %s: acquired twice", name_of(lock));
    }
    if (lock->holder != NULL) {
        panic("lock %s: acquired while another thread holds it", name_of(lock));
    }
    if (last != NULL && last->rank >= lock->rank) {
        panic("lock %s: acquired after %s, against the order", name_of(lock), name_of(last));
    }
    if (is_spin(lock) && are_irqs_off != NULL && !are_irqs_off()) {
        panic("lock %s: acquired with interrupts on", name_of(lock));
    }
    lock->holder = running;
    lock->held_before = last;
    running->last = lock;
}

/* Releases in any order: the one that was acquired last need not be the first to go. */
void lock_release(struct lock *lock)
{
    struct lock **link = &running->last;

    lock_assert_held(lock);
    while (*link != lock) {
        link = &(*link)->held_before;
    }
    *link = lock->held_before;
    lock->held_before = NULL;
    lock->holder = NULL;
}

void lock_assert_held(const struct lock *lock)
{
    if (lock->holder != running) {
        panic("lock %s: not held", name_of(lock));
    }
}

void lock_assert_no_spin(void)
{
    const struct lock *lock = spin_held();

    if (lock != NULL) {
        panic("lock %s: held by a thread that may sleep or be interrupted", name_of(lock));
    }
}

void lock_assert_none(void)
{
    if (running->last != NULL) {
        panic("lock %s: held by a thread that leaves the kernel", name_of(running->last));
    }
}

void lock_release_all(void)
{
    while (running->last != NULL) {
        lock_release(running->last);
    }
}

void lock_switch_holder(struct lock_holder *holder)
{
    lock_assert_no_spin();
    running = holder;
}

void lock_set_irq_probe(bool (*irqs_are_off)(void))
{
    are_irqs_off = irqs_are_off;
}

#endif
