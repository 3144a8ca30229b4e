/*
 * The requests that a terminal answers: those which a shell and line-reading programs make, with
 * Linux's numbers and structures (<asm/ioctls.h>).
 */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/termbits.h>

#include "tty/job.h"
#include "tty/tty_impl.h"

static int32_t put(struct io_buffer *io, const void *from, uint32_t n)
{
    return io->put(io, from, n) == n ? 0 : -EFAULT;
}

static int32_t get(struct io_buffer *io, void *to, uint32_t n)
{
    return io->get(io, to, n) == n ? 0 : -EFAULT;
}

static int32_t put_int(struct io_buffer *io, int value)
{
    return put(io, &value, sizeof(value));
}

static int32_t set_termios(const struct request_target *target, struct io_buffer *io,
                           bool flush_first)
{
    struct termios wanted;

    if (get(io, &wanted, sizeof(wanted)) != 0) {
        return -EFAULT;
    }
    if (flush_first) {
        target->flush_input();
    }
    target->set_termios(&wanted);
    return 0;
}

static int32_t flush(const struct request_target *target, uint32_t queue)
{
    if (queue != TCOFLUSH) {
        target->flush_input();
    }
    return 0;
}

static int32_t set_window(struct winsize *window, struct io_buffer *io)
{
    struct winsize wanted;

    if (get(io, &wanted, sizeof(wanted)) != 0) {
        return -EFAULT;
    }
    *window = wanted;
    return 0;
}

static int32_t set_group(struct io_buffer *io)
{
    int wanted;

    return get(io, &wanted, sizeof(wanted)) == 0 ? job_set_group(wanted) : -EFAULT;
}

int32_t request_answer(const struct request_target *target, uint32_t request, uint32_t arg,
                       struct io_buffer *at_arg)
{
    switch (request) {
    case TCGETS:
        return put(at_arg, target->termios, sizeof(*target->termios));
    case TCSETS:
    case TCSETSW: /* output is never held back, so it has been sent */
        return set_termios(target, at_arg, false);
    case TCSETSF:
        return set_termios(target, at_arg, true);
    case TCFLSH:
        return flush(target, arg);
    case TCSBRK:
        return 0;
    case TIOCGWINSZ:
        return put(at_arg, target->window, sizeof(*target->window));
    case TIOCSWINSZ:
        return set_window(target->window, at_arg);
    case TIOCGPGRP:
        return put_int(at_arg, job_group());
    case TIOCSPGRP:
        return set_group(at_arg);
    case FIONREAD:
        return put_int(at_arg, (int)target->readable_bytes());
    default:
        return -ENOTTY;
    }
}
