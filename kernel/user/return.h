/* The way of a process back to ring 3. */
#ifndef KERNEL_USER_RETURN_H
#define KERNEL_USER_RETURN_H

struct process;

/* Does what sched.work asks for: ends a process that is being killed, yields, delivers signals. The
 * running process is about to return to ring 3. */
void process_do_work(struct process *self);
/* The first kernel code of a new process, which ends with its return to ring 3. */
void process_start(void);

/* Hook, defined in kernel/trap/report.c: prints the line about a program that `run` started and
 * that somebody killed. */
void process_report_kill(const struct process *self);

#endif
