/* What the families of time calls share. Private to kernel/sys/time/. */
#ifndef KERNEL_SYS_TIME_TIME_CALLS_H
#define KERNEL_SYS_TIME_TIME_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

struct process;

/* Seconds of the old calls have 32 bits, those of the _time64 calls 64. */
enum time_width { TIME_OLD, TIME_64 };

/* Reads a struct timespec of the user. Fails with -EFAULT, or -EINVAL for what is no time. */
must_check int get_timespec(uint32_t from, enum time_width width, uint64_t *ns);
must_check int put_timespec(uint32_t to, enum time_width width, uint64_t ns);

/* Reads a clock of clock_gettime. Fails with -EINVAL if there is none of that number. */
must_check int read_clock(const struct process *self, int32_t clock, uint64_t *ns);

/* Sleeps until the monotonic clock has reached the deadline. Fails with -EINTR if something else
 * ended the sleep. */
must_check int sleep_until(uint64_t deadline);
/* Wakes those who sleep until a time of day, which has been set: they compute their time anew. */
void wake_realtime_sleepers(void);

#endif
