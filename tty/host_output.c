/*
 * A program's output as frames of the stream. All programs share one frame and hold it by turns,
 * because filling it can bring in pages and sleep.
 */
#include <asm/errno.h>

#include "lib/minmax.h"
#include "lib/preempt.h"
#include "lib/restart.h"
#include "sync/wait_queue.h"
#include "tty/tty_impl.h"

static struct {
    bool is_held;
    struct wait_queue waiting;
    struct stream_frame frame;
} output = {.waiting = WAIT_QUEUE_INITIALIZER(output.waiting)};

/* Returns false if the caller has a signal to deliver or is being killed. */
static bool output_hold(void)
{
    while (output.is_held) {
        if (!wait_queue_sleep(&output.waiting)) {
            return false;
        }
    }
    output.is_held = true;
    return true;
}

static void output_release(void)
{
    output.is_held = false;
    wait_queue_wake_all(&output.waiting);
}

/* Lets others run until the device is idle. Returns false if the caller is being killed. */
static bool wait_for_device(void)
{
    while (!stream_is_idle()) {
        if (yield_point()) {
            return false;
        }
    }
    return true;
}

/* Takes up to want bytes and sends them. Waits twice, because others may have used the device while
 * pages came in. Returns the bytes taken, or -EINTR. */
static int32_t send_piece(enum stream_kind kind, struct io_buffer *io, uint32_t want)
{
    if (!wait_for_device()) {
        return -EINTR;
    }
    uint32_t got = io->get(io, output.frame.payload, want);

    if (got > 0) {
        if (!wait_for_device()) {
            return -EINTR;
        }
        stream_send(&output.frame, kind, got);
    }
    return (int32_t)got;
}

static int32_t send_pieces(enum stream_kind kind, struct io_buffer *io, uint32_t len)
{
    uint32_t piece_max = stream_piece_max();
    uint32_t done = 0;

    while (done < len) {
        uint32_t want = min_u32(len - done, piece_max);
        int32_t got = send_piece(kind, io, want);

        if (got > 0) {
            done += (uint32_t)got;
        }
        if (got < (int32_t)want) {
            return done > 0 ? (int32_t)done : got < 0 ? got : -EFAULT;
        }
        if (preempt_point()) {
            break;
        }
    }
    return (int32_t)done;
}

/* Reads the bytes although there is no device for them, so that a bad buffer is still an error. */
static int32_t discard(struct io_buffer *io, uint32_t len)
{
    char piece[TTY_PIECE];
    uint32_t done = 0;

    while (done < len) {
        uint32_t want = min_u32(len - done, (uint32_t)sizeof(piece));
        uint32_t got = io->get(io, piece, want);

        done += got;
        if (got < want) {
            return done > 0 ? (int32_t)done : -EFAULT;
        }
        if (preempt_point()) {
            break;
        }
    }
    return (int32_t)done;
}

int32_t host_output_write(enum stream_kind kind, struct io_buffer *io, uint32_t len)
{
    if (stream_piece_max() == 0) {
        return discard(io, len);
    }
    if (!output_hold()) {
        return -ERESTARTSYS;
    }
    int32_t result = send_pieces(kind, io, len);

    output_release();
    return result;
}
