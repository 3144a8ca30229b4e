/*
 * Streams without a descriptor: fmemopen, open_memstream, fopencookie.
 *
 * The first two are a struct memory beneath the stream's buffer, so a program sees its bytes after
 * fflush, as POSIX says.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "user/libc/stdio_impl.h"

#define FIRST_SIZE 128

struct memory {
    char *bytes;
    size_t size;    /* of the block */
    size_t end, at; /* of the file: its length, and the position */
    bool appends;
    bool is_binary; /* no zero byte behind what was written */
    char **block;   /* open_memstream: where to report; NULL: fmemopen, which cannot grow */
    size_t *length;
};

/* ---- What both have in common ------------------------------------------------------------------ */

static ssize_t memory_read(FILE *stream, char *to, size_t n)
{
    struct memory *m = stream->cookie;
    size_t there = m->at < m->end ? m->end - m->at : 0;
    if (n > there) {
        n = there;
    }
    memcpy(to, m->bytes + m->at, n);
    m->at += n;
    return (ssize_t)n;
}

static off_t memory_seek(FILE *stream, off_t offset, int whence)
{
    struct memory *m = stream->cookie;
    off_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (off_t)m->at : (off_t)m->end;
    off_t limit = m->block == NULL ? (off_t)m->size : INT_MAX;
    if (whence < SEEK_SET || whence > SEEK_END || offset < -base || offset > limit - base) {
        errno = EINVAL;
        return -1;
    }
    m->at = (size_t)(base + offset);
    return (off_t)m->at;
}

/* Copies to the position; what lies between the end and it becomes zeros. */
static void memory_put(struct memory *m, const char *bytes, size_t n)
{
    if (m->at > m->end) {
        memset(m->bytes + m->end, 0, m->at - m->end);
    }
    memcpy(m->bytes + m->at, bytes, n);
    m->at += n;
    if (m->at > m->end) {
        m->end = m->at;
    }
}

static FILE *memory_open(const struct stream_ops *ops, int flags, struct memory **memory,
                         size_t extra)
{
    *memory = calloc(1, sizeof(**memory) + extra);
    FILE *stream = *memory == NULL ? NULL : stream_take();
    if (stream == NULL) {
        free(*memory);
        return NULL;
    }
    stream_attach(stream, ops, flags)->cookie = *memory;
    return stream;
}

/* ---- fmemopen ---------------------------------------------------------------------------------- */

static ssize_t fixed_write(FILE *stream, const char *bytes, size_t n)
{
    struct memory *m = stream->cookie;
    if (m->appends) {
        m->at = m->end;
    }
    if (n > m->size - m->at) {
        n = m->size - m->at;
    }
    if (n == 0) {
        errno = ENOSPC;
        return -1;
    }
    bool has_grown = m->at + n > m->end;
    memory_put(m, bytes, n);
    if (has_grown && m->end < m->size && !m->is_binary) {
        m->bytes[m->end] = '\0';
    }
    return (ssize_t)n;
}

static int fixed_close(FILE *stream)
{
    free(stream->cookie);
    return 0;
}

static const struct stream_ops fixed_ops = {memory_read, fixed_write, memory_seek, fixed_close};

FILE *fmemopen(void *restrict buffer, size_t size, const char *restrict mode)
{
    int flags = stream_mode_flags(mode);
    struct memory *m;
    FILE *stream = flags < 0 ? NULL : memory_open(&fixed_ops, flags, &m, buffer == NULL ? size : 0);
    if (stream == NULL) {
        return NULL;
    }
    m->bytes = buffer != NULL ? buffer : (char *)(m + 1);
    m->size = size;
    m->appends = *mode == 'a';
    m->is_binary = strchr(mode, 'b') != NULL;
    if (*mode == 'r') {
        m->end = size;
    } else if (m->appends) {
        m->at = m->end = strnlen(m->bytes, size);
    } else if (size > 0) {
        m->bytes[0] = '\0';
    }
    return stream;
}

/* ---- open_memstream ---------------------------------------------------------------------------- */

static void report(struct memory *m)
{
    *m->block = m->bytes;
    *m->length = m->at < m->end ? m->at : m->end;
}

/* Makes room for n bytes and a terminator at the position. */
static bool grow(struct memory *m, size_t n)
{
    size_t size = m->size;
    if (n > INT_MAX - m->at - 1) {
        errno = EFBIG;
        return false;
    }
    size_t wanted = m->at + n + 1;
    while (size < wanted) {
        size = size > INT_MAX / 2 ? wanted : size * 2;
    }
    char *bytes = size > m->size ? realloc(m->bytes, size) : m->bytes;
    if (bytes == NULL) {
        return false;
    }
    m->bytes = bytes;
    m->size = size;
    return true;
}

static ssize_t block_write(FILE *stream, const char *bytes, size_t n)
{
    struct memory *m = stream->cookie;
    if (!grow(m, n)) {
        return -1;
    }
    memory_put(m, bytes, n);
    m->bytes[m->end] = '\0';
    report(m);
    return (ssize_t)n;
}

static off_t block_seek(FILE *stream, off_t offset, int whence)
{
    off_t position = memory_seek(stream, offset, whence);
    if (position >= 0) {
        report(stream->cookie);
    }
    return position;
}

static int block_close(FILE *stream)
{
    report(stream->cookie);
    free(stream->cookie);
    return 0;
}

static const struct stream_ops block_ops = {memory_read, block_write, block_seek, block_close};

FILE *open_memstream(char **block, size_t *size)
{
    struct memory *m;
    char *bytes = calloc(1, FIRST_SIZE);
    FILE *stream = bytes == NULL ? NULL : memory_open(&block_ops, O_WRONLY, &m, 0);
    if (stream == NULL) {
        free(bytes);
        return NULL;
    }
    m->bytes = bytes;
    m->size = FIRST_SIZE;
    m->block = block;
    m->length = size;
    report(m);
    return stream;
}

/* ---- fopencookie ------------------------------------------------------------------------------- */

struct jar {
    void *cookie;
    cookie_io_functions_t functions;
};

static ssize_t jar_read(FILE *stream, char *to, size_t n)
{
    const struct jar *jar = stream->cookie;
    return jar->functions.read == NULL ? 0 : jar->functions.read(jar->cookie, to, n);
}

static ssize_t jar_write(FILE *stream, const char *bytes, size_t n)
{
    const struct jar *jar = stream->cookie;
    return jar->functions.write == NULL ? (ssize_t)n : jar->functions.write(jar->cookie, bytes, n);
}

static off_t jar_seek(FILE *stream, off_t offset, int whence)
{
    const struct jar *jar = stream->cookie;
    if (jar->functions.seek == NULL) {
        errno = EINVAL;
        return -1;
    }
    return jar->functions.seek(jar->cookie, &offset, whence) < 0 ? -1 : offset;
}

static int jar_close(FILE *stream)
{
    struct jar *jar = stream->cookie;
    int result = jar->functions.close == NULL ? 0 : jar->functions.close(jar->cookie);
    free(jar);
    return result;
}

static const struct stream_ops jar_ops = {jar_read, jar_write, jar_seek, jar_close};

FILE *fopencookie(void *cookie, const char *mode, cookie_io_functions_t functions)
{
    int flags = stream_mode_flags(mode);
    struct jar *jar = flags < 0 ? NULL : malloc(sizeof(*jar));
    FILE *stream = jar == NULL ? NULL : stream_take();
    if (stream == NULL) {
        free(jar);
        return NULL;
    }
    *jar = (struct jar){cookie, functions};
    stream_attach(stream, &jar_ops, flags)->cookie = jar;
    return stream;
}
