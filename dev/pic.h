/* The two 8259A interrupt controllers. IRQ n arrives as vector TRAP_IRQ0 + n (arch/trap.h). */
#ifndef DEV_PIC_H
#define DEV_PIC_H

#include <stdbool.h>
#include <stdint.h>

#define IRQ_TIMER    0u
#define IRQ_KEYBOARD 1u
#define IRQ_COM1     4u
#define IRQ_COUNT    16u

/* Moves the IRQs away from the exceptions' vectors and masks all of them. */
void pic_init(void);
void pic_unmask(uint32_t irq);

/* To be asked first in every interrupt: true if IRQ 7 or 15 came without a device behind it. Such
 * a one is counted, acknowledged as far as it needs to be, and must not be handled. */
bool pic_is_spurious(uint32_t irq);
/* Tells the controllers that the interrupt has been served. */
void pic_acknowledge(uint32_t irq);
/* Spurious interrupts since boot. */
uint32_t pic_spurious_count(void);

#endif
