/* The real-time clock: decoding of its registers, and reading while it updates them. */
#include "dev/rtc.h"

#include "tests/host/support.h"

#include <asm/errno.h>
#include <string.h>

#include "arch/port.h"

/* ---- Decoding -------------------------------------------------------------------------------- */

#define BCD_24    RTC_B_24_HOURS
#define BINARY_24 (RTC_B_24_HOURS | RTC_B_BINARY)
#define BCD_12    0
#define BINARY_12 RTC_B_BINARY

struct sample {
    struct rtc_registers registers;
    int64_t seconds; /* as `date -u +%s` prints them; -EINVAL: no time */
};

static void check(const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t seconds = -1;
        int err = rtc_decode(&samples[i].registers, &seconds);

        assert_int_equal(err, samples[i].seconds == -EINVAL ? -EINVAL : 0);
        assert_int_equal(err == 0 ? seconds : -EINVAL, samples[i].seconds);
    }
}

static void test_dates(void **state)
{
    static const struct sample samples[] = {
        {{0x00, 0x00, 0x00, 0x01, 0x01, 0x70, BCD_24}, 0},
        {{0x59, 0x59, 0x23, 0x31, 0x12, 0x99, BCD_24}, 946684799},
        {{0x00, 0x00, 0x00, 0x01, 0x01, 0x00, BCD_24}, 946684800},
        {{0x00, 0x00, 0x00, 0x01, 0x01, 0x20, BCD_24}, 1577836800},
        {{0x00, 0x00, 0x00, 0x29, 0x02, 0x24, BCD_24}, 1709164800},
        {{0x00, 0x00, 0x00, 0x01, 0x03, 0x24, BCD_24}, 1709251200},
        {{0x59, 0x59, 0x23, 0x31, 0x12, 0x69, BCD_24}, 3155759999},
        {{7, 14, 3, 19, 1, 38, BINARY_24}, 2147483647},
    };

    (void)state;
    check(samples, sizeof(samples) / sizeof(samples[0]));
}

static void test_hours(void **state)
{
    static const struct sample samples[] = {
        {{0, 0, 0x12, 0x01, 0x01, 0x70, BCD_12}, 0},
        {{0, 0, 0x01, 0x01, 0x01, 0x70, BCD_12}, 3600},
        {{0, 0, 0x11, 0x01, 0x01, 0x70, BCD_12}, 39600},
        {{0, 0, 0x12 | RTC_HOUR_PM, 0x01, 0x01, 0x70, BCD_12}, 43200},
        {{0, 0, 0x11 | RTC_HOUR_PM, 0x01, 0x01, 0x70, BCD_12}, 82800},
        {{0, 0, 11 | RTC_HOUR_PM, 1, 1, 70, BINARY_12}, 82800},
        {{0, 0, 23, 1, 1, 70, BINARY_24}, 82800},
    };

    (void)state;
    check(samples, sizeof(samples) / sizeof(samples[0]));
}

static void test_no_times(void **state)
{
    static const struct sample samples[] = {
        {{0x60, 0, 0, 1, 1, 0, BCD_24}, -EINVAL},
        {{0, 0x60, 0, 1, 1, 0, BCD_24}, -EINVAL},
        {{0, 0, 0x24, 1, 1, 0, BCD_24}, -EINVAL},
        {{0, 0, 0x00, 1, 1, 0, BCD_12}, -EINVAL},
        {{0, 0, 0x13, 1, 1, 0, BCD_12}, -EINVAL},
        {{0, 0, 0, 0x00, 1, 0, BCD_24}, -EINVAL},
        {{0, 0, 0, 0x30, 2, 0x24, BCD_24}, -EINVAL},
        {{0, 0, 0, 0x29, 2, 0x23, BCD_24}, -EINVAL},
        {{0, 0, 0, 1, 0x00, 0, BCD_24}, -EINVAL},
        {{0, 0, 0, 1, 0x13, 0, BCD_24}, -EINVAL},
        {{0x0A, 0, 0, 1, 1, 0, BCD_24}, -EINVAL},
        {{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, -EINVAL},
        {{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, BCD_24}, -EINVAL},
        {{0, 0, 0, 1, 1, 100, BINARY_24}, -EINVAL},
    };

    (void)state;
    check(samples, sizeof(samples) / sizeof(samples[0]));
}

/* ---- The device ------------------------------------------------------------------------------ */

static uint8_t cmos[16], selected;
static uint32_t reads;         /* of the seconds                                   */
static uint32_t updating_for;  /* reads of status register A that find an update   */
static uint32_t changes_until; /* so many reads of the seconds find another second */

void port_out8(uint16_t port, uint8_t value)
{
    assert_int_equal(port, 0x70);
    selected = value;
}

uint8_t port_in8(uint16_t port)
{
    assert_int_equal(port, 0x71);
    assert_true(selected < sizeof(cmos));
    if (selected == 0x0A && updating_for > 0) {
        updating_for--;
        return 0x80;
    }
    if (selected == 0 && reads++ < changes_until) {
        cmos[0]++;
    }
    return cmos[selected];
}

static int set_clock(void **state)
{
    static const uint8_t noon[16] = {
        [0] = 0x05, [4] = 0x12, [7] = 0x01, [8] = 0x01, [9] = 0x20, [0x0B] = RTC_B_24_HOURS};

    (void)state;
    memcpy(cmos, noon, sizeof(cmos));
    reads = updating_for = changes_until = 0;
    return 0;
}

#define NOON_OF_2020 1577880000

static void test_read(void **state)
{
    int64_t seconds;

    (void)state;
    assert_int_equal(rtc_read(&seconds), 0);
    assert_int_equal(seconds, NOON_OF_2020 + 5);
}

static void test_read_waits_for_an_update(void **state)
{
    int64_t seconds;

    (void)state;
    updating_for = 100;
    assert_int_equal(rtc_read(&seconds), 0);
    assert_int_equal(updating_for, 0);
    assert_int_equal(seconds, NOON_OF_2020 + 5);
}

static void test_read_again_when_the_second_changes(void **state)
{
    int64_t seconds;

    (void)state;
    changes_until = 2;
    assert_int_equal(rtc_read(&seconds), 0);
    assert_int_equal(seconds, NOON_OF_2020 + 7);
}

static void test_endless_update(void **state)
{
    int64_t seconds;

    (void)state;
    updating_for = UINT32_MAX;
    assert_int_equal(rtc_read(&seconds), -EIO);
}

static void test_endless_change(void **state)
{
    int64_t seconds;

    (void)state;
    changes_until = UINT32_MAX;
    assert_int_equal(rtc_read(&seconds), -EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_no_times),
        cmocka_unit_test_setup(test_read, set_clock),
        cmocka_unit_test_setup(test_read_waits_for_an_update, set_clock),
        cmocka_unit_test_setup(test_read_again_when_the_second_changes, set_clock),
        cmocka_unit_test_setup(test_endless_update, set_clock),
        cmocka_unit_test_setup(test_endless_change, set_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
