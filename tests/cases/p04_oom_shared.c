/* The out-of-memory victim holds shared anonymous memory: reaping frees nothing but page tables, so the killer goes on.
 * argument "fair": the hog's memory is private (for comparison); "hidden": the hog drops its table entries (MADV_DONTNEED). */
#include "sc.h"
static void touch(char *p, long n)
{
    for (long i = 0; i < n; i++)
        p[i * PG] = 1;
}
int main(int argc, char **argv)
{
    int fair = argc > 1 && argv[1][0] == 'f', hidden = argc > 1 && argv[1][0] == 'h';
    long free0 = freemem_();
    long hogpages = free0 * 60 / 100, inno = free0 * 8 / 100;
    volatile char *flag = anon(PG, SHARED_ANON);
    flag[0] = 0;
    long hog = sc(N_fork, 0);
    if (hog == 0) {
        char *p = anon(hogpages * PG, fair ? PRIV_ANON : SHARED_ANON);
        touch(p, hogpages);
        if (hidden)
            sc(N_madvise, p, hogpages * PG, 4);
        flag[0] = 1;
        for (;;)
            sc(N_yield, 0);
    }
    while (!flag[0])
        sc(N_yield, 0);
    long pid[3];
    for (int i = 0; i < 3; i++) {
        flag[0] = 0;
        pid[i] = sc(N_fork, 0);
        if (pid[i] == 0) {
            char *p = anon(inno * PG, PRIV_ANON);
            touch(p, inno);
            flag[0] = 1;
            for (;;)
                sc(N_yield, 0);
        }
        while (!flag[0])
            sc(N_yield, 0);
    }
    printf("free at start %ld; hog %ld holds %ld %s pages; innocents %ld %ld %ld hold %ld each; "
           "free now %ld\n",
           free0, hog, hogpages,
           fair     ? "private"
           : hidden ? "shared, unmapped"
                    : "shared",
           pid[0], pid[1], pid[2], inno, freemem_());
    fflush(stdout);
    long n = freemem_();
    long z = sc(N_open, "/dev/zero", 0, 0);
    char *p = anon((n + 400) * PG, PRIV_ANON);
    sc(N_mlock, p, (n - 2400) * PG); /* stay smaller than an innocent */
    char *p2 = anon(2400 * PG, PRIV_ANON);
    long f = sc(N_fork, 0);
    if (f == 0) {
        touch(p2, 2300);
        flag[0] = 2;
        for (;;)
            sc(N_yield, 0);
    }
    while (flag[0] != 2)
        sc(N_yield, 0);
    n = freemem_() + 200;
    long r = sc(N_read, z, p + (freemem_() > 0 ? 0 : 0) + 0, 0);
    (void)r;
    char *q = anon(n * PG, PRIV_ANON);
    r = sc(N_read, z, q, n * PG);
    printf("read of /dev/zero into %ld pages (200 more than free) = %ld\n", n, r);
    fflush(stdout);
    int st;
    long dead = 0;
    for (int i = 0; i < 80; i++) {
        sc(N_yield, 0);
        long w = sc(N_waitpid, -1, &st, 1);
        if (w > 0) {
            printf("died: pid %ld status %x%s\n", w, st, w == hog ? " (the hog)" : " (INNOCENT)");
            dead++;
        }
    }
    printf("%ld processes died; free now %ld\n", dead, freemem_());
    fflush(stdout);
    sc(N_kill, -1, 9);
    return 0;
}
