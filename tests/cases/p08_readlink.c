#include "sc.h"
int main(void)
{
    char b[128];
    memset(b, 0, 128);
    long r = sc(N_readlink, "/link", b, 100);
    printf("readlink(/link) = %ld '%s' (Linux: length of the target)\n", r, b);
    long fd = sc(N_open, "/link", 0, 0);
    printf("open(/link) = %ld\n", fd);
    return 0;
}
