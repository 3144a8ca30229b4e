/*
 * Streams from the inside. One buffer per stream serves both directions, one at a time: while
 * reading, [at, end) are bytes not yet handed out; while writing, [0, at) are bytes not yet written
 * and end is 0.
 */
#ifndef LIBC_STDIO_IMPL_H
#define LIBC_STDIO_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/format.h"

enum stream_direction { STREAM_IDLE, STREAM_READING, STREAM_WRITING };

/* Decided at the first write: a terminal is line buffered, and so is standard output whatever it
 * is. A program that is killed has then said what it said, and a fork says it once. */
#define STREAM_MODE_UNKNOWN (-1)

/* Where a stream's bytes are. The functions return what read, write, lseek and close return, and
 * set errno. */
struct stream_ops {
    ssize_t (*read)(FILE *stream, char *to, size_t n);
    ssize_t (*write)(FILE *stream, const char *bytes, size_t n);
    off_t (*seek)(FILE *stream, off_t offset, int whence);
    int (*close)(FILE *stream);
};

struct _IO_FILE {
    const struct stream_ops *ops;
    int fd;       /* -1 unless ops is stream_fd_ops */
    void *cookie; /* of other ops */
    FILE *next;   /* of the streams beyond FOPEN_MAX */
    int mode;     /* _IOFBF, _IOLBF, _IONBF or STREAM_MODE_UNKNOWN */
    bool is_open, can_read, can_write;
    bool has_error, is_at_end;
    enum stream_direction direction;
    char *buffer;
    size_t size;
    size_t at, end;
};

/* All streams; the first three are standard. */
extern struct _IO_FILE stdio_streams[FOPEN_MAX];

extern const struct stream_ops stream_fd_ops;

/* Turns the mode of fopen into open's flags. Returns -1 and sets EINVAL if it is none. */
int stream_mode_flags(const char *mode);
/* Returns a closed stream with a buffer, or NULL and EMFILE. A program with malloc has as many as it
 * wants. */
FILE *stream_take(void);
/* Makes a stream that stream_take returned available again. */
void stream_leave(FILE *stream);
/* Opens a stream that stream_take returned. flags: open's. */
FILE *stream_attach(FILE *stream, const struct stream_ops *ops, int flags);

/* Flushes every stream. Weak, so exit calls it only if stdio is linked. */
__attribute__((weak)) void stdio_flush_all(void);

/* Makes the stream ready to write or read. Returns false and sets its error flag on failure. */
bool stream_begin_write(FILE *stream);
bool stream_begin_read(FILE *stream);
/* Writes n bytes through the buffer. Returns how many were accepted. */
size_t stream_write(FILE *stream, const char *bytes, size_t n);
/* Flushes the buffer. Returns false if the write failed. */
bool stream_drain(FILE *stream);

/* The hooks of lib/format.h. put_more knows n, m, and C, S, lc and ls. */
bool stdio_put_more(struct format_sink *sink, const struct format_spec *spec,
                    struct format_args *args);
void stdio_put_float(struct format_sink *sink, const struct format_spec *spec,
                     struct format_args *args);

#endif
