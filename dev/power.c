/*
 * Power: the ways in which a machine can end.
 *
 * QEMU's isa-debug-exit port is written only if exit=qemu asks for it, because on other machines and
 * in other emulators port 0xF4 may be anything. If nothing else works, the CPU halts with interrupts
 * off.
 */
#include "dev/power.h"

#include <stddef.h>

#include "arch/cpu.h"
#include "arch/port.h"

#define PORT_DEBUG_EXIT  0xF4u
#define DEBUG_EXIT_WELL  0x10u /* QEMU's exit status is twice this, plus 1: 33 */
#define DEBUG_EXIT_PANIC 0x11u /* 35 */

/* ACPI's PM1a control block where QEMU's firmware puts it, and where Bochs and older QEMU do.
 * 0x2000 is SLP_EN; sleep type 0 is S5 there. */
#define PORT_PM1A_QEMU  0x604u
#define PORT_PM1A_BOCHS 0xB004u
#define PM1A_POWER_OFF  0x2000u

/* A PC is reset by the chipset's reset control register or by the keyboard controller. */
#define PORT_RESET_CONTROL     0xCF9u
#define RESET_CONTROL_FULL     0x06u
#define PORT_KEYBOARD_COMMAND  0x64u
#define KEYBOARD_COMMAND_RESET 0xFEu

static struct {
    bool exit_qemu, panic_reboot;
    void (*flush)(void);
} settings;

void power_configure(bool exit_qemu, bool panic_reboot, void (*flush)(void))
{
    settings.exit_qemu = exit_qemu;
    settings.panic_reboot = panic_reboot;
    settings.flush = flush;
}

/* Disables interrupts and sends pending output. */
static void stop_machine(void)
{
    cpu_irq_off();
    if (settings.flush != NULL) {
        settings.flush();
    }
}

static noreturn_fn void debug_exit(uint8_t code)
{
    port_out8(PORT_DEBUG_EXIT, code);
    cpu_halt_forever();
}

void power_off(uint32_t code)
{
    stop_machine();
    if (settings.exit_qemu) {
        debug_exit(code == 0 ? DEBUG_EXIT_WELL : DEBUG_EXIT_PANIC);
    }
    port_out16(PORT_PM1A_QEMU, PM1A_POWER_OFF);
    port_out16(PORT_PM1A_BOCHS, PM1A_POWER_OFF);
}

noreturn_fn void power_halt(void)
{
    stop_machine();
    cpu_halt_forever();
}

noreturn_fn void power_end_panic(void)
{
    stop_machine();
    if (settings.exit_qemu) {
        debug_exit(DEBUG_EXIT_PANIC);
    }
    if (settings.panic_reboot) {
        port_out8(PORT_RESET_CONTROL, RESET_CONTROL_FULL);
        port_out8(PORT_KEYBOARD_COMMAND, KEYBOARD_COMMAND_RESET);
    }
    cpu_halt_forever();
}
