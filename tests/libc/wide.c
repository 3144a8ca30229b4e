/* <wchar.h>, <wctype.h>, <uchar.h> and <locale.h> in the "C" locale. */
#define _GNU_SOURCE
#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

static void classes(void)
{
    static const char *const names[] = {"alnum", "alpha", "blank", "cntrl", "digit", "graph",
                                        "lower", "print", "punct", "space", "upper", "xdigit"};
    for (wint_t c = 0; c < 128; c++) {
        printf("%d:", (int)c);
        for (int i = 0; i < 12; i++) {
            printf("%d", iswctype(c, wctype(names[i])) != 0);
        }
        printf(" %d %d %d\n", (int)towlower(c), (int)towupper(c), btowc((int)c) == c);
    }
    printf("%d %d %d\n", wctype("nope") == 0, iswalpha(WEOF) != 0, iswspace(L' ') != 0);
}

static void strings(void)
{
    wchar_t to[32];
    wcscpy(to, L"abc");
    wcscat(to, L"def");
    wcsncat(to, L"ghij", 2);
    printf("%d %d %d\n", (int)wcslen(to), wcscmp(to, L"abcdefgh"), wcsncmp(to, L"abcX", 3));
    printf("%d %d\n", (int)(wcschr(to, L'd') - to), (int)(wcsstr(to, L"efg") - to));
    printf("%d %d %d\n", (int)wcsspn(to, L"cba"), (int)wcscspn(to, L"h"), wcscasecmp(L"aB", L"Ab"));
    wchar_t text[] = L"a b  c", *state;
    for (wchar_t *t = wcstok(text, L" ", &state); t != NULL; t = wcstok(NULL, L" ", &state)) {
        printf("<%lc>", (wint_t)*t);
    }
    wmemset(to, L'z', 5);
    printf(" %d %d\n", wmemchr(to, L'z', 5) == to, wmemcmp(to, L"zzzzz", 5));
    wchar_t *end;
    printf("%ld %lu %.6g", wcstol(L"-12x", &end, 10), wcstoul(L"ff", NULL, 16),
           wcstod(L"2.5e3", NULL));
    printf(" %d %lld\n", *end == L'x', wcstoll(L"123456789012", NULL, 0));
    wchar_t *twin = wcsdup(L"twin");
    printf("%d %d %d\n", (int)wcslen(twin), wcwidth(L'a'), wcswidth(L"abc", 3));
    free(twin);
}

static void conversions(void)
{
    wchar_t wide[16];
    char narrow[16];
    mbstate_t state;
    memset(&state, 0, sizeof(state));
    printf("%d %d\n", (int)mbstowcs(wide, "hello", 16), (int)wcslen(wide));
    printf("%d %s\n", (int)wcstombs(narrow, wide, sizeof(narrow)), narrow);
    printf("%d %d %d\n", mblen("x", 1), mblen("", 1), mbtowc(wide, "q", 1));
    const char *from = "rest";
    printf("%d", (int)mbsrtowcs(wide, &from, 2, &state));
    printf(" %s %d\n", from, (int)wcrtomb(narrow, L'w', &state));
    errno = 0;
    printf("%d %d\n", wctomb(narrow, 0x20AC), errno == EILSEQ);
    printf("%d %d %d %d\n", (int)MB_CUR_MAX, btowc(EOF) == WEOF, wctob(0x3b1) == EOF,
           mbsinit(&state));
}

static void locale(void)
{
    struct lconv *l = localeconv();
    printf("%s %s %s", setlocale(LC_ALL, NULL), setlocale(LC_ALL, "C"), setlocale(LC_ALL, "POSIX"));
    printf(" %d\n", setlocale(LC_ALL, "xx_YY") == NULL);
    printf("<%s> <%s> <%s> %d\n", l->decimal_point, l->thousands_sep, l->currency_symbol,
           l->frac_digits == CHAR_MAX);
    printf("%s %s %s\n", nl_langinfo(DAY_1), nl_langinfo(MON_12), nl_langinfo(RADIXCHAR));
}

int main(void)
{
    classes();
    strings();
    conversions();
    locale();
    return 0;
}
