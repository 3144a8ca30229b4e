/*
 * System calls: Linux's int 0x80 convention. One prototype for all; the list is abi/syscalls.def.
 * How to add one: docs/abi.md.
 */
#ifndef KERNEL_SYS_SYSCALL_H
#define KERNEL_SYS_SYSCALL_H

#include <stdbool.h>
#include <stdint.h>

struct process;

/* ebx, ecx, edx, esi, edi, ebp: the first words of the trap frame, so nothing is copied. Not
 * const in the caller's eyes only: execve rewrites the frame that they lie in. */
#define SYSCALL_ARGS 6
struct syscall_args {
    uint32_t arg[SYSCALL_ARGS];
};

/* Gives the answer or -errno. */
typedef long syscall_fn(struct process *self, const struct syscall_args *args);

#define SYSCALL(nr, name, ...) syscall_fn sys_##name;
#include "abi/syscalls.def"
#undef SYSCALL

/* What the command line decides: may fail_frame be called, and the text that kernel_info shows. */
void sys_configure(bool allow_fail_frame, const char *command_line);

/* Its name in abi/syscalls.def; "no call" for a number without one. */
const char *syscall_name(uint32_t nr);

#endif
