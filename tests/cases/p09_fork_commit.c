/* mode 0: each mapping fits, their sum is above memory. Linux checks area by area when it forks. */
#include "sc.h"
int main(void)
{
    struct {
        unsigned t, f, a, b;
        char x[320];
    } ki;
    sc(N_kinfo, &ki);
    long n = (long)ki.t * 60 / 100;
    char *a = anon(n * PG, PRIV_ANON), *b = anon(n * PG, PRIV_ANON);
    a[0] = b[0] = 1;
    long c = sc(N_fork, 0);
    if (c == 0)
        sc(N_exit, 0);
    printf("two untouched mappings of 60%% of memory; fork = %ld (Linux mode 0: a pid)\n", c);
    return 0;
}
