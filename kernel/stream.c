/*
 * Frames and who may send them (stream.h).
 *
 * A frame goes to the device whole. Where lines are cut off in the middle, on a UART whose other end
 * stopped reading, the rest of the frame is owed: it is paid in zeros before the next frame starts,
 * so that the host never takes a payload for a head.
 *
 * A device takes one frame at a time from memory that must not change meanwhile. There are two such
 * places: a line's, which is filled by who found the device idle, and a program's output, which many
 * processes share and hold by turns, because filling it can bring in pages and sleep.
 */
#include "kernel/stream.h"

#include <asm/errno.h>
#include <linux/stat.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "dev/serial.h"
#include "dev/virtio_port.h"
#include "kernel/console_impl.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "lib/string.h"
#include "sync/wait_queue.h"

/* Kind in the low byte, length of the payload above. */
#define HEAD_LENGTH_SHIFT 8

/* A program's bytes per frame: enough to make the frame's cost vanish, little enough to copy with
 * interrupts off. On a UART, where a frame is sent by polling, less. */
#define PIECE_MAX  16384u
#define PIECE_UART 1024u

#define UART_SLICE 16u /* what is owed is known to this many bytes */

/* Looks at a busy virtio port before a frame is dropped: seconds. */
#define SPINS_PATIENT (1u << 27)

struct device {
    uint32_t piece_max;
    bool (*is_idle)(void);
    void (*wait)(void); /* until it is idle, not for ever */
    void (*send)(const void *frame, uint32_t n);
};

static const struct device *device;

/* ---- A UART as the device ------------------------------------------------------------------------ */

static uint32_t owed; /* bytes of a frame that was cut off */

static bool uart_is_idle(void)
{
    return serial_can_send(&serial_com1);
}

static void uart_wait(void)
{
    serial_wait_patiently(&serial_com1);
}

/* Sends at most n of the bytes that are owed. */
static bool uart_pay(const char *bytes, uint32_t n)
{
    uint32_t sent = serial_send_patiently(&serial_com1, bytes, n);
    owed -= sent;
    return sent == n;
}

static bool uart_pay_zeros(void)
{
    static const char zeros[UART_SLICE];
    while (owed > 0) {
        if (!uart_pay(zeros, owed < UART_SLICE ? owed : UART_SLICE)) {
            return false;
        }
    }
    return true;
}

static void uart_send(const void *frame, uint32_t n)
{
    const char *bytes = frame;
    if (!uart_pay_zeros()) {
        return;
    }
    owed = n;
    for (uint32_t at = 0; at < n; at += UART_SLICE) {
        if (!uart_pay(bytes + at, n - at < UART_SLICE ? n - at : UART_SLICE)) {
            return;
        }
    }
}

static const struct device uart = {PIECE_UART, uart_is_idle, uart_wait, uart_send};

/* ---- A virtio port as the device ----------------------------------------------------------------- */

static void virtio_wait(void)
{
    for (uint32_t spins = SPINS_PATIENT; spins > 0 && !virtio_port_is_idle(); spins--) {
    }
}

static const struct device virtio = {PIECE_MAX, virtio_port_is_idle, virtio_wait, virtio_port_send};

/* ---- Frames -------------------------------------------------------------------------------------- */

/* The payload is already there, behind the head's place. */
static void send_frame(uint32_t *head, enum stream_kind kind, uint32_t len)
{
    *head = (uint32_t)kind | len << HEAD_LENGTH_SHIFT;
    device->send(head, (uint32_t)sizeof(*head) + len);
}

void stream_init(void)
{
    serial_init(&serial_com1);
    if (virtio_port_init()) {
        device = &virtio;
    } else if (serial_com1.is_present) {
        device = &uart;
    }
    stream_put(STREAM_HELLO, STREAM_VERSION, sizeof(STREAM_VERSION) - 1);
}

/* ---- Lines --------------------------------------------------------------------------------------- */

static uint32_t dropped; /* frames, since the last STREAM_LOST */

static bool put_when_idle(enum stream_kind kind, const void *payload, uint32_t len)
{
    static struct {
        uint32_t head;
        char payload[STREAM_LINE_MAX];
    } line;
    if (!device->is_idle()) {
        device->wait();
    }
    if (!device->is_idle()) {
        return false;
    }
    memcpy(line.payload, payload, len);
    send_frame(&line.head, kind, len);
    return true;
}

static void confess(void)
{
    static const char words[] = "lines were lost: nobody took them";
    if (put_when_idle(STREAM_LOST, words, sizeof(words) - 1)) {
        dropped = 0;
    }
}

