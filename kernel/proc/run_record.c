/* Run records (run_record.h). */
#include "kernel/proc/run_record.h"

#include "kernel/proc/process.h"
#include "lib/string.h"
#include "loader/image.h"
#include "mm/phys/kheap.h"
#include "mm/vm_map.h"

static size_t record_size(const struct run_record *record)
{
    return sizeof(*record) + record->max_accounts * sizeof(record->accounts[0]);
}

struct run_record *run_record_create(struct vm_map *map, uint32_t policy)
{
    struct vm_map_counts counts;

    vm_map_counts(map, &counts);
    struct run_record *record =
        kheap_zalloc(sizeof(*record) + counts.n_accounts * sizeof(record->accounts[0]));

    if (record != NULL) {
        record->max_accounts = counts.n_accounts;
        record->report.policy = policy;
    }
    return record;
}

void run_record_set(struct process *process, struct run_record *record)
{
    if (process->run.record != NULL) {
        kheap_free(process->run.record, record_size(process->run.record));
    }
    process->run.record = record;
    process->run.is_record_filled = false;
}

void run_record_fill(struct process *self)
{
    struct run_record *record = self->run.record;

    if (record == NULL || self->run.is_record_filled) {
        return;
    }
    self->run.is_record_filled = true;
    struct fl_report *report = &record->report;
    struct vm_map_counts counts;
    struct image_figures figures;

    vm_map_counts(self->memory.map, &counts);
    image_figures(self->memory.map, &figures);
    report->page_faults = figures.page_faults;
    report->pages_allocated = figures.pages;
    report->bytes_lost = figures.bytes_lost;
    report->rss_kb = counts.rss_pages * (PAGE_SIZE / 1024);
    report->rss_peak_kb = counts.rss_peak * (PAGE_SIZE / 1024);
    report->vmsize_kb = counts.size_pages * (PAGE_SIZE / 1024);
    report->vmsize_peak_kb = counts.size_peak * (PAGE_SIZE / 1024);
    report->n_accounts = counts.n_accounts;
    memcpy(report->faults, vm_map_unplaced_faults(self->memory.map), sizeof(report->faults));
    for (uint32_t i = 0; i < counts.n_accounts && i < record->max_accounts; i++) {
        record->accounts[i] = *vm_map_account(self->memory.map, i);
        for (uint32_t cause = 0; cause < VM_CAUSE_COUNT; cause++) {
            report->faults[cause] += record->accounts[i].faults[cause];
        }
    }
}

void run_record_complete(struct process *self)
{
    struct fl_report *report = &self->run.record->report;

    run_record_fill(self);
    report->pid = self->id.pid;
    report->exit_kind = self->end.kind == PROCESS_END_SIGNAL ? FL_KILLED : FL_EXITED;
    report->value = self->end.value;
    report->is_return = self->end.kind == PROCESS_END_RETURN;
    report->freemem_before = self->run.freemem_before;
    report->syscalls = self->counts.syscalls;
    strlcpy(report->name, self->id.name, sizeof(report->name));
}
