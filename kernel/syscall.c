/*
 * The dispatcher. Its few lines are the whole cost of a system call besides the entry stub, so it
 * does nothing that not every call needs.
 */
#include "kernel/syscall.h"

#include <asm/errno.h>
#include <asm/unistd_32.h>
#include <stddef.h>

#include "abi/faultline.h"
#include "arch/trap.h"
#include "kernel/process.h"
#include "lib/compiler.h"

/* A hole is NULL. */
static syscall_fn *const handlers[] = {
#define SYSCALL(nr, name, nargs) [nr] = sys_##name,
#include "abi/syscalls.def"
#undef SYSCALL
};

_Static_assert(offsetof(struct trap_frame, ebx) == 0 && offsetof(struct trap_frame, ebp) == 20,
               "the trap frame begins with the six arguments");

void syscall_dispatch(struct trap_frame *tf)
{
    struct process *self = process_running;
    uint32_t nr = tf->error;

    self->syscalls++;
    if (likely(nr < array_size(handlers) && handlers[nr] != NULL)) {
        tf->eax = (uint32_t)handlers[nr](self, (const struct syscall_args *)(const void *)tf);
    } else {
        tf->eax = (uint32_t)-ENOSYS;
    }
    if (unlikely(self->work != 0)) {
        process_do_work(self);
    }
}
