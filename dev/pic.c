/*
 * The two 8259A chips as a PC wires them: each has eight lines, and the second chip is connected to
 * line 2 of the first. Firmware leaves them on vectors 8 to 15, which exceptions use, so pic_init
 * moves them to TRAP_IRQ0. The masks are also kept in memory, so that one bit can be changed without
 * reading the chips.
 *
 * If a line drops before the CPU asks for its number, the chip reports its line 7 and marks nothing
 * as in service. That chip must not get an acknowledgement, which would end another interrupt. The
 * first chip must get one even if the second chip reported it, because its line 2 was in service.
 */
#include "dev/pic.h"

#include "arch/port.h"
#include "arch/trap.h"

#define PIC1_COMMAND 0x20
#define PIC1_DATA    0x21
#define PIC2_COMMAND 0xA0
#define PIC2_DATA    0xA1

/* Initialisation words: ICW1 = edge triggered, cascaded, ICW4 follows; ICW4 = 8086 mode. */
#define ICW1_INIT             0x11
#define ICW4_8086             0x01
#define OCW2_END_OF_INTERRUPT 0x20
#define OCW3_READ_IN_SERVICE  0x0B

#define CASCADE_LINE   2u
#define LINES_PER_CHIP 8u
#define SPURIOUS_LINE  7u

static uint16_t pic_masked = 0xFFFF;
static uint32_t pic_spurious;

static void pic_write_masks(void)
{
    port_out8(PIC1_DATA, (uint8_t)pic_masked);
    port_out8(PIC2_DATA, (uint8_t)(pic_masked >> LINES_PER_CHIP));
}

static void pic_init_chip(uint16_t command, uint16_t data, uint8_t vector, uint8_t cascade)
{
    port_out8(command, ICW1_INIT);
    port_pause();
    port_out8(data, vector);
    port_pause();
    port_out8(data, cascade);
    port_pause();
    port_out8(data, ICW4_8086);
    port_pause();
}

void pic_init(void)
{
    /* The line between the chips is a bit for the first one and a number for the second one. */
    pic_init_chip(PIC1_COMMAND, PIC1_DATA, TRAP_IRQ0, 1u << CASCADE_LINE);
    pic_init_chip(PIC2_COMMAND, PIC2_DATA, TRAP_IRQ0 + LINES_PER_CHIP, CASCADE_LINE);
    pic_masked = (uint16_t) ~(1u << CASCADE_LINE);
    pic_write_masks();
}

void pic_unmask(uint32_t irq)
{
    pic_masked = (uint16_t)(pic_masked & ~(1u << irq));
    pic_write_masks();
}

/* Returns true if line 7 of the chip is in service, so that a device did ask. */
static bool pic_line7_in_service(uint16_t command)
{
    port_out8(command, OCW3_READ_IN_SERVICE);
    return (port_in8(command) & (1u << SPURIOUS_LINE)) != 0;
}

bool pic_is_spurious(uint32_t irq)
{
    bool is_second = irq >= LINES_PER_CHIP;

    if (irq % LINES_PER_CHIP != SPURIOUS_LINE ||
        pic_line7_in_service(is_second ? PIC2_COMMAND : PIC1_COMMAND)) {
        return false;
    }
    pic_spurious++;
    if (is_second) {
        port_out8(PIC1_COMMAND, OCW2_END_OF_INTERRUPT);
    }
    return true;
}

void pic_acknowledge(uint32_t irq)
{
    if (irq >= LINES_PER_CHIP) {
        port_out8(PIC2_COMMAND, OCW2_END_OF_INTERRUPT);
    }
    port_out8(PIC1_COMMAND, OCW2_END_OF_INTERRUPT);
}

uint32_t pic_spurious_count(void)
{
    return pic_spurious;
}
