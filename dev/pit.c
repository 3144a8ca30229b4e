/*
 * Channel 0 of the 8253/8254 as a rate generator (mode 2): it counts the 1.193182 MHz input down
 * from the divisor, interrupts, and starts again.
 */
#include "dev/pit.h"

#include "arch/port.h"

#define PIT_INPUT_HZ 1193182u
#define PIT_DIVISOR  ((PIT_INPUT_HZ + PIT_TICKS_PER_SECOND / 2) / PIT_TICKS_PER_SECOND)
_Static_assert(PIT_DIVISOR <= 0xFFFFu, "the counter has 16 bits");

#define PIT_CHANNEL0 0x40
#define PIT_COMMAND  0x43
/* Channel 0, low byte then high byte, mode 2, binary. */
#define PIT_COMMAND_RATE 0x34

void pit_init(void)
{
    port_out8(PIT_COMMAND, PIT_COMMAND_RATE);
    port_out8(PIT_CHANNEL0, (uint8_t)(PIT_DIVISOR & 0xFFu));
    port_out8(PIT_CHANNEL0, (uint8_t)(PIT_DIVISOR >> 8));
}
