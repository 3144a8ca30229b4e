/*
 * What a call that a signal interrupts returns inside the kernel, as on Linux. No program sees these
 * numbers: on the way to ring 3 the call is made again or the result becomes -EINTR
 * (kernel/user/signal_deliver.c). Only a thread with a signal to deliver may return one.
 */
#ifndef LIB_RESTART_H
#define LIB_RESTART_H

#define ERESTARTSYS    512 /* again, unless a handler without SA_RESTART runs */
#define ERESTARTNOHAND 514 /* again, unless a handler runs                    */
#define ERESTARTBLOCK  516 /* goes on by restart_syscall, unless a handler runs */

#endif
