/* A process keeps all of memory in a shared anonymous object; its resident size is one page or two. Killing it frees one page
 * table at once, the rest only when it is scheduled. When init needs a second page before that: panic "out of memory and
 * nothing to kill". */
#include "sc.h"
extern char hog_code[], hog_end[];
/* ebp = start of the shared mapping, whose first page holds this code; edi = its end; esi = next page to take */
__asm__(
    ".text\n.globl hog_code\nhog_code:\n"
    "movl $91,%eax\nmovl $0x1000,%ebx\nmovl %ebp,%ecx\nsubl %ebx,%ecx\nint $0x80\n" /* unmap all below */
    "movl $91,%eax\nmovl %edi,%ebx\nmovl $0xC0000000,%ecx\nsubl %ebx,%ecx\nint $0x80\n" /* and above */
    "1: movl $552,%eax\nint $0x80\ncmpl $2,%eax\njb 3f\n"
    "movb $1,(%esi)\nmovl $219,%eax\nmovl %esi,%ebx\nmovl $4096,%ecx\nmovl $4,%edx\nint $0x80\n"
    "addl $4096,%esi\njmp 1b\n"
    "3: cmpl $1,%eax\njb 1b\nmovl 12(%ebp),%ebx\nincl 12(%ebp)\nshll $12,%ebx\naddl "
    "%ebp,%ebx\nmovb $1,(%ebx)\njmp 1b\n" /* one frame left: a page of the code's own table */
    ".globl hog_end\nhog_end:\n");
int main(void)
{
    long n = freemem_();
    volatile char *flag = anon(PG, SHARED_ANON);
    flag[0] = 0;
    long h = sc(N_fork, 0);
    if (h == 0) {
        char *p = (char *)sc(N_mmap2, 0x50000000, (n + 4000) * PG, 7, SHARED_ANON | 0x4000, -1, 0);
        memcpy(p + 64, hog_code, hog_end - hog_code);
        *(int *)(p + 12) = 1;
        char *q = p + 0x200000;
        while (freemem_() > 150) {
            *q = 1;
            q += PG;
            if (((unsigned long)q & 0x1fffff) == 0)
                sc(N_madvise, q - 0x200000, 0x200000, 4);
        }
        sc(N_madvise, p + 0x200000, (n + 4000) * PG - 0x200000, 4);
        flag[0] = 1;
        __asm__ volatile(
            "movl %0,%%esi\nmovl %1,%%edi\nmovl %2,%%ebp\nleal 64(%%ebp),%%eax\njmp *%%eax" ::"a"(
                q),
            "c"(p + (n + 4000) * PG), "d"(p));
    }
    while (!flag[0])
        sc(N_yield, 0);
    /* nothing more to touch here: end at once */
    sc(N_exit, 0);
    return 0;
}
