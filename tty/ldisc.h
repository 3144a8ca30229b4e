/*
 * The terminal's line discipline: the processing between keys and a program's read(), and between
 * its write() and the screen. It is the subset of Linux's N_TTY that a shell and line-reading programs
 * need, with Linux's struct termios (<asm/termbits.h>).
 *
 * It knows neither devices nor processes and never sleeps. Output, ^C and new input are calls to its
 * owner, so the host tests drive it byte by byte.
 *
 * Locking: one CPU, interrupts off. Input arrives in interrupts, which the kernel allows only while
 * no function below is running.
 */
#ifndef TTY_LDISC_H
#define TTY_LDISC_H

#include <asm/termbits.h>
#include <stdbool.h>
#include <stdint.h>

struct ldisc;

struct ldisc_ops {
    void (*output)(struct ldisc *ldisc, const char *bytes, uint32_t n); /* shows bytes            */
    void (*readable)(struct ldisc *ldisc);                              /* wakes readers          */
    void (*signal)(struct ldisc *ldisc, int signal);                    /* ^C, ^\ or ^Z was typed */
};

#define LDISC_BUFFER 4096u /* a power of two, and the longest line */

/* Input is a ring of bytes in the order typed. [tail, head) can be read, [head, edit) is the line
 * being edited. All three count up forever; the index is the count modulo LDISC_BUFFER. */
struct ldisc {
    const struct ldisc_ops *ops;
    struct termios termios;
    uint32_t tail, head, edit;
    uint32_t column;      /* of the output, for tabs and fresh lines  */
    uint32_t edit_column; /* of the start of the edited line          */
    char buffer[LDISC_BUFFER];
    /* A bit is set if the byte ends a line. A zero byte that ends a line is ^D. */
    uint8_t is_line_end[LDISC_BUFFER / 8];
};

/* Starts in canonical mode, with echo and signals, and \n shown as \r\n. */
void ldisc_init(struct ldisc *ldisc, const struct ldisc_ops *ops);

/* Returns false if the reader is behind, so that further bytes should wait where they are. */
bool ldisc_has_room(const struct ldisc *ldisc);
/* Processes a byte from the keyboard or the serial line. Drops it, with a bell, if there is no room. */
void ldisc_input(struct ldisc *ldisc, char c);

/* Processes a program's output (OPOST, ONLCR) and shows it. */
void ldisc_output(struct ldisc *ldisc, const char *bytes, uint32_t n);

/* Returns true if read() would not wait. */
bool ldisc_is_readable(const struct ldisc *ldisc);
/* Copies the next bytes to read into out, at most max and in canonical mode not beyond the end of a
 * line. Returns their number. *is_eof is true if the line ends with ^D right after them. */
uint32_t ldisc_peek(const struct ldisc *ldisc, char *out, uint32_t max, bool *is_eof);
/* Removes n of the bytes that ldisc_peek copied and, if with_eof, the ^D after them if there is one. */
void ldisc_take(struct ldisc *ldisc, uint32_t n, bool with_eof);
/* Returns the number of bytes that can be read now (FIONREAD). */
uint32_t ldisc_readable_bytes(const struct ldisc *ldisc);

/* Changes the settings (TCSETS) and, if flush, drops the input (TCSETSF). */
void ldisc_set_termios(struct ldisc *ldisc, const struct termios *termios, bool flush);
/* Drops all input, the edited line included. */
void ldisc_flush_input(struct ldisc *ldisc);

#endif
