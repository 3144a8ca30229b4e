/*
 * S_IFDIR and its family. Linux's header has them for whoever builds without glibc; on the host,
 * where the tests build with it, <linux/stat.h> leaves them to glibc's own header. Included before
 * anything that draws in glibc's <features.h> (mm/phys/kheap.h does, for <sys/queue.h>).
 */
#ifndef FS_TREE_MODE_H
#define FS_TREE_MODE_H

#if __STDC_HOSTED__
#include <sys/stat.h>
#else
#include <linux/stat.h>
#endif

#endif
