/* The devices without hardware, /dev/null and /dev/zero, with Linux's numbers. */
#include <asm/errno.h>

#include "fs/devfs/devfs.h"
#include "fs/device.h"
#include "fs/file.h"
#include "lib/minmax.h"
#include "lib/preempt.h"
#include "mm/pager/shared_anon.h"

/* Linux: Documentation/admin-guide/devices.txt, major 1. In a 32-bit st_rdev: major << 8 |
 * minor. */
#define DEVICE_NULL 0x0103u
#define DEVICE_ZERO 0x0105u

static int32_t null_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)file;
    (void)io;
    (void)len;
    (void)pos;
    return 0;
}

/* Takes everything without looking at it, as Linux does: not even the buffer need be good. */
static int32_t null_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)file;
    (void)io;
    (void)pos;
    return (int32_t)len;
}

static int32_t zero_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    static const char zeros[256];
    uint32_t done = 0, steps = 0;
    (void)file;
    (void)pos;
    while (done < len && !preempt_step(&steps)) {
        uint32_t n = min_u32(len - done, (uint32_t)sizeof(zeros));
        uint32_t moved = io->put(io, zeros, n);
        done += moved;
        if (moved < n) {
            break;
        }
    }
    return done > 0 || len == 0 ? (int32_t)done : -EFAULT;
}

/* A private mapping is anonymous memory, and a shared one an object of shared anonymous memory. */
static int zero_map(struct file *file, const struct file_mapping *mapping,
                    struct vm_object **object)
{
    (void)file;
    *object = NULL;
    if (mapping->is_shared) {
        *object = vm_object_shared_anon(mapping->pages, mapping->is_no_reserve);
    }
    return mapping->is_shared && *object == NULL ? -ENOMEM : 0;
}

static const struct file_ops null_ops = {
    .open = file_open_by_all,
    .read = null_read,
    .write = null_write,
    .ioctl = file_no_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .poll = file_poll_always,
    .is_positionless = true,
};
static const struct file_ops zero_ops = {
    .open = file_open_by_all,
    .read = zero_read,
    .write = null_write,
    .ioctl = file_no_ioctl,
    .map = zero_map,
    .release = file_no_release,
    .poll = file_poll_always,
    .is_positionless = true,
};

int devfs_add_memory_devices(void)
{
    int err = fs_add_device("/dev/null", 0666, DEVICE_NULL, &null_ops, NULL);
    return err != 0 ? err : fs_add_device("/dev/zero", 0666, DEVICE_ZERO, &zero_ops, NULL);
}
