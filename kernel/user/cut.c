/*
 * A file was cut: its pages past the new end leave every map, as Linux has it. No page knows who maps
 * it, so all maps are walked; a file that nobody maps costs nothing.
 */
#include "kernel/user/cut.h"

#include <stddef.h>

#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "lib/addr.h"
#include "mm/pager/file_store.h"
#include "mm/vm_map.h"

/* Waits until no operation of the process on its own map is half done. */
static struct vm_map *idle_map(int pid)
{
    const struct process *process;

    while ((process = process_find(pid)) != NULL && process->memory.map != NULL &&
           vm_map_is_busy(process->memory.map)) {
        sched_yield_cpu();
    }
    return process != NULL ? process->memory.map : NULL;
}

static void cut_pages(struct vm_source *src, uint32_t first)
{
    int pid = 0;

    for (const struct process *p;
         (p = process_find_from(pid + 1)) != NULL && src->object != NULL;) {
        pid = p->id.pid;
        struct vm_map *map = idle_map(pid);

        if (map != NULL && src->object != NULL) {
            sched_hold_cpu(); /* the process must not come to its end meanwhile */
            vm_map_cut_object(map, src->object, (uint64_t)first << PAGE_SHIFT);
            sched_let_cpu_go();
        }
    }
}

void cut_start(void)
{
    vm_source_set_unmap(cut_pages);
}
