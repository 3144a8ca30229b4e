/* Reads address 0: segmentation fault (null). */
#include "die.h"

int main(void)
{
    return *address_of(0);
}
