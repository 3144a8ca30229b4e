/*
 * Wait queues over a scheduler of the test's own: a "thread" sleeps by running the next step of a
 * script, on the same stack, and is awake when that returns.
 */
#include "sync/wait_queue.h"

#include "tests/host/support.h"

#include <string.h>

#define THREADS 4

static struct wait_queue queue;
static int running;        /* number of the thread that runs     */
static int woken[THREADS]; /* calls of wake per thread           */
static bool is_killed[THREADS];
static void (*script)(void); /* what happens while a thread sleeps */

static int numbers[THREADS] = {0, 1, 2, 3};

static bool test_block(struct waiter *waiter)
{
    int self = running;

    waiter->thread = &numbers[self];
    if (!is_killed[self] && script != NULL) {
        script();
    }
    running = self;
    return !is_killed[self];
}

static void test_wake(void *thread)
{
    woken[*(int *)thread]++;
}

static int set_up(void **state)
{
    static const struct sync_hooks hooks = {.block = test_block, .wake = test_wake};

    (void)state;
    sync_set_hooks(&hooks);
    wait_queue_init(&queue);
    running = 0;
    script = NULL;
    memset(woken, 0, sizeof(woken));
    memset(is_killed, 0, sizeof(is_killed));
    return 0;
}

static int waiters(void)
{
    int n = 0;
    struct waiter *waiter;

    TAILQ_FOREACH (waiter, &queue.waiters, entry) {
        n++;
    }
    return n;
}

static void wake_all(void)
{
    assert_int_equal(waiters(), 1);
    wait_queue_wake_all(&queue);
    assert_int_equal(waiters(), 0);
}

static void test_sleeper_is_woken(void **state)
{
    (void)state;
    script = wake_all;
    assert_true(wait_queue_sleep(&queue));
    assert_int_equal(woken[0], 1);
    assert_int_equal(waiters(), 0);
}

static void test_waking_nobody_does_nothing(void **state)
{
    (void)state;
    wait_queue_wake_all(&queue);
    assert_int_equal(woken[0] + woken[1] + woken[2] + woken[3], 0);
}

/* Threads 1..3 go to sleep while thread 0 does; the last one wakes all. */
static void sleep_deeper(void)
{
    if (running == THREADS - 1) {
        assert_int_equal(waiters(), THREADS);
        wait_queue_wake_all(&queue);
        return;
    }
    running++;
    assert_true(wait_queue_sleep(&queue));
}

static void test_all_sleepers_are_woken(void **state)
{
    (void)state;
    script = sleep_deeper;
    assert_true(wait_queue_sleep(&queue));
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(woken[i], 1);
    }
}

static void kill_sleeper(void)
{
    is_killed[0] = true;
}

static void test_killed_sleeper_leaves_the_queue(void **state)
{
    (void)state;
    script = kill_sleeper;
    assert_false(wait_queue_sleep(&queue));
    assert_int_equal(waiters(), 0);
    wait_queue_wake_all(&queue);
    assert_int_equal(woken[0], 0);
}

static void never(void)
{
    fail_msg("a thread that is being killed slept");
}

static void test_killed_thread_does_not_sleep(void **state)
{
    (void)state;
    is_killed[0] = true;
    script = never;
    assert_false(wait_queue_sleep(&queue));
    assert_int_equal(waiters(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sleeper_is_woken, set_up),
        cmocka_unit_test_setup(test_waking_nobody_does_nothing, set_up),
        cmocka_unit_test_setup(test_all_sleepers_are_woken, set_up),
        cmocka_unit_test_setup(test_killed_sleeper_leaves_the_queue, set_up),
        cmocka_unit_test_setup(test_killed_thread_does_not_sleep, set_up),
    };
    return cmocka_run_group_tests_name("wait queues", tests, NULL, NULL);
}
