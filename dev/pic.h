/* The two 8259A interrupt controllers. IRQ n arrives as vector TRAP_IRQ0 + n (arch/trap.h). */
#ifndef DEV_PIC_H
#define DEV_PIC_H

#include <stdbool.h>
#include <stdint.h>

#define IRQ_TIMER    0u
#define IRQ_KEYBOARD 1u
#define IRQ_COM1     4u
#define IRQ_COUNT    16u

/* Moves the IRQs away from the vectors of exceptions and masks all of them. */
void pic_init(void);
/* Lets the interrupts of a line (irq < IRQ_COUNT) through. */
void pic_unmask(uint32_t irq);

/* Returns true if IRQ 7 or 15 occurred although no device asked for it. Call it first in every
 * interrupt: a spurious one is counted, acknowledged as far as necessary, and must not be handled. */
bool pic_is_spurious(uint32_t irq);
/* Tells the controllers that the interrupt has been handled. */
void pic_acknowledge(uint32_t irq);
/* Returns the number of spurious interrupts since boot. */
uint32_t pic_spurious_count(void);

#endif
