/* Wide streams: wprintf and its relatives on standard output, reading back by characters and lines. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

int main(void)
{
    wchar_t line[32];
    FILE *f = fopen("/tmp/wide", "w+");
    int n = fwprintf(f, L"%d %ls\n%s\n", 42, L"wide line", "second");
    fputws(L"third", f);
    fputwc(L'!', f);
    fflush(f);
    wprintf(L"%d\n", n);
    rewind(f);
    wint_t c = fgetwc(f);
    wprintf(L"%lc %d\n", c, ungetwc(c, f) == c);
    while (fgetws(line, 32, f) != NULL) {
        wprintf(L"<%ls>", line);
    }
    wprintf(L" %d %d\n", feof(f) != 0, fgetwc(f) == WEOF);
    fclose(f);
    putwchar(L'p');
    putwc(L'\n', stdout);
    fputws(L"the last line\n", stdout);
    return remove("/tmp/wide");
}
