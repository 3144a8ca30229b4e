/* Ending the machine: QEMU's debug exit port when asked for, ACPI's power-off on QEMU, or a halt. */
#ifndef DEV_POWER_H
#define DEV_POWER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

/* How the machine ends: by QEMU's debug exit port (exit=qemu), and a panic by a reboot (panic=reboot).
 * flush is called before every end: output that is under way goes out. It may not fail. */
void power_configure(bool exit_qemu, bool panic_reboot, void (*flush)(void));

/* The regular end. code 0: all well (exit=qemu: QEMU's status 33); anything else ends as a panic
 * does (35). Without exit=qemu the power is switched off. Returns if the machine has no switch that
 * is known here. */
void power_off(uint32_t code);

/* For a machine that power_off() could not switch off: stops the CPU for ever. */
noreturn_fn void power_halt(void);

/* The end of a panic: exit=qemu, panic=reboot or halt. Prints nothing. */
noreturn_fn void power_end_panic(void);

#endif
