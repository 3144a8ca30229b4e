/* The 8253/8254 timer: the system's only clock interrupt. */
#ifndef DEV_PIT_H
#define DEV_PIT_H

#define PIT_TICKS_PER_SECOND 100u

/* Starts IRQ 0 at PIT_TICKS_PER_SECOND. The PIC masks it until pic_unmask. */
void pit_init(void);

#endif
