/*
 * Red-black trees: FreeBSD's macros, from libbsd-dev. The header needs BSD's __unused, which
 * glibc's <sys/cdefs.h> lacks. A user that keeps a sum per subtree (the hole search in mm/) defines
 * RB_AUGMENT(node) before including this header.
 */
#ifndef LIB_TREE_H
#define LIB_TREE_H

#ifndef __unused
#define __unused __attribute__((unused))
#endif

#include <bsd/sys/tree.h>

#endif
