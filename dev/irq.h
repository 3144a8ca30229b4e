/*
 * Interrupt requests: which handler serves which line. Handlers are registered at start-up; what
 * they do is their owner's business.
 *
 * Locking: handlers run with interrupts off.
 */
#ifndef DEV_IRQ_H
#define DEV_IRQ_H

#include <stdint.h>

typedef void irq_handler(uint32_t irq);

/* Gives a line (0 <= irq < IRQ_COUNT of dev/pic.h, asserted) its handler. The line stays masked. */
void irq_register(uint32_t irq, irq_handler *handler);

/* Calls the handler of a line; a line without one is ignored. */
void irq_handle(uint32_t irq);

#endif
