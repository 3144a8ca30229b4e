/* <sys/syscall.h>: call numbers under the kernel's own names (__NR_...). */
#ifndef FL_SYS_SYSCALL_H
#define FL_SYS_SYSCALL_H

#include <asm/unistd.h>

#endif
