/* Devices without hardware. */
#ifndef FS_DEVFS_DEVFS_H
#define FS_DEVFS_DEVFS_H

#include "lib/compiler.h"

/* Adds /dev/null and /dev/zero to the tree that fs_init() made. Returns 0 or -ENOMEM. */
must_check int devfs_add_memory_devices(void);

#endif
