/*
 * Shows the teaching interface step by step: how mmap, a first touch, munmap, populate and a file
 * mapping change the number of free frames. Start it with `run mapdemo`.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vm.h>

#define PAGES     8
#define FILE_NAME "/bin/hello"

static int last_free;

/* Prints the free frames and how many the step has taken (-) or freed (+). */
static void show(const char *step)
{
    int now = freemem();
    printf("%-52s free %6d  (%+d)\n", step, now, now - last_free);
    last_free = now;
}

static void lazy_area(void)
{
    uint area = mmap(0, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1, 0);
    printf("mmap gave 0x%08x\n", area);
    show("8 lazy pages mapped: nothing is taken");
    volatile char *bytes = (volatile char *)area;
    bytes[0] = 1;
    show("first page touched: it and its page table");
    bytes[PAGE_SIZE] = 1;
    show("second page touched: one more");
    munmap(area);
    show("unmapped: pages and table are back");
}

static void populated_area(void)
{
    uint area = mmap(0x10000, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                     MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    printf("mmap at offset 0x10000 gave 0x%08x\n", area);
    show("8 pages with MAP_POPULATE: all at once");
    munmap(area);
    show("unmapped");
}

static void file_area(void)
{
    int fd = open(FILE_NAME, O_RDONLY);
    uint area = mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    show(FILE_NAME " mapped and closed");
    if (area != 0) {
        const char *bytes = (const char *)area;
        printf("its first bytes are 0x%02x %.3s\n", (unsigned char)bytes[0], bytes + 1);
        show("first page read: it and its page table");
        munmap(area);
        show("unmapped");
    }
}

int main(void)
{
    printf("A page is %d bytes; mappings start at 0x%08x.\n", PAGE_SIZE, MMAPBASE);
    last_free = freemem();
    show("before anything");
    lazy_area();
    populated_area();
    file_area();
    return 0;
}
