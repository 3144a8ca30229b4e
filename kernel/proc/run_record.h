/*
 * Run records: what is kept of a program that `run` started, from its execve on, for
 * FL_NR_run_wait. execve allocates the record with room for the accounts of the map, so that the
 * end of the program cannot fail to report.
 */
#ifndef KERNEL_PROC_RUN_RECORD_H
#define KERNEL_PROC_RUN_RECORD_H

#include <stdint.h>

#include "abi/faultline.h"
#include "lib/compiler.h"

struct process;
struct vm_map;

struct run_record {
    uint32_t max_accounts;
    struct fl_report report;
    struct fl_account accounts[];
};

/* Allocates a record for the accounts of `map`; NULL without memory. */
must_check struct run_record *run_record_create(struct vm_map *map, uint32_t policy);
/* Replaces the record of a process, which is freed, by `record`; NULL: by none. */
void run_record_set(struct process *process, struct run_record *record);
/* Stores the figures that only the living map has. Later calls, and those without a record, do
 * nothing. */
void run_record_fill(struct process *process);
/* Stores the rest, once the process knows how it ended. There is a record. */
void run_record_complete(struct process *process);

#endif
