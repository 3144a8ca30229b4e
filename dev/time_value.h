/* Times as programs pass them, seconds and a fraction, and as the kernel counts, in nanoseconds. */
#ifndef DEV_TIME_VALUE_H
#define DEV_TIME_VALUE_H

#include <stdint.h>

#include "lib/compiler.h"

/* 292 years. What is longer is taken for this. */
#define TIME_NS_MAX ((uint64_t)INT64_MAX)

struct time_parts {
    int64_t seconds;
    uint32_t nanoseconds; /* below 10^9 */
};

/* Converts seconds and nanoseconds. Fails with -EINVAL if the seconds are negative, or the
 * nanoseconds negative or 10^9 or more. */
must_check int time_from_nanoseconds(int64_t seconds, int32_t nanoseconds, uint64_t *ns);
/* The same for microseconds, which are below 10^6. */
must_check int time_from_microseconds(int64_t seconds, int32_t microseconds, uint64_t *ns);
/* Splits a time; fractions are cut off. */
struct time_parts time_split(uint64_t ns);
/* Returns a + b, or TIME_NS_MAX if that is less. Both are at most TIME_NS_MAX. */
uint64_t time_add(uint64_t a, uint64_t b);

#endif
