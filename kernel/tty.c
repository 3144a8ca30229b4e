/*
 * The line discipline. POSIX.1-2008, chapter 11, and termios(3) are the reference for every flag.
 *
 * Echo and editing happen when a byte arrives, not when somebody reads: the person sees what they
 * type while a program computes, and ^C works on a program that never reads.
 *
 * Shortcomings: no ^V, ^R, ^S/^Q and ^Z; VTIME is taken as 0; an erased character is one column
 * wide unless it is a control character, a tab or a UTF-8 sequence.
 */
#include "kernel/tty.h"

#include "lib/string.h"

#define PLACE_MASK        (TTY_BUFFER - 1u)
#define TAB_WIDTH         8u
#define DELETE            0x7F
#define CONTROL_TO_LETTER 0x40 /* ^C is echoed as '^' and 'C' */

_Static_assert((TTY_BUFFER & PLACE_MASK) == 0, "places are counts modulo a power of two");

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

void tty_init(struct tty *tty, const struct tty_ops *ops)
{
    memset(tty, 0, sizeof(*tty));
    tty->ops = ops;
    tty->termios = termios_default;
}

static bool has_local(const struct tty *tty, tcflag_t flag)
{
    return (tty->termios.c_lflag & flag) != 0;
}

/* Is c the special character `which`? A value of 0 switches a special character off. */
static bool is_special(const struct tty *tty, char c, uint32_t which)
{
    return c != 0 && (cc_t)c == tty->termios.c_cc[which];
}

static char byte_at(const struct tty *tty, uint32_t count)
{
    return tty->buffer[count & PLACE_MASK];
}

static bool is_line_end(const struct tty *tty, uint32_t count)
{
    uint32_t place = count & PLACE_MASK;
    return (tty->is_line_end[place / 8] & (1u << (place % 8))) != 0;
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

static void output_raw(struct tty *tty, const char *bytes, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        tty->column = column_after(tty->column, bytes[i]);
    }
    tty->ops->output(tty, bytes, n);
}

void tty_output(struct tty *tty, const char *bytes, uint32_t n)
{
    const tcflag_t both = OPOST | ONLCR;
    bool is_cooked = (tty->termios.c_oflag & both) == both;
    uint32_t start = 0;
    for (uint32_t i = 0; is_cooked && i < n; i++) {
        if (bytes[i] == '\n') {
            output_raw(tty, bytes + start, i - start);
            output_raw(tty, "\r\n", 2);
            start = i + 1;
        }
    }
    if (start < n) {
        output_raw(tty, bytes + start, n - start);
    }
}

/* ---- Echo -------------------------------------------------------------------------------------- */

static bool is_control(char c)
{
    return (uint8_t)c < ' ' || c == DELETE;
}

static void echo(struct tty *tty, char c)
{
    if (!has_local(tty, ECHO) && !(c == '\n' && has_local(tty, ICANON) && has_local(tty, ECHONL))) {
        return;
    }
    if (is_control(c) && c != '\n' && c != '\t' && has_local(tty, ECHOCTL)) {
        const char shown[2] = {'^', (char)(c ^ CONTROL_TO_LETTER)};
        tty_output(tty, shown, sizeof(shown));
        return;
    }
    tty_output(tty, &c, 1);
}

/* Columns that the edited line up to `end` takes, counted from where it began. */
static uint32_t edit_column_at(const struct tty *tty, uint32_t end)
{
    uint32_t column = tty->edit_column;
    for (uint32_t i = tty->head; i != end; i++) {
        char c = byte_at(tty, i);
        bool is_pair = is_control(c) && c != '\t' && has_local(tty, ECHOCTL);
        column = is_pair ? column + 2 : column_after(column, c);
    }
    return column;
}

/* Shortens the edited line to `end` and wipes what was echoed of it. */
static void edit_cut(struct tty *tty, uint32_t end)
{
    uint32_t before = edit_column_at(tty, tty->edit);
    tty->edit = end;
    if (!has_local(tty, ECHO) || !has_local(tty, ECHOE)) {
        return;
    }
    for (uint32_t after = edit_column_at(tty, end); before > after; before--) {
        output_raw(tty, "\b \b", 3);
    }
}

/* ---- Editing ----------------------------------------------------------------------------------- */

static bool is_continuation(const struct tty *tty, char c)
{
    return (tty->termios.c_iflag & IUTF8) != 0 && ((uint8_t)c & 0xC0u) == 0x80u;
}

/* Where the last character of the edited line starts. */
static uint32_t edit_previous(const struct tty *tty, uint32_t end)
{
    while (end != tty->head) {
        end--;
        if (!is_continuation(tty, byte_at(tty, end))) {
            break;
        }
    }
    return end;
}

static bool is_word_byte(char c)
{
    return c != ' ' && c != '\t';
}

static uint32_t edit_previous_word(const struct tty *tty)
{
    uint32_t end = tty->edit;
    while (end != tty->head && !is_word_byte(byte_at(tty, end - 1))) {
        end--;
    }
    while (end != tty->head && is_word_byte(byte_at(tty, end - 1))) {
        end--;
    }
    return end;
}

/* Handles erase, word erase and kill; false if c is none of them. ^H erases as DEL does: terminals
 * differ in what their backspace key sends. */
