/* The first program. Shows that a program is loaded, receives its arguments, and can print. */
#include <stdio.h>

int main(int argc, char **argv)
{
    printf("Hello from Faultline!\n");
    for (int i = 1; i < argc; i++) {
        printf("argument %d: %s\n", i, argv[i]);
    }
    return 0;
}
