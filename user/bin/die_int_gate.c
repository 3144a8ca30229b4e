/* Calls an interrupt vector reserved for the kernel: segmentation fault (general protection). */

int main(void)
{
    __asm__ volatile("int $0x20");
    return 0;
}
