/*
 * <stdio.h>: streams. FOPEN_MAX of them are static, and cost no memory but the pages of their
 * buffers; further ones come from malloc, in programs that use it.
 */
#ifndef FL_STDIO_H
#define FL_STDIO_H

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _IO_FILE FILE; /* the name that musl's headers use */

/* A place in a stream. */
typedef struct {
    off_t offset;
} fpos_t;

#define EOF          (-1)
#define BUFSIZ       1024
#define FOPEN_MAX    16
#define FILENAME_MAX 4096

#define _IOFBF 0
#define _IOLBF 1
#define _IONBF 2

#ifndef SEEK_SET
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#endif

extern FILE *const stdin;
extern FILE *const stdout;
extern FILE *const stderr;
#define stdin  stdin
#define stdout stdout
#define stderr stderr

FILE *fopen(const char *__restrict path, const char *__restrict mode);
FILE *fdopen(int fd, const char *mode);
FILE *freopen(const char *__restrict path, const char *__restrict mode, FILE *__restrict stream);
int fclose(FILE *stream);

/* Run a command by /bin/sh with its output ("r") or its input ("w") as the stream. pclose waits, and
 * returns the status as waitpid does. */
FILE *popen(const char *command, const char *mode);
int pclose(FILE *stream);

int remove(const char *path);
int rename(const char *from, const char *to);
int renameat(int from_at, const char *from, int to_at, const char *to);
/* A file in /tmp without a name, which is gone when it is closed. */
FILE *tmpfile(void);
/* A name in /tmp that nothing has, in `to` (or NULL: a buffer that is overwritten). Somebody else may
 * take it first, so tmpfile and mkstemp are better. */
char *tmpnam(char *to);
#define L_tmpnam 20
#define TMP_MAX  10000
#define P_tmpdir "/tmp"

int fflush(FILE *stream);
int setvbuf(FILE *__restrict stream, char *__restrict buffer, int mode, size_t size);
void setbuf(FILE *__restrict stream, char *__restrict buffer);
void setbuffer(FILE *stream, char *buffer, size_t size);
void setlinebuf(FILE *stream);

/* Opens size bytes at buffer as a file (POSIX). buffer may be NULL: the stream then has its own. */
FILE *fmemopen(void *__restrict buffer, size_t size, const char *__restrict mode);
/* Opens a stream for writing whose bytes are a block of malloc. After fflush and fclose *block is
 * that block, ended by a zero byte, and *size its length without that byte. The caller frees it. */
FILE *open_memstream(char **block, size_t *size);

/* Functions beneath a stream (GNU). A function that is NULL: no input, output vanishes, no seeking,
 * nothing to close. */
typedef struct {
    ssize_t (*read)(void *cookie, char *to, size_t n);
    ssize_t (*write)(void *cookie, const char *bytes, size_t n);
    int (*seek)(void *cookie, off_t *offset, int whence);
    int (*close)(void *cookie);
} cookie_io_functions_t;
FILE *fopencookie(void *cookie, const char *mode, cookie_io_functions_t functions);

int fgetc(FILE *stream);
int getc(FILE *stream);
int getchar(void);
int ungetc(int c, FILE *stream);
char *fgets(char *__restrict line, int size, FILE *__restrict stream);
/* Read up to a line end, or up to `delimiter`, into the block *line of *size bytes, which realloc
 * enlarges; both may be 0 at first. Return the length with the delimiter, or -1. */
ssize_t getline(char **__restrict line, size_t *__restrict size, FILE *__restrict stream);
ssize_t getdelim(char **__restrict line, size_t *__restrict size, int delimiter,
                 FILE *__restrict stream);
size_t fread(void *__restrict to, size_t size, size_t count, FILE *__restrict stream);

int fputc(int c, FILE *stream);
int putc(int c, FILE *stream);
int putchar(int c);
int fputs(const char *__restrict text, FILE *__restrict stream);
int puts(const char *text);
size_t fwrite(const void *__restrict from, size_t size, size_t count, FILE *__restrict stream);

int fseek(FILE *stream, long offset, int whence);
int fseeko(FILE *stream, off_t offset, int whence);
long ftell(FILE *stream);
off_t ftello(FILE *stream);
void rewind(FILE *stream);
int fgetpos(FILE *__restrict stream, fpos_t *__restrict position);
int fsetpos(FILE *stream, const fpos_t *position);

int feof(FILE *stream);
int ferror(FILE *stream);
void clearerr(FILE *stream);
int fileno(FILE *stream);
void perror(const char *text);

/* A program has one thread, so locks do nothing and nothing is faster without them. */
void flockfile(FILE *stream);
int ftrylockfile(FILE *stream);
void funlockfile(FILE *stream);
#define getc_unlocked(stream)                      getc(stream)
#define getchar_unlocked()                         getchar()
#define putc_unlocked(c, stream)                   putc(c, stream)
#define putchar_unlocked(c)                        putchar(c)
#define fgetc_unlocked(stream)                     fgetc(stream)
#define fputc_unlocked(c, stream)                  fputc(c, stream)
#define fgets_unlocked(line, size, stream)         fgets(line, size, stream)
#define fputs_unlocked(text, stream)               fputs(text, stream)
#define fread_unlocked(to, size, count, stream)    fread(to, size, count, stream)
#define fwrite_unlocked(from, size, count, stream) fwrite(from, size, count, stream)

#define FL_PRINTF(at, first) __attribute__((__format__(__printf__, at, first)))
#define FL_SCANF(at, first)  __attribute__((__format__(__scanf__, at, first)))

int printf(const char *__restrict format, ...) FL_PRINTF(1, 2);
int fprintf(FILE *__restrict stream, const char *__restrict format, ...) FL_PRINTF(2, 3);
int dprintf(int fd, const char *__restrict format, ...) FL_PRINTF(2, 3);
int sprintf(char *__restrict to, const char *__restrict format, ...) FL_PRINTF(2, 3);
int snprintf(char *__restrict to, size_t size, const char *__restrict format, ...) FL_PRINTF(3, 4);
int vprintf(const char *__restrict format, va_list args) FL_PRINTF(1, 0);
int vfprintf(FILE *__restrict stream, const char *__restrict format, va_list args) FL_PRINTF(2, 0);
int vdprintf(int fd, const char *__restrict format, va_list args) FL_PRINTF(2, 0);
int vsprintf(char *__restrict to, const char *__restrict format, va_list args) FL_PRINTF(2, 0);
int vsnprintf(char *__restrict to, size_t size, const char *__restrict format, va_list args)
    FL_PRINTF(3, 0);
/* Print into a new block of malloc, *to, which the caller frees. On failure return -1. */
int asprintf(char **to, const char *__restrict format, ...) FL_PRINTF(2, 3);
int vasprintf(char **to, const char *__restrict format, va_list args) FL_PRINTF(2, 0);

int sscanf(const char *__restrict text, const char *__restrict format, ...) FL_SCANF(2, 3);
int fscanf(FILE *__restrict stream, const char *__restrict format, ...) FL_SCANF(2, 3);
int scanf(const char *__restrict format, ...) FL_SCANF(1, 2);
int vsscanf(const char *__restrict text, const char *__restrict format, va_list args)
    FL_SCANF(2, 0);
int vfscanf(FILE *__restrict stream, const char *__restrict format, va_list args) FL_SCANF(2, 0);
int vscanf(const char *__restrict format, va_list args) FL_SCANF(1, 0);

#undef FL_PRINTF
#undef FL_SCANF

#ifdef __cplusplus
}
#endif

#endif
