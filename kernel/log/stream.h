/*
 * The stream: everything that a run says to the host (console=run), in the order in which the guest
 * says it, over one device. It is a sequence of frames; docs/stream.md has the format. Only the
 * kernel writes the head of a frame, so no byte of a program can be taken for one.
 *
 * The device is a virtio port, which moves whole frames (dev/virtio_port.h), or COM1 where there is
 * none. Without either, whatever is sent is lost.
 *
 * Locking: one CPU, interrupts off.
 */
#ifndef KERNEL_LOG_STREAM_H
#define KERNEL_LOG_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/log/sink.h"

enum stream_kind {
    STREAM_HELLO = 'H',       /* the first frame: STREAM_VERSION              */
    STREAM_OUTPUT = '1',      /* what programs write to descriptor 1          */
    STREAM_ERROR = '2',       /* the same, 2                                  */
    STREAM_LOG = LOG_LINE,    /* a line of the kernel's                       */
    STREAM_CRASH = LOG_CRASH, /* a line that the user must see                */
    STREAM_TRACE = LOG_FAULT, /* a struct log_trace                           */
    STREAM_LOST = 'L',        /* a line: frames were lost on a stuck device   */
};
/* Pid 1's: R a line of the report, S a figure, X how the run ended; C, too. */
#define STREAM_REPORT_TAGS "RSXC"

#define STREAM_VERSION "faultline-stream 1"

/* The longest payload of stream_put; longer ones are cut. */
#define STREAM_LINE_MAX 1024u
/* The longest payload of stream_send. */
#define STREAM_BYTES_MAX 16384u

/* Finds the device, sends the first frame and becomes the log's sink. Needs no heap and no
 * interrupts. */
void stream_init(void);

/* Sends one frame. Waits for the device for seconds at most. Then the frame is dropped and counted,
 * and a STREAM_LOST frame follows when the device works again. May be called from anywhere. */
void stream_put(enum stream_kind kind, const void *payload, uint32_t len);

/* ---- Frames filled in place ---------------------------------------------------------------------- */

/* A frame whose payload its owner fills in. It must lie in the kernel's image and stay unchanged from
 * stream_send until the device is idle again. */
struct stream_frame {
    uint32_t head; /* written by stream_send */
    char payload[STREAM_BYTES_MAX];
};

/* Returns the longest payload that the device should get at a time, at most STREAM_BYTES_MAX, or 0 if
 * there is no device. */
uint32_t stream_piece_max(void);
/* Returns true if the device has taken the last frame, so that it can take another. Needs a device. */
bool stream_is_idle(void);
/* Sends a frame with a payload of len bytes. Needs an idle device. */
void stream_send(struct stream_frame *frame, enum stream_kind kind, uint32_t len);

#endif
