/* The foreground job: what the keys of the terminal signal. */
#ifndef KERNEL_PROC_FOREGROUND_H
#define KERNEL_PROC_FOREGROUND_H

/* Sends a signal of the terminal to what pid 1 waits for in run_wait, and its descendants. Callable
 * from interrupt handlers. */
void process_signal_foreground(int signal);

#endif
