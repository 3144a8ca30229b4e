/*
 * The real-time clock in CMOS memory (MC146818A). Start-up reads it once; from then on the kernel
 * counts by itself (dev/clock.h). It is taken for UTC, which is what QEMU sets.
 */
#ifndef DEV_RTC_H
#define DEV_RTC_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

/* The registers as they are in CMOS memory. Status register B says how to read them. */
struct rtc_registers {
    uint8_t second, minute, hour, day, month, year, status_b;
};

#define RTC_B_24_HOURS 0x02u /* else 1 to 12, and bit 7 of the hour for the afternoon */
#define RTC_B_BINARY   0x04u /* else BCD                                              */
#define RTC_HOUR_PM    0x80u

/* Decodes registers. Years up to 69 are 20xx, others 19xx, as on Linux. Returns 0 and the seconds
 * since 1970 in *seconds, or -EINVAL if a register holds no valid value. */
must_check int rtc_decode(const struct rtc_registers *registers, int64_t *seconds);

/* Reads the clock, outside an update. Returns 0 and the seconds since 1970; fails with -EINVAL if
 * the values are not a date, and with -EIO if the clock is always in the middle of an update. */
must_check int rtc_read(int64_t *seconds);

#endif
