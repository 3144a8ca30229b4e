/* <strings.h>: comparison that ignores case, and the lowest set bit. */
#ifndef FL_STRINGS_H
#define FL_STRINGS_H

#include <stddef.h>

int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t n);
int bcmp(const void *a, const void *b, size_t n);
int ffs(int value);

#endif
