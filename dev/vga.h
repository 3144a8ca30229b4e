/*
 * The screen: VGA text mode, 80 columns by 25 rows. A small terminal: cursor movement and erasing
 * by the commonest ANSI sequences, colours left as they are. Without a VGA everything is a no-op.
 */
#ifndef DEV_VGA_H
#define DEV_VGA_H

#include <stdint.h>

#define VGA_COLUMNS 80u
#define VGA_ROWS    25u

/* Looks for the screen memory, clears the screen. Needs low memory mapped at KERNEL_BASE. */
void vga_init(void);
/* Shows bytes: printable characters, \n \r \b \t, ESC [ sequences. */
void vga_write(const char *bytes, uint32_t n);
/* Clears the screen and goes home; what follows is bright (a panic must be seen). */
void vga_clear_for_panic(void);

#endif
