/*
 * The VGA text screen (IBM VGA technical reference; the CRT controller's registers 0x0C..0x0F).
 *
 * Scrolling moves no memory. The screen is a window into 32 KiB of text memory, and a new line moves
 * the window by a row. The visible rows are copied back to the start only when the end of the memory
 * is reached. Under emulation each access to screen memory is a trap of its own, so that moving 4000
 * bytes per line would make a long listing crawl.
 *
 * The font is code page 437 but programs write UTF-8, so every character that is not ASCII appears
 * as one '?'.
 */
#include "dev/vga.h"

#include <stdbool.h>

#include "arch/port.h"
#include "lib/addr.h"
#include "lib/minmax.h"

#define TEXT_BASE  (KERNEL_BASE + 0xB8000u)
#define TEXT_BYTES 0x8000u
#define TEXT_CELLS (TEXT_BYTES / 2u)
#define TEXT_ROWS  (TEXT_CELLS / VGA_COLUMNS)

#define ATTRIBUTE_NORMAL 0x0700u /* light grey on black */
#define ATTRIBUTE_BRIGHT 0x0F00u /* white on black      */
#define TAB_WIDTH        8u

/* The CRT controller, at its colour address. */
#define CRTC_INDEX 0x3D4u
#define CRTC_DATA  0x3D5u
enum {
    CRTC_START_HIGH = 0x0C,
    CRTC_START_LOW = 0x0D,
    CRTC_CURSOR_HIGH = 0x0E,
    CRTC_CURSOR_LOW = 0x0F
};

#define ESCAPE         '\033'
#define CSI_PARAMETERS 4u

enum parse_state { PARSE_TEXT, PARSE_ESCAPE, PARSE_CSI };

static struct {
    bool is_present;
    uint32_t top;         /* row of text memory shown in the first line */
    uint32_t row, column; /* of the cursor on the screen; column VGA_COLUMNS: wrap pending */
    uint16_t attribute;
    enum parse_state state;
    uint32_t parameter[CSI_PARAMETERS], n_parameters;
} vga;

static volatile uint16_t *text_cell(uint32_t row, uint32_t column)
{
    return (volatile uint16_t *)TEXT_BASE + (vga.top + row) * VGA_COLUMNS + column;
}

static void crtc_set(uint8_t high_index, uint32_t value)
{
    port_out8(CRTC_INDEX, high_index);
    port_out8(CRTC_DATA, (uint8_t)(value >> 8));
    port_out8(CRTC_INDEX, (uint8_t)(high_index + 1));
    port_out8(CRTC_DATA, (uint8_t)value);
}

static void cursor_show(void)
{
    uint32_t column = min_u32(vga.column, VGA_COLUMNS - 1);
    crtc_set(CRTC_CURSOR_HIGH, (vga.top + vga.row) * VGA_COLUMNS + column);
}

/* Clears n cells from row and column on, across the ends of rows. */
static void cells_clear(uint32_t row, uint32_t column, uint32_t n)
{
    volatile uint16_t *cell = text_cell(row, column);
    for (uint32_t i = 0; i < n; i++) {
        cell[i] = (uint16_t)(vga.attribute | ' ');
    }
}

static void scroll(void)
{
    if (vga.top + VGA_ROWS < TEXT_ROWS) {
        vga.top++;
    } else {
        volatile uint16_t *to = (volatile uint16_t *)TEXT_BASE;
        volatile uint16_t *from = text_cell(1, 0);
        for (uint32_t i = 0; i < (VGA_ROWS - 1) * VGA_COLUMNS; i++) {
            to[i] = from[i];
        }
        vga.top = 0;
    }
    cells_clear(VGA_ROWS - 1, 0, VGA_COLUMNS);
    crtc_set(CRTC_START_HIGH, vga.top * VGA_COLUMNS);
}

static void line_feed(void)
{
    if (vga.row + 1 < VGA_ROWS) {
        vga.row++;
    } else {
        scroll();
    }
}

static void put_cell(char c)
{
    if (vga.column >= VGA_COLUMNS) {
        vga.column = 0;
        line_feed();
    }
    *text_cell(vga.row, vga.column) = (uint16_t)(vga.attribute | (uint8_t)c);
    vga.column++;
}

