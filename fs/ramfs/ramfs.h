/* File systems in memory: "ramfs", without a limit of its own, and "tmpfs", of at most half of the
 * machine's memory or what size=N[kmg%] says (tmpfs(5)). */
#ifndef FS_RAMFS_RAMFS_H
#define FS_RAMFS_RAMFS_H

#include <stdint.h>

/* Registers both. total_pages: the machine's memory, from which tmpfs's limit follows. */
void ramfs_register(uint32_t total_pages);

#endif
