/* Copies the strings of execve (exec_args.h). */
#include "kernel/user/exec_args.h"

#include <asm/errno.h>

#include "kernel/proc/process.h"
#include "kernel/user/usercopy.h"
#include "lib/minmax.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "mm/phys/frame.h"

static uint32_t buffer_size(const struct exec_strings *buffer)
{
    return PAGE_SIZE << buffer->order;
}

static char *buffer_bytes(const struct exec_strings *buffer)
{
    return pmap_direct(buffer->pfn);
}

/* Allocates a block of 2^order frames; PFN_NONE without memory. */
static pfn_t alloc_block(struct process *caller, uint32_t order)
{
    pfn_t pfn = frame_alloc_block(FRAME_KERNEL, order);

    if (pfn != PFN_NONE) {
        caller->memory.exec_frames += 1u << order;
    }
    return pfn;
}

static void free_block(struct process *caller, pfn_t pfn, uint32_t order)
{
    frame_unref(pfn);
    caller->memory.exec_frames -= 1u << order;
}

int exec_strings_open(struct exec_strings *buffer, struct process *caller)
{
    *buffer = (struct exec_strings){.caller = caller, .pfn = alloc_block(caller, 0)};
    return buffer->pfn == PFN_NONE ? -ENOMEM : 0;
}

void exec_strings_close(struct exec_strings *buffer)
{
    free_block(buffer->caller, buffer->pfn, buffer->order);
}

#define COPY_PIECE (32u << 10) /* bytes between two preemption points */

/* memcpy with preemption points, for memory that nobody else knows. */
static void copy_long(char *to, const char *from, uint32_t n)
{
    while (n > COPY_PIECE) {
        memcpy(to, from, COPY_PIECE);
        to += COPY_PIECE;
        from += COPY_PIECE;
        n -= COPY_PIECE;
        (void)preempt_point();
    }
    memcpy(to, from, n);
}

static int buffer_double(struct exec_strings *buffer)
{
    if (buffer_size(buffer) >= IMAGE_ARGS_MAX) {
        return -E2BIG;
    }
    pfn_t larger = alloc_block(buffer->caller, buffer->order + 1);

    if (larger == PFN_NONE) {
        return -ENOMEM;
    }
    copy_long(pmap_direct(larger), buffer_bytes(buffer), buffer->used);
    free_block(buffer->caller, buffer->pfn, buffer->order);
    buffer->pfn = larger;
    buffer->order++;
    return 0;
}

/* Appends one string of the user. It is read once: where the buffer ends inside the string, reading
 * continues after the bytes already there. */
static int append_string(struct exec_strings *buffer, uint32_t user)
{
    uint32_t start = buffer->used;

    for (;;) {
        uint32_t room = buffer_size(buffer) - buffer->used;
        uint32_t piece = min_u32(room, COPY_PIECE);
        uint32_t length_so_far = buffer->used - start;
        int32_t n =
            copy_string_from_user(buffer_bytes(buffer) + buffer->used, user + length_so_far, piece);

        if (n >= 0) {
            buffer->used += (uint32_t)n + 1;
            break;
        }
        if (n != -ENAMETOOLONG) {
            return n;
        }
        buffer->used += piece;
        if (buffer->used - start >= IMAGE_STRING_MAX) {
            return -E2BIG;
        }
        int err = preempt_point() ? -EINTR : piece == room ? buffer_double(buffer) : 0;

        if (err != 0) {
            return err;
        }
    }
    return buffer->used - start > IMAGE_STRING_MAX ? -E2BIG : 0;
}

/* Appends all strings of an argv or envp; a NULL vector is an empty one, as on Linux. */
static int append_vector(struct exec_strings *buffer, uint32_t user, struct image_strings *out)
{
    uint32_t start = buffer->used, rested = start; /* `used` at the last preemption point */

    *out = (struct image_strings){.count = 0};
    for (; user != 0; user += sizeof(uint32_t)) {
        uint32_t string;
        int err = copy_from_user(&string, user, sizeof(string));

        if (err == 0 && string == 0) {
            break;
        }
        if (err == 0) {
            err = append_string(buffer, string);
        }
        buffer->vectors += sizeof(uint32_t);
        if (err == 0 && buffer->used + buffer->vectors > IMAGE_ARGS_MAX) {
            err = -E2BIG;
        }
        if (err != 0) {
            return err;
        }
        out->count++;
        if (buffer->used - rested > COPY_PIECE || out->count % PREEMPT_STEPS == 0) {
            rested = buffer->used;
            if (preempt_point()) {
                return -EINTR;
            }
        }
    }
    out->bytes = buffer->used - start;
    return 0;
}

/* A program always has a name: no arguments at all become one empty one (Linux since 5.18). */
static void add_empty_argument(struct exec_strings *buffer, struct image_strings *args)
{
    if (args->count == 0) {
        buffer_bytes(buffer)[buffer->used++] = '\0';
        args->count = 1;
        args->bytes = 1;
    }
}

int exec_strings_read(struct exec_strings *buffer, uint32_t argv, uint32_t envp,
                      struct image_strings *args, struct image_strings *env)
{
    int err = append_vector(buffer, argv, args);

    if (err != 0) {
        return err;
    }
    add_empty_argument(buffer, args);
    err = append_vector(buffer, envp, env);
    args->data = buffer_bytes(buffer); /* only now: the buffer may have moved */
    env->data = args->data + args->bytes;
    return err;
}
