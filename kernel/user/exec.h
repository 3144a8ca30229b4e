/* execve: a new program in an old process, and the first program of pid 1. */
#ifndef KERNEL_USER_EXEC_H
#define KERNEL_USER_EXEC_H

#include <stdint.h>

#include "lib/compiler.h"

struct elf32_reason;
struct image_strings;
struct process;

/* execve of the running process; the path and the two vectors are user addresses. Returns 0 with the
 * registers of the new program in the trap frame, or -errno with the old program unchanged. */
must_check long process_exec(struct process *self, uint32_t user_path, uint32_t argv,
                             uint32_t envp);
/* Makes pid 1 of an ELF file; args and env are packed strings, policy is FL_POLICY_*. Returns 0 or
 * -errno; *why is set to the loader's reason or "". */
must_check int exec_start_init(const char *path, const struct image_strings *args,
                               const struct image_strings *env, uint32_t policy,
                               struct elf32_reason *why);

#endif
