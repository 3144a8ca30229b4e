/* A program asks never to be killed, takes every frame and outlives its parent. Then pid 1 needs one. */
#include "sc.h"

#define NORESERVE 0x4000

static void take_all_frames(void)
{
    unsigned long bytes = (unsigned long)freemem_() * PG;
    char *p = bytes == 0 ? 0 : anon(bytes, PRIV_ANON | NORESERVE);

    if (p != 0 && (unsigned long)p < (unsigned long)-PG) {
        (void)sc(N_mlock, p, bytes); /* fails half-way, and kills nobody */
    }
}

int main(void)
{
    int old;

    if (sc(N_fork, 0) == 0) {
        (void)sc(N_oomadj, 0, -1000, &old);
        for (;;) {
            take_all_frames();
            (void)sc(N_yield, 0);
        }
    }
    while (freemem_() > 0) {
        (void)sc(N_yield, 0);
    }
    return 0;
}
