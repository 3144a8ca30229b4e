/* <string.h>, <strings.h>, <libgen.h>: what was added to the first libc. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

char *dirname(char *path);
char *__xpg_basename(char *path);
#ifdef __GLIBC__
#define basename __xpg_basename
#else
#include <libgen.h>
#endif

static void paths(void)
{
    static const char *const all[] = {"/usr/lib", "/usr/", "usr", "/", ".", "..", "", "a//b"};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        char one[32], two[32];
        strcpy(one, all[i]);
        strcpy(two, all[i]);
        printf("%s: %s, %s\n", all[i], dirname(one), basename(two));
    }
}

static void copies(void)
{
    char to[16];
    char *twin = strdup("twin"), *part = strndup("particular", 4);
    printf("%s %s\n", twin, part);
    free(twin);
    free(part);
    memset(to, 'x', sizeof(to));
    char *end = memccpy(to, "one,two", ',', 7);
    printf("%.4s %d %d\n", to, (int)(end - to), memccpy(to, "one", ',', 3) == NULL);
    end = stpncpy(to, "abc", 8);
    printf("%s %d\n", to, (int)(end - to));
    bcopy("xyz", to, 4);
    puts(to);
    bzero(to, sizeof(to));
    printf("%d\n", to[0]);
    char text[] = "a,b;;c", *state = text, *token;
    while ((token = strsep(&state, ",;")) != NULL) {
        printf("<%s>", token);
    }
    char again[] = "  x yy  z ";
    for (token = strtok_r(again, " ", &state); token != NULL; token = strtok_r(NULL, " ", &state)) {
        printf("(%s)", token);
    }
    puts("");
}

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

static void searches(void)
{
    const char *text = "The Quick brown FOX";
    printf("%s|%s\n", strcasestr(text, "quick"), strcasestr(text, "slow") == NULL ? "none" : "?");
    printf("%s %s\n", index(text, 'Q'), rindex(text, 'o'));
    printf("%s\n", (char *)memmem(text, 19, "brown", 5));
    static const char *const versions[] = {"a1", "a2", "a10", "a010", "a01", "a", "b1.9", "b1.10"};
    for (int i = 0; i < 8; i++) {
        for (int k = 0; k < 8; k++) {
            printf("%2d", sign(strverscmp(versions[i], versions[k])));
        }
    }
    printf("\n%d %d %d %d\n", ffs(0), ffs(0x80), ffsl(0x8000L), ffsll(1LL << 40));
}

int main(void)
{
    paths();
    copies();
    searches();
    for (int i = -1; i < 135; i++) {
        printf("%d %s\n", i, strerror(i));
    }
    for (int i = 1; i < 32; i++) {
        puts(strsignal(i));
    }
    return 0;
}
