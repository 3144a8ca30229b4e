/*
 * The record channel. Records are sent whole and by the kernel alone: one write to /dev/report is one
 * record, so nothing is kept between writes that another writer could begin or end.
 */
#include "kernel/channel.h"

#include <asm/errno.h>
#include <linux/stat.h>
#include <stddef.h>

#include "dev/serial.h"
#include "kernel/console_impl.h"
#include "kernel/proc/process.h"

void channel_put_record(char tag, const char *text, uint32_t len)
{
    const char head[2] = {tag, ' '};
    serial_send_patiently(&serial_com3, head, sizeof(head));
    while (len > 0) {
        const char *newline = text;
        while (newline < text + len && *newline != '\n') {
            newline++;
        }
        uint32_t piece = (uint32_t)(newline - text);
        serial_send_patiently(&serial_com3, text, piece);
        if (piece < len) {
            serial_send_patiently(&serial_com3, " ", 1);
            piece++;
        }
        text += piece;
        len -= piece;
    }
    serial_send_patiently(&serial_com3, "\n", 1);
}

/* Only pid 1 reports: what is measured does not write its own measurement (bad-input R14). A
 * descriptor that a program inherited does not help it. */
static int report_open(const struct inode *inode)
{
    (void)inode;
    return process_running->pid == PROCESS_INIT_PID ? 0 : -EACCES;
}

/* One write is one record. A newline at its end is dropped. */
static int32_t report_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    static char record[CHANNEL_REPORT_MAX]; /* pid 1 alone is here */
    (void)file;
    (void)pos;
    if (process_running->pid != PROCESS_INIT_PID) {
        return -EPERM;
    }
    if (len > sizeof(record)) {
        return -EMSGSIZE;
    }
    if (io->get(io, record, len) < len) {
        return -EFAULT;
    }
    uint32_t text = len > 0 && record[len - 1] == '\n' ? len - 1 : len;
    if (text < 2 || record[1] != ' ') {
        return -EINVAL;
    }
    channel_put_record(record[0], record + 2, text - 2);
    return (int32_t)len;
}

static const struct file_ops report_ops = {
    .open = report_open,
    .read = file_no_read,
    .write = report_write,
    .ioctl = file_no_ioctl,
    .map = file_no_map,
    .release = file_no_release,
    .is_stream = true,
};

int channel_register_device(void)
{
    return fs_add_device("/dev/report", S_IFCHR | S_IWUSR, DEVICE_REPORT, &report_ops, NULL);
}
