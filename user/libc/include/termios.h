/* <termios.h>: terminal settings. Linux's structure and numbers, and POSIX's functions over ioctl. */
#ifndef FL_TERMIOS_H
#define FL_TERMIOS_H

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TCSANOW   0
#define TCSADRAIN 1
#define TCSAFLUSH 2

int tcgetattr(int fd, struct termios *settings);
/* when: TCSANOW, TCSADRAIN or TCSAFLUSH. */
int tcsetattr(int fd, int when, const struct termios *settings);
int tcdrain(int fd);
int tcflow(int fd, int action);
int tcflush(int fd, int queue);
int tcsendbreak(int fd, int duration);
/* The terminal's foreground process group. */
pid_t tcgetpgrp(int fd);
int tcsetpgrp(int fd, pid_t group);

/* BSD's raw mode: no echo, no lines, no signals, 8 bits. */
void cfmakeraw(struct termios *settings);
speed_t cfgetispeed(const struct termios *settings);
speed_t cfgetospeed(const struct termios *settings);
int cfsetispeed(struct termios *settings, speed_t speed);
int cfsetospeed(struct termios *settings, speed_t speed);
int cfsetspeed(struct termios *settings, speed_t speed);

#ifdef __cplusplus
}
#endif

#endif
