/*
 * The line discipline. POSIX.1-2008, chapter 11, and termios(3) are the reference for every flag.
 *
 * Echo and editing happen when a byte arrives, not when a program reads. People therefore see what
 * they type while a program computes, and ^C works on a program that never reads.
 *
 * Limitations: ^V, ^R, ^S and ^Q do nothing; VTIME counts as 0; every character but control
 * characters and tabs is taken to be one column wide.
 */
#include "tty/ldisc.h"

#include <asm/signal.h>

#include "lib/string.h"

#define PLACE_MASK        (LDISC_BUFFER - 1u)
#define TAB_WIDTH         8u
#define DELETE            0x7F
#define CONTROL_TO_LETTER 0x40 /* ^C is echoed as '^' and 'C' */

_Static_assert((LDISC_BUFFER & PLACE_MASK) == 0, "places are counts modulo a power of two");

static const struct termios termios_default = {
    .c_iflag = ICRNL | IUTF8,
    .c_oflag = OPOST | ONLCR,
    .c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL,
    .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .c_cc = {[VINTR] = 3,
             [VQUIT] = 28,
             [VERASE] = DELETE,
             [VKILL] = 21,
             [VEOF] = 4,
             [VMIN] = 1,
             [VSTART] = 17,
             [VSTOP] = 19,
             [VSUSP] = 26,
             [VREPRINT] = 18,
             [VWERASE] = 23,
             [VLNEXT] = 22},
};

void ldisc_init(struct ldisc *ldisc, const struct ldisc_ops *ops)
{
    memset(ldisc, 0, sizeof(*ldisc));
    ldisc->ops = ops;
    ldisc->termios = termios_default;
}

static bool has_local(const struct ldisc *ldisc, tcflag_t flag)
{
    return (ldisc->termios.c_lflag & flag) != 0;
}

/* Returns true if c is the special character `which`. A value of 0 disables a special character. */
static bool is_special(const struct ldisc *ldisc, char c, uint32_t which)
{
    return c != 0 && (cc_t)c == ldisc->termios.c_cc[which];
}

static char byte_at(const struct ldisc *ldisc, uint32_t count)
{
    return ldisc->buffer[count & PLACE_MASK];
}

static bool is_line_end(const struct ldisc *ldisc, uint32_t count)
{
    uint32_t place = count & PLACE_MASK;
    return (ldisc->is_line_end[place / 8] & (1u << (place % 8))) != 0;
}

/* ---- Output ------------------------------------------------------------------------------------ */

static uint32_t tab_stop_after(uint32_t column)
{
    return (column / TAB_WIDTH + 1) * TAB_WIDTH;
}

static uint32_t column_after(uint32_t column, char c)
{
    uint8_t byte = (uint8_t)c;
    if (c == '\n' || c == '\r') {
        return 0;
    }
    if (c == '\b') {
        return column > 0 ? column - 1 : 0;
    }
    if (c == '\t') {
        return tab_stop_after(column);
    }
    bool is_shown = byte >= ' ' && byte != DELETE && (byte & 0xC0u) != 0x80u;
    return column + is_shown;
}

static void output_raw(struct ldisc *ldisc, const char *bytes, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        ldisc->column = column_after(ldisc->column, bytes[i]);
    }
    ldisc->ops->output(ldisc, bytes, n);
}

void ldisc_output(struct ldisc *ldisc, const char *bytes, uint32_t n)
{
    const tcflag_t both = OPOST | ONLCR;
    bool is_cooked = (ldisc->termios.c_oflag & both) == both;
    uint32_t start = 0;
    for (uint32_t i = 0; is_cooked && i < n; i++) {
        if (bytes[i] == '\n') {
            output_raw(ldisc, bytes + start, i - start);
            output_raw(ldisc, "\r\n", 2);
            start = i + 1;
        }
    }
    if (start < n) {
        output_raw(ldisc, bytes + start, n - start);
    }
}

/* ---- Echo -------------------------------------------------------------------------------------- */

static bool is_control(char c)
{
    return (uint8_t)c < ' ' || c == DELETE;
}

static void echo(struct ldisc *ldisc, char c)
{
    if (!has_local(ldisc, ECHO) &&
        !(c == '\n' && has_local(ldisc, ICANON) && has_local(ldisc, ECHONL))) {
        return;
    }
    if (is_control(c) && c != '\n' && c != '\t' && has_local(ldisc, ECHOCTL)) {
        const char shown[2] = {'^', (char)(c ^ CONTROL_TO_LETTER)};
        ldisc_output(ldisc, shown, sizeof(shown));
        return;
    }
    ldisc_output(ldisc, &c, 1);
}

