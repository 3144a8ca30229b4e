/*
 * fork: a second process like the first, its memory copy on write.
 *
 * Everything that can fail comes before the child is published; until then process_destroy frees
 * the child without a trace.
 */
#include "kernel/user/fork.h"
#include "fs/tree/program.h"

#include <asm/errno.h>

#include "kernel/proc/exit.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/process_alloc.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/signal.h"
#include "kernel/user/return.h"
#include "lib/string.h"
#include "mm/phys/frame.h"
#include "mm/vm_map.h"

static int copy_memory_and_files(struct process *child, struct process *self)
{
    child->memory.map = vm_map_fork(self->memory.map);
    if (child->memory.map == NULL) {
        return -ENOMEM;
    }
    int err = signal_fork(child, self);

    return err != 0 ? err : fd_table_copy(&child->fds, &self->fds);
}

/* Copies what are plain values. */
static void copy_attributes(struct process *child, const struct process *self)
{
    child->memory.heap_start = self->memory.heap_start;
    child->memory.heap_end = self->memory.heap_end;
    child->memory.oom_score_adj = self->id.pid == PROCESS_INIT_PID ? 0 : self->memory.oom_score_adj;
    child->program.file = self->program.file;
    program_ref(child->program.file);
    fs_view_copy(&child->view, &self->view);
    memcpy(child->id.name, self->id.name, sizeof(child->id.name));
    child->program.entry_argc = self->program.entry_argc;
    child->program.entry_esp = self->program.entry_esp;
    child->program.policy = self->program.policy;
    child->run.is_announced = self->run.is_announced;
}

/* The child starts with what the CPU holds for the parent now. */
static void copy_machine(struct process *child, const struct process *self)
{
    memcpy(child->thread.tls, self->thread.tls, sizeof(child->thread.tls));
    child->thread.fs = cpu_read_fs();
    child->thread.gs = cpu_read_gs();
    fpu_save(&child->thread.fpu);
    if (!cpu_info.fxsr) {
        fpu_restore(&child->thread.fpu); /* fnsave leaves the FPU empty */
    }
    struct trap_frame *frame = process_trap_frame(child);

    *frame = *process_trap_frame(self);
    frame->eax = 0;
    sched_prepare(child, process_start);
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
        process_destroy(child);
        return err;
    }
    copy_attributes(child, self);
    copy_machine(child, self);
    child->run.freemem_before = freemem_before;
    process_publish(child, self);
    sched_enqueue(child);
    return child->id.pid;
}
