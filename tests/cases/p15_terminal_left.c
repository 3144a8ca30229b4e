/* Leaves the terminal raw, and reads of standard input that do not wait. */
#include "sc.h"
#include <asm/termbits.h>
#define N_fcntl  221
#define SETFL    4
#define NONBLOCK 04000
#define GET      0x5401
#define SET      0x5402

int main(void)
{
    struct termios raw;

    (void)sc(N_fcntl, 0, SETFL, NONBLOCK);
    if (sc(N_ioctl, 0, GET, &raw) != 0) {
        return 1;
    }
    raw.c_lflag = 0;
    raw.c_cc[VMIN] = 0;
    return (int)sc(N_ioctl, 0, SET, &raw) == 0 ? 0 : 1;
}
