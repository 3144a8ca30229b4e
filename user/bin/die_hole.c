/* Writes where nothing is mapped: segmentation fault (no-area). */
#include "die.h"

int main(void)
{
    *address_of(0x70000000) = 1;
    return 0;
}
