/* The parts of <signal.h>, <termios.h>, <sys/time.h> and <sys/stat.h> that make no call. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <termios.h>

static void sets(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigdelset(&set, SIGINT);
    for (int i = 1; i < 32; i++) {
        printf("%d", sigismember(&set, i));
    }
    sigfillset(&set);
    errno = 0;
    printf(" %d %d %d\n", sigismember(&set, SIGKILL), sigaddset(&set, 0), errno == EINVAL);
}

static void terminals(void)
{
    struct termios settings;
    memset(&settings, 0xFF, sizeof(settings));
    cfmakeraw(&settings);
    printf("%o %o %o %o\n", settings.c_iflag, settings.c_oflag, settings.c_cflag & 0xFFFF,
           settings.c_lflag);
    printf("%d %d\n", settings.c_cc[VMIN], settings.c_cc[VTIME]);
    printf("%d", cfsetospeed(&settings, B38400));
    printf(" %d %d\n", cfgetospeed(&settings) == B38400, cfsetospeed(&settings, 12345) != 0);
}

static void times(void)
{
    struct timeval a = {10, 900000}, b = {3, 200000}, c;
    timeradd(&a, &b, &c);
    printf("%ld %ld", (long)c.tv_sec, (long)c.tv_usec);
    timersub(&b, &a, &c);
    printf(" %ld %ld", (long)c.tv_sec, (long)c.tv_usec);
    printf(" %d %d %d\n", timercmp(&a, &b, <), timercmp(&a, &b, !=), timerisset(&c) != 0);
}

int main(void)
{
    sets();
    terminals();
    times();
    printf("%d %d %d\n", S_ISDIR(S_IFDIR | 0755) != 0, S_ISREG(S_IFDIR) != 0, S_IRWXU | S_IXOTH);
    return 0;
}
