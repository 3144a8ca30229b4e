/* Takes all memory, page by page, and then one more page: killed, out of memory. */
#include <stdlib.h>
#include <sys/mman.h>

#define STEP (1u << 20)

int main(void)
{
    for (;;) {
        char *area = mmap(NULL, STEP, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (area == MAP_FAILED) {
            return EXIT_FAILURE; /* the address space filled up before memory did */
        }
        for (size_t at = 0; at < STEP; at += 4096) {
            ((volatile char *)area)[at] = 1;
        }
    }
}
