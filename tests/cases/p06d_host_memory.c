/* A figure's name with a large number makes the host's perl make an array of that size. */
#include "sc.h"
int main(void)
{
    long fd = sc(N_open, "/dev/report", 1, 0);
    const char *s = "S x.2000000000 1\n";
    sc(N_write, fd, s, strlen(s));
    return 5;
}
