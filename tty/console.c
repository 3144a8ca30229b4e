/*
 * Chooses between the two kinds of console: terminal.c and host_streams.c.
 *
 * Output is unbuffered and polled in both, so a crash cannot lose the last messages.
 */
#include "tty/console.h"

#include <asm/termios.h>
#include <stdbool.h>

#include "tty/tty_impl.h"

static bool is_run_mode;

void console_init(const struct console_config *config)
{
    const struct winsize window = {.ws_row = config->rows, .ws_col = config->columns};

    is_run_mode = config->mode == CONSOLE_RUN;
    if (is_run_mode) {
        host_streams_init(config->host_terminals, &window);
    } else {
        terminal_init(config->mode == CONSOLE_SERIAL);
    }
}

int console_register_devices(void)
{
    return is_run_mode ? host_streams_register() : terminal_register();
}

void console_interrupt(uint32_t irq, bool from_user)
{
    (void)from_user;
    if (is_run_mode) {
        host_input_interrupt(irq);
    } else {
        terminal_interrupt(irq);
    }
}
