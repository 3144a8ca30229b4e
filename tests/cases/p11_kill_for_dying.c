/* A new child is chosen by the out-of-memory killer before it has run once. When it first runs, it faults for its first
 * instruction; nobody asks whether it is dying already, and an innocent is killed to give it a page. */
#include "sc.h"
static void touch(char *p, long n)
{
    for (long i = 0; i < n; i++)
        p[i * PG] = 1;
}
int main(void)
{
    int st;
    volatile char *flag = anon(PG, SHARED_ANON);
    flag[0] = 0;
    long inno = sc(N_fork, 0);
    if (inno == 0) {
        char *p = anon(60 * PG, PRIV_ANON);
        touch(p, 60);
        flag[0] = 1;
        for (;;)
            sc(N_yield, 0);
    }
    while (!flag[0])
        sc(N_yield, 0);
    sc(N_oomadj, inno, 500, 0);
    long n = freemem_();
    char *p = anon((n + 2000) * PG, PRIV_ANON | 0x4000);
    printf("pid %ld, innocent %ld, free %ld\n", sc(N_getpid, 0), inno, n);
    fflush(stdout);
    sc(N_mlock, p, (n - 200) * PG); /* nearly all, in one call */
    long i = n - 200;
    char *q = p + i * PG;
    while (freemem_() > 160) {
        *q = 1;
        q += PG;
    }
    sc(N_yield, 0);
    long child = sc(N_fork, 0);
    if (child == 0) {
        sc(N_exit, 0);
    }
    if (child < 0) {
        printf("fork %ld free %ld\n", child, freemem_());
        return 1;
    }
    sc(N_oomadj, child, 1000, 0);
    while (freemem_() > 0) {
        *q = 1;
        q += PG;
    }
    *q = 1;
    q += PG; /* out of memory: the child is chosen, which has not run yet */
    long left = freemem_();
    while (freemem_() > 0) {
        *q = 1;
        q += PG;
    }
    for (int k = 0; k < 3; k++)
        sc(N_yield, 0); /* the child's turn */
    long r;
    (void)left;
    for (int k = 0; k < 20; k++) {
        sc(N_yield, 0);
        r = sc(N_waitpid, -1, &st, 1);
        if (r > 0) {
            char m[2];
            (void)m;
            if (r == inno)
                say("INNOCENT died\n");
            else if (r == child)
                say("child died\n");
        }
    }
    sc(N_kill, -1, 9);
    return 0;
}
