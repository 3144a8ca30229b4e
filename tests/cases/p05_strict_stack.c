/* Strict mode refuses a stack page for want of a promise while memory is free; the reason that the frame allocator noted long
 * ago (true: none was free) is taken for this refusal's, and everybody is killed. */
#include "sc.h"
static int deep(int n)
{
    volatile char a[4000];
    a[0] = (char)n;
    if (n == 0)
        return a[0];
    int r = deep(n - 1);
    return r + a[0];
}
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
    sc(N_overcommit, 2, 0);
    printf("strict mode, ratio 0; free frames %ld\n", freemem_());
    fflush(stdout);
    long d = sc(N_fork, 0);
    (void)d;
    if (d < 0) {
        sc(N_overcommit, 0, 50);
        d = sc(N_fork, 0);
        if (d == 0) {
            sc(N_overcommit, 2, 0);
            deep(20);
            sc(N_exit, 0);
        }
    } else if (d == 0) {
        deep(20);
        sc(N_exit, 0);
    }
    for (int k = 0; k < 50; k++)
        sc(N_yield, 0);
    sc(N_overcommit, 0, 50);
    for (int i = 0; i < 50; i++) {
        sc(N_yield, 0);
        long r = sc(N_waitpid, -1, &st, 1);
        if (r > 0)
            printf("died: pid %ld status %x%s\n", r, st,
                   r == d ? " (the one that recursed)" : " (INNOCENT)");
    }
    fflush(stdout);
    sc(N_kill, -1, 9);
    return 0;
}
