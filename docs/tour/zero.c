/* Counts the frames that reading and writing untouched memory costs. */
#include <stdio.h>
#include <sys/mman.h>

#define PAGE  4096
#define PAGES 100

int main(void)
{
    volatile char *memory =
        mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int sum = 0, at_start = freemem();
    for (int page = 0; page < PAGES; page++) {
        sum += memory[page * PAGE];
    }
    int after_reading = freemem();
    for (int page = 0; page < 10; page++) {
        memory[page * PAGE] = 1;
    }
    int after_writing = freemem();
    printf("100 pages read, their sum is %d: %d frame\n", sum, at_start - after_reading);
    printf("10 of them written:          %d frames\n", after_reading - after_writing);
    return 0;
}
