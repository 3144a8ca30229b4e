/* Interrupt requests (irq.h): a table with one handler per line. */
#include "dev/irq.h"

#include <stddef.h>

#include "dev/pic.h"
#include "lib/assert.h"

static irq_handler *handlers[IRQ_COUNT];

void irq_register(uint32_t irq, irq_handler *handler)
{
    assert(irq < IRQ_COUNT);
    handlers[irq] = handler;
}

void irq_handle(uint32_t irq, bool from_user)
{
    if (irq < IRQ_COUNT && handlers[irq] != NULL) {
        handlers[irq](irq, from_user);
    }
}
