/*
 * The keyboard: the 8042 controller at ports 0x60 and 0x64, and the US layout.
 *
 * The controller translates to scan code set 1. A key sends its number when it is pressed and the
 * same number with bit 7 set when it is released; keys that the first PC did not have send 0xE0
 * first. Decoding uses no ports, so that the host tests can run it.
 */
#include "dev/keyboard.h"

#include "arch/port.h"
#include "lib/compiler.h"

#define PORT_DATA               0x60u
#define PORT_STATUS             0x64u
#define PORT_COMMAND            0x64u
#define STATUS_OUTPUT_FULL      0x01u
#define STATUS_INPUT_FULL       0x02u
#define STATUS_FROM_MOUSE       0x20u
#define STATUS_ABSENT           0xFFu
#define COMMAND_WRITE_CONFIG    0x60u
#define COMMAND_ENABLE_KEYBOARD 0xAEu
#define CONFIG_IRQ1_TRANSLATE   0x45u /* interrupt on, system flag, translation to set 1 */
#define CONTROLLER_SPINS        10000u
#define MOUSE_BYTES_SKIPPED     16u

enum {
    CODE_LEFT_SHIFT = 0x2A,
    CODE_RIGHT_SHIFT = 0x36,
    CODE_CONTROL = 0x1D,
    CODE_CAPS_LOCK = 0x3A,
    CODE_EXTENDED = 0xE0,
    CODE_RELEASED = 0x80
};

#define CONTROL_MASK 0x1F /* 'c' & CONTROL_MASK is ^C */

/* What keys type, by scan code from 0. A 0 stands for nothing. */
static const char plain[] = "\0\033"
                            "1234567890-=\177\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] = "\0\033"
                              "!@#$%^&*()_+\177\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";
_Static_assert(sizeof(plain) == sizeof(shifted), "one layout, two levels");

/* Keys that send 0xE0 first and type a sequence. */
struct special_key {
    uint8_t code;
    const char *text;
};
static const struct special_key special_keys[] = {
    {0x48, "\033[A"}, {0x50, "\033[B"},  {0x4D, "\033[C"}, {0x4B, "\033[D"}, {0x47, "\033[H"},
    {0x4F, "\033[F"}, {0x53, "\033[3~"}, {0x1C, "\r"},     {0x35, "/"},
};

static uint32_t decode_extended(uint8_t code, char out[KEYBOARD_TEXT_MAX])
{
    for (uint32_t i = 0; i < array_size(special_keys); i++) {
        if (special_keys[i].code == code) {
            uint32_t n = 0;
            for (const char *p = special_keys[i].text; *p != '\0'; p++) {
                out[n++] = *p;
            }
            return n;
        }
    }
    return 0;
}

/* Handles a shift, control or caps lock key. Returns false if the key is none of them. */
static bool decode_modifier(struct keyboard_state *state, uint8_t key, bool is_down)
{
    switch (key) {
    case CODE_LEFT_SHIFT:
    case CODE_RIGHT_SHIFT:
        state->is_shift = is_down;
        return true;
    case CODE_CONTROL:
        state->is_control = is_down;
        return true;
    case CODE_CAPS_LOCK:
        state->is_caps ^= is_down;
        return true;
    default:
        return false;
    }
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

uint32_t keyboard_decode(struct keyboard_state *state, uint8_t code, char out[KEYBOARD_TEXT_MAX])
{
    if (code == CODE_EXTENDED) {
        state->is_extended = true;
        return 0;
    }
    bool is_extended = state->is_extended;
    state->is_extended = false;
    uint8_t key = code & (uint8_t)~CODE_RELEASED;
    bool is_down = key == code;
    /* Some keys send an extended "shift" before and after themselves; it is ignored. */
    bool is_shadow = is_extended && (key == CODE_LEFT_SHIFT || key == CODE_RIGHT_SHIFT);
    if (is_shadow || decode_modifier(state, key, is_down) || !is_down) {
        return 0;
    }
    if (is_extended) {
        return decode_extended(key, out);
    }
    if (key >= sizeof(plain) || plain[key] == '\0') {
        return 0;
    }
    bool is_upper = state->is_shift != (state->is_caps && is_letter(plain[key]));
    char c = is_upper ? shifted[key] : plain[key];
    out[0] = state->is_control && c >= '@' && c < '\177' ? (char)(c & CONTROL_MASK) : c;
    return 1;
}

static bool controller_wait_input_empty(void)
{
    for (uint32_t i = 0; i < CONTROLLER_SPINS; i++) {
        if (!(port_in8(PORT_STATUS) & STATUS_INPUT_FULL)) {
            return true;
        }
    }
    return false;
}

static void controller_send(uint16_t port, uint8_t value)
{
    if (controller_wait_input_empty()) {
        port_out8(port, value);
    }
}

void keyboard_init(void)
{
    if (port_in8(PORT_STATUS) == STATUS_ABSENT) {
        return;
    }
    controller_send(PORT_COMMAND, COMMAND_ENABLE_KEYBOARD);
    controller_send(PORT_COMMAND, COMMAND_WRITE_CONFIG);
    controller_send(PORT_DATA, CONFIG_IRQ1_TRANSLATE);
    /* Drops what was typed before the kernel started. */
    uint32_t left = CONTROLLER_SPINS;
    while (left > 0 && keyboard_scan_code() >= 0) {
        left--;
    }
}

int keyboard_scan_code(void)
{
    for (uint32_t i = 0; i < MOUSE_BYTES_SKIPPED; i++) {
        uint8_t status = port_in8(PORT_STATUS);
        if (status == STATUS_ABSENT || !(status & STATUS_OUTPUT_FULL)) {
            return -1;
        }
        uint8_t data = port_in8(PORT_DATA);
        if (!(status & STATUS_FROM_MOUSE)) {
            return data;
        }
    }
    return -1;
}
