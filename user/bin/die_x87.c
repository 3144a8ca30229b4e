/* Divides by zero on the x87 with that exception unmasked: SIGFPE at the next x87 instruction. */

int main(void)
{
    unsigned short control = 0x037B; /* the usual word with ZM clear */
    __asm__ volatile("fldcw %0; fld1; fldz; fdivrp; fwait" : : "m"(control));
    return 0;
}
