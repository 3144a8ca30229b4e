/* Writes into an area that is mapped for reading: segmentation fault (read-only). */
#include <vm.h>

#include "die.h"

int main(void)
{
    uint area = mmap(0, PAGE_SIZE, PROT_READ, MAP_ANONYMOUS, -1, 0);
    *address_of(area) = 1;
    return 0;
}
