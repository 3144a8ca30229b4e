/*
 * The record channel. Records are sent whole and by the kernel alone: what a program writes to
 * /dev/report is gathered until its line is complete, so that a kernel line can never land in the
 * middle of a report line.
 */
#include "kernel/channel.h"

#include <linux/stat.h>
#include <stddef.h>

#include "dev/serial.h"
#include "kernel/console_impl.h"
#include "lib/string.h"

#define REPORT_LINE_MAX 1024u

static struct {
    uint32_t len;
    char line[REPORT_LINE_MAX];
} report;

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

/* A line longer than the buffer goes out in parts. */
static bool report_send(void *context, const char *bytes, uint32_t n)
{
    (void)context;
    for (uint32_t i = 0; i < n; i++) {
        report.line[report.len++] = bytes[i];
        if (bytes[i] == '\n' || report.len == REPORT_LINE_MAX) {
            uint32_t len = report.len;
            report.len = 0;
            serial_send_patiently(&serial_com3, report.line, len);
        }
    }
    return true;
}

static int32_t report_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)file;
    (void)pos;
    return console_write_pieces(io, len, NULL, report_send);
}

static const struct file_ops report_ops = {.write = report_write, .is_stream = true};

int channel_register_device(void)
{
    return fs_add_device("/dev/report", S_IFCHR | S_IWUSR, DEVICE_REPORT, &report_ops, NULL);
}
