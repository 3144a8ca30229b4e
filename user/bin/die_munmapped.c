/* Touches a page after munmap: segmentation fault (no-area), even if the TLB still had it. */
#include <vm.h>

#include "die.h"

int main(void)
{
    uint area = mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1, 0);
    *address_of(area) = 1;
    munmap(area);
    return *address_of(area);
}
