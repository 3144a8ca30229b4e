/*
 * The world that typed calls are made against inside the guest, and the supervision of the children
 * that make them (tests/guest/matrix.c, tests/guest/random_calls.c).
 *
 * All of it lies at fixed addresses, so that a seed means the same calls everywhere: an arena of every
 * kind of mapping with holes between, a page of paths, and a page that the children share with their
 * supervisor. Descriptors have fixed numbers.
 */
#ifndef TESTS_TYPED_GUEST_H
#define TESTS_TYPED_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/typed/typed.h"

#define GUEST_ARENA       0x30000000u
#define GUEST_ARENA_PAGES 32u

/* Descriptors, one of each kind. */
enum guest_fd {
    GUEST_FD_FILE = 10, /* the first is what a sensible call has */
    GUEST_FD_DIRECTORY,
    GUEST_FD_LINK, /* a symbolic link, by O_PATH */
    GUEST_FD_ZERO,
    GUEST_FD_WRITE_ONLY, /* /dev/null            */
    GUEST_FD_TERMINAL,
    GUEST_FD_END,
    GUEST_FD_CLOSED = 77,
};

/* What children tell. Shared memory. */
struct guest_control {
    uint32_t calls; /* made so far, by all of them                     */
    uint32_t next;  /* where a child that dies has been, set by it     */
    uint32_t forks; /* of the child and its children                   */
};
extern struct guest_control *const guest_control;

/* Maps the control page and the paths; done once, by the supervisor. */
void guest_world_make(const char *program);

/* What the calls are made against, for the process that asks. */
struct typed_world guest_world(void);

/* Makes all of the arena anew, and unmaps what calls have placed elsewhere. */
void guest_restore_memory(void);

/* Opens each of the descriptors that is not what it was, and closes all others. */
void guest_restore_fds(void);

/* The same, but looks first which need it; nothing above descriptor 128 is looked at. */
void guest_repair_fds(void);

/* The call itself. */
static inline long guest_perform(const struct typed_call *call);

/*
 * Turns aside what would hurt others than the caller and what it shares: signals to others, the end
 * of the machine. Sleeps and timers lose their length (see guest.c). Everything else is the kernel's to refuse.
 */
void guest_tame(struct typed_call *call);

/* How a child ended. */
struct guest_end {
    int status;         /* wait's word                                                 */
    int drift;          /* frames that are missing when it and all its children are gone */
    bool is_stopped;    /* it slept for ever, and was killed                           */
    bool is_hung;       /* it did not even die of that                                 */
    bool has_not_begun; /* fork failed */
};

/* Runs body in a child that can be killed for lack of memory, and waits for the end of it and of all
 * its children. */
struct guest_end guest_supervise(void (*body)(void *argument), void *argument);

/* Prints a remark of a child, whose descriptors are what the calls have made of them. */
void guest_print(const char *text);

/* A number in the environment, or what it is without. */
uint32_t guest_number(const char *name, uint32_t otherwise);

#include "user/libc/syscall.h"

static inline long guest_perform(const struct typed_call *call)
{
    const uint32_t *arg = call->arg;

    return syscall6((long)call->signature->number, (long)arg[0], (long)arg[1], (long)arg[2],
                    (long)arg[3], (long)arg[4], (long)arg[5]);
}

#endif
