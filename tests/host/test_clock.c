/* The clock's arithmetic, and the times that programs pass. */
#include "dev/clock.h"

#include "tests/host/support.h"

#include <asm/errno.h>
#include <stdbool.h>

#include "arch/cpu.h"
#include "arch/div64.h"
#include "dev/pit.h"
#include "dev/time_value.h"
#include "kernel/proc/loadavg.h"
#include "kernel/proc/sched.h"

/* ---- What clock.c and loadavg.c stand on -------------------------------------------------------- */

struct cpu_info cpu_info; /* without a time stamp counter: interrupts are counted */
static uint32_t n_ready;

void pit_stopwatch_start(void)
{
}

bool pit_stopwatch_read(uint32_t *periods)
{
    *periods = 0;
    return false;
}

uint32_t sched_count_ready(void)
{
    return n_ready;
}

/* ---- Division ------------------------------------------------------------------------------------ */

static void test_div_u64(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t n =
            ((uint64_t)support_random() << 32 | support_random()) >> (support_random() % 64);
        uint32_t d = (support_random() >> (support_random() % 32)) | 1, rest;

        assert_true(div_u64(n, d, &rest) == n / d);
        assert_int_equal(rest, n % d);
    }
    uint32_t rest;

    assert_true(div_u64(UINT64_MAX, UINT32_MAX, &rest) == UINT64_MAX / UINT32_MAX);
    assert_true(div_u64(UINT64_MAX, 1, &rest) == UINT64_MAX);
    assert_int_equal(rest, 0);
}

/* ---- Rates --------------------------------------------------------------------------------------- */

static void test_rate(void **state)
{
    (void)state;
    /* 10 ms are 11931.82 periods. */
    assert_true(clock_rate_of(10000000, 11932) == 1000000000);
    assert_true(clock_rate_of(10000000, 11931) == 1000000000);
    assert_true(clock_rate_of(10000000, 11934) != 1000000000);
    assert_true(clock_rate_of(24196213, 11932) == 2419584798);
    assert_true(clock_rate_of(0, 11932) == 0);
    assert_true(clock_rate_of(10000000, 0) == 0);
    assert_true(clock_rate_of(UINT64_MAX, 1) == 0);
    assert_true(clock_rate_of(1, 11932) == 0);
    assert_true(clock_rate_of(UINT64_MAX / PIT_INPUT_HZ, 1) == 0);
}

static void test_one_cycle_is_one_nanosecond_at_1_GHz(void **state)
{
    struct clock_scale scale = clock_scale_of(1000000000);

    (void)state;
    assert_true(clock_scale_apply(scale, 0) == 0);
    assert_true(clock_scale_apply(scale, 1) == 1);
    assert_true(clock_scale_apply(scale, 0x123456789ABCDEFull) == 0x123456789ABCDEFull);
    assert_true(clock_scale_apply(scale, INT64_MAX) == INT64_MAX);
}

/* One day at each rate, to one part in a million; and the time never decreases. */
static void test_scales(void **state)
{
    static const uint64_t rates[] = {CLOCK_RATE_MIN, 150000000,     999999999,     2419584643,
                                     4294967295,     5000000000ull, CLOCK_RATE_MAX};
    const uint64_t day = 86400ull * 1000000000;

    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct clock_scale scale = clock_scale_of(rates[i]);
        uint64_t ns = clock_scale_apply(scale, rates[i] * 86400), last = 0;

        assert_in_range(scale.shift, 1, 32);
        assert_true(ns > day - day / 1000000 && ns < day + day / 1000000);
        for (uint64_t cycles = 0xFFFFFF00u; cycles < 0x100000100ull; cycles++) {
            ns = clock_scale_apply(scale, cycles);
            assert_true(ns >= last);
            last = ns;
        }
    }
}

/* ---- Without a counter ----------------------------------------------------------------------------- */

static void test_interrupts_are_counted(void **state)
{
    (void)state;
    clock_start(1000);
    assert_true(clock_rate() == 0);
    assert_true(clock_now() == 0);
    assert_true(clock_realtime() == 1000ull * CLOCK_NS_PER_SECOND);
    for (int i = 0; i < 100; i++) {
        clock_tick();
    }
    assert_true(clock_now() == 100ull * CLOCK_TICK_NS);
    assert_true(clock_cycles_to_ns(100) == 0);
}

static void test_time_of_day_is_set(void **state)
{
    uint64_t now = clock_now();

    (void)state;
    assert_false(clock_set_realtime(now - 1));
    assert_true(clock_realtime() == 1000ull * CLOCK_NS_PER_SECOND + now);
    assert_true(clock_set_realtime(now));
    assert_true(clock_realtime() == now);
    assert_true(clock_realtime_at_start() == 0);
    assert_true(clock_now() == now);
}

