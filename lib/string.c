/*
 * Bytes and strings in plain C, for kernel and libc alike.
 *
 * Copies and fills work on 32-bit words. x86 allows unaligned words, and the packed type below
 * tells the compiler (and UBSan) so. Whole pages are cleared and copied by arch/pmap with rep stos
 * and rep movs, not here. The mem* functions are weak so that an assembly version may replace them.
 * The file is compiled with gcc's -fno-tree-loop-distribute-patterns, because gcc would otherwise
 * recognise the loops and turn memset into a call of memset.
 */
#include "lib/string.h"

#include <stdint.h>

#include "lib/compiler.h"

struct word {
    uint32_t value;
} __attribute__((packed, may_alias));

#define WORD sizeof(struct word)

/* Ascends, so it also serves memmove when dst lies below src: each word is read before it is
 * overwritten, however close the two are. */
static void copy_up(unsigned char *to, const unsigned char *from, size_t n)
{
    for (; n >= WORD; n -= WORD, to += WORD, from += WORD) {
        ((struct word *)to)->value = ((const struct word *)from)->value;
    }
    while (n-- > 0) {
        *to++ = *from++;
    }
}

static void copy_down(unsigned char *to, const unsigned char *from, size_t n)
{
    for (; n >= WORD; n -= WORD) {
        ((struct word *)(to + n - WORD))->value = ((const struct word *)(from + n - WORD))->value;
    }
    while (n-- > 0) {
        to[n] = from[n];
    }
}

__attribute__((weak)) void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    copy_up(dst, src, n);
    return dst;
}

__attribute__((weak)) void *memmove(void *dst, const void *src, size_t n)
{
    /* The unsigned distance is below n only if dst is inside src, so one comparison is enough. */
    if ((uintptr_t)dst - (uintptr_t)src < n) {
        copy_down(dst, src, n);
    } else {
        copy_up(dst, src, n);
    }
    return dst;
}

__attribute__((weak)) void *memset(void *dst, int byte, size_t n)
{
    unsigned char *to = dst;
    uint32_t pattern = (uint32_t)(unsigned char)byte * 0x01010101u;
    for (; n >= WORD; n -= WORD, to += WORD) {
        ((struct word *)to)->value = pattern;
    }
    while (n-- > 0) {
        *to++ = (unsigned char)byte;
    }
    return dst;
}

__attribute__((weak)) int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    for (; n > 0; n--, x++, y++) {
        if (*x != *y) {
            return *x - *y;
        }
    }
    return 0;
}

size_t strlen(const char *s)
{
    const char *p = s;
    while (*p != '\0') {
        p++;
    }
    return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;
    while (n < max && s[n] != '\0') {
        n++;
    }
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        if (*a != *b || *a == '\0') {
            return (unsigned char)*a - (unsigned char)*b;
        }
    }
    return 0;
}

/* C's strchr takes const and returns non-const. The union is that cast, written so that -Wcast-qual
 * can stay on for everything else. */
static char *without_const(const char *s)
{
    union {
        const char *in;
        char *out;
    } u = {.in = s};
    return u.out;
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c) {
            return without_const(s);
        }
        if (*s == '\0') {
            return NULL;
        }
    }
}

char *strrchr(const char *s, int c)
{
    const char *last = NULL;
    for (;; s++) {
        if (*s == (char)c) {
            last = s;
        }
        if (*s == '\0') {
            return without_const(last);
        }
    }
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t len = strlen(src);
    if (size > 0) {
        size_t n = len < size ? len : size - 1;
        memcpy(dst, src, n);
        dst[n] = '\0';
    }
    return len;
}
