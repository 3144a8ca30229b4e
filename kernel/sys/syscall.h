/*
 * System calls by Linux's int 0x80 convention. All handlers have one prototype, and
 * abi/syscalls.def lists them. docs/howto-add-a-system-call.md shows how to add one.
 */
#ifndef KERNEL_SYS_SYSCALL_H
#define KERNEL_SYS_SYSCALL_H

#include <stdbool.h>
#include <stdint.h>

struct process;

/* ebx, ecx, edx, esi, edi, ebp. They are the first words of the trap frame, so nothing is copied. A
 * handler must not expect them to stay the same: execve rewrites the frame. */
#define SYSCALL_ARGS 6
struct syscall_args {
    uint32_t arg[SYSCALL_ARGS];
};

/* Returns the result of the call, or -errno. */
typedef long syscall_fn(struct process *self, const struct syscall_args *args);

#define SYSCALL(nr, name, ...) syscall_fn sys_##name;
#include "abi/syscalls.def"
#undef SYSCALL

/* Sets what the command line decides: whether fail_frame may be called, and the text that
 * kernel_info shows. */
void sys_configure(bool allow_fail_frame, const char *command_line);

/* Returns the name of call nr in abi/syscalls.def, or "no call". */
const char *syscall_name(uint32_t nr);

#endif