/* Returns the column after the edited line up to `end`. */
static uint32_t edit_column_at(const struct ldisc *ldisc, uint32_t end)
{
    uint32_t column = ldisc->edit_column;
    for (uint32_t i = ldisc->head; i != end; i++) {
        char c = byte_at(ldisc, i);
        bool is_pair = is_control(c) && c != '\t' && has_local(ldisc, ECHOCTL);
        column = is_pair ? column + 2 : column_after(column, c);
    }
    return column;
}

/* Shortens the edited line to `end` and erases the echo of the rest. */
static void edit_cut(struct ldisc *ldisc, uint32_t end)
{
    uint32_t before = edit_column_at(ldisc, ldisc->edit);
    ldisc->edit = end;
    if (!has_local(ldisc, ECHO) || !has_local(ldisc, ECHOE)) {
        return;
    }
    for (uint32_t after = edit_column_at(ldisc, end); before > after; before--) {
        output_raw(ldisc, "\b \b", 3);
    }
}

/* ---- Editing ----------------------------------------------------------------------------------- */

static bool is_continuation(const struct ldisc *ldisc, char c)
{
    return (ldisc->termios.c_iflag & IUTF8) && ((uint8_t)c & 0xC0u) == 0x80u;
}

/* Returns the start of the last character of the edited line before `end`. */
static uint32_t edit_previous(const struct ldisc *ldisc, uint32_t end)
{
    while (end != ldisc->head) {
        end--;
        if (!is_continuation(ldisc, byte_at(ldisc, end))) {
            break;
        }
    }
    return end;
}

static bool is_word_byte(char c)
{
    return c != ' ' && c != '\t';
}

static uint32_t edit_previous_word(const struct ldisc *ldisc)
{
    uint32_t end = ldisc->edit;
    while (end != ldisc->head && !is_word_byte(byte_at(ldisc, end - 1))) {
        end--;
    }
    while (end != ldisc->head && is_word_byte(byte_at(ldisc, end - 1))) {
        end--;
    }
    return end;
}

/* Handles erase, word erase and kill. Returns false if c is none of them. ^H erases as DEL does,
 * because terminals differ in what their backspace key sends. */
static bool edit_command(struct ldisc *ldisc, char c)
{
    if (is_special(ldisc, c, VERASE) || c == '\b') {
        edit_cut(ldisc, edit_previous(ldisc, ldisc->edit));
    } else if (is_special(ldisc, c, VKILL)) {
        edit_cut(ldisc, ldisc->head);
    } else if (is_special(ldisc, c, VWERASE) && has_local(ldisc, IEXTEN)) {
        edit_cut(ldisc, edit_previous_word(ldisc));
    } else {
        return false;
    }
    return true;
}

/* ---- Input ------------------------------------------------------------------------------------- */

static uint32_t bytes_held(const struct ldisc *ldisc)
{
    return ldisc->edit - ldisc->tail;
}

/* While no line is complete the reader cannot make room, so input must be accepted. If the buffer is
 * full, ldisc_input then drops it with a bell until the line ends. */
bool ldisc_has_room(const struct ldisc *ldisc)
{
    return bytes_held(ldisc) < LDISC_BUFFER - 1 || ldisc->head == ldisc->tail;
}

static void store(struct ldisc *ldisc, char c, bool ends_line)
{
    uint32_t place = ldisc->edit & PLACE_MASK;
    uint8_t bit = (uint8_t)(1u << (place % 8));
    ldisc->buffer[place] = c;
    ldisc->is_line_end[place / 8] = (uint8_t)(ends_line ? ldisc->is_line_end[place / 8] | bit
                                                        : ldisc->is_line_end[place / 8] & ~bit);
    ldisc->edit++;
}

static void commit(struct ldisc *ldisc)
{
    ldisc->head = ldisc->edit;
    ldisc->ops->readable(ldisc);
}

