/*
 * Channel 0 of the 8253/8254 as a rate generator (mode 2): it counts the 1.193182 MHz input down
 * from the divisor, interrupts, and starts again. Channel 2 counts down once (mode 0); its output
 * rises at zero, and bit 5 of the speaker's port shows it.
 */
#include "dev/pit.h"

#include "arch/port.h"

_Static_assert(PIT_DIVISOR <= 0xFFFFu, "the counter has 16 bits");

#define PIT_CHANNEL0 0x40
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND  0x43
/* Channel 0, low byte then high byte, mode 2, binary. */
#define PIT_COMMAND_RATE 0x34
/* Channel 2, low byte then high byte, mode 0, binary. */
#define PIT_COMMAND_ONCE 0xB0
/* Holds channel 2's count until it is read. */
#define PIT_COMMAND_LATCH 0x80

#define SPEAKER_PORT   0x61
#define SPEAKER_GATE   0x01u /* channel 2 counts                */
#define SPEAKER_SOUND  0x02u /* its output reaches the speaker  */
#define SPEAKER_OUTPUT 0x20u

#define STOPWATCH_FROM 0xFFFFu

void pit_init(void)
{
    port_out8(PIT_COMMAND, PIT_COMMAND_RATE);
    port_out8(PIT_CHANNEL0, (uint8_t)(PIT_DIVISOR & 0xFFu));
    port_out8(PIT_CHANNEL0, (uint8_t)(PIT_DIVISOR >> 8));
}

void pit_stopwatch_start(void)
{
    uint8_t speaker = port_in8(SPEAKER_PORT);

    port_out8(SPEAKER_PORT, (uint8_t)((speaker & ~SPEAKER_SOUND) | SPEAKER_GATE));
    port_out8(PIT_COMMAND, PIT_COMMAND_ONCE);
    port_out8(PIT_CHANNEL2, STOPWATCH_FROM & 0xFFu);
    port_out8(PIT_CHANNEL2, STOPWATCH_FROM >> 8);
}

bool pit_stopwatch_read(uint32_t *periods)
{
    port_out8(PIT_COMMAND, PIT_COMMAND_LATCH);
    uint32_t low = port_in8(PIT_CHANNEL2);
    uint32_t high = port_in8(PIT_CHANNEL2);

    *periods = STOPWATCH_FROM - (high << 8 | low);
    return (port_in8(SPEAKER_PORT) & SPEAKER_OUTPUT) == 0;
}
