/* Page tables are frames too, so the cost of two pages depends on the distance between them. */
#include <stdio.h>
#include <vm.h>

#define TABLE_SPAN (2 << 20) /* what one page table maps under PAE: 512 pages */

/* Returns the frames that two populated pages at this distance take. */
static int cost_of_two(uint distance)
{
    int before = freemem();
    uint one =
        mmap(MMAPBASE, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    uint two = mmap(MMAPBASE + distance, PAGE_SIZE, PROT_READ | PROT_WRITE,
                    MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    int cost = before - freemem();
    munmap(one);
    munmap(two);
    return cost;
}

int main(void)
{
    int at_start = freemem();
    int near = cost_of_two(PAGE_SIZE), far = cost_of_two(TABLE_SPAN);
    int left = at_start - freemem();
    printf("two pages side by side:   %d frames\n", near);
    printf("two pages 2 MiB apart:    %d frames\n", far);
    printf("not freed at the end:     %d\n", left);
    return 0;
}
