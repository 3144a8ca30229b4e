/* The 8253/8254 timer: the system's only clock interrupt. */
#ifndef ARCH_PIT_H
#define ARCH_PIT_H

#define PIT_TICKS_PER_SECOND 100u

/* Starts IRQ 0 at PIT_TICKS_PER_SECOND; the PIC still has to let it through. */
void pit_init(void);

#endif
