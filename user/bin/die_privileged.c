/* Executes a privileged instruction: segmentation fault (general protection). */

int main(void)
{
    __asm__ volatile("hlt");
    return 0;
}
