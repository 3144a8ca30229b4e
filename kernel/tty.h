/*
 * The terminal's line discipline: what happens between keys and a program's read(), and between its
 * write() and the screen. The subset of Linux's N_TTY that a shell and line-reading programs need,
 * with Linux's struct termios (<asm/termbits.h>).
 *
 * It knows no device, no process and no sleeping: output, ^C and "there is something to read" are
 * calls to its owner, so the host tests drive it byte by byte.
 *
 * Locking: one CPU, interrupts off; input arrives in interrupts, which the kernel lets in only at
 * points where no tty call is under way.
 */
#ifndef KERNEL_TTY_H
#define KERNEL_TTY_H

#include <asm/termbits.h>
#include <stdbool.h>
#include <stdint.h>

struct tty;

struct tty_ops {
    void (*output)(struct tty *tty, const char *bytes, uint32_t n); /* to the screen          */
    void (*readable)(struct tty *tty);                              /* wake who waits to read */
    void (*interrupt)(struct tty *tty);                             /* ^C or ^\               */
};

#define TTY_BUFFER 4096u /* a power of two; also the longest line */

/* Input is a ring of bytes in the order typed. [tail, head) may be read, [head, edit) is the line
 * still being edited. The three count up for ever; the place is the count modulo TTY_BUFFER. */
struct tty {
    const struct tty_ops *ops;
    struct termios termios;
    uint32_t tail, head, edit;
    uint32_t column;      /* of the output, for tabs and fresh lines  */
    uint32_t edit_column; /* where the edited line began              */
    char buffer[TTY_BUFFER];
    uint8_t is_line_end[TTY_BUFFER / 8]; /* bit: the byte ends a line; a zero byte with it is ^D */
};

/* Canonical mode with echo, signals on, \n to \r\n. */
void tty_init(struct tty *tty, const struct tty_ops *ops);

/* False: the reader is behind; the byte should wait where it is. */
bool tty_has_room(const struct tty *tty);
/* A byte from the keyboard or the line. Without room it is lost, with a bell. */
void tty_input(struct tty *tty, char c);

/* A program's output, processed (OPOST, ONLCR). */
void tty_output(struct tty *tty, const char *bytes, uint32_t n);

/* True if read() would not wait. */
bool tty_is_readable(const struct tty *tty);
/* The next bytes to read, not yet taken: up to max into out; in canonical mode not past the end of a
 * line. *is_eof: the line was ended by ^D, with these bytes or none before it. */
uint32_t tty_peek(const struct tty *tty, char *out, uint32_t max, bool *is_eof);
/* Takes n of the peeked bytes, and the ^D mark behind them if there is one and with_eof. */
void tty_take(struct tty *tty, uint32_t n, bool with_eof);
/* Bytes that could be read now (FIONREAD). */
uint32_t tty_readable_bytes(const struct tty *tty);

/* TCSETS; `flush` drops what was typed (TCSETSF). */
void tty_set_termios(struct tty *tty, const struct termios *termios, bool flush);
void tty_flush_input(struct tty *tty);

#endif
