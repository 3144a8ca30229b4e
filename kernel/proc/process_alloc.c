/*
 * The records of processes: created, and freed by the last who need them.
 *
 * The record is the only thing that outlives a process, as its zombie. process_exit frees all else
 * but the kernel stack that it runs on; the next process frees that, right after the switch and so
 * before the parent can run. When the parent has waited, freemem() is what it was before the fork.
 */
#include "kernel/proc/process_alloc.h"
#include "fs/tree/program.h"

#include <asm/errno.h>

#include "kernel/proc/kstack.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/run_record.h"
#include "kernel/proc/signal.h"
#include "kernel/proc/usage.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "loader/image.h"
#include "mm/phys/kheap.h"
#include "mm/vm_map.h"

static uint32_t process_count; /* records, published or not; under the lock of the process tree */

/* Counts one more record, if the limit allows one. */
static bool count_record(void)
{
    lock_acquire(&process_tree_lock);
    bool is_free = process_count < PROCESS_MAX;

    process_count += is_free ? 1 : 0;
    lock_release(&process_tree_lock);
    return is_free;
}

static void uncount_record(void)
{
    lock_acquire(&process_tree_lock);
    process_count--;
    lock_release(&process_tree_lock);
}

uint32_t process_total(void)
{
    return process_count;
}

static struct process *alloc_record(void)
{
    struct process *p = kheap_alloc(sizeof(*p));

    if (p == NULL) {
        return NULL;
    }
    memset(p, 0, offsetof(struct process, thread.tls)); /* see struct process_thread */
    p->thread.stack_top = kstack_alloc();
    if (p->thread.stack_top == 0) {
        kheap_free(p, sizeof(*p));
        return NULL;
    }
    return p;
}

int process_create(struct process **out)
{
    if (!count_record()) {
        return -EAGAIN;
    }
    struct process *p = alloc_record();

    if (p == NULL) {
        uncount_record();
        return -ENOMEM;
    }
    LIST_INIT(&p->family.children);
    LIST_INIT(&p->family.zombies);
    wait_queue_init(&p->family.child_ended);
    TAILQ_INIT(&p->signals.queue);
    fd_table_init(&p->fds);
    *out = p;
    return 0;
}

static void free_record(struct process *process)
{
    process_drop_exec_reason(process);
    kheap_free(process, sizeof(*process));
    uncount_record();
}

void process_destroy(struct process *process)
{
    fd_table_destroy(&process->fds);
    fs_view_destroy(&process->view);
    program_unref(process->program.file);
    if (process->memory.map != NULL) {
        vm_map_destroy(process->memory.map);
    }
    run_record_set(process, NULL);
    signal_release(process);
    kstack_free(process->thread.stack_top);
    free_record(process);
}

void process_drop_exec_reason(struct process *process)
{
    if (process->program.exec_reason != NULL) {
        kheap_free(process->program.exec_reason, sizeof(*process->program.exec_reason));
        process->program.exec_reason = NULL;
    }
}

void process_finish_exit(struct process *zombie)
{
    kstack_free(zombie->thread.stack_top);
    zombie->thread.stack_top = 0;
    if (zombie->family.is_orphan) {
        process_reap(zombie);
    }
}

void process_reap(struct process *zombie)
{
    assert(zombie->sched.state == PROCESS_ZOMBIE && zombie->thread.stack_top == 0);
    usage_give_to_parent(zombie);
    process_unpublish(zombie);
    if (zombie->run.record != NULL) {
        run_record_set(zombie, NULL);
    }
    free_record(zombie);
}
