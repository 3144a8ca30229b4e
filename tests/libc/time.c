/* <time.h> without clocks: calendar, time zones, text. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void show(const char *name, const struct tm *tm)
{
    printf("%s %d-%d-%d %d:%d:%d wday %d yday %d dst %d off %ld %s\n", name, tm->tm_year,
           tm->tm_mon, tm->tm_mday, tm->tm_hour, tm->tm_min, tm->tm_sec, tm->tm_wday, tm->tm_yday,
           tm->tm_isdst, (long)tm->tm_gmtoff, tm->tm_zone);
}

static const time_t times[] = {0,          1,          -1,         86399,
                               951782400,  1078012800, 1700000000, 2147483647,
                               1711846800, 1711846799, 1729990800, -2000000000};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void in_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
    printf("TZ=%s: %s %s %ld %d\n", zone, tzname[0], daylight ? tzname[1] : "-", (long)timezone,
           daylight);
    for (size_t i = 0; i < COUNT(times) - 1; i++) { /* not the one before 1970 */
        struct tm tm;
        localtime_r(&times[i], &tm);
        show("local", &tm);
        struct tm again = tm;
        printf("%d\n", mktime(&again) == times[i]);
    }
}

static void formats(void)
{
    static const char *const all[] = {"%a %A %b %B %c",    "%C %d %D %e %F %g %G",    "%h %H %I %j",
                                      "%m %M %n %p %r %R", "%S %t %T %u %U %V %w %W", "%x %X %y %Y",
                                      "%z %% %s"};
    struct tm tm;
    char text[200];
    setenv("TZ", "UTC0", 1);
    for (size_t i = 0; i < COUNT(times); i++) {
        gmtime_r(&times[i], &tm);
        for (size_t k = 0; k < COUNT(all); k++) {
            printf("%zu %s\n", strftime(text, sizeof(text), all[k], &tm), text);
        }
        printf("%s", asctime(&tm));
        printf("%d\n", timegm(&tm) == times[i]);
    }
    printf("%zu\n", strftime(text, 4, "%Y-%m", &tm));
}

static void reading(void)
{
    struct tm tm;
    memset(&tm, 0, sizeof(tm));
    const char *end = strptime("2024-02-29 23:59:58 rest", "%Y-%m-%d %H:%M:%S", &tm);
    printf("<%s> ", end);
    printf("%d %d %d %d\n", tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_sec);
    printf("%d\n", strptime("Feb", "%d", &tm) == NULL);
    end = strptime("Tue, 03 Mar 2020", "%a, %d %b %Y", &tm);
    printf("%d %d\n", tm.tm_mon, *end);
    tm = (struct tm){.tm_year = 124, .tm_mon = 13, .tm_mday = 35, .tm_hour = -5, .tm_min = 130};
    printf("%lld\n", (long long)timegm(&tm));
    printf("%d %d %d %d\n", tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour);
    printf("%.1f\n", difftime(100, 250));
}

int main(void)
{
    in_zone("UTC0");
    in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    in_zone("EST5EDT,M3.2.0,M11.1.0");
    in_zone("<+0530>-5:30");
    formats();
    reading();
    return 0;
}