static void input_canonical(struct ldisc *ldisc, char c)
{
    if (edit_command(ldisc, c)) {
        return;
    }
    bool is_eof = is_special(ldisc, c, VEOF);
    bool ends_line = c == '\n' || is_eof || is_special(ldisc, c, VEOL);
    /* The last place is reserved for the end of the line. */
    if (bytes_held(ldisc) >= LDISC_BUFFER - (ends_line ? 0 : 1)) {
        ldisc_output(ldisc, "\a", 1);
        return;
    }
    if (ldisc->edit == ldisc->head) {
        ldisc->edit_column = ldisc->column;
    }
    store(ldisc, is_eof ? '\0' : c, ends_line);
    if (!is_eof) {
        echo(ldisc, c);
    }
    if (ends_line) {
        commit(ldisc);
    }
}

static void input_raw(struct ldisc *ldisc, char c)
{
    if (bytes_held(ldisc) >= LDISC_BUFFER) {
        return;
    }
    store(ldisc, c, false);
    echo(ldisc, c);
    commit(ldisc);
}

/* Translates a byte as c_iflag says. Returns false if it is to be ignored. */
static bool translate_input(const struct ldisc *ldisc, char *c)
{
    tcflag_t flags = ldisc->termios.c_iflag;
    if (*c == '\r') {
        if (flags & IGNCR) {
            return false;
        }
        *c = (flags & ICRNL) ? '\n' : '\r';
    } else if (*c == '\n' && (flags & INLCR)) {
        *c = '\r';
    }
    return true;
}

/* Returns the signal that a byte stands for; 0: none. */
static int signal_of(const struct ldisc *ldisc, char c)
{
    if (!has_local(ldisc, ISIG)) {
        return 0;
    }
    if (is_special(ldisc, c, VINTR)) {
        return SIGINT;
    }
    if (is_special(ldisc, c, VQUIT)) {
        return SIGQUIT;
    }
    return is_special(ldisc, c, VSUSP) ? SIGTSTP : 0;
}

void ldisc_input(struct ldisc *ldisc, char c)
{
    if (!translate_input(ldisc, &c)) {
        return;
    }
    int signal = signal_of(ldisc, c);

    if (signal != 0) {
        if (!has_local(ldisc, NOFLSH)) {
            ldisc_flush_input(ldisc);
        }
        echo(ldisc, c);
        ldisc->ops->signal(ldisc, signal);
        return;
    }
    if (has_local(ldisc, ICANON)) {
        input_canonical(ldisc, c);
    } else {
        input_raw(ldisc, c);
    }
}

/* ---- Reading ----------------------------------------------------------------------------------- */

bool ldisc_is_readable(const struct ldisc *ldisc)
{
    if (has_local(ldisc, ICANON)) {
        return ldisc->head != ldisc->tail;
    }
    cc_t min = ldisc->termios.c_cc[VMIN];
    return ldisc_readable_bytes(ldisc) >= (min > 0 ? 1u : 0u);
}

uint32_t ldisc_peek(const struct ldisc *ldisc, char *out, uint32_t max, bool *is_eof)
{
    bool is_canonical = has_local(ldisc, ICANON);
    uint32_t n = 0;
    *is_eof = false;
    while (ldisc->tail + n != ldisc->head) {
        uint32_t count = ldisc->tail + n;
        char c = byte_at(ldisc, count);
        bool ends_line = is_canonical && is_line_end(ldisc, count);
        if (ends_line && c == '\0') {
            *is_eof = true;
            break;
        }
        if (n == max) {
            break;
        }
        out[n++] = c;
        if (ends_line) {
            break;
        }
    }
    return n;
}

void ldisc_take(struct ldisc *ldisc, uint32_t n, bool with_eof)
{
    ldisc->tail += n;
    if (with_eof && ldisc->tail != ldisc->head && is_line_end(ldisc, ldisc->tail) &&
        byte_at(ldisc, ldisc->tail) == '\0') {
        ldisc->tail++;
    }
}

uint32_t ldisc_readable_bytes(const struct ldisc *ldisc)
{
    return ldisc->head - ldisc->tail;
}

/* ---- Settings ---------------------------------------------------------------------------------- */

void ldisc_flush_input(struct ldisc *ldisc)
{
    ldisc->tail = ldisc->edit;
    ldisc->head = ldisc->edit;
}

/* When canonical mode ends, a line that is half typed can be read at once. */
void ldisc_set_termios(struct ldisc *ldisc, const struct termios *termios, bool flush)
{
    if (flush) {
        ldisc_flush_input(ldisc);
    }
    ldisc->termios = *termios;
    if (!has_local(ldisc, ICANON) && ldisc->head != ldisc->edit) {
        commit(ldisc);
    }
}
