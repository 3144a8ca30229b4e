/*
 * Contract 1's example with data: three image pages of its own, touched in order, so that the two
 * load policies differ. Built by exactly `gcc -m32 -nostdlib -no-pie sum.c -o sum`; _start returns.
 */
int A[1024] __attribute__((aligned(4096))) = {0};
int sum = 0;

int _start(void)
{
    for (int i = 0; i < 1024; i++)
        A[i] = 2;
    for (int i = 0; i < 1024; i++)
        sum += A[i];
    return sum;
}
