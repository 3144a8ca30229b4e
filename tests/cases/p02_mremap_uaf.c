/* mremap(old_len 0, MAYMOVE|FIXED) of a shared mapping onto itself: the destination is unmapped first, which
 * destroys the object whose pointer was noted before. Linux: EFAULT. */
#include "sc.h"
int main(void)
{
    char *p = anon(PG, SHARED_ANON);
    p[0] = 1;
    printf("p %p\n", p);
    fflush(stdout);
    long r = sc(N_mremap, p, 0, PG, MAYMOVE | FIXED, p);
    printf("mremap = %lx (%ld)\n", r, r);
    fflush(stdout);
    if ((unsigned long)r < -4095ul) {
        printf("touch\n");
        fflush(stdout);
        ((char *)r)[0] = 2;
        printf("read %d\n", ((char *)r)[0]);
    }
    return 0;
}
