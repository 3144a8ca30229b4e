/* The last page faults, for the panic screen (kernel/trap/fault_log.h). */
#include <stddef.h>

#include "arch/cpu.h"
#include "kernel/diag/panic_impl.h"
#include "kernel/trap/fault_log.h"
#include "lib/format.h"
#include "mm/vm_map.h"

static char access_letter(uint32_t access)
{
    return access == VM_WRITE ? 'w' : access == VM_EXEC ? 'x' : 'r';
}

static void fault_format(const struct fault_note *note, char *out, uint32_t size)
{
    const struct vm_fault *fault = &note->fault;
    const char *word = fault->cause < VM_CAUSE_COUNT ? vm_cause_word(fault->cause) : "?";
    format_buffer(out, size, "%5d %08x %c %08x %s", (int)note->pid, (unsigned int)note->ip,
                  access_letter(fault->access), (unsigned int)fault->va.raw, word);
}

void panic_show_faults(void)
{
    const struct fault_note *newest = fault_log_at(0);
    if (newest == NULL) {
        panic_show("page faults: none yet");
        return;
    }
    uint64_t cycles = cpu_info.tsc ? cpu_rdtsc() - newest->tsc : 0;
    panic_show("page faults, newest first (pid ip access address cause), %llu cycles ago:",
               (unsigned long long)cycles);
    for (uint32_t i = 0; fault_log_at(i) != NULL; i += PANIC_COLUMNS) {
        char row[PANIC_ROW_MAX] = "";
        for (uint32_t age = i; age < i + PANIC_COLUMNS && fault_log_at(age) != NULL; age++) {
            char entry[PANIC_COLUMN_WIDTH];
            fault_format(fault_log_at(age), entry, sizeof(entry));
            panic_row_add(row, entry);
        }
        panic_show("%s", row);
    }
}
