/*
 * Checked copies between kernel and user memory (usercopy.h). Long copies are cut into pieces with
 * an interrupt window after each, so that no length that a program names keeps interrupts off.
 */
#include "kernel/user/usercopy.h"

#include <asm/errno.h>
#include <linux/limits.h>

#include "arch/usercopy.h"
#include "kernel/proc/sched.h"
#include "lib/addr.h"
#include "mm/phys/kheap.h"

#define COPY_PIECE (64u << 10)

/* Copies in one direction; the user's side is already checked. Returns the bytes copied. */
static uint32_t copy_pieces(uint32_t to, uint32_t from, uint32_t n)
{
    uint32_t done = 0;

    while (n - done > COPY_PIECE) {
        uint32_t left =
            usercopy_bytes((void *)(to + done), (const void *)(from + done), COPY_PIECE);

        done += COPY_PIECE - left;
        if (left != 0) {
            return done;
        }
        sched_irq_window();
    }
    uint32_t last = n - done;

    return n - usercopy_bytes((void *)(to + done), (const void *)(from + done), last);
}

int copy_from_user(void *to, uint32_t from, uint32_t n)
{
    if (!is_user_range(from, n)) {
        return n == 0 ? 0 : -EFAULT;
    }
    return copy_pieces((uint32_t)to, from, n) == n ? 0 : -EFAULT;
}

int copy_to_user(uint32_t to, const void *from, uint32_t n)
{
    if (!is_user_range(to, n)) {
        return n == 0 ? 0 : -EFAULT;
    }
    return copy_pieces(to, (uint32_t)from, n) == n ? 0 : -EFAULT;
}

int clear_user(uint32_t to, uint32_t n)
{
    if (!is_user_range(to, n)) {
        return n == 0 ? 0 : -EFAULT;
    }
    return usercopy_zero((void *)to, n) == 0 ? 0 : -EFAULT;
}

int32_t copy_string_from_user(char *to, uint32_t from, uint32_t size)
{
    uint32_t max = size;

    if (from >= USER_END) {
        return -EFAULT;
    }
    if (max > USER_END - from) {
        max = USER_END - from;
    }
    int32_t length = usercopy_string(to, (const char *)from, max);

    if (length < 0) {
        return -EFAULT;
    }
    if ((uint32_t)length < max) {
        return length;
    }
    return max == size ? -ENAMETOOLONG : -EFAULT; /* no end: cut short, or it ran into the kernel */
}

int path_from_user(uint32_t from, char **path)
{
    char *copy = kheap_alloc(PATH_MAX);

    if (copy == NULL) {
        return -ENOMEM;
    }
    int32_t length = copy_string_from_user(copy, from, PATH_MAX);

    if (length < 0) {
        kheap_free(copy, PATH_MAX);
        return length;
    }
    *path = copy;
    return 0;
}

void path_free(char *path)
{
    kheap_free(path, PATH_MAX);
}

static uint32_t user_put(struct io_buffer *io, const void *from, uint32_t n)
{
    uint32_t copied = copy_pieces(io->base + io->done, (uint32_t)from, n);

    io->done += copied;
    return copied;
}

static uint32_t user_get(struct io_buffer *io, void *to, uint32_t n)
{
    uint32_t copied = copy_pieces((uint32_t)to, io->base + io->done, n);

    io->done += copied;
    return copied;
}

struct io_buffer io_of_user(uint32_t base)
{
    return (struct io_buffer){.put = user_put, .get = user_get, .base = base, .done = 0};
}

static uint32_t checked_put(struct io_buffer *io, const void *from, uint32_t n)
{
    return copy_to_user(io->base, from, n) == 0 ? n : 0;
}

static uint32_t checked_get(struct io_buffer *io, void *to, uint32_t n)
{
    return copy_from_user(to, io->base, n) == 0 ? n : 0;
}

struct io_buffer io_of_user_address(uint32_t base)
{
    return (struct io_buffer){.put = checked_put, .get = checked_get, .base = base, .done = 0};
}
