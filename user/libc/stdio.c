/*
 * Streams: opening, buffering, positioning. Bytes travel through stream_write and fill_buffer;
 * everything else of <stdio.h> is built on those.
 *
 * FOPEN_MAX streams and their buffers are static, because the libc maps nothing by itself. A page of
 * them costs memory only once a stream on it is used. Further streams come from malloc, if the
 * program has one.
 */
#include "user/libc/stdio_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define OPEN_PERMISSIONS 0666

static char buffers[FOPEN_MAX][BUFSIZ];

#define STANDARD_STREAM(number, buffering, reads)                                                  \
    {                                                                                              \
        .ops = &stream_fd_ops, .fd = (number), .mode = (buffering), .is_open = true,               \
        .can_read = (reads), .can_write = !(reads), .buffer = buffers[number], .size = BUFSIZ      \
    }

struct _IO_FILE stdio_streams[FOPEN_MAX] = {
    STANDARD_STREAM(STDIN_FILENO, _IOFBF, true),
    STANDARD_STREAM(STDOUT_FILENO, STREAM_MODE_UNKNOWN, false),
    STANDARD_STREAM(STDERR_FILENO, _IONBF, false),
};

FILE *const stdin = &stdio_streams[0];
FILE *const stdout = &stdio_streams[1];
FILE *const stderr = &stdio_streams[2];

/* ---- Opening and closing ----------------------------------------------------------------------- */

/* "r", "w" or "a", then '+', 'b', 'e', 'x' in any order, to open's flags. -1: not a mode. */
int stream_mode_flags(const char *mode)
{
    bool is_update = strchr(mode, '+') != NULL;
    int flags = is_update ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;
    switch (*mode) {
    case 'r':
        break;
    case 'w':
        flags |= O_CREAT | O_TRUNC;
        break;
    case 'a':
        flags |= O_CREAT | O_APPEND;
        break;
    default:
        errno = EINVAL;
        return -1;
    }
    if (strchr(mode, 'x') != NULL) {
        flags |= O_EXCL;
    }
    return strchr(mode, 'e') != NULL ? flags | O_CLOEXEC : flags;
}

/* malloc, if something else in the program links it. */
__attribute__((weak)) void *malloc(size_t size);
__attribute__((weak)) void free(void *pointer);

static FILE *further; /* streams that malloc returned, the last one first */

static FILE *stream_add(void)
{
    FILE *stream = malloc != NULL ? malloc(sizeof(*stream) + BUFSIZ) : NULL;
    if (stream == NULL) {
        errno = malloc != NULL ? ENOMEM : EMFILE;
        return NULL;
    }
    *stream = (struct _IO_FILE){.buffer = (char *)(stream + 1), .next = further};
    further = stream;
    return stream;
}

FILE *stream_take(void)
{
    for (int i = 0; i < FOPEN_MAX; i++) {
        if (!stdio_streams[i].is_open) {
            stdio_streams[i].buffer = buffers[i];
            return &stdio_streams[i];
        }
    }
    return stream_add();
}

static bool is_static(const FILE *stream)
{
    return stream >= stdio_streams && stream < stdio_streams + FOPEN_MAX;
}

void stream_leave(FILE *stream)
{
    stream->is_open = false;
    if (!is_static(stream)) {
        FILE **link = &further;
        while (*link != stream) {
            link = &(*link)->next;
        }
        *link = stream->next;
        free(stream);
    }
}

FILE *stream_attach(FILE *stream, const struct stream_ops *ops, int flags)
{
    *stream = (struct _IO_FILE){
        .ops = ops,
        .fd = -1,
        .next = stream->next,
        .mode = STREAM_MODE_UNKNOWN,
        .is_open = true,
        .can_read = (flags & O_ACCMODE) != O_WRONLY,
        .can_write = (flags & O_ACCMODE) != O_RDONLY,
        .buffer = is_static(stream) ? buffers[stream - stdio_streams] : (char *)(stream + 1),
        .size = BUFSIZ,
    };
    return stream;
}

static FILE *attach_fd(FILE *stream, int fd, int flags)
{
    stream_attach(stream, &stream_fd_ops, flags)->fd = fd;
    return stream;
}

