/* The PS/2 keyboard: scan code set 1 (as the controller translates it), US layout. */
#ifndef DEV_KEYBOARD_H
#define DEV_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

/* What the keyboard remembers between two scan codes. All zero means that no key is pressed. */
struct keyboard_state {
    bool is_shift, is_control, is_caps, is_extended;
};

/* The longest text that a key types: ESC [ 3 ~ */
#define KEYBOARD_TEXT_MAX 5u

/* Decodes one scan code. Returns the number of bytes that the key types into out; it is 0 for most
 * codes. */
uint32_t keyboard_decode(struct keyboard_state *state, uint8_t code, char out[KEYBOARD_TEXT_MAX]);

/* Enables the keyboard and its interrupt. Does nothing without a controller. */
void keyboard_init(void);
/* Returns the next scan code that waits in the controller, or -1. */
int keyboard_scan_code(void);

#endif
