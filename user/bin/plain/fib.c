/*
 * Contract 1's example without data: one page of code and a stack. Built by exactly
 * `gcc -m32 -nostdlib -no-pie fib.c -o fib`; _start returns.
 */
int fib(int n)
{
    if (n < 2)
        return n;
    else
        return fib(n - 1) + fib(n - 2);
}

int _start(void)
{
    int value = fib(40);
    return value;
}
