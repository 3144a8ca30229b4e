/* Executes a breakpoint that nobody waits for: SIGTRAP. */

int main(void)
{
    __asm__ volatile("int3");
    return 0;
}
