/*
 * Touches three bytes of 64 MiB of zeros, which the file does not contain and which take no frames
 * otherwise. There is no libc, so that every fault is the program's own:
 *   gcc -m32 -nostdlib -no-pie sparse.c -o sparse
 */
static char big[64 << 20];

int _start(void)
{
    big[0] = 1;
    big[32 << 20] = 2;
    big[sizeof(big) - 1] = 3;
    return big[0] + big[32 << 20] + big[sizeof(big) - 1];
}
