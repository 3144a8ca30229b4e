/* <stdio.h>: streams with static buffers. A stream takes no memory from the kernel except the pages
 * of its buffer. */
#ifndef FL_STDIO_H
#define FL_STDIO_H

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct fl_stream FILE;

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

FILE *fopen(const char *restrict path, const char *restrict mode);
FILE *fdopen(int fd, const char *mode);
FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict stream);
int fclose(FILE *stream);
int fflush(FILE *stream);
int setvbuf(FILE *restrict stream, char *restrict buffer, int mode, size_t size);
void setbuf(FILE *restrict stream, char *restrict buffer);

int fgetc(FILE *stream);
int getc(FILE *stream);
int getchar(void);
int ungetc(int c, FILE *stream);
char *fgets(char *restrict line, int size, FILE *restrict stream);
size_t fread(void *restrict to, size_t size, size_t count, FILE *restrict stream);

int fputc(int c, FILE *stream);
int putc(int c, FILE *stream);
int putchar(int c);
int fputs(const char *restrict text, FILE *restrict stream);
int puts(const char *text);
size_t fwrite(const void *restrict from, size_t size, size_t count, FILE *restrict stream);

int fseek(FILE *stream, long offset, int whence);
int fseeko(FILE *stream, off_t offset, int whence);
long ftell(FILE *stream);
off_t ftello(FILE *stream);
void rewind(FILE *stream);

int feof(FILE *stream);
int ferror(FILE *stream);
void clearerr(FILE *stream);
int fileno(FILE *stream);
void perror(const char *text);

#define FL_PRINTF(at, first) __attribute__((__format__(__printf__, at, first)))
#define FL_SCANF(at, first)  __attribute__((__format__(__scanf__, at, first)))

int printf(const char *restrict format, ...) FL_PRINTF(1, 2);
int fprintf(FILE *restrict stream, const char *restrict format, ...) FL_PRINTF(2, 3);
int dprintf(int fd, const char *restrict format, ...) FL_PRINTF(2, 3);
int sprintf(char *restrict to, const char *restrict format, ...) FL_PRINTF(2, 3);
int snprintf(char *restrict to, size_t size, const char *restrict format, ...) FL_PRINTF(3, 4);
int vprintf(const char *restrict format, va_list args) FL_PRINTF(1, 0);
int vfprintf(FILE *restrict stream, const char *restrict format, va_list args) FL_PRINTF(2, 0);
int vdprintf(int fd, const char *restrict format, va_list args) FL_PRINTF(2, 0);
int vsprintf(char *restrict to, const char *restrict format, va_list args) FL_PRINTF(2, 0);
int vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list args)
    FL_PRINTF(3, 0);

int sscanf(const char *restrict text, const char *restrict format, ...) FL_SCANF(2, 3);
int fscanf(FILE *restrict stream, const char *restrict format, ...) FL_SCANF(2, 3);
int scanf(const char *restrict format, ...) FL_SCANF(1, 2);
int vsscanf(const char *restrict text, const char *restrict format, va_list args) FL_SCANF(2, 0);
int vfscanf(FILE *restrict stream, const char *restrict format, va_list args) FL_SCANF(2, 0);
int vscanf(const char *restrict format, va_list args) FL_SCANF(1, 0);

#undef FL_PRINTF
#undef FL_SCANF

#endif
