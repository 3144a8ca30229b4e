/*
 * The stream: everything that a run says to the host (console=run), in one order, the guest's, over
 * one device. It is a sequence of frames; docs/stream.md has the format. Only the kernel writes a
 * frame's head, so no byte of a program's can become one.
 *
 * The device is a virtio port, which moves whole frames (dev/virtio_port.h), or COM1 where there is
 * none. Without either, what is sent is gone.
 */
#ifndef KERNEL_STREAM_H
#define KERNEL_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/file.h"
#include "lib/compiler.h"

enum stream_kind {
    STREAM_HELLO = 'H',  /* the first frame: STREAM_VERSION       */
    STREAM_OUTPUT = '1', /* what programs write to descriptor 1   */
    STREAM_ERROR = '2',  /* the same, 2                           */
    STREAM_LOG = 'K',    /* a line of the kernel's                */
    STREAM_CRASH = 'C',  /* a line that the user must see         */
    STREAM_TRACE = 'T',  /* a struct log_trace                    */
    STREAM_LOST = 'L',   /* a line: the device was stuck meanwhile */
};
/* Pid 1's: R a line of the report, S a figure, X how it ended; C, too. */
#define STREAM_REPORT_TAGS "RSXC"

#define STREAM_VERSION "faultline-stream 1"

/* The longest line; what is longer is cut. */
#define STREAM_LINE_MAX 1024u

/* Finds the device and says hello. Needs no heap and no interrupts. */
void stream_init(void);

/* Sends one frame. Waits for the device, for seconds at most; then the frame is dropped and counted,
 * and a STREAM_LOST frame says so when the device works again. Callable from everywhere. */
void stream_put(enum stream_kind kind, const void *payload, uint32_t len);

/* A program's write(): its bytes as frames of the kind. Waits for the device as long as it takes and
 * lets others run. Bytes taken, or -EFAULT, or -EINTR if the caller is being killed. */
must_check int32_t stream_write(enum stream_kind kind, struct io_buffer *io, uint32_t len);

/* Waits, for seconds at most, until the device has taken everything. */
void stream_flush(void);

/* Adds /dev/report: each write of pid 1's is one frame, "TAG TEXT" with a tag of STREAM_REPORT_TAGS.
 * Others get -EACCES when they open it, and -EPERM with a descriptor that they inherited. -EMSGSIZE:
 * more than STREAM_LINE_MAX bytes; -EINVAL: no such tag. */
must_check int stream_register_device(void);

#endif
