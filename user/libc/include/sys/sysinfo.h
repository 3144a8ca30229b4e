/* <sys/sysinfo.h>: memory, load and uptime of the machine. */
#ifndef FL_SYS_SYSINFO_H
#define FL_SYS_SYSINFO_H

#include <linux/sysinfo.h>

#ifdef __cplusplus
extern "C" {
#endif

int sysinfo(struct sysinfo *info);

#ifdef __cplusplus
}
#endif

#endif
