/*
 * <wchar.h>: what depends on the locale, and wide streams.
 */
#include <stddef.h>

#if __has_include(<wchar.h>)
#include <errno.h>
#include <stdio.h>
#include <wchar.h>

#include "user/libc/wide_byte.h"

wint_t btowc(int c)
{
    return c == EOF ? WEOF : wide_of_byte((unsigned char)c);
}

int wctob(wint_t c)
{
    return wide_to_byte(c);
}

int wcscoll(const wchar_t *a, const wchar_t *b)
{
    return wcscmp(a, b);
}

int wcscoll_l(const wchar_t *a, const wchar_t *b, locale_t locale)
{
    (void)locale;
    return wcscmp(a, b);
}

size_t wcsxfrm(wchar_t *restrict to, const wchar_t *restrict from, size_t n)
{
    size_t len = wcslen(from);
    if (len < n) {
        wmemcpy(to, from, len + 1);
    } else if (n > 0) {
        wmemcpy(to, from, n - 1);
        to[n - 1] = L'\0';
    }
    return len;
}

size_t wcsxfrm_l(wchar_t *restrict to, const wchar_t *restrict from, size_t n, locale_t locale)
{
    (void)locale;
    return wcsxfrm(to, from, n);
}

/* ---- Streams ----------------------------------------------------------------------------------- */

/* A stream has no orientation of its own: bytes and characters may be mixed. */
int fwide(FILE *stream, int mode)
{
    (void)stream;
    return mode;
}

wint_t fgetwc(FILE *stream)
{
    return btowc(fgetc(stream));
}

wint_t getwc(FILE *stream)
{
    return fgetwc(stream);
}

wint_t getwchar(void)
{
    return fgetwc(stdin);
}

wint_t ungetwc(wint_t c, FILE *stream)
{
    int byte = wctob(c);
    return byte == EOF || ungetc(byte, stream) == EOF ? WEOF : c;
}

wint_t fputwc(wchar_t c, FILE *stream)
{
    int byte = wctob((wint_t)c);
    if (byte == EOF) {
        errno = EILSEQ;
        return WEOF;
    }
    return fputc(byte, stream) == EOF ? WEOF : (wint_t)c;
}

wint_t putwc(wchar_t c, FILE *stream)
{
    return fputwc(c, stream);
}

wint_t putwchar(wchar_t c)
{
    return fputwc(c, stdout);
}

wchar_t *fgetws(wchar_t *restrict line, int size, FILE *restrict stream)
{
    int n = 0;
    while (n < size - 1) {
        wint_t c = fgetwc(stream);
        if (c == WEOF) {
            break;
        }
        line[n++] = (wchar_t)c;
        if (c == L'\n') {
            break;
        }
    }
    if (n == 0 || ferror(stream)) {
        return NULL;
    }
    line[n] = L'\0';
    return line;
}

int fputws(const wchar_t *restrict text, FILE *restrict stream)
{
    for (; *text != L'\0'; text++) {
        if (fputwc(*text, stream) == WEOF) {
            return -1;
        }
    }
    return 0;
}
#endif
