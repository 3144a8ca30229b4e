/* Calls an interrupt vector that is the kernel's own: segmentation fault (general protection). */

int main(void)
{
    __asm__ volatile("int $0x20");
    return 0;
}
