/* The variable errno. It has a file of its own because the allocators are also built for musl, which
 * has another. */
#include <errno.h>

int errno;
