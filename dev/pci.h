/*
 * PCI configuration space, as far as a driver needs it that knows what it looks for. PCI Local Bus
 * Specification 3.0, 3.2.2.3.2 (configuration mechanism #1) and 6.1.
 */
#ifndef DEV_PCI_H
#define DEV_PCI_H

#include <stdbool.h>
#include <stdint.h>

/* Where a function's configuration space is: the value for the address port, register 0. */
struct pci_function {
    uint32_t address;
};

/* Finds the first device of this kind on bus 0, function 0: where QEMU puts its devices. False: there
 * is none, or no PCI bus. */
bool pci_find(uint16_t vendor, uint16_t device, struct pci_function *out);

/* Lets the device answer at its I/O ports and use memory by itself. */
void pci_enable(struct pci_function function);

/* Base address register 0 as an I/O port. 0: it is none, or the firmware gave it no place. */
uint16_t pci_io_base(struct pci_function function);

#endif
