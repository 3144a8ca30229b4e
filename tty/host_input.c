/*
 * The host's standard input. It comes from COM1 and is escaped, because a serial line has no end of
 * file: after 0x10 the next byte is 0x10 itself, 0x04 for the end, or 0x03 for ^C. Bytes that nobody
 * has read yet wait in a ring. While that is full the port's interrupt is off, and further bytes stay
 * in its FIFO, where QEMU's flow control leaves the rest with the sender. A ^C behind them waits too.
 */
#include <asm/errno.h>
#include <asm/signal.h>

#include "dev/pic.h"
#include "dev/serial.h"
#include "fs/poll.h"
#include "lib/restart.h"
#include "sync/wait_queue.h"
#include "tty/job.h"
#include "tty/tty_impl.h"

#define INPUT_ESCAPE 0x10
#define INPUT_BREAK  0x03
#define INPUT_END    0x04
#define RING_BYTES   16384u /* a power of two */
#define RING_MASK    (RING_BYTES - 1u)

/* [tail, head) are the bytes that have not been read. Both count up forever. */
static struct {
    uint32_t tail, head;
    bool is_escape;    /* the last byte was INPUT_ESCAPE            */
    bool is_ended;     /* the end of file came, which is final      */
    bool is_throttled; /* the ring is full, the port's interrupt off */
    struct wait_queue readers;
    char bytes[RING_BYTES];
} input = {.readers = WAIT_QUEUE_INITIALIZER(input.readers)};

static void add(char c)
{
    input.bytes[input.head++ & RING_MASK] = c;
}

static void add_escaped(char c)
{
    if (c == INPUT_BREAK) {
        job_signal(SIGINT);
    } else if (c == INPUT_END) {
        input.is_ended = true;
    } else if (!input.is_ended) {
        add(c);
    }
}

static void decode(char c)
{
    if (input.is_escape) {
        input.is_escape = false;
        add_escaped(c);
    } else if (c == INPUT_ESCAPE) {
        input.is_escape = true;
    } else if (!input.is_ended) {
        add(c);
    }
}

/* Moves what the port has into the ring, as far as there is room. */
static void pump(void)
{
    int c;

    while (host_input_bytes() < RING_BYTES && (c = serial_receive(&serial_com1)) >= 0) {
        decode((char)c);
    }
    bool is_full = host_input_bytes() == RING_BYTES;

    if (is_full != input.is_throttled) {
        input.is_throttled = is_full;
        serial_enable_input(&serial_com1, !is_full);
    }
}

void host_input_start(void)
{
    serial_enable_input(&serial_com1, true);
    pic_unmask(IRQ_COM1);
}

void host_input_interrupt(uint32_t irq)
{
    if (irq == IRQ_COM1) {
        pump();
        wait_queue_wake_all(&input.readers);
        poll_wake();
    }
}

/* Copies what is there to the reader. A copy may sleep while others read, so the bytes leave the ring
 * first. Those that a bad buffer refuses return to it unless somebody has read since. */
static int32_t copy(struct io_buffer *io, uint32_t len)
{
    char piece[TTY_PIECE];
    uint32_t done = 0;

    while (done < len && input.tail != input.head) {
        uint32_t n = 0;

        while (n < sizeof(piece) && n < len - done && input.tail != input.head) {
            piece[n++] = input.bytes[input.tail++ & RING_MASK];
        }
        uint32_t tail = input.tail;
        uint32_t moved = io->put(io, piece, n);

        done += moved;
        if (moved < n) {
            if (input.tail == tail) {
                input.tail -= n - moved;
            }
            return done > 0 ? (int32_t)done : -EFAULT;
        }
    }
    return (int32_t)done;
}

int32_t host_input_read(struct io_buffer *io, uint32_t len, bool may_sleep)
{
    if (len == 0) {
        return 0;
    }
    for (;;) {
        pump();
        if (input.tail != input.head) {
            int32_t result = copy(io, len);

            pump();
            return result;
        }
        if (input.is_ended) {
            return 0;
        }
        if (!may_sleep) {
            return -EAGAIN;
        }
        if (!wait_queue_sleep(&input.readers)) {
            return -ERESTARTSYS;
        }
    }
}

uint32_t host_input_bytes(void)
{
    return input.head - input.tail;
}

void host_input_flush(void)
{
    input.tail = input.head;
}
