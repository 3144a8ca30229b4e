/* Reads the first byte of kernel memory: segmentation fault (kernel-address). */
#include "die.h"

int main(void)
{
    return *address_of(0xC0000000);
}