static bool edit_command(struct tty *tty, char c)
{
    if (is_special(tty, c, VERASE) || c == '\b') {
        edit_cut(tty, edit_previous(tty, tty->edit));
    } else if (is_special(tty, c, VKILL)) {
        edit_cut(tty, tty->head);
    } else if (is_special(tty, c, VWERASE) && has_local(tty, IEXTEN)) {
        edit_cut(tty, edit_previous_word(tty));
    } else {
        return false;
    }
    return true;
}

/* ---- Input ------------------------------------------------------------------------------------- */

static uint32_t bytes_held(const struct tty *tty)
{
    return tty->edit - tty->tail;
}

/* While no line is complete the reader cannot make room, so input must be taken (and, when the
 * buffer is full, refused with a bell until the line is ended). */
bool tty_has_room(const struct tty *tty)
{
    return bytes_held(tty) < TTY_BUFFER - 1 || tty->head == tty->tail;
}

static void store(struct tty *tty, char c, bool ends_line)
{
    uint32_t place = tty->edit & PLACE_MASK;
    uint8_t bit = (uint8_t)(1u << (place % 8));
    tty->buffer[place] = c;
    tty->is_line_end[place / 8] = (uint8_t)(ends_line ? tty->is_line_end[place / 8] | bit
                                                      : tty->is_line_end[place / 8] & ~bit);
    tty->edit++;
}

static void commit(struct tty *tty)
{
    tty->head = tty->edit;
    tty->ops->readable(tty);
}

static void input_canonical(struct tty *tty, char c)
{
    if (edit_command(tty, c)) {
        return;
    }
    bool is_eof = is_special(tty, c, VEOF);
    bool ends_line = c == '\n' || is_eof || is_special(tty, c, VEOL);
    /* The last place is kept for what ends the line. */
    if (bytes_held(tty) >= TTY_BUFFER - (ends_line ? 0 : 1)) {
        tty_output(tty, "\a", 1);
        return;
    }
    if (tty->edit == tty->head) {
        tty->edit_column = tty->column;
    }
    store(tty, is_eof ? '\0' : c, ends_line);
    if (!is_eof) {
        echo(tty, c);
    }
    if (ends_line) {
        commit(tty);
    }
}

static void input_raw(struct tty *tty, char c)
{
    if (bytes_held(tty) >= TTY_BUFFER) {
        return;
    }
    store(tty, c, false);
    echo(tty, c);
    commit(tty);
}

/* The c_iflag's view of a byte; false: it is ignored. */
static bool translate_input(const struct tty *tty, char *c)
{
    tcflag_t flags = tty->termios.c_iflag;
    if (*c == '\r') {
        if ((flags & IGNCR) != 0) {
            return false;
        }
        *c = (flags & ICRNL) != 0 ? '\n' : '\r';
    } else if (*c == '\n' && (flags & INLCR) != 0) {
        *c = '\r';
    }
    return true;
}

void tty_input(struct tty *tty, char c)
{
    if (!translate_input(tty, &c)) {
        return;
    }
    if (has_local(tty, ISIG) && (is_special(tty, c, VINTR) || is_special(tty, c, VQUIT))) {
        if (!has_local(tty, NOFLSH)) {
            tty_flush_input(tty);
        }
        echo(tty, c);
        tty->ops->interrupt(tty);
        return;
    }
    if (has_local(tty, ICANON)) {
        input_canonical(tty, c);
    } else {
        input_raw(tty, c);
    }
}

/* ---- Reading ----------------------------------------------------------------------------------- */

bool tty_is_readable(const struct tty *tty)
{
    if (has_local(tty, ICANON)) {
        return tty->head != tty->tail;
    }
    cc_t min = tty->termios.c_cc[VMIN];
    return tty_readable_bytes(tty) >= (min > 0 ? 1u : 0u);
}

uint32_t tty_peek(const struct tty *tty, char *out, uint32_t max, bool *is_eof)
{
    bool is_canonical = has_local(tty, ICANON);
    uint32_t n = 0;
    *is_eof = false;
    while (tty->tail + n != tty->head) {
        uint32_t count = tty->tail + n;
        char c = byte_at(tty, count);
        bool ends_line = is_canonical && is_line_end(tty, count);
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

void tty_take(struct tty *tty, uint32_t n, bool with_eof)
{
    tty->tail += n;
    if (with_eof && tty->tail != tty->head && is_line_end(tty, tty->tail) &&
        byte_at(tty, tty->tail) == '\0') {
        tty->tail++;
    }
}

uint32_t tty_readable_bytes(const struct tty *tty)
{
    return tty->head - tty->tail;
}

/* ---- Settings ---------------------------------------------------------------------------------- */

void tty_flush_input(struct tty *tty)
{
    tty->tail = tty->edit;
    tty->head = tty->edit;
}

/* A line half typed when canonical mode ends can be read at once. */
void tty_set_termios(struct tty *tty, const struct termios *termios, bool flush)
{
    if (flush) {
        tty_flush_input(tty);
    }
    tty->termios = *termios;
    if (!has_local(tty, ICANON) && tty->head != tty->edit) {
        commit(tty);
    }
}