/* ---- Programs' times -------------------------------------------------------------------------------- */

static void test_nanoseconds(void **state)
{
    uint64_t ns = 77;

    (void)state;
    assert_int_equal(time_from_nanoseconds(0, 0, &ns), 0);
    assert_true(ns == 0);
    assert_int_equal(time_from_nanoseconds(1, 999999999, &ns), 0);
    assert_true(ns == 1999999999);
    assert_int_equal(time_from_nanoseconds(INT64_MAX, 999999999, &ns), 0);
    assert_true(ns == TIME_NS_MAX);
    assert_int_equal(time_from_nanoseconds(9223372035, 999999999, &ns), 0);
    assert_true(ns == 9223372035999999999ull);
    assert_int_equal(time_from_nanoseconds(9223372036, 854775807, &ns), 0);
    assert_true(ns == TIME_NS_MAX);
    assert_int_equal(time_from_nanoseconds(-1, 0, &ns), -EINVAL);
    assert_int_equal(time_from_nanoseconds(INT64_MIN, 0, &ns), -EINVAL);
    assert_int_equal(time_from_nanoseconds(0, 1000000000, &ns), -EINVAL);
    assert_int_equal(time_from_nanoseconds(0, -1, &ns), -EINVAL);
    assert_int_equal(time_from_nanoseconds(0, INT32_MIN, &ns), -EINVAL);
}

static void test_microseconds(void **state)
{
    uint64_t ns;

    (void)state;
    assert_int_equal(time_from_microseconds(2, 999999, &ns), 0);
    assert_true(ns == 2999999000);
    assert_int_equal(time_from_microseconds(0, 1000000, &ns), -EINVAL);
    assert_int_equal(time_from_microseconds(0, -1, &ns), -EINVAL);
    assert_int_equal(time_from_microseconds(-1, 0, &ns), -EINVAL);
    assert_int_equal(time_from_microseconds(INT64_MAX, 0, &ns), 0);
    assert_true(ns == TIME_NS_MAX);
}

static void test_split_and_add(void **state)
{
    struct time_parts parts = time_split(TIME_NS_MAX);

    (void)state;
    assert_int_equal(parts.seconds, 9223372036);
    assert_int_equal(parts.nanoseconds, 854775807);
    parts = time_split(999999999);
    assert_int_equal(parts.seconds, 0);
    assert_int_equal(parts.nanoseconds, 999999999);
    assert_true(time_add(1, 2) == 3);
    assert_true(time_add(TIME_NS_MAX, TIME_NS_MAX) == TIME_NS_MAX);
    assert_true(time_add(TIME_NS_MAX, 0) == TIME_NS_MAX);
}

/* ---- The load ---------------------------------------------------------------------------------------- */

static void run_for(uint32_t seconds)
{
    for (uint32_t i = 0; i < seconds * PIT_TICKS_PER_SECOND; i++) {
        loadavg_tick();
    }
}

static void test_load_follows_the_ready(void **state)
{
    uint32_t loads[LOADAVG_COUNT];

    (void)state;
    n_ready = 3;
    run_for(60);
    loadavg_read(loads);
    assert_in_range(loads[0], (3 << LOADAVG_SHIFT) * 62 / 100, (3 << LOADAVG_SHIFT) * 65 / 100);
    assert_true(loads[0] > loads[1] && loads[1] > loads[2] && loads[2] > 0);
    run_for(3600 * 4);
    loadavg_read(loads);
    assert_int_equal(loads[0], 3 << LOADAVG_SHIFT);
    assert_int_equal(loads[1], 3 << LOADAVG_SHIFT);
    n_ready = 0;
    run_for(3600 * 4);
    loadavg_read(loads);
    assert_int_equal(loads[0], 0);
}

/* PROCESS_MAX is far from where 32 bits end. */
static void test_load_of_many(void **state)
{
    (void)state;
    assert_int_equal(loadavg_next(500u << LOADAVG_SHIFT, 1884, 500), 500u << LOADAVG_SHIFT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_div_u64),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_one_cycle_is_one_nanosecond_at_1_GHz),
        cmocka_unit_test(test_scales),
        cmocka_unit_test(test_interrupts_are_counted),
        cmocka_unit_test(test_time_of_day_is_set),
        cmocka_unit_test(test_nanoseconds),
        cmocka_unit_test(test_microseconds),
        cmocka_unit_test(test_split_and_add),
        cmocka_unit_test(test_load_follows_the_ready),
        cmocka_unit_test(test_load_of_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
