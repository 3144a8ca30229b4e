/* Divides by zero: SIGFPE. */

int main(void)
{
    int one = 1, zero = 0;
    __asm__ volatile("" : "+r"(one), "+r"(zero));
    return one / zero;
}
