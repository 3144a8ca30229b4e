/*
 * Frames and the devices that carry them (stream.h).
 *
 * A device gets frames whole. A UART whose other end stopped reading cuts a frame off in the middle.
 * The rest is then owed: it is paid in zeros before the next frame starts, so that the host never
 * takes a payload for a head.
 *
 * A device reads one frame at a time from memory that must not change meanwhile. Lines share one
 * such place, which whoever finds the device idle may fill. A program's output has another
 * (tty/host_output.c), because filling it can bring in pages and sleep.
 */
#include "kernel/log/stream.h"

#include <stddef.h>

#include "dev/serial.h"
#include "dev/virtio_port.h"
#include "kernel/log/printk.h"
#include "lib/minmax.h"
#include "lib/string.h"

/* The kind is in the low byte, the length of the payload above. */
#define HEAD_LENGTH_SHIFT 8

/* Payload per frame on a UART, where a frame is sent by polling with interrupts off. A virtio port
 * takes STREAM_BYTES_MAX: enough to make the cost of a frame vanish. */
#define PIECE_UART 1024u

#define UART_SLICE 16u /* the precision, in bytes, of what is owed */

/* How often a busy virtio port is polled before a frame is dropped; this takes seconds. */
#define SPINS_PATIENT (1u << 27)

struct device {
    uint32_t piece_max;
    bool (*is_idle)(void);
    void (*wait)(void); /* until it is idle, for a bounded time */
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
        if (!uart_pay(zeros, min_u32(owed, UART_SLICE))) {
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
        if (!uart_pay(bytes + at, min_u32(n - at, UART_SLICE))) {
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

static const struct device virtio = {STREAM_BYTES_MAX, virtio_port_is_idle, virtio_wait,
                                     virtio_port_send};

/* ---- Frames -------------------------------------------------------------------------------------- */

/* The payload follows the head in memory. */
static void send_frame(uint32_t *head, enum stream_kind kind, uint32_t len)
{
    *head = (uint32_t)kind | len << HEAD_LENGTH_SHIFT;
    device->send(head, (uint32_t)sizeof(*head) + len);
}

uint32_t stream_piece_max(void)
{
    return device != NULL ? device->piece_max : 0;
}

bool stream_is_idle(void)
{
    return device->is_idle();
}

void stream_send(struct stream_frame *frame, enum stream_kind kind, uint32_t len)
{
    send_frame(&frame->head, kind, len);
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

/* Tells the host that frames were dropped. */
static void report_loss(void)
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
        report_loss();
    }
    len = min_u32(len, STREAM_LINE_MAX);
    if (dropped > 0 || !put_when_idle(kind, payload, len)) {
        dropped++;
    }
}

/* ---- The log's sink ------------------------------------------------------------------------------ */

static void sink_line(enum log_kind kind, const char *text, uint32_t len)
{
    stream_put((enum stream_kind)kind, text, len);
}

static bool sink_trace(const struct log_trace *trace)
{
    stream_put(STREAM_TRACE, trace, sizeof(*trace));
    return true;
}

static void sink_begin_panic(void)
{
}

static void sink_panic_line(const char *text, uint32_t len)
{
    stream_put(STREAM_LOG, text, len);
}

static void sink_flush(void)
{
    if (device != NULL) {
        device->wait();
    }
    if (device == &uart) {
        serial_flush(&serial_com1);
    }
}

static const struct log_sink sink = {
    .put_line = sink_line,
    .put_trace = sink_trace,
    .begin_panic = sink_begin_panic,
    .put_panic_line = sink_panic_line,
    .flush = sink_flush,
};

/* ---- Start --------------------------------------------------------------------------------------- */

void stream_init(void)
{
    log_set_sink(&sink);
    serial_init(&serial_com1);
    if (virtio_port_init()) {
        device = &virtio;
    } else if (serial_com1.is_present) {
        device = &uart;
    }
    stream_put(STREAM_HELLO, STREAM_VERSION, sizeof(STREAM_VERSION) - 1);
}
