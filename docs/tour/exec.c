/*
 * Calls six bytes of machine code in a readable and writable area. With the argument "exec" mprotect
 * makes the area readable and executable before the call.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
    static const unsigned char code[] = {0xB8, 42, 0, 0, 0, 0xC3}; /* mov eax, 42; ret */
    (void)argv;
    unsigned char *area =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(area, code, sizeof(code));
    if (argc > 1) {
        mprotect(area, 4096, PROT_READ | PROT_EXEC);
    }
    int (*function)(void) = (int (*)(void))area;
    printf("the code says %d\n", function());
    return 0;
}
