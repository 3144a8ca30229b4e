/*
 * The layout of signal frames on the user's stack: Linux i386's.
 * Private to signal_deliver.c and signal_return.c.
 */
#ifndef KERNEL_USER_SIGNAL_FRAME_IMPL_H
#define KERNEL_USER_SIGNAL_FRAME_IMPL_H

#include <asm/sigcontext.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "kernel/proc/signal.h"

#define SIGINFO_SIZE 128
#define RETCODE_SIZE 8

/* FPU and SSE: fnsave's image with two words of Linux's, then fxsave's if the CPU has that. */
struct fpu_frame {
    uint8_t legacy[FPU_LEGACY_SIZE];
    uint16_t status, magic;
};
#define FPU_FRAME_HAS_FXSAVE 0u      /* magic */
#define FPU_FRAME_IS_LEGACY  0xFFFFu /* magic */

/* The frame of a handler without SA_SIGINFO. Between its two parts is the room where Linux once kept
 * the FPU state. */
struct old_frame {
    uint32_t return_address;
    int32_t signal;
    struct sigcontext_32 context;
};
struct old_frame_tail {
    uint32_t mask_high;
    uint8_t retcode[RETCODE_SIZE];
};
#define OLD_FRAME_TAIL (sizeof(struct old_frame) + sizeof(struct _fpstate_32))
#define OLD_FRAME_SIZE (OLD_FRAME_TAIL + sizeof(struct old_frame_tail))

struct user_context {
    uint32_t flags, link;
    uint32_t stack, stack_flags, stack_size;
    struct sigcontext_32 context;
    uint64_t mask;
};

struct rt_frame {
    uint32_t return_address;
    int32_t signal;
    uint32_t info_at, context_at;
    union {
        struct signal_info info;
        uint8_t bytes[SIGINFO_SIZE];
    } info;
    struct user_context context;
    uint8_t retcode[RETCODE_SIZE];
};

_Static_assert(sizeof(struct sigcontext_32) == 88 && sizeof(struct _fpstate_32) == 624, "Linux");
_Static_assert(sizeof(struct fpu_frame) == 112, "Linux");
_Static_assert(OLD_FRAME_SIZE == 732, "Linux");
_Static_assert(sizeof(struct user_context) == 116 && sizeof(struct rt_frame) == 268, "Linux");

#endif
