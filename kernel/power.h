/* Ending the machine: QEMU's debug exit port when asked for, ACPI's power-off on QEMU, or a halt. */
#ifndef KERNEL_POWER_H
#define KERNEL_POWER_H

#include <stdint.h>

#include "lib/compiler.h"

/* The regular end. code 0: all well (exit=qemu: QEMU's status 33); anything else ends as a panic
 * does (35). Without exit=qemu: power off, or halt with a line that says so. */
noreturn_fn void power_off(uint32_t code);

/* The end of a panic: exit=qemu, panic=reboot or halt. Prints nothing. */
noreturn_fn void power_end_panic(void);

#endif
