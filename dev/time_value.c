/* Times (time_value.h). */
#include "dev/time_value.h"

#include <asm/errno.h>

#include "arch/div64.h"
#include "lib/minmax.h"

#define NS_PER_SECOND      1000000000u
#define NS_PER_MICROSECOND 1000u
#define SECONDS_MAX        (TIME_NS_MAX / NS_PER_SECOND)

int time_from_nanoseconds(int64_t seconds, int32_t nanoseconds, uint64_t *ns)
{
    if (seconds < 0 || nanoseconds < 0 || nanoseconds >= (int32_t)NS_PER_SECOND) {
        return -EINVAL;
    }
    if ((uint64_t)seconds >= SECONDS_MAX) {
        *ns = TIME_NS_MAX;
    } else {
        *ns = (uint64_t)seconds * NS_PER_SECOND + (uint32_t)nanoseconds;
    }
    return 0;
}

int time_from_microseconds(int64_t seconds, int32_t microseconds, uint64_t *ns)
{
    if (microseconds < 0 || microseconds >= (int32_t)(NS_PER_SECOND / NS_PER_MICROSECOND)) {
        return -EINVAL;
    }
    return time_from_nanoseconds(seconds, microseconds * (int32_t)NS_PER_MICROSECOND, ns);
}

struct time_parts time_split(uint64_t ns)
{
    struct time_parts parts;

    parts.seconds = (int64_t)div_u64(ns, NS_PER_SECOND, &parts.nanoseconds);
    return parts;
}

uint64_t time_add(uint64_t a, uint64_t b)
{
    return min_u64(a + b, TIME_NS_MAX);
}
