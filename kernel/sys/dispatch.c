/*
 * Dispatches system calls. These few lines are the whole cost of a call besides the entry stub, so
 * they do only what every call needs.
 */
#include "kernel/proc/exit.h"
#include "kernel/sys/syscall.h"

#include <asm/errno.h>
#include <asm/signal.h>
#include <asm/unistd_32.h>
#include <stddef.h>

#include "abi/faultline.h"
#include "arch/latency.h"
#include "arch/trap.h"
#include "kernel/proc/process.h"
#include "kernel/trap/report.h"
#include "kernel/user/return.h"
#include "lib/compiler.h"
#include "sync/lock.h"

/* NULL for a number without a call. */
static syscall_fn *const handlers[] = {
#define SYSCALL(nr, name, ...) [nr] = sys_##name,
#include "abi/syscalls.def"
#undef SYSCALL
};

_Static_assert(offsetof(struct trap_frame, ebx) == 0 && offsetof(struct trap_frame, ebp) == 20,
               "the trap frame begins with the six arguments");

/* Ends a program in virtual-8086 mode. No CPU lets one get there, but QEMU 7.2 without SMAP does,
 * by an iret in ring 3. The frame is then not where process_trap_frame() looks for it. */
static noreturn_fn cold_fn void syscall_from_virtual_8086(const struct trap_frame *tf)
{
    trap_report_exception(process_running, tf, SIGSEGV, "system call from virtual-8086 mode");
    process_exit(PROCESS_END_SIGNAL, SIGSEGV);
}

const char *syscall_name(uint32_t nr)
{
    static const char *const names[] = {
#define SYSCALL(nr, name, ...) [nr] = #name,
#include "abi/syscalls.def"
#undef SYSCALL
    };

    return nr < array_size(names) && names[nr] != NULL ? names[nr] : "no call";
}

void syscall_dispatch(struct trap_frame *tf)
{
    struct process *self = process_running;
    uint32_t nr = tf->error;

    latency_off(LATENCY_CALL + nr);
    if (unlikely(tf->eflags & TRAP_EFLAGS_VM)) {
        syscall_from_virtual_8086(tf);
    }
    self->counts.syscalls++;
    if (likely(nr < array_size(handlers) && handlers[nr] != NULL)) {
        tf->eax = (uint32_t)handlers[nr](self, (const struct syscall_args *)(const void *)tf);
    } else {
        tf->eax = (uint32_t)-ENOSYS;
    }
    if (unlikely(self->sched.work != 0)) {
        process_do_work(self);
    }
    lock_assert_none();
    latency_on();
}
