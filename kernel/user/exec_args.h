/*
 * The arguments and environment of execve, copied from user memory into one packed buffer.
 */
#ifndef KERNEL_USER_EXEC_ARGS_H
#define KERNEL_USER_EXEC_ARGS_H

#include <stdint.h>

#include "arch/pmap.h"
#include "lib/compiler.h"
#include "loader/image.h"

struct process;

/*
 * Strings, each with its end, one after the other. The buffer is a block of directly mapped frames
 * that doubles when it is full: one page suffices for most programs, Linux's 2 MiB is the limit.
 * The frames count in the caller's memory.exec_frames.
 */
struct exec_strings {
    struct process *caller;
    pfn_t pfn;
    uint32_t order, used;
    uint32_t vectors; /* bytes that the pointers will take, for the limit */
};

/* Allocates an empty buffer for the running process. Returns 0 or -ENOMEM. */
must_check int exec_strings_open(struct exec_strings *buffer, struct process *caller);
/* Frees the buffer, and with it the bytes of what exec_strings_read returned. */
void exec_strings_close(struct exec_strings *buffer);

/* Reads two vectors of user addresses, each ended by a null pointer; a null vector is empty. Without
 * any argument there is one, an empty string. Lets others run meanwhile. Fails with -EFAULT,
 * -E2BIG, -ENOMEM, or -EINTR when the caller is being killed. */
must_check int exec_strings_read(struct exec_strings *buffer, uint32_t argv, uint32_t envp,
                                 struct image_strings *args, struct image_strings *env);

#endif
