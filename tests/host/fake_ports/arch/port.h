/* Port I/O as a test's own functions: what a driver's ports answer is part of the test. */
#ifndef TESTS_HOST_FAKE_PORTS_ARCH_PORT_H
#define TESTS_HOST_FAKE_PORTS_ARCH_PORT_H

#include <stdint.h>

uint8_t port_in8(uint16_t port);
void port_out8(uint16_t port, uint8_t value);

#endif
