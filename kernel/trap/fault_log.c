/* The last page faults (fault_log.h). */
#include "kernel/trap/fault_log.h"

#include <stdbool.h>
#include <stddef.h>

struct fault_log fault_log;

const struct fault_note *fault_log_at(uint32_t age)
{
    bool is_there = age < FAULT_LOG_SIZE && age < fault_log.next;

    return is_there ? &fault_log.notes[(fault_log.next - 1 - age) % FAULT_LOG_SIZE] : NULL;
}
