/* <string.h> and <strings.h> beyond what lib/string.c shares with the kernel. */
#include <string.h>
#include <strings.h>

#include <ctype.h>

/* ---- Memory ------------------------------------------------------------------------------------ */

void *memchr(const void *s, int byte, size_t n)
{
    for (const unsigned char *p = s; n > 0; n--, p++) {
        if (*p == (unsigned char)byte) {
            return (void *)(size_t)p;
        }
    }
    return NULL;
}

void *memrchr(const void *s, int byte, size_t n)
{
    for (const unsigned char *p = s; n > 0; n--) {
        if (p[n - 1] == (unsigned char)byte) {
            return (void *)(size_t)&p[n - 1];
        }
    }
    return NULL;
}

void *mempcpy(void *restrict to, const void *restrict from, size_t n)
{
    return (char *)memcpy(to, from, n) + n;
}

void *memmem(const void *where, size_t where_len, const void *what, size_t what_len)
{
    const char *p = where;
    for (; where_len >= what_len; p++, where_len--) {
        if (memcmp(p, what, what_len) == 0) {
            return (void *)(size_t)p;
        }
        if (where_len == 0) {
            break;
        }
    }
    return NULL;
}

/* ---- Searching --------------------------------------------------------------------------------- */

char *strchrnul(const char *s, int c)
{
    while (*s != '\0' && *s != (char)c) {
        s++;
    }
    return (char *)(size_t)s;
}

size_t strspn(const char *s, const char *set)
{
    size_t n = 0;
    while (s[n] != '\0' && strchr(set, s[n]) != NULL) {
        n++;
    }
    return n;
}

size_t strcspn(const char *s, const char *set)
{
    size_t n = 0;
    while (s[n] != '\0' && strchr(set, s[n]) == NULL) {
        n++;
    }
    return n;
}

char *strpbrk(const char *s, const char *set)
{
    s += strcspn(s, set);
    return *s != '\0' ? (char *)(size_t)s : NULL;
}

char *strstr(const char *where, const char *what)
{
    size_t len = strlen(what);
    for (; strncmp(where, what, len) != 0; where++) {
        if (*where == '\0') {
            return NULL;
        }
    }
    return (char *)(size_t)where;
}

char *strtok_r(char *restrict s, const char *restrict separators, char **restrict state)
{
    if (s == NULL) {
        s = *state;
    }
    s += strspn(s, separators);
    if (*s == '\0') {
        *state = s;
        return NULL;
    }
    char *end = s + strcspn(s, separators);
    *state = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return s;
}

char *strtok(char *restrict s, const char *restrict separators)
{
    static char nothing[] = "";
    static char *state = nothing; /* before the first call nothing is left either */
    return strtok_r(s, separators, &state);
}

char *strsep(char **s, const char *separators)
{
    char *start = *s;
    if (start == NULL) {
        return NULL;
    }
    char *end = start + strcspn(start, separators);
    *s = *end != '\0' ? end + 1 : NULL;
    *end = '\0';
    return start;
}

/* ---- Copying ----------------------------------------------------------------------------------- */

char *stpcpy(char *restrict to, const char *restrict from)
{
    size_t len = strlen(from);
    memcpy(to, from, len + 1);
    return to + len;
}

char *strcpy(char *restrict to, const char *restrict from)
{
    (void)stpcpy(to, from);
    return to;
}

char *strncpy(char *restrict to, const char *restrict from, size_t n)
{
    size_t len = strnlen(from, n);
    memcpy(to, from, len);
    memset(to + len, 0, n - len);
    return to;
}

char *strcat(char *restrict to, const char *restrict from)
{
    (void)stpcpy(to + strlen(to), from);
    return to;
}

char *strncat(char *restrict to, const char *restrict from, size_t n)
{
    char *end = to + strlen(to);
    size_t len = strnlen(from, n);
    memcpy(end, from, len);
    end[len] = '\0';
    return to;
}

size_t strlcat(char *restrict to, const char *restrict from, size_t size)
{
    size_t len = strnlen(to, size);
    return len + strlcpy(to + len, from, size - len);
}

/* ---- Comparing --------------------------------------------------------------------------------- */

int strcoll(const char *a, const char *b)
{
    return strcmp(a, b);
}

size_t strxfrm(char *restrict to, const char *restrict from, size_t n)
{
    return strlcpy(to, from, n);
}

int strncasecmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        int difference = tolower((unsigned char)*a) - tolower((unsigned char)*b);
        if (difference != 0 || *a == '\0') {
            return difference;
        }
    }
    return 0;
}

int strcasecmp(const char *a, const char *b)
{
    return strncasecmp(a, b, (size_t)-1);
}

/* clang calls this for a memcmp whose result is only compared with 0. */
int bcmp(const void *a, const void *b, size_t n)
{
    return memcmp(a, b, n);
}

int ffs(int value)
{
    return __builtin_ffs(value);
}
