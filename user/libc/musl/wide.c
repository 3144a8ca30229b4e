/*
 * <wchar.h>: what depends on the locale, and wide streams. In the "C" locale a byte is a character:
 * 0 to 0x7F stay as they are, and 0x80 to 0xFF become 0xDF80 to 0xDFFF, musl's numbers for them.
 */
#include <stddef.h>

#if __has_include(<wchar.h>)
#include <errno.h>
#include <stdio.h>
#include <wchar.h>

#define HIGH_FIRST 0xDF80u
#define HIGH_COUNT 0x80u

wint_t btowc(int c)
{
    unsigned int byte = (unsigned char)c;
    if (c == EOF) {
        return WEOF;
    }
    return byte < HIGH_COUNT ? byte : HIGH_FIRST + (byte - HIGH_COUNT);
}

int wctob(wint_t c)
{
    if (c < HIGH_COUNT) {
        return (int)c;
    }
    return c - HIGH_FIRST < HIGH_COUNT ? (int)(c - HIGH_FIRST + HIGH_COUNT) : EOF;
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