static void put_text(char c)
{
    uint8_t byte = (uint8_t)c;
    switch (c) {
    case '\n':
        line_feed();
        break;
    case '\r':
        vga.column = 0;
        break;
    case '\b':
        vga.column -= vga.column > 0 ? 1 : 0;
        break;
    case '\t':
        vga.column = (vga.column / TAB_WIDTH + 1) * TAB_WIDTH;
        if (vga.column >= VGA_COLUMNS) {
            vga.column = VGA_COLUMNS - 1;
        }
        break;
    case ESCAPE:
        vga.state = PARSE_ESCAPE;
        break;
    default:
        if (byte >= 0xC0) {
            put_cell('?');
        } else if (byte >= ' ' && byte < 0x7F) {
            put_cell(c);
        }
        break;
    }
}

/* Returns the i-th parameter of a sequence, or `absent` if it is 0 or missing. */
static uint32_t csi_parameter(uint32_t i, uint32_t absent)
{
    return i < vga.n_parameters && vga.parameter[i] != 0 ? vga.parameter[i] : absent;
}

/* Erases a part of the `cells` cells from the start of `row` on: from the cursor to the end (parameter
 * 0), from the start to the cursor (1), or all of them (2). */
static void csi_erase(uint32_t row, uint32_t cells, uint32_t cursor)
{
    uint32_t how = csi_parameter(0, 0);
    uint32_t first = how == 0 ? cursor : 0;
    uint32_t end = how == 1 ? cursor + 1 : cells;
    if (first < end && end <= cells) {
        cells_clear(row, first, end - first);
    }
}

static void csi_execute(char command)
{
    uint32_t n = csi_parameter(0, 1);
    switch (command) {
    case 'A':
        vga.row -= min_u32(n, vga.row);
        break;
    case 'B':
        vga.row = min_u32(vga.row + min_u32(n, VGA_ROWS), VGA_ROWS - 1);
        break;
    case 'C':
        vga.column = min_u32(vga.column + min_u32(n, VGA_COLUMNS), VGA_COLUMNS - 1);
        break;
    case 'D':
        vga.column -= min_u32(n, vga.column);
        break;
    case 'H':
        vga.row = min_u32(n, VGA_ROWS) - 1;
        vga.column = min_u32(csi_parameter(1, 1), VGA_COLUMNS) - 1;
        break;
    case 'J':
        csi_erase(0, VGA_ROWS * VGA_COLUMNS, vga.row * VGA_COLUMNS + vga.column);
        break;
    case 'K':
        csi_erase(vga.row, VGA_COLUMNS, vga.column);
        break;
    default: /* ignores colours and everything else */
        break;
    }
}

static void put_csi(char c)
{
    if (c >= '0' && c <= '9') {
        uint32_t *p = &vga.parameter[vga.n_parameters - 1];
        *p = min_u32(*p * 10 + (uint32_t)(c - '0'), 9999);
    } else if (c == ';') {
        if (vga.n_parameters < CSI_PARAMETERS) {
            vga.parameter[vga.n_parameters++] = 0;
        }
    } else if (c >= '@' && c <= '~') {
        vga.state = PARSE_TEXT;
        csi_execute(c);
    }
}

static void put_byte(char c)
{
    switch (vga.state) {
    case PARSE_TEXT:
        put_text(c);
        break;
    case PARSE_ESCAPE:
        vga.state = c == '[' ? PARSE_CSI : PARSE_TEXT;
        vga.n_parameters = 1;
        vga.parameter[0] = 0;
        break;
    case PARSE_CSI:
        put_csi(c);
        break;
    }
}

static void clear_all(void)
{
    vga.top = 0;
    vga.row = 0;
    vga.column = 0;
    vga.state = PARSE_TEXT;
    cells_clear(0, 0, VGA_ROWS * VGA_COLUMNS);
    crtc_set(CRTC_START_HIGH, 0);
    cursor_show();
}

/* Screen memory keeps what is written to it. Without a card all bits read as ones. */
static bool is_screen_there(void)
{
    volatile uint16_t *cell = (volatile uint16_t *)TEXT_BASE;
    uint16_t before = *cell;
    *cell = ATTRIBUTE_NORMAL | 'F';
    bool is_there = *cell == (ATTRIBUTE_NORMAL | 'F');
    *cell = before;
    return is_there;
}

void vga_init(void)
{
    vga.is_present = is_screen_there();
    vga.attribute = ATTRIBUTE_NORMAL;
    if (vga.is_present) {
        clear_all();
    }
}

void vga_write(const char *bytes, uint32_t n)
{
    if (!vga.is_present) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        put_byte(bytes[i]);
    }
    cursor_show();
}

void vga_clear_for_panic(void)
{
    if (vga.is_present) {
        vga.attribute = ATTRIBUTE_BRIGHT;
        clear_all();
    }
}
