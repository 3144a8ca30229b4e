/* Reads a page of a mapping that lies entirely past the end of its file: bus error (i/o). */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "die.h"

int main(void)
{
    int fd = open("/bin/sum", O_RDONLY);
    off_t pages = (lseek(fd, 0, SEEK_END) + 4095) / 4096;
    void *area = mmap(NULL, ((size_t)pages + 1) * 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    return *address_of((uintptr_t)area + (uintptr_t)pages * 4096);
}
