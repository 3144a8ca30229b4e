/*
 * The last page faults, for the panic screen. A fault is handled in its slot of the log and not in
 * a copy on the stack, which would cost 10 of the 235 instructions of the cheapest fault: the
 * caller takes a slot with fault_log_next() before it resolves the fault, and vm_fault() fills in
 * the rest. Who may sleep meanwhile must copy the slot, because later faults reuse it.
 */
#ifndef KERNEL_TRAP_FAULT_LOG_H
#define KERNEL_TRAP_FAULT_LOG_H

#include <stdint.h>

#include "mm/vm_fault.h"

#define FAULT_LOG_SIZE 8u

struct fault_note {
    uint64_t tsc; /* when the trap arrived */
    int32_t pid;
    uint32_t ip;
    struct vm_fault fault;
};

struct fault_log {
    struct fault_note notes[FAULT_LOG_SIZE];
    uint32_t next; /* number of faults so far; it may wrap */
};
extern struct fault_log fault_log;

/* Returns the slot of the next note. */
static inline struct fault_note *fault_log_next(void)
{
    return &fault_log.notes[fault_log.next++ % FAULT_LOG_SIZE];
}

/* Returns the newest note, all zeros if there is none. */
static inline const struct fault_note *fault_log_last(void)
{
    return &fault_log.notes[(fault_log.next - 1u) % FAULT_LOG_SIZE];
}

/* Returns the note `age` faults back (0: the newest), or NULL if there were not that many. */
const struct fault_note *fault_log_at(uint32_t age);

#endif
