/*
 * Contract 1's smallest example: _start alone, and a negative value. Built by exactly
 * `gcc -m32 -nostdlib -no-pie prime.c -o prime`; _start returns.
 */
int _start(void)
{
    int number = 1110;
    int prime = 1;
    for (int i = 2; i < number; i++) {
        if (number % i == 0)
            prime = 0;
    }
    return prime == 1 ? number : -1;
}
