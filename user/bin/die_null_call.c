/* Calls address 0: segmentation fault (null). */
#include "die.h"

int main(void)
{
    ((void (*)(void))(uintptr_t)address_of(0))();
    return 0;
}
