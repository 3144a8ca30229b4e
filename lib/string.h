/*
 * Bytes and strings: the part of C's <string.h> that kernel and libc share, with C's meanings
 * (C11, 7.24), and strlcpy (OpenBSD). The compiler may call the mem* functions on its own, so they
 * keep their names. On the host, where libc and the sanitizers own those names, the macros below
 * rename ours, so that the tests reach them.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <stddef.h>

#ifdef FAULTLINE_HOST
#include <string.h> /* before the macros: its prototypes keep their names */
#define memcpy  lib_memcpy
#define memmove lib_memmove
#define memset  lib_memset
#define memcmp  lib_memcmp
#define strlen  lib_strlen
#define strnlen lib_strnlen
#define strcmp  lib_strcmp
#define strncmp lib_strncmp
#define strchr  lib_strchr
#define strrchr lib_strrchr
#define strlcpy lib_strlcpy
#endif

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/* Copies src into the size bytes at dst, truncates it if necessary, and always terminates it (size
 * 0: writes nothing). Returns strlen(src); the copy was truncated if that is >= size. */
size_t strlcpy(char *dst, const char *src, size_t size);

#endif
