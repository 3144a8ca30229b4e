/* <sys/ioctl.h>: Linux's terminal requests and struct winsize. */
#ifndef FL_SYS_IOCTL_H
#define FL_SYS_IOCTL_H

#include <asm/ioctls.h>
#include <asm/termios.h>

#ifdef __cplusplus
extern "C" {
#endif

int ioctl(int fd, unsigned long request, ...);

#ifdef __cplusplus
}
#endif

#endif
