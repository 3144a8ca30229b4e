/* munmap frees every frame, and the address is gone at once: the last line never prints. */
#include <stdio.h>
#include <vm.h>

int main(void)
{
    int before = freemem();
    uint area = mmap(0, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1, 0);
    int mapped = freemem();
    volatile char *bytes = (volatile char *)area;
    for (int page = 0; page < 8; page++) {
        bytes[page * PAGE_SIZE] = 1;
    }
    int touched = freemem();
    int answer = munmap(area);
    int unmapped = freemem();
    printf("mmap of 8 pages at 0x%x takes %d frames\n", area, before - mapped);
    printf("touching them takes %d\n", mapped - touched);
    printf("munmap returns %d and frees %d\n", answer, unmapped - touched);
    fflush(stdout);
    printf("the first byte is %d\n", bytes[0]);
    return 0;
}
