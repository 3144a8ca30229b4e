/* An unfinished line in /dev/report swallows the first line of init's report. */
#include "sc.h"
int main(void)
{
    long fd = sc(N_open, "/dev/report", 1, 0);
    sc(N_write, fd, "S junk ", 7);
    return 42;
}
