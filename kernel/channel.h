/*
 * Records on COM3, run mode only: one per line, a tag, a blank, the text. `K` kernel log, `C` a line
 * the user must see, `T` fault trace; init writes `R`, `S` and `X` lines through /dev/report. The
 * runner on the host (faultline run) takes them apart again.
 */
#ifndef KERNEL_CHANNEL_H
#define KERNEL_CHANNEL_H

#include <stdint.h>

#include "lib/compiler.h"

/* Sends one record. Bytes that would break the framing (newlines) become blanks. */
void channel_put_record(char tag, const char *text, uint32_t len);
/* Adds /dev/report: each write of pid 1's is one record with its tag. -EACCES and -EPERM for others,
 * -EMSGSIZE for more than CHANNEL_REPORT_MAX bytes, -EINVAL without a tag and a blank. */
#define CHANNEL_REPORT_MAX 1024u
must_check int channel_register_device(void);

#endif
