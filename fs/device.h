/* Device nodes, which drivers add at start-up. */
#ifndef FS_DEVICE_H
#define FS_DEVICE_H

#include <stdint.h>

#include "lib/compiler.h"

struct file_ops;

/* Adds a device node, e.g. "/dev/console"; makes parent directories. Panics if ops has a gap. 0 or
 * -ENOMEM, -EEXIST. */
must_check int fs_add_device(const char *path, uint32_t mode, uint32_t device,
                             const struct file_ops *ops, void *data);

#endif