FILE *fdopen(int fd, const char *mode)
{
    int flags = stream_mode_flags(mode);
    FILE *stream = flags < 0 ? NULL : stream_take();
    return stream == NULL ? NULL : attach_fd(stream, fd, flags);
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
    int flags = stream_mode_flags(mode);
    FILE *stream = flags < 0 ? NULL : stream_take();
    if (stream == NULL) {
        return NULL;
    }
    int fd = open(path, flags, OPEN_PERMISSIONS);
    if (fd < 0) {
        stream_leave(stream);
        return NULL;
    }
    return attach_fd(stream, fd, flags);
}

/* Flushes and closes what is beneath; the stream stays taken. */
static int stream_detach(FILE *stream)
{
    int result = fflush(stream);
    return stream->ops->close(stream) == 0 ? result : EOF;
}

FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict stream)
{
    (void)stream_detach(stream);
    int flags = stream_mode_flags(mode);
    int fd = flags < 0 ? -1 : open(path, flags, OPEN_PERMISSIONS);
    if (fd < 0) {
        stream_leave(stream);
        return NULL;
    }
    return attach_fd(stream, fd, flags);
}

int fclose(FILE *stream)
{
    int result = stream_detach(stream);
    stream_leave(stream);
    return result;
}

int setvbuf(FILE *restrict stream, char *restrict buffer, int mode, size_t size)
{
    if (mode != _IOFBF && mode != _IOLBF && mode != _IONBF) {
        errno = EINVAL;
        return -1;
    }
    (void)fflush(stream);
    stream->mode = mode;
    if (buffer != NULL && size > 0) {
        stream->buffer = buffer;
        stream->size = size;
    }
    return 0;
}

void setbuf(FILE *restrict stream, char *restrict buffer)
{
    (void)setvbuf(stream, buffer, buffer != NULL ? _IOFBF : _IONBF, BUFSIZ);
}

void setbuffer(FILE *stream, char *buffer, size_t size)
{
    (void)setvbuf(stream, buffer, buffer != NULL ? _IOFBF : _IONBF, size);
}

void setlinebuf(FILE *stream)
{
    (void)setvbuf(stream, NULL, _IOLBF, 0);
}

/* ---- Streams on a descriptor ------------------------------------------------------------------- */

static ssize_t fd_read(FILE *stream, char *to, size_t n)
{
    return read(stream->fd, to, n);
}

static ssize_t fd_write(FILE *stream, const char *bytes, size_t n)
{
    return write(stream->fd, bytes, n);
}

static off_t fd_seek(FILE *stream, off_t offset, int whence)
{
    return lseek(stream->fd, offset, whence);
}

static int fd_close(FILE *stream)
{
    return close(stream->fd);
}

const struct stream_ops stream_fd_ops = {fd_read, fd_write, fd_seek, fd_close};

/* ---- Writing ----------------------------------------------------------------------------------- */

