/*
 * The terminal's line discipline: what happens between keys and a program's read(), and between its
 * write() and the screen. The subset of Linux's N_TTY that a shell and line-reading programs need,
 * with Linux's struct termios (<asm/termbits.h>).
 *
 * It knows no device, no process and no sleeping: output, ^C and "there is something to read" are
 * calls to its owner, so the host tests drive it byte by byte.
 *
 * Locking: one CPU, interrupts off; input arrives in interrupts, which the kernel lets in only at
 * points where no ldisc call is under way.
 */
#ifndef TTY_LDISC_H
#define TTY_LDISC_H

#include <asm/termbits.h>
#include <stdbool.h>
#include <stdint.h>

struct ldisc;

struct ldisc_ops {
    void (*output)(struct ldisc *ldisc, const char *bytes, uint32_t n); /* to the screen          */
    void (*readable)(struct ldisc *ldisc);                              /* wake who waits to read */
    void (*interrupt)(struct ldisc *ldisc);                             /* ^C or ^\               */
};

#define LDISC_BUFFER 4096u /* a power of two; also the longest line */

/* Input is a ring of bytes in the order typed. [tail, head) may be read, [head, edit) is the line
 * still being edited. The three count up for ever; the place is the count modulo LDISC_BUFFER. */
struct ldisc {
    const struct ldisc_ops *ops;
    struct termios termios;
    uint32_t tail, head, edit;
    uint32_t column;      /* of the output, for tabs and fresh lines  */
    uint32_t edit_column; /* where the edited line began              */
    char buffer[LDISC_BUFFER];
    uint8_t
        is_line_end[LDISC_BUFFER / 8]; /* bit: the byte ends a line; a zero byte with it is ^D */
};

/* Canonical mode with echo, signals on, \n to \r\n. */
void ldisc_init(struct ldisc *ldisc, const struct ldisc_ops *ops);

/* False: the reader is behind; the byte should wait where it is. */
bool ldisc_has_room(const struct ldisc *ldisc);
/* A byte from the keyboard or the line. Without room it is lost, with a bell. */
void ldisc_input(struct ldisc *ldisc, char c);

/* A program's output, processed (OPOST, ONLCR). */
void ldisc_output(struct ldisc *ldisc, const char *bytes, uint32_t n);

/* True if read() would not wait. */
bool ldisc_is_readable(const struct ldisc *ldisc);
/* The next bytes to read, not yet taken: up to max into out; in canonical mode not past the end of a
 * line. *is_eof: the line was ended by ^D, with these bytes or none before it. */
uint32_t ldisc_peek(const struct ldisc *ldisc, char *out, uint32_t max, bool *is_eof);
/* Takes n of the peeked bytes, and the ^D mark behind them if there is one and with_eof. */
void ldisc_take(struct ldisc *ldisc, uint32_t n, bool with_eof);
/* Bytes that could be read now (FIONREAD). */
uint32_t ldisc_readable_bytes(const struct ldisc *ldisc);

/* TCSETS; `flush` drops what was typed (TCSETSF). */
void ldisc_set_termios(struct ldisc *ldisc, const struct termios *termios, bool flush);
void ldisc_flush_input(struct ldisc *ldisc);

#endif
