/* <termios.h> over ioctl. Linux's TCSETS, TCSETSW and TCSETSF follow each other as POSIX's when do. */
#include <termios.h>

#include <errno.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

int tcgetattr(int fd, struct termios *settings)
{
    return ioctl(fd, TCGETS, settings);
}

int tcsetattr(int fd, int when, const struct termios *settings)
{
    if (when < TCSANOW || when > TCSAFLUSH) {
        errno = EINVAL;
        return -1;
    }
    return ioctl(fd, (unsigned long)(TCSETS + when), settings);
}

int tcdrain(int fd)
{
    return ioctl(fd, TCSBRK, 1);
}

int tcflow(int fd, int action)
{
    return ioctl(fd, TCXONC, action);
}

int tcflush(int fd, int queue)
{
    return ioctl(fd, TCFLSH, queue);
}

int tcsendbreak(int fd, int duration)
{
    (void)duration; /* Linux's length, whatever it is */
    return ioctl(fd, TCSBRK, 0);
}

pid_t tcgetpgrp(int fd)
{
    pid_t group;
    return ioctl(fd, TIOCGPGRP, &group) < 0 ? -1 : group;
}

int tcsetpgrp(int fd, pid_t group)
{
    return ioctl(fd, TIOCSPGRP, &group);
}

void cfmakeraw(struct termios *settings)
{
    settings->c_iflag &=
        ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    settings->c_oflag &= ~(tcflag_t)OPOST;
    settings->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    settings->c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    settings->c_cflag |= CS8;
    settings->c_cc[VMIN] = 1;
    settings->c_cc[VTIME] = 0;
}

/* Linux keeps the speed in c_cflag; input and output have the same. */
speed_t cfgetospeed(const struct termios *settings)
{
    return settings->c_cflag & CBAUD;
}

speed_t cfgetispeed(const struct termios *settings)
{
    return cfgetospeed(settings);
}

int cfsetospeed(struct termios *settings, speed_t speed)
{
    if ((speed & ~(speed_t)CBAUD) != 0) {
        errno = EINVAL;
        return -1;
    }
    settings->c_cflag = (settings->c_cflag & ~(tcflag_t)CBAUD) | speed;
    return 0;
}

/* An input speed of 0 means the output's. */
int cfsetispeed(struct termios *settings, speed_t speed)
{
    return speed == 0 ? 0 : cfsetospeed(settings, speed);
}

int cfsetspeed(struct termios *settings, speed_t speed)
{
    return cfsetospeed(settings, speed);
}
