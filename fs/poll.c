/* The one queue of those who poll. */
#include "fs/poll.h"

#include "sync/wait_queue.h"

static struct wait_queue pollers = WAIT_QUEUE_INITIALIZER(pollers);

void poll_wake(void)
{
    wait_queue_wake_all(&pollers);
}

bool poll_sleep(void)
{
    return wait_queue_sleep(&pollers);
}

bool poll_sleep_until(uint64_t deadline)
{
    return wait_queue_sleep_until(&pollers, deadline);
}
