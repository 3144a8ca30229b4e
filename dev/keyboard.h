/* The PS/2 keyboard: scan code set 1 (as the controller translates it), US layout. */
#ifndef DEV_KEYBOARD_H
#define DEV_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

/* Shift, control, caps lock and prefix bytes, between two scan codes. All zero: nothing pressed. */
struct keyboard_state {
    bool is_shift, is_control, is_caps, is_extended;
};

/* Longest text a key stands for: ESC [ 3 ~ */
#define KEYBOARD_TEXT_MAX 5u

/* One scan code in; gives the number of bytes that the key types into out, 0 for most. */
uint32_t keyboard_decode(struct keyboard_state *state, uint8_t code, char out[KEYBOARD_TEXT_MAX]);

/* Switches the keyboard and its interrupt on; harmless without a controller. */
void keyboard_init(void);
/* The next scan code that waits in the controller, or -1. */
int keyboard_scan_code(void);

#endif
