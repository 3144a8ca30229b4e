/* Exits with the value of its first argument, of which the report shows all 32 bits (contract
 * L7). */
#include <stdlib.h>

int main(int argc, char **argv)
{
    return argc > 1 ? atoi(argv[1]) : 0;
}
