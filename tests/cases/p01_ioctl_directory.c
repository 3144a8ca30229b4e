/* ioctl on an open directory: file->ops is NULL, sys_ioctl reads file->ops->ioctl. Linux: ENOTTY. */
#include "sc.h"
int main(void)
{
    char buf[64];
    long fd = sc(N_open, "/", 0, 0);
    printf("fd %ld\n", fd);
    fflush(stdout);
    long r = sc(N_ioctl, fd, 0x5401, buf);
    printf("ioctl(TCGETS) on a directory = %ld\n", r);
    return 0;
}
