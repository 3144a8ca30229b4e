/* Writes to an I/O port: segmentation fault (general protection). */

int main(void)
{
    __asm__ volatile("outb %%al, $0x80" : : "a"(0));
    return 0;
}
