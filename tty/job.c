#include "tty/job.h"

#include <asm/errno.h>
#include <stddef.h>

#include "lib/assert.h"

static const struct job_hooks *hooks;
static int group = 1; /* pid 1's */

void job_set_hooks(const struct job_hooks *new_hooks)
{
    hooks = new_hooks;
}

void job_signal(int signal)
{
    debug_assert(hooks != NULL);
    hooks->signal(signal);
}

bool job_is_init(void)
{
    debug_assert(hooks != NULL);
    return hooks->is_init();
}

int job_group(void)
{
    return group;
}

int job_set_group(int wanted)
{
    debug_assert(hooks != NULL);
    if (wanted < 0) {
        return -EINVAL;
    }
    if (!hooks->exists(wanted)) {
        return -ESRCH;
    }
    group = wanted;
    return 0;
}
