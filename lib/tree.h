/*
 * Red-black trees: FreeBSD's macros, from libbsd-dev. The header wants BSD's __unused, which glibc's
 * <sys/cdefs.h> does not have. A user that keeps a sum per subtree (hole search in mm/) defines
 * RB_AUGMENT(node) before it includes this.
 */
#ifndef LIB_TREE_H
#define LIB_TREE_H

#ifndef __unused
#define __unused __attribute__((unused))
#endif

#include <bsd/sys/tree.h>

#endif
