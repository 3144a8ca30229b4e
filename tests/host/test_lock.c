/* Locks: every rule that they assert is broken once, and the panic names the lock. */
#include "sync/lock.h"

#include "sync/wait_queue.h"
#include "tests/host/support.h"

#include <string.h>

static struct lock map, object, tree, log_lock, other_map;
static struct lock_holder first, second;
static bool irqs_are_off;

static bool probe(void)
{
    return irqs_are_off;
}

static bool test_block(struct waiter *waiter)
{
    waiter->thread = &first;
    return true;
}

static void test_wake(void *thread)
{
    (void)thread;
}

static int set_up(void **state)
{
    static const struct sync_hooks hooks = {.block = test_block, .wake = test_wake};

    (void)state;
    sync_set_hooks(&hooks);
    lock_init(&map, LOCK_MAP);
    lock_init(&other_map, LOCK_MAP);
    lock_init(&object, LOCK_OBJECT);
    lock_init(&tree, LOCK_PROCESS_TREE);
    lock_init(&log_lock, LOCK_LOG);
    memset(&first, 0, sizeof(first));
    memset(&second, 0, sizeof(second));
    lock_switch_holder(&first);
    lock_set_irq_probe(probe);
    irqs_are_off = true;
    return 0;
}

/* As after a panic: the test may end while it holds locks. */
static int tear_down(void **state)
{
    (void)state;
    lock_release_all();
    lock_assert_none();
    return 0;
}

#define expect_panic(call, text)                                                                   \
    do {                                                                                           \
        expect_assert_failure(call);                                                               \
        assert_string_equal(support_panic_text(), text);                                           \
    } while (0)

static void test_locks_in_order_are_acquired(void **state)
{
    (void)state;
    lock_acquire(&map);
    lock_acquire(&object);
    lock_acquire(&tree);
    lock_acquire(&log_lock);
    lock_assert_held(&map);
    lock_assert_held(&log_lock);
    lock_release(&log_lock);
    lock_release(&tree);
    lock_release(&object);
    lock_release(&map);
    lock_assert_none();
    lock_acquire(&map); /* and again */
    lock_release(&map);
}

static void test_locks_are_released_in_any_order(void **state)
{
    (void)state;
    lock_acquire(&map);
    lock_acquire(&object);
    lock_acquire(&tree);
    lock_release(&object);
    lock_release(&map);
    lock_assert_held(&tree);
    lock_release(&tree);
    lock_assert_none();
}

static void test_wrong_order_panics(void **state)
{
    (void)state;
    lock_acquire(&object);
    expect_panic(lock_acquire(&map), "lock map: acquired after object, against the order");
}

static void test_sleep_lock_under_spin_lock_panics(void **state)
{
    (void)state;
    lock_acquire(&tree);
    expect_panic(lock_acquire(&object),
                 "lock object: acquired after process tree, against the order");
}

static void test_two_locks_of_one_rank_panic(void **state)
{
    (void)state;
    lock_acquire(&map);
    expect_panic(lock_acquire(&other_map), "lock map: acquired after map, against the order");
}

static void test_acquiring_twice_panics(void **state)
{
    (void)state;
    lock_acquire(&tree);
    expect_panic(lock_acquire(&tree), "lock process tree: acquired twice");
}

static void test_release_of_a_free_lock_panics(void **state)
{
    (void)state;
    expect_panic(lock_release(&tree), "lock process tree: not held");
}

static void test_release_of_another_threads_lock_panics(void **state)
{
    (void)state;
    lock_acquire(&map);
    lock_switch_holder(&second);
    expect_panic(lock_release(&map), "lock map: not held");
    expect_panic(lock_assert_held(&map), "lock map: not held");
    expect_panic(lock_acquire(&map), "lock map: acquired while another thread holds it");
}

static void test_order_is_each_threads_own(void **state)
{
    (void)state;
    lock_acquire(&object);
    lock_switch_holder(&second);
    lock_acquire(&map);
    lock_release(&map);
    lock_assert_none();
    lock_switch_holder(&first);
    lock_assert_held(&object);
    lock_release(&object);
}

static void test_sleeping_with_a_spin_lock_panics(void **state)
{
    struct wait_queue queue;

    (void)state;
    wait_queue_init(&queue);
    lock_acquire(&tree);
    expect_panic((void)!wait_queue_sleep(&queue),
                 "lock process tree: held by a thread that may sleep or be interrupted");
}

static void test_sleeping_with_a_sleep_lock_is_allowed(void **state)
{
    struct wait_queue queue;

    (void)state;
    wait_queue_init(&queue);
    lock_acquire(&map);
    assert_true(wait_queue_sleep(&queue));
    lock_release(&map);
}

static void test_switching_threads_with_a_spin_lock_panics(void **state)
{
    (void)state;
    lock_acquire(&log_lock);
    expect_panic(lock_switch_holder(&second),
                 "lock log: held by a thread that may sleep or be interrupted");
}

static void test_spin_lock_with_interrupts_on_panics(void **state)
{
    (void)state;
    irqs_are_off = false;
    lock_acquire(&map);
    expect_panic(lock_acquire(&tree), "lock process tree: acquired with interrupts on");
}

static void test_leaving_the_kernel_with_a_lock_panics(void **state)
{
    (void)state;
    lock_acquire(&map);
    expect_panic(lock_assert_none(), "lock map: held by a thread that leaves the kernel");
}

#define lock_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        lock_test(test_locks_in_order_are_acquired),
        lock_test(test_locks_are_released_in_any_order),
        lock_test(test_wrong_order_panics),
        lock_test(test_sleep_lock_under_spin_lock_panics),
        lock_test(test_two_locks_of_one_rank_panic),
        lock_test(test_acquiring_twice_panics),
        lock_test(test_release_of_a_free_lock_panics),
        lock_test(test_release_of_another_threads_lock_panics),
        lock_test(test_order_is_each_threads_own),
        lock_test(test_sleeping_with_a_spin_lock_panics),
        lock_test(test_sleeping_with_a_sleep_lock_is_allowed),
        lock_test(test_switching_threads_with_a_spin_lock_panics),
        lock_test(test_spin_lock_with_interrupts_on_panics),
        lock_test(test_leaving_the_kernel_with_a_lock_panics),
    };
    return cmocka_run_group_tests_name("locks", tests, NULL, NULL);
}
