/* Timers, and sleeping until a time, over a scheduler of the test's own: a thread sleeps by running
 * what happens meanwhile. */
#include "sync/timer.h"

#include "tests/host/support.h"

#include <string.h>

#include "sync/wait_queue.h"

#define TIMERS 200

static struct timer timers[TIMERS];
static int expired[TIMERS], n_expired;

static void note(struct timer *timer)
{
    assert_false(timer->is_queued);
    expired[n_expired++] = (int)(timer - timers);
}

static int reset(void **state)
{
    (void)state;
    timer_expire_due(TIMER_NEVER - 1);
    memset(timers, 0, sizeof(timers));
    for (int i = 0; i < TIMERS; i++) {
        timers[i].expire = note;
    }
    n_expired = 0;
    return 0;
}

/* ---- Timers ---------------------------------------------------------------------------------- */

static void test_expires_at_its_time(void **state)
{
    (void)state;
    assert_false(timer_is_any_queued());
    timer_start(&timers[0], 100);
    assert_true(timer_is_any_queued());
    timer_expire_due(99);
    assert_int_equal(n_expired, 0);
    timer_expire_due(100);
    assert_int_equal(n_expired, 1);
    timer_expire_due(101);
    assert_int_equal(n_expired, 1);
    assert_false(timer_is_any_queued());
}

static void test_order_of_time_then_of_start(void **state)
{
    static const uint64_t times[] = {5, 3, 5, 0, 3, TIMER_NEVER - 1};
    static const int order[] = {3, 1, 4, 0, 2};

    (void)state;
    for (int i = 0; i < 6; i++) {
        timer_start(&timers[i], times[i]);
    }
    timer_expire_due(TIMER_NEVER - 2);
    assert_int_equal(n_expired, 5);
    assert_memory_equal(expired, order, sizeof(order));
}

static void test_never(void **state)
{
    (void)state;
    timer_start(&timers[0], 7);
    timer_start(&timers[0], TIMER_NEVER);
    assert_false(timers[0].is_queued);
    assert_false(timer_is_any_queued());
    timer_expire_due(TIMER_NEVER);
    assert_int_equal(n_expired, 0);
}

static void test_stop(void **state)
{
    (void)state;
    assert_false(timer_stop(&timers[0]));
    timer_start(&timers[0], 7);
    assert_true(timer_stop(&timers[0]));
    assert_false(timer_stop(&timers[0]));
    timer_expire_due(7);
    assert_int_equal(n_expired, 0);
}

static void test_second_start_moves(void **state)
{
    (void)state;
    timer_start(&timers[0], 7);
    timer_start(&timers[0], 70);
    timer_expire_due(7);
    assert_int_equal(n_expired, 0);
    timer_expire_due(70);
    assert_int_equal(n_expired, 1);
}

static void note_and_start_again(struct timer *timer)
{
    note(timer);
    timer_start(timer, timer->expires + 10);
}

static void test_starts_again_from_its_function(void **state)
{
    (void)state;
    timers[0].expire = note_and_start_again;
    timer_start(&timers[0], 10);
    timer_expire_due(10);
    assert_int_equal(n_expired, 1);
    timer_expire_due(35);
    assert_int_equal(n_expired, 3);
    assert_true(timer_stop(&timers[0]));
}

/* Random starts and stops against a plain list of what must expire. */
static void test_many(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        uint64_t now = support_random() % 1000;
        int due = 0;

        for (int i = 0; i < TIMERS; i++) {
            timer_start(&timers[i], support_random() % 1000);
            if (support_random() % 4 == 0) {
                assert_true(timer_stop(&timers[i]));
            }
            due += timers[i].is_queued && timers[i].expires <= now;
        }
        n_expired = 0;
        timer_expire_due(now);
        assert_int_equal(n_expired, due);
        for (int i = 1; i < n_expired; i++) {
            assert_true(timers[expired[i - 1]].expires <= timers[expired[i]].expires);
        }
    }
}

/* ---- Sleeping -------------------------------------------------------------------------------- */

static struct wait_queue queue;
static uint64_t meanwhile; /* what the clock shows when the thread has slept */
static int wakes;
static bool is_killed, is_woken;

static bool test_block(struct waiter *waiter)
{
    waiter->thread = &wakes;
    if (is_woken) {
        wait_queue_wake_all(&queue);
    }
    timer_expire_due(meanwhile);
    return !is_killed;
}

static void test_wake(void *thread)
{
    assert_ptr_equal(thread, &wakes);
    wakes++;
}

static int reset_sleep(void **state)
{
    static const struct sync_hooks hooks = {.block = test_block, .wake = test_wake};

    sync_set_hooks(&hooks);
    wait_queue_init(&queue);
    wakes = 0;
    is_killed = is_woken = false;
    return reset(state);
}

static void test_sleeper_is_woken_by_its_timer(void **state)
{
    (void)state;
    meanwhile = 50;
    assert_true(wait_queue_sleep_until(&queue, 50));
    assert_int_equal(wakes, 1);
    assert_true(TAILQ_EMPTY(&queue.waiters));
    assert_false(timer_is_any_queued());
}

static void test_sleeper_is_woken_before_its_time(void **state)
{
    (void)state;
    meanwhile = 49;
    is_woken = true;
    assert_true(wait_queue_sleep_until(&queue, 50));
    assert_int_equal(wakes, 1);
    assert_false(timer_is_any_queued());
}

static void test_killed_sleeper_leaves_no_timer(void **state)
{
    (void)state;
    meanwhile = 0;
    is_killed = true;
    assert_false(wait_queue_sleep_until(&queue, 50));
    assert_true(TAILQ_EMPTY(&queue.waiters));
    assert_false(timer_is_any_queued());
}

static void test_sleep_without_end_has_no_timer(void **state)
{
    (void)state;
    meanwhile = TIMER_NEVER;
    is_woken = true;
    assert_true(wait_queue_sleep_until(&queue, TIMER_NEVER));
    assert_int_equal(wakes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_expires_at_its_time, reset),
        cmocka_unit_test_setup(test_order_of_time_then_of_start, reset),
        cmocka_unit_test_setup(test_never, reset),
        cmocka_unit_test_setup(test_stop, reset),
        cmocka_unit_test_setup(test_second_start_moves, reset),
        cmocka_unit_test_setup(test_starts_again_from_its_function, reset),
        cmocka_unit_test_setup(test_many, reset),
        cmocka_unit_test_setup(test_sleeper_is_woken_by_its_timer, reset_sleep),
        cmocka_unit_test_setup(test_sleeper_is_woken_before_its_time, reset_sleep),
        cmocka_unit_test_setup(test_killed_sleeper_leaves_no_timer, reset_sleep),
        cmocka_unit_test_setup(test_sleep_without_end_has_no_timer, reset_sleep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
