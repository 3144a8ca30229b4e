/* The stack grows a page at a time as it is used, and never shrinks. */
#include <stdio.h>
#include <stdlib.h>
#include <vm.h>

/* Uses about `pages` pages of stack. */
__attribute__((noinline)) static int use(int pages)
{
    volatile char block[PAGE_SIZE];
    int at = pages % PAGE_SIZE; /* no compiler knows the index, so the whole block stays */
    block[at] = 1;
    return pages > 1 ? use(pages - 1) + block[at] : block[at];
}

int main(int argc, char **argv)
{
    int pages = argc > 1 ? atoi(argv[1]) : 100;
    int before = freemem();
    (void)use(pages);
    int deep = freemem();
    (void)use(pages);
    int again = freemem();
    printf("%d pages deep: %s\n", pages,
           before - deep >= pages ? "a frame for each" : "fewer frames");
    printf("as deep again: %d frames more\n", deep - again);
    return 0;
}
