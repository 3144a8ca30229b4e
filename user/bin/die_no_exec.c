/*
 * Runs code from an area that is mapped for reading and writing: segmentation fault (no-exec) where
 * the CPU has NX. Without NX the code runs, and the program ends with 7.
 */
#include <string.h>
#include <sys/mman.h>

#include "die.h"

int main(void)
{
    static const unsigned char code[] = {0xB8, 7, 0, 0, 0, 0xC3}; /* mov eax, 7; ret */
    void *area = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(area, code, sizeof(code));
    return ((int (*)(void))(uintptr_t)address_of((uintptr_t)area))();
}
