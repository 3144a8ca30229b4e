/* <strings.h>: comparison that ignores case, the lowest set bit, and BSD's old names. */
#ifndef FL_STRINGS_H
#define FL_STRINGS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t n);
int bcmp(const void *a, const void *b, size_t n);
int ffs(int value);
int ffsl(long value);
int ffsll(long long value);

/* Old names of memmove (with its first two arguments exchanged), memset, strchr and strrchr. */
void bcopy(const void *from, void *to, size_t n);
void bzero(void *s, size_t n);
char *index(const char *s, int c);
char *rindex(const char *s, int c);

#ifdef __cplusplus
}
#endif

#endif
