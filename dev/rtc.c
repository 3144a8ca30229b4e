/* The real-time clock (rtc.h). */
#include "dev/rtc.h"

#include <asm/errno.h>

#include "arch/port.h"
#include "lib/compiler.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

#define REGISTER_SECOND   0x00
#define REGISTER_MINUTE   0x02
#define REGISTER_HOUR     0x04
#define REGISTER_DAY      0x07
#define REGISTER_MONTH    0x08
#define REGISTER_YEAR     0x09
#define REGISTER_STATUS_A 0x0A
#define REGISTER_STATUS_B 0x0B

#define STATUS_A_UPDATING 0x80u

/* An update takes 2 ms, a read of a port about 1 us. */
#define UPDATE_POLLS 10000u
/* Two readings differ at most when the second changes between them. */
#define READ_TRIES 5u

#define FIRST_YEAR      1970u
#define PIVOT_YEAR      70u /* of the century: below it the year is 20xx */
#define SECONDS_PER_DAY 86400u

/* ---- Decoding -------------------------------------------------------------------------------- */

static bool is_leap(uint32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static uint32_t days_of_month(uint32_t month, uint32_t year)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

/* Returns the days from 1970 to the first of January of the year. */
static uint32_t days_before_year(uint32_t year)
{
    uint32_t days = 0;

    for (uint32_t y = FIRST_YEAR; y < year; y++) {
        days += is_leap(y) ? 366u : 365u;
    }
    return days;
}

static uint32_t days_before_month(uint32_t month, uint32_t year)
{
    uint32_t days = 0;

    for (uint32_t m = 1; m < month; m++) {
        days += days_of_month(m, year);
    }
    return days;
}

/* Returns the number in a register, or UINT32_MAX if it is no BCD number. */
static uint32_t number(uint8_t raw, bool is_binary)
{
    if (is_binary) {
        return raw;
    }
    return (raw & 0x0Fu) > 9 || raw >> 4 > 9 ? UINT32_MAX : (raw >> 4) * 10u + (raw & 0x0Fu);
}

/* Returns the hour, 0 to 23, or UINT32_MAX. Of twelve hours, 12 is the first. */
static uint32_t decode_hour(uint8_t raw, uint8_t status_b)
{
    bool is_binary = (status_b & RTC_B_BINARY) != 0;

    if (status_b & RTC_B_24_HOURS) {
        uint32_t hour = number(raw, is_binary);

        return hour < 24 ? hour : UINT32_MAX;
    }
    uint32_t hour = number(raw & (uint8_t)~RTC_HOUR_PM, is_binary);

    if (hour < 1 || hour > 12) {
        return UINT32_MAX;
    }
    return hour % 12 + (raw & RTC_HOUR_PM ? 12u : 0u);
}

int rtc_decode(const struct rtc_registers *registers, int64_t *seconds)
{
    bool is_binary = (registers->status_b & RTC_B_BINARY) != 0;
    uint32_t second = number(registers->second, is_binary);
    uint32_t minute = number(registers->minute, is_binary);
    uint32_t hour = decode_hour(registers->hour, registers->status_b);
    uint32_t day = number(registers->day, is_binary);
    uint32_t month = number(registers->month, is_binary);
    uint32_t year = number(registers->year, is_binary);

    if (second > 59 || minute > 59 || hour > 23 || month < 1 || month > 12 || year > 99) {
        return -EINVAL;
    }
    year += year < PIVOT_YEAR ? 2000u : 1900u;
    if (day < 1 || day > days_of_month(month, year)) {
        return -EINVAL;
    }
    uint32_t days = days_before_year(year) + days_before_month(month, year) + day - 1;

    *seconds = (int64_t)days * SECONDS_PER_DAY + (hour * 60 + minute) * 60 + second;
    return 0;
}

/* ---- The device ------------------------------------------------------------------------------ */

static uint8_t read_register(uint8_t index)
{
    port_out8(CMOS_INDEX, index);
    return port_in8(CMOS_DATA);
}

/* Returns false if the update does not end. */
static bool wait_for_update(void)
{
    for (uint32_t i = 0; i < UPDATE_POLLS; i++) {
        if ((read_register(REGISTER_STATUS_A) & STATUS_A_UPDATING) == 0) {
            return true;
        }
    }
    return false;
}

static void read_registers(struct rtc_registers *to)
{
    to->second = read_register(REGISTER_SECOND);
    to->minute = read_register(REGISTER_MINUTE);
    to->hour = read_register(REGISTER_HOUR);
    to->day = read_register(REGISTER_DAY);
    to->month = read_register(REGISTER_MONTH);
    to->year = read_register(REGISTER_YEAR);
    to->status_b = read_register(REGISTER_STATUS_B);
}

/* An update may begin between the check and the reads, so only two equal readings count. */
int rtc_read(int64_t *seconds)
{
    struct rtc_registers first, second;

    for (uint32_t i = 0; i < READ_TRIES; i++) {
        if (!wait_for_update()) {
            return -EIO;
        }
        read_registers(&first);
        read_registers(&second);
        if (__builtin_memcmp(&first, &second, sizeof(first)) == 0) {
            return rtc_decode(&first, seconds);
        }
    }
    return -EIO;
}
