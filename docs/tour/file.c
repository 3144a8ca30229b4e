/* A file's pages arrive by faults too, and two mappings of one file share them. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int fd = open(argc > 1 ? argv[1] : "", O_RDONLY);
    if (fd < 0) {
        perror("open");
        return 1;
    }
    const volatile char *one = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    const volatile char *two = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    char first[8] = "";
    int before = freemem();
    first[0] = one[0];
    int once = freemem();
    first[1] = two[1];
    int twice = freemem();
    for (int i = 2; i < 6; i++) {
        first[i] = two[i];
    }
    munmap((void *)one, 4096);
    munmap((void *)two, 4096);
    int unmapped = freemem();
    printf("the file begins with \"%s\"\n", first);
    printf("first mapping read:  %d frames (its page and a page table)\n", before - once);
    printf("second mapping read: %d frames\n", once - twice);
    printf("both unmapped:       %d frames missing\n", before - unmapped);
    return 0;
}
