/* Ends the machine by QEMU's debug exit port if the command line asks for it, by ACPI's power-off, or
 * by a halt. */
#ifndef DEV_POWER_H
#define DEV_POWER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

/* Sets how the machine ends: by QEMU's debug exit port (exit=qemu), and after a panic by a reboot
 * (panic=reboot). flush is called before every end to send pending output. It must return. */
void power_configure(bool exit_qemu, bool panic_reboot, void (*flush)(void));

/* Ends the machine regularly. With exit=qemu QEMU's status is 33 if code is 0 and otherwise 35, as
 * after a panic. Without exit=qemu the power is switched off. Returns if the machine has no power
 * switch known here. */
void power_off(uint32_t code);

/* Stops the CPU forever, after power_off() failed. */
noreturn_fn void power_halt(void);

/* Ends the machine after a panic: by exit=qemu, panic=reboot or a halt. Prints nothing. */
noreturn_fn void power_end_panic(void);

#endif
