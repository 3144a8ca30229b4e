/* Reads an area without any right: segmentation fault (no-access). */
#include <sys/mman.h>

#include "die.h"

int main(void)
{
    void *area = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return *address_of((uintptr_t)area);
}
