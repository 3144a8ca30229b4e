/* <sys/utsname.h>: the kernel's name and version. */
#ifndef FL_SYS_UTSNAME_H
#define FL_SYS_UTSNAME_H

#include <linux/utsname.h>

#ifdef __cplusplus
extern "C" {
#endif

#define utsname new_utsname

int uname(struct utsname *out);

#ifdef __cplusplus
}
#endif

#endif
