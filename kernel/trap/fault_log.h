/*
 * The last page faults. A fault is handled in its place in the log, because every fault pays for
 * what is copied: fault_log_next() gives that place before the fault is resolved, and what resolves
 * it fills in the rest.
 */
#ifndef KERNEL_TRAP_FAULT_LOG_H
#define KERNEL_TRAP_FAULT_LOG_H

#include <stdint.h>

#include "mm/vm_fault.h"

#define FAULT_LOG_SIZE 8u

struct fault_note {
    uint64_t tsc; /* at its trap */
    int32_t pid;
    uint32_t ip;
    struct vm_fault fault;
};

struct fault_log {
    struct fault_note notes[FAULT_LOG_SIZE];
    uint32_t next; /* counts up for ever */
};
extern struct fault_log fault_log;

/* The place of the next note. */
static inline struct fault_note *fault_log_next(void)
{
    return &fault_log.notes[fault_log.next++ % FAULT_LOG_SIZE];
}

/* The newest note; all zeros if there is none. */
static inline const struct fault_note *fault_log_last(void)
{
    return &fault_log.notes[(fault_log.next - 1u) % FAULT_LOG_SIZE];
}

/* The note `age` faults back, 0 being the newest; NULL if there were not that many. */
const struct fault_note *fault_log_at(uint32_t age);

#endif
