/* <string.h>: memory and strings. docs/libc.md names what comes from musl. */
#ifndef FL_STRING_H
#define FL_STRING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *memcpy(void *__restrict to, const void *__restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);
void *memrchr(const void *s, int byte, size_t n);
void *mempcpy(void *__restrict to, const void *__restrict from, size_t n);
void *memmem(const void *where, size_t where_len, const void *what, size_t what_len);

/* Copies up to the first byte that is c, or n bytes. Returns the end, or NULL if there was no c. */
void *memccpy(void *__restrict to, const void *__restrict from, int c, size_t n);
/* memset that the compiler never leaves out. */
void explicit_bzero(void *s, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
/* Compares digits as numbers (GNU). */
int strverscmp(const char *a, const char *b);
int strcoll(const char *a, const char *b);
size_t strxfrm(char *__restrict to, const char *__restrict from, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strchrnul(const char *s, int c);
char *strstr(const char *where, const char *what);
/* strstr that ignores case. */
char *strcasestr(const char *where, const char *what);
char *strpbrk(const char *s, const char *set);
size_t strspn(const char *s, const char *set);
size_t strcspn(const char *s, const char *set);
char *strtok(char *__restrict s, const char *__restrict separators);
char *strtok_r(char *__restrict s, const char *__restrict separators, char **__restrict state);
char *strsep(char **s, const char *separators);

char *strcpy(char *__restrict to, const char *__restrict from);
char *strncpy(char *__restrict to, const char *__restrict from, size_t n);
char *stpcpy(char *__restrict to, const char *__restrict from);
char *stpncpy(char *__restrict to, const char *__restrict from, size_t n);
char *strcat(char *__restrict to, const char *__restrict from);
char *strncat(char *__restrict to, const char *__restrict from, size_t n);
size_t strlcpy(char *__restrict to, const char *__restrict from, size_t size);
size_t strlcat(char *__restrict to, const char *__restrict from, size_t size);

/* Copy into a new block of malloc. */
__attribute__((malloc)) char *strdup(const char *s);
__attribute__((malloc)) char *strndup(const char *s, size_t n);
#define strdupa(s) __builtin_strcpy((char *)__builtin_alloca(__builtin_strlen(s) + 1), s)

char *strerror(int error);
/* POSIX's: stores the text. Returns 0, or ERANGE if it was cut. */
int strerror_r(int error, char *to, size_t size);
char *strsignal(int signal);

#ifdef __cplusplus
}
#endif

#endif
