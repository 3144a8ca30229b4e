/*
 * Interrupt requests: which handler serves which line. Start-up registers the handlers.
 *
 * Locking: handlers run with interrupts off.
 */
#ifndef DEV_IRQ_H
#define DEV_IRQ_H

#include <stdbool.h>
#include <stdint.h>

/* from_user: the interrupt came while ring 3 ran. */
typedef void irq_handler(uint32_t irq, bool from_user);

/* Installs the handler of a line (irq < IRQ_COUNT of dev/pic.h, asserted). The line stays masked. */
void irq_register(uint32_t irq, irq_handler *handler);

/* Calls the handler of a line. Ignores a line without one. */
void irq_handle(uint32_t irq, bool from_user);

#endif
