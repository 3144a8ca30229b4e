/* Shared anonymous memory is not bounded by the size it was promised: in strict mode one promised page grows by mremap into
 * all of memory. Linux: a touch past the object is SIGBUS. */
#include "sc.h"
int main(void)
{
    long k = sc(N_overcommit, 2, 50);
    (void)k;
    long total;
    struct {
        unsigned t, f, a, b;
        char x[64 + 256];
    } ki;
    sc(N_kinfo, &ki);
    total = ki.t;
    printf("strict mode, ratio 50%%: limit %ld pages of %ld; free now %ld\n", total / 2, total,
           freemem_());
    char *p = anon(PG, SHARED_ANON);
    long big = (total - total / 8) * PG;
    long r = sc(N_mmap2, 0, big, RW, PRIV_ANON, -1, 0);
    printf("private map of %ld pages in strict mode: %ld (ENOMEM is right)\n", big / PG,
           r > -4096 && r < 0 ? r : 0);
    long q = sc(N_mremap, p, PG, big, MAYMOVE, 0);
    printf("mremap of the 1-page shared mapping to %ld pages: %lx\n", big / PG, q);
    fflush(stdout);
    if ((unsigned long)q >= -4095ul)
        return 1;
    long n = 0;
    for (char *c = (char *)q; c < (char *)q + big; c += PG) {
        *c = 1;
        n++;
        if (n % 4096 == 0) {
            printf("touched %ld, free %ld\n", n, freemem_());
            fflush(stdout);
        }
    }
    printf("touched %ld pages although at most %ld may be promised\n", n, total / 2);
    return 0;
}
