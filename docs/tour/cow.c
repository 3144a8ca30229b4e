/*
 * fork shares memory until one side writes. The child writes to ten of a hundred pages that the
 * parent has filled; these are the only pages that are ever
 * copied.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096
#define PAGES 100

static void child(volatile char *memory)
{
    for (int page = 0; page < PAGES; page++) { /* the child's own start has cost its frames now */
        (void)memory[page * PAGE];
    }
    int before = freemem();
    for (int page = 0; page < 10; page++) {
        memory[page * PAGE] = 'c';
    }
    int after = freemem();
    printf("child:  100 pages are there; writing to 10 takes %d frames\n", before - after);
    printf("child:  page 0 holds %c, page 99 holds %c\n", memory[0], memory[99 * PAGE]);
    fflush(stdout);
    _exit(0);
}

int main(void)
{
    volatile char *memory =
        mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int page = 0; page < PAGES; page++) {
        memory[page * PAGE] = 'p';
    }
    int before = freemem();
    if (fork() == 0) {
        child(memory);
    }
    (void)wait(NULL);
    int after = freemem();
    printf("parent: page 0 holds %c, page 99 holds %c\n", memory[0], memory[99 * PAGE]);
    printf("parent: frames that the child kept: %d\n", before - after);
    return 0;
}
