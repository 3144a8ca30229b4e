/* A page number above 2^24 in shared anonymous memory: radix_insert says EFBIG, the pager ENOMEM, the killer kills. */
#include "sc.h"
static void touch(char *p, long n)
{
    for (long i = 0; i < n; i++)
        p[i * PG] = 1;
}
int main(int argc, char **argv)
{
    int st;
    int prime = argc < 2;
    if (prime) {
        long c = sc(N_fork, 0);
        if (c == 0) {
            long n = freemem_() + 100;
            char *p = anon(n * PG, PRIV_ANON | 0x4000);
            touch(p, n);
            sc(N_exit, 0);
        }
        sc(N_waitpid, c, &st, 0);
        printf("a child ran out of memory before: status %x; free now %ld\n", st, freemem_());
    }
    long pid[4];
    for (int i = 0; i < 4; i++) {
        pid[i] = sc(N_fork, 0);
        if (pid[i] == 0) {
            char *p = anon(100 * PG, PRIV_ANON);
            touch(p, 100);
            for (;;)
                sc(N_yield, 0);
        }
    }
    for (int k = 0; k < 50; k++)
        sc(N_yield, 0);
    long d = sc(N_fork, 0);
    if (d == 0) {
        unsigned long G = 0x20000000ul;
        char *p = anon(PG, SHARED_ANON);
        p = (char *)sc(N_mremap, p, PG, G, MAYMOVE, 0);
        int k;
        for (k = 0; k < 140; k++) { /* a second view that begins at the last page, 512 MiB long */
            long q = sc(N_mremap, p + G - PG, 0, G, MAYMOVE, 0);
            if ((unsigned long)q >= -4095ul) {
                printf("dup %d: %ld\n", k, q);
                break;
            }
            sc(N_munmap, p, G);
            p = (char *)q;
        }
        printf("offset now about %d x 512 MiB, free frames %ld: touching\n", k, freemem_());
        fflush(stdout);
        p[0] = 1;
        p[G - PG] = 1;
        printf("survived\n");
        fflush(stdout);
        sc(N_exit, 0);
    }
    for (int k = 0; k < 200; k++)
        sc(N_yield, 0);
    for (int i = 0; i < 50; i++) {
        sc(N_yield, 0);
        long r = sc(N_waitpid, -1, &st, 1);
        if (r > 0)
            printf("died: pid %ld status %x%s\n", r, st,
                   r == d ? " (the one that touched)" : " (INNOCENT)");
    }
    fflush(stdout);
    sc(N_kill, -1, 9);
    return 0;
}
