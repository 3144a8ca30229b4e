/* printf's %n, %m, %ls, %lc and the wprintf family. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

/* Of what is unusual on purpose. */
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-overflow"

static void narrow(void)
{
    int a = 0;
    signed char b = 0;
    short c = 0;
    long d = 0;
    long long e = 0;
    printf("%d%n%s%hhn%5d%hn%-3c|%ln%%%lln\n", 12345, &a, "text", &b, 7, &c, 'x', &d, &e);
    printf("%d %d %d %ld %lld\n", a, b, c, d, e);
    errno = ENOENT;
    printf("<%m> <%30m> <%-30m> <%.4m>\n");
    printf("<%ls> <%6ls> <%-6ls> <%.2ls> <%lc> <%3lc> <%-3lc>\n", L"wide", L"wide", L"wide",
           L"wide", (wint_t)L'c', (wint_t)L'c', (wint_t)L'c');
    printf("<%S> <%C> <%ls>\n", L"old", (wint_t)L'o', (wchar_t *)NULL);
    char text[32];
    errno = 0;
    int n = snprintf(text, sizeof(text), "%ls", L"\x20AC");
    printf("%d %d %'d\n", n, errno == EILSEQ, 1234567);
}

static void show(int n, const wchar_t *text)
{
    printf("%d <%ls>\n", n, text);
}

static void wide(void)
{
    wchar_t to[64];
    int count = 0;
    show(swprintf(to, 64, L"%d %5u %-5x| %08.3f %e", -1, 2u, 255, 3.14159, 1e10), to);
    show(swprintf(to, 64, L"%s %ls %c %lc %5ls|%-5ls|%.2ls", "narrow", L"wide", 'c', (wint_t)L'w',
                  L"ab", L"ab", L"abc"),
         to);
    show(swprintf(to, 64, L"%lld %n%% %*d %.*f", 1LL << 40, &count, 6, 42, 2, 2.5), to);
    printf("%d\n", count);
    printf("%d\n", swprintf(to, 4, L"%d", 12345) < 0);
    printf("%d %d\n", swprintf(to, 4, L"%ls", L"\x3b1\x3b2"), to[1] == 0x3b2 && to[2] == 0);
    fflush(stdout);
}

int main(void)
{
    narrow();
    wide();
    return 0;
}
