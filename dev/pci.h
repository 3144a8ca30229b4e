/*
 * PCI configuration space, as much of it as a driver for one known device needs. PCI Local Bus
 * Specification 3.0, 3.2.2.3.2 (configuration mechanism #1) and 6.1.
 */
#ifndef DEV_PCI_H
#define DEV_PCI_H

#include <stdbool.h>
#include <stdint.h>

/* The location of a function's configuration space: the address port's value for register 0. */
struct pci_function {
    uint32_t address;
};

/* Finds the first device of this kind that is function 0 of a slot on bus 0, where QEMU puts its
 * devices. Returns false if there is none, or no PCI bus. */
bool pci_find(uint16_t vendor, uint16_t device, struct pci_function *out);

/* Lets the device answer at its I/O ports and access memory by itself. */
void pci_enable(struct pci_function function);

/* Returns the I/O port in base address register 0, or 0 if that names no port or the firmware did not
 * set it. */
uint16_t pci_io_base(struct pci_function function);

#endif