void stream_put(enum stream_kind kind, const void *payload, uint32_t len)
{
    if (device == NULL) {
        return;
    }
    if (dropped > 0) {
        confess();
    }
    len = len < STREAM_LINE_MAX ? len : STREAM_LINE_MAX;
    if (dropped > 0 || !put_when_idle(kind, payload, len)) {
        dropped++;
    }
}

void stream_flush(void)
{
    if (device != NULL) {
        device->wait();
    }
    if (device == &uart) {
        serial_flush(&serial_com1);
    }
}

/* ---- A program's output -------------------------------------------------------------------------- */

static struct {
    bool is_held;
    struct wait_queue waiting;
    struct {
        uint32_t head;
        char payload[PIECE_MAX];
    } piece;
} output = {.waiting = WAIT_QUEUE_INITIALIZER(output.waiting)};

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

/* False: the process is being killed. */
static bool wait_in_process(void)
{
    while (!device->is_idle()) {
        if ((process_running->work & PROCESS_WORK_KILL) != 0) {
            return false;
        }
        cpu_irq_window();
        sched_yield_cpu();
    }
    return true;
}

/* Takes up to want bytes and sends them. The device may have got other frames while pages came in.
 * Bytes taken; -EINTR. */
static int32_t send_piece(enum stream_kind kind, struct io_buffer *io, uint32_t want)
{
    if (!wait_in_process()) {
        return -EINTR;
    }
    uint32_t got = io->get(io, output.piece.payload, want);
    if (got > 0) {
        if (!wait_in_process()) {
            return -EINTR;
        }
        send_frame(&output.piece.head, kind, got);
    }
    return (int32_t)got;
}

static int32_t send_pieces(enum stream_kind kind, struct io_buffer *io, uint32_t len)
{
    uint32_t done = 0;
    while (done < len) {
        uint32_t want = len - done < device->piece_max ? len - done : device->piece_max;
        int32_t got = send_piece(kind, io, want);
        if (got > 0) {
            done += (uint32_t)got;
        }
        if (got < (int32_t)want) {
            return done > 0 ? (int32_t)done : got < 0 ? got : -EFAULT;
        }
        cpu_irq_window();
    }
    return (int32_t)done;
}

/* Without a device the bytes are looked at all the same: a bad buffer is one. */
static int32_t discard(struct io_buffer *io, uint32_t len)
{
    char piece[CONSOLE_PIECE];
    uint32_t done = 0;
    while (done < len) {
        uint32_t want = len - done < sizeof(piece) ? len - done : sizeof(piece);
        uint32_t got = io->get(io, piece, want);
        done += got;
        if (got < want) {
            return done > 0 ? (int32_t)done : -EFAULT;
        }
        cpu_irq_window();
    }
    return (int32_t)done;
}

int32_t stream_write(enum stream_kind kind, struct io_buffer *io, uint32_t len)
{
    if (device == NULL) {
        return discard(io, len);
    }
    if (!output_hold()) {
        return -EINTR;
    }
    int32_t result = send_pieces(kind, io, len);
    output_release();
    return result;
}

/* ---- /dev/report --------------------------------------------------------------------------------- */

/* Only pid 1 reports: what is measured does not write its own measurement (bad-input R14). */
static int report_open(const struct inode *inode)
{
    (void)inode;
    return process_running->pid == PROCESS_INIT_PID ? 0 : -EACCES;
}

/* One write is one frame. A newline at its end is dropped. */
static int32_t report_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    static char record[STREAM_LINE_MAX]; /* pid 1 alone is here */
    (void)file;
    (void)pos;
    if (process_running->pid != PROCESS_INIT_PID) {
        return -EPERM;
    }
    if (len > sizeof(record)) {
        return -EMSGSIZE;
    }
    if (io->get(io, record, len) < len) {
        return -EFAULT;
    }
    uint32_t text = len > 0 && record[len - 1] == '\n' ? len - 1 : len;
    if (text < 2 || record[0] == '\0' || strchr(STREAM_REPORT_TAGS, record[0]) == NULL ||
        record[1] != ' ') {
        return -EINVAL;
    }
    stream_put((enum stream_kind)record[0], record + 2, text - 2);
    return (int32_t)len;
}

static const struct file_ops report_ops = {
    .open = report_open,
    .read = file_no_read,
    .write = report_write,
    .ioctl = file_no_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .is_stream = true,
};

int stream_register_device(void)
{
    return fs_add_device("/dev/report", S_IFCHR | S_IWUSR, DEVICE_REPORT, &report_ops, NULL);
}
