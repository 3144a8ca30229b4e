#include "dev/pci.h"

#include <linux/pci_regs.h>

#include "arch/port.h"

#define PORT_ADDRESS 0xCF8u
#define PORT_DATA    0xCFCu

#define ADDRESS_ENABLE 0x80000000u
#define SLOT_SHIFT     11
#define SLOTS          32u

static uint32_t config_read(struct pci_function function, uint8_t reg)
{
    port_out32(PORT_ADDRESS, function.address | reg);
    return port_in32(PORT_DATA);
}

static void config_write(struct pci_function function, uint8_t reg, uint32_t value)
{
    port_out32(PORT_ADDRESS, function.address | reg);
    port_out32(PORT_DATA, value);
}

/* The host bridge keeps what is written to the address port; without one nothing does. */
static bool has_bus(void)
{
    port_out32(PORT_ADDRESS, ADDRESS_ENABLE);
    return port_in32(PORT_ADDRESS) == ADDRESS_ENABLE;
}

bool pci_find(uint16_t vendor, uint16_t device, struct pci_function *out)
{
    uint32_t wanted = (uint32_t)device << 16 | vendor;
    if (!has_bus()) {
        return false;
    }
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        struct pci_function function = {ADDRESS_ENABLE | slot << SLOT_SHIFT};
        if (config_read(function, PCI_VENDOR_ID) == wanted) {
            *out = function;
            return true;
        }
    }
    return false;
}

void pci_enable(struct pci_function function)
{
    /* The upper half is the status register, where writing a 1 clears the bit. */
    uint32_t command = config_read(function, PCI_COMMAND) & 0xFFFFu;
    config_write(function, PCI_COMMAND, command | PCI_COMMAND_IO | PCI_COMMAND_MASTER);
}

uint16_t pci_io_base(struct pci_function function)
{
    uint32_t base = config_read(function, PCI_BASE_ADDRESS_0);
    bool is_io = (base & PCI_BASE_ADDRESS_SPACE) == PCI_BASE_ADDRESS_SPACE_IO;
    return is_io ? (uint16_t)(base & 0xFFFCu) : 0;
}
