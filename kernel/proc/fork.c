/*
 * fork: a second process like the first, its memory copy on write.
 *
 * Everything that can fail comes before the child is published; until then it is taken apart by
 * process_discard as if it had never been.
 */
#include <asm/errno.h>

#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "lib/string.h"
#include "mm/phys/frame.h"
#include "mm/vm_map.h"

static int copy_memory_and_files(struct process *child, struct process *self)
{
    child->map = vm_map_fork(self->map);
    if (child->map == NULL) {
        return -ENOMEM;
    }
    return fd_table_copy(&child->fds, &self->fds);
}

/* The parts of a process that are plain values. */
static void copy_attributes(struct process *child, const struct process *self)
{
    child->heap_start = self->heap_start;
    child->heap_end = self->heap_end;
    child->oom_score_adj = self->pid == PROCESS_INIT_PID ? 0 : self->oom_score_adj;
    child->program = self->program;
    inode_ref(child->program);
    memcpy(child->name, self->name, sizeof(child->name));
    child->entry_argc = self->entry_argc;
    child->entry_esp = self->entry_esp;
    child->policy = self->policy;
    child->is_announced = self->is_announced;
}

/* What the CPU holds for the parent now is what the child starts with. */
static void copy_machine(struct process *child, const struct process *self)
{
    memcpy(child->tls, self->tls, sizeof(child->tls));
    child->fs = cpu_read_fs();
    child->gs = cpu_read_gs();
    fpu_save(&child->fpu);
    if (!cpu_info.fxsr) {
        fpu_restore(&child->fpu); /* fnsave leaves the FPU empty */
    }
    struct trap_frame *frame = process_trap_frame(child);

    *frame = *process_trap_frame(self);
    frame->eax = 0;
    sched_prepare(child);
}

long process_fork(struct process *self)
{
    uint32_t freemem_before = frame_free_count();
    struct process *child;
    int err = process_create(&child);

    if (err != 0) {
        return err;
    }
    err = copy_memory_and_files(child, self);
    if (err != 0) {
        process_discard(child);
        return err;
    }
    copy_attributes(child, self);
    copy_machine(child, self);
    child->freemem_before = freemem_before;
    process_publish(child, self);
    sched_enqueue(child);
    return child->pid;
}
