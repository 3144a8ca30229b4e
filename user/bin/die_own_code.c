/* Writes into its own code: segmentation fault (read-only). */
#include "die.h"

int main(void)
{
    *address_of((uintptr_t)main) = 0;
    return 0;
}
