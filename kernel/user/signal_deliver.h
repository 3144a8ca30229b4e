/*
 * Delivering signals: the frame on the user's stack in which a handler runs, and the return from it.
 * The layouts are Linux i386's: the old frame with a struct sigcontext for handlers without
 * SA_SIGINFO, the other with siginfo and ucontext, both followed by the state of FPU and SSE.
 */
#ifndef KERNEL_USER_SIGNAL_DELIVER_H
#define KERNEL_USER_SIGNAL_DELIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

struct process;
struct signal_cause;
struct signal_info;
struct signal_stack;

/* Delivers what is pending to the running process, which is about to return to ring 3: prepares the
 * call of one handler, stops, or asks for the end of the process. If no handler runs, the interrupted
 * call is made again. */
void signal_deliver(struct process *self);

/* Prepares the handler of a signal that the running process's own instruction has caused. Returns
 * false if the process has none, blocks it, or its frame does not fit: the caller ends the process. */
must_check bool signal_deliver_fault(struct process *self, const struct signal_info *info,
                                     const struct signal_cause *cause);

/* sigreturn and rt_sigreturn: loads the registers, the FPU and the mask from the frame at the stack
 * pointer. Returns the eax of the interrupted code. Ends a process whose frame cannot be read. What
 * a program may not set is ignored; a selector that cannot be loaded ends it later, on the way to
 * ring 3. */
long signal_return(struct process *self);
long signal_return_rt(struct process *self);

/* Sets the alternate stack from a program's description, whose flags are SS_*. Fails with -EPERM
 * while the process runs on it, -EINVAL for other flags, -ENOMEM if it is too small. */
must_check int signal_stack_set(struct process *self, const struct signal_stack *wanted);
/* Returns true if the stack pointer is on the alternate stack. */
bool signal_is_on_stack(const struct process *self, uint32_t esp);

#endif