static bool write_all(FILE *stream, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = stream->ops->write(stream, bytes, n);
        if (done <= 0) {
            stream->has_error = true;
            return false;
        }
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

bool stream_drain(FILE *stream)
{
    size_t n = stream->at;
    stream->at = 0;
    return write_all(stream, stream->buffer, n);
}

/* Bytes read ahead are given back to the file, so that the next reader or writer starts where the
 * program thinks it is. A file without a position keeps them lost, as POSIX allows. */
static void forget_read_ahead(FILE *stream)
{
    if (stream->at < stream->end) {
        (void)stream->ops->seek(stream, -(off_t)(stream->end - stream->at), SEEK_CUR);
    }
    stream->at = stream->end = 0;
}

bool stream_begin_write(FILE *stream)
{
    if (!stream->can_write) {
        errno = EBADF;
        stream->has_error = true;
        return false;
    }
    if (stream->direction == STREAM_READING) {
        forget_read_ahead(stream);
    }
    stream->direction = STREAM_WRITING;
    if (stream->mode == STREAM_MODE_UNKNOWN) {
        int kept = errno;
        stream->mode =
            stream == stdout || (stream->fd >= 0 && isatty(stream->fd)) ? _IOLBF : _IOFBF;
        errno = kept;
    }
    return true;
}

/* What a write of these bytes has to send out at once: all of an unbuffered stream, all up to the
 * last line end of a line buffered one, nothing else. */
static size_t bytes_due(const FILE *stream, const char *bytes, size_t n)
{
    if (stream->mode == _IONBF) {
        return n;
    }
    if (stream->mode == _IOFBF) {
        return 0;
    }
    const char *line_end = memrchr(bytes, '\n', n);
    return line_end == NULL ? 0 : (size_t)(line_end - bytes) + 1;
}

/* Adds to the buffer, draining it whenever it is full; what is larger than it goes straight out. */
static bool buffer_bytes(FILE *stream, const char *bytes, size_t n)
{
    if (n > stream->size - stream->at && !stream_drain(stream)) {
        return false;
    }
    if (n >= stream->size) {
        return write_all(stream, bytes, n);
    }
    memcpy(stream->buffer + stream->at, bytes, n);
    stream->at += n;
    return true;
}

size_t stream_write(FILE *stream, const char *bytes, size_t n)
{
    if (n == 0 || !stream_begin_write(stream)) {
        return 0;
    }
    size_t due = bytes_due(stream, bytes, n);
    bool is_done = due == 0 || (buffer_bytes(stream, bytes, due) && stream_drain(stream));
    is_done = is_done && buffer_bytes(stream, bytes + due, n - due);
    return is_done ? n : 0;
}

size_t fwrite(const void *restrict from, size_t size, size_t count, FILE *restrict stream)
{
    size_t bytes;
    if (size == 0 || __builtin_mul_overflow(size, count, &bytes)) {
        return 0;
    }
    return stream_write(stream, from, bytes) / size;
}

int fputc(int c, FILE *stream)
{
    char byte = (char)c;
    return stream_write(stream, &byte, 1) == 1 ? (unsigned char)byte : EOF;
}

int putc(int c, FILE *stream)
{
    return fputc(c, stream);
}

int putchar(int c)
{
    return fputc(c, stdout);
}

int fputs(const char *restrict text, FILE *restrict stream)
{
    size_t n = strlen(text);
    return stream_write(stream, text, n) == n ? 0 : EOF;
}

int puts(const char *text)
{
    return fputs(text, stdout) == EOF ? EOF : fputc('\n', stdout);
}

static int stream_sync(FILE *stream)
{
    bool is_done = true;
    if (stream->direction == STREAM_WRITING) {
        is_done = stream_drain(stream);
    } else {
        forget_read_ahead(stream);
    }
    stream->direction = STREAM_IDLE;
    return is_done ? 0 : EOF;
}

int fflush(FILE *stream)
{
    if (stream == NULL) {
        stdio_flush_all();
        return 0;
    }
    return stream_sync(stream);
}

void stdio_flush_all(void)
{
    for (int i = 0; i < FOPEN_MAX; i++) {
        if (stdio_streams[i].is_open) {
            (void)stream_sync(&stdio_streams[i]);
        }
    }
    for (FILE *stream = further; stream != NULL; stream = stream->next) {
        (void)stream_sync(stream);
    }
}

/* ---- Reading ----------------------------------------------------------------------------------- */

bool stream_begin_read(FILE *stream)
{
    if (!stream->can_read) {
        errno = EBADF;
        stream->has_error = true;
        return false;
    }
    if (stream->direction == STREAM_WRITING && !stream_drain(stream)) {
        return false;
    }
    if (stream->direction != STREAM_READING) {
        stream->at = stream->end = 0;
        stream->direction = STREAM_READING;
    }
    return true;
}

/* Reads into n bytes at `to`; 0 at the end or on an error, with the stream's flag set. Whoever waits
 * for input wants to see the question first, so a pending line of stdout goes out before. */
static size_t read_some(FILE *stream, char *to, size_t n)
{
    if (stdout->direction == STREAM_WRITING && stdout->mode == _IOLBF) {
        (void)stream_drain(stdout);
    }
    ssize_t got = stream->ops->read(stream, to, n);
    if (got < 0) {
        stream->has_error = true;
    } else if (got == 0) {
        stream->is_at_end = true;
    }
    return got > 0 ? (size_t)got : 0;
}

static bool fill_buffer(FILE *stream)
{
    stream->at = 0;
    stream->end = read_some(stream, stream->buffer, stream->mode == _IONBF ? 1 : stream->size);
    return stream->end > 0;
}

int fgetc(FILE *stream)
{
    if (!stream_begin_read(stream) || (stream->at == stream->end && !fill_buffer(stream))) {
        return EOF;
    }
    return (unsigned char)stream->buffer[stream->at++];
}

int getc(FILE *stream)
{
    return fgetc(stream);
}

int getchar(void)
{
    return fgetc(stdin);
}

/* One byte can always be put back: behind the last one read, or into an empty buffer. */
int ungetc(int c, FILE *stream)
{
    if (c == EOF || !stream_begin_read(stream)) {
        return EOF;
    }
    if (stream->at == 0) {
        if (stream->end == stream->size) {
            return EOF;
        }
        memmove(stream->buffer + 1, stream->buffer, stream->end);
        stream->at++;
        stream->end++;
    }
    stream->buffer[--stream->at] = (char)c;
    stream->is_at_end = false;
    return (unsigned char)c;
}

char *fgets(char *restrict line, int size, FILE *restrict stream)
{
    int n = 0;
    while (n < size - 1) {
        int c = fgetc(stream);
        if (c == EOF) {
            break;
        }
        line[n++] = (char)c;
        if (c == '\n') {
            break;
        }
    }
    if (n == 0 || stream->has_error) {
        return NULL;
    }
    line[n] = '\0';
    return line;
}

/* Takes what is buffered, at most n bytes. */
static size_t take_buffered(FILE *stream, char *to, size_t n)
{
    size_t there = stream->end - stream->at;
    if (n > there) {
        n = there;
    }
    memcpy(to, stream->buffer + stream->at, n);
    stream->at += n;
    return n;
}

size_t fread(void *restrict to, size_t size, size_t count, FILE *restrict stream)
{
    size_t wanted;
    if (size == 0 || __builtin_mul_overflow(size, count, &wanted) || !stream_begin_read(stream)) {
        return 0;
    }
    char *bytes = to;
    size_t done = take_buffered(stream, bytes, wanted);
    while (done < wanted) {
        size_t left = wanted - done, got;
        if (left >= stream->size) {
            got = read_some(stream, bytes + done, left);
        } else {
            got = fill_buffer(stream) ? take_buffered(stream, bytes + done, left) : 0;
        }
        if (got == 0) {
            break;
        }
        done += got;
    }
    return done / size;
}

/* ---- Position and state ------------------------------------------------------------------------ */

int fseeko(FILE *stream, off_t offset, int whence)
{
    if (stream_sync(stream) != 0 || stream->ops->seek(stream, offset, whence) < 0) {
        return -1;
    }
    stream->is_at_end = false;
    return 0;
}

int fseek(FILE *stream, long offset, int whence)
{
    return fseeko(stream, offset, whence);
}

off_t ftello(FILE *stream)
{
    off_t position = stream->ops->seek(stream, 0, SEEK_CUR);
    if (position < 0) {
        return -1;
    }
    if (stream->direction == STREAM_WRITING) {
        return position + (off_t)stream->at;
    }
    return position - (off_t)(stream->end - stream->at);
}

long ftell(FILE *stream)
{
    off_t position = ftello(stream);
    if (position > LONG_MAX) {
        errno = EOVERFLOW;
        return -1;
    }
    return (long)position;
}

int fgetpos(FILE *restrict stream, fpos_t *restrict position)
{
    position->offset = ftello(stream);
    return position->offset < 0 ? -1 : 0;
}

int fsetpos(FILE *stream, const fpos_t *position)
{
    return fseeko(stream, position->offset, SEEK_SET);
}

void rewind(FILE *stream)
{
    (void)fseeko(stream, 0, SEEK_SET);
    stream->has_error = false;
}

int feof(FILE *stream)
{
    return stream->is_at_end;
}

int ferror(FILE *stream)
{
    return stream->has_error;
}

void clearerr(FILE *stream)
{
    stream->has_error = stream->is_at_end = false;
}

int fileno(FILE *stream)
{
    if (stream->fd < 0) {
        errno = EBADF;
    }
    return stream->fd;
}

/* ---- One thread has nothing to lock ------------------------------------------------------------ */

void flockfile(FILE *stream)
{
    (void)stream;
}

int ftrylockfile(FILE *stream)
{
    (void)stream;
    return 0;
}

void funlockfile(FILE *stream)
{
    (void)stream;
}
