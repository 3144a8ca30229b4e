/*
 * The screen in VGA text mode, 80 columns by 25 rows. It moves the cursor and erases by the most
 * common ANSI sequences and ignores those for colours. Without a VGA nothing has an effect.
 */
#ifndef DEV_VGA_H
#define DEV_VGA_H

#include <stdint.h>

#define VGA_COLUMNS 80u
#define VGA_ROWS    25u

/* Detects and clears the screen. Needs low memory mapped at KERNEL_BASE. */
void vga_init(void);
/* Shows bytes: printable characters, \n \r \b \t, ESC [ sequences. */
void vga_write(const char *bytes, uint32_t n);
/* Clears the screen. What follows starts at its top and is bright, because a panic must be seen. */
void vga_clear_for_panic(void);

#endif
