/* /dev/report: pid 1's own frames in the stream. */
#include <asm/errno.h>
#include <linux/stat.h>
#include <stddef.h>

#include "lib/string.h"
#include "tty/job.h"
#include "tty/tty_impl.h"

/* Only pid 1 reports, so that no program can report about itself (bad-input R14). */
static int report_open(struct file *file)
{
    (void)file;
    return job_is_init() ? 0 : -EACCES;
}

/* One write is one frame. A newline at its end is dropped. */
static int32_t report_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    static char record[STREAM_LINE_MAX]; /* pid 1 has one thread */

    (void)file;
    (void)pos;
    if (!job_is_init()) {
        return -EPERM;
    }
    if (len > sizeof(record)) {
        return -EMSGSIZE;
    }
    if (io->get(io, record, len) < len) {
        return -EFAULT;
    }
    uint32_t text = len > 0 && record[len - 1] == '\n' ? len - 1 : len;

    if (text < 2 || record[0] == '\0' || strchr(STREAM_REPORT_TAGS, record[0]) == NULL ||
        record[1] != ' ') {
        return -EINVAL;
    }
    stream_put((enum stream_kind)record[0], record + 2, text - 2);
    return (int32_t)len;
}

static const struct file_ops report_ops = {
    .open = report_open,
    .read = file_no_read,
    .write = report_write,
    .ioctl = file_no_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .poll = file_poll_always,
    .is_stream = true,
};

int report_register(void)
{
    return fs_add_device("/dev/report", S_IFCHR | S_IWUSR, DEVICE_REPORT, &report_ops, NULL);
}
