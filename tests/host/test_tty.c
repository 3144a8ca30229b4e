/*
 * tty/ldisc.c and dev/keyboard.c on the host: what a person types, byte by byte, against what
 * the program reads and what the screen shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dev/keyboard.h"
#include "tty/ldisc.h"

static struct ldisc ldisc;
static char screen[65536];
static uint32_t screen_len;
static uint32_t wakes, interrupts;

static void catch_output(struct ldisc *self, const char *bytes, uint32_t n)
{
    (void)self;
    assert_true(screen_len + n < sizeof(screen));
    memcpy(screen + screen_len, bytes, n);
    screen_len += n;
    screen[screen_len] = '\0';
}

static void catch_readable(struct ldisc *self)
{
    (void)self;
    wakes++;
}

static void catch_signal(struct ldisc *self, int signal)
{
    (void)self;
    (void)signal;
    interrupts++;
}

static const struct ldisc_ops ops = {catch_output, catch_readable, catch_signal};

static int reset(void **state)
{
    (void)state;
    ldisc_init(&ldisc, &ops);
    screen_len = 0;
    screen[0] = '\0';
    wakes = 0;
    interrupts = 0;
    return 0;
}

static void type(const char *text)
{
    while (*text != '\0') {
        ldisc_input(&ldisc, *text++);
    }
}

/* One read() of at most max bytes: -1 would wait, else the count, bytes in `got`. */
static char got[LDISC_BUFFER + 1];
static int read_tty(uint32_t max)
{
    bool is_eof;
    if (!ldisc_is_readable(&ldisc)) {
        return -1;
    }
    uint32_t n = ldisc_peek(&ldisc, got, max, &is_eof);
    ldisc_take(&ldisc, n, is_eof);
    got[n] = '\0';
    return (int)n;
}

static void expect_read(uint32_t max, const char *text)
{
    assert_int_equal(read_tty(max), (int)strlen(text));
    assert_string_equal(got, text);
}

static void set_local(tcflag_t off, tcflag_t on)
{
    struct termios termios = ldisc.termios;
    termios.c_lflag = (termios.c_lflag & ~off) | on;
    ldisc_set_termios(&ldisc, &termios, false);
}

/* ---- Canonical mode ---------------------------------------------------------------------------- */

static void test_a_line_at_a_time(void **state)
{
    (void)state;
    type("ls");
    assert_int_equal(read_tty(100), -1);
    assert_int_equal(wakes, 0);
    type("\rpwd\n");
    assert_int_equal(wakes, 2);
    assert_string_equal(screen, "ls\r\npwd\r\n");
    expect_read(100, "ls\n");
    expect_read(2, "pw");
    expect_read(100, "d\n");
    assert_int_equal(read_tty(100), -1);
}

static void test_erase(void **state)
{
    (void)state;
    type("ab\bc\177\177d\n");
    expect_read(100, "d\n");
    assert_string_equal(screen, "ab\b \bc\b \b\b \bd\r\n");
}

static void test_erase_stops_at_the_line_start(void **state)
{
    (void)state;
    ldisc_output(&ldisc, "$ ", 2);
    type("x\n\177\177y\n");
    expect_read(100, "x\n");
    expect_read(100, "y\n");
    assert_string_equal(screen, "$ x\r\ny\r\n");
}

static void test_erase_wide_things(void **state)
{
    (void)state;
    type("\001\177"); /* shown as ^A */
    assert_string_equal(screen, "^A\b \b\b \b");
    screen_len = 0;
    ldisc_output(&ldisc, "\r$ ", 3);
    type("a\t\177\177"); /* the tab went from column 3 to 8 */
    assert_string_equal(screen, "\r$ a\t\b \b\b \b\b \b\b \b\b \b\b \b");
    screen_len = 0;
    type("\xC3\xA4\177z\n"); /* one character of two bytes */
    assert_string_equal(screen, "\xC3\xA4\b \bz\r\n");
    expect_read(100, "z\n");
}

static void test_kill_and_word_erase(void **state)
{
    (void)state;
    type("rm -rf\025ok  \027go now\027\n");
    expect_read(100, "go \n");
}

static void test_end_of_file(void **state)
{
    (void)state;
    type("\004");
    expect_read(100, "");
    assert_int_equal(read_tty(100), -1);
    type("ab\004");
    expect_read(100, "ab");
    assert_int_equal(read_tty(100), -1);
    type("abc\004"); /* the mark goes with bytes that fill the buffer exactly */
    expect_read(3, "abc");
    assert_int_equal(read_tty(100), -1);
    type("abcd\004");
    expect_read(3, "abc");
    expect_read(3, "d");
    assert_int_equal(read_tty(100), -1);
    type("x\n\004y\n");
    expect_read(100, "x\n");
    expect_read(100, "");
    expect_read(100, "y\n");
}

static void test_a_typed_zero_is_data(void **state)
{
    (void)state;
    ldisc_input(&ldisc, 'a');
    ldisc_input(&ldisc, '\0');
    ldisc_input(&ldisc, '\n');
    assert_int_equal(read_tty(100), 3);
    assert_memory_equal(got, "a\0\n", 3);
}

static void test_interrupt_drops_what_was_typed(void **state)
{
    (void)state;
    type("done\nhalf\003");
    assert_int_equal(interrupts, 1);
    assert_int_equal(read_tty(100), -1);
    assert_string_equal(screen, "done\r\nhalf^C");
    set_local(ISIG, 0);
    type("\003\n");
    assert_int_equal(interrupts, 1);
    expect_read(100, "\003\n");
}

static void test_without_echo(void **state)
{
    (void)state;
    set_local(ECHO, 0);
    type("secret\177\n");
    assert_string_equal(screen, "");
    expect_read(100, "secre\n");
}

/* ---- A full buffer ----------------------------------------------------------------------------- */

static void test_full_with_lines_pushes_back(void **state)
{
    uint32_t typed = 0;
    (void)state;
    set_local(ECHO, 0);
    while (ldisc_has_room(&ldisc)) {
        type("123456\n");
        typed += 7;
    }
    assert_true(typed >= LDISC_BUFFER - 8 && typed <= LDISC_BUFFER + 6);
    uint32_t lines = 0;
    while (read_tty(100) > 0) {
        lines++;
    }
    assert_true(ldisc_has_room(&ldisc));
    assert_int_equal(lines, typed / 7);
}

static void test_full_without_a_line_rings(void **state)
{
    (void)state;
    set_local(ECHO, 0);
    for (uint32_t i = 0; i < LDISC_BUFFER + 10; i++) {
        assert_true(ldisc_has_room(&ldisc));
        type("x");
    }
    assert_int_equal(screen_len, 11);
    assert_int_equal(screen[0], '\a');
    type("\n");
    assert_int_equal(read_tty(LDISC_BUFFER), LDISC_BUFFER);
    assert_int_equal(got[LDISC_BUFFER - 1], '\n');
}

/* ---- Raw mode ---------------------------------------------------------------------------------- */

static void test_raw(void **state)
{
    (void)state;
    set_local(ICANON | ECHO, 0);
    type("a");
    expect_read(100, "a");
    type("\r\177\004");
    expect_read(100, "\n\177\004");
    assert_int_equal(read_tty(100), -1);
    ldisc.termios.c_cc[VMIN] = 0;
    expect_read(100, "");
    struct termios raw = ldisc.termios;
    raw.c_iflag = 0;
    ldisc_set_termios(&ldisc, &raw, false);
    type("\r");
    expect_read(100, "\r");
}

static void test_raw_gets_the_half_typed_line(void **state)
{
    (void)state;
    type("hal");
    assert_int_equal(read_tty(100), -1);
    set_local(ICANON, 0);
    expect_read(100, "hal");
    type("more");
    struct termios canonical = ldisc.termios;
    canonical.c_lflag |= ICANON;
    ldisc_set_termios(&ldisc, &canonical, true);
    assert_int_equal(read_tty(100), -1);
}

/* ---- Output ------------------------------------------------------------------------------------ */

static void test_output(void **state)
{
    (void)state;
    ldisc_output(&ldisc, "a\n\nb\nc", 6);
    assert_string_equal(screen, "a\r\n\r\nb\r\nc");
    assert_int_equal(ldisc.column, 1);
    ldisc_output(&ldisc, "\t", 1);
    assert_int_equal(ldisc.column, 8);
    ldisc.termios.c_oflag = 0;
    screen_len = 0;
    ldisc_output(&ldisc, "a\nb", 3);
    assert_string_equal(screen, "a\nb");
}

/* A random typist against a model that keeps a line as a string. */
static void test_random_typing(void **state)
{
    static const char keys[] = "abc\177\177 \t\025\027\n";
    char line[256];
    uint32_t len = 0;
    (void)state;
    srand(1);
    set_local(ECHO, 0);
    for (int i = 0; i < 200000; i++) {
        char c = keys[(size_t)rand() % (sizeof(keys) - 1)];
        ldisc_input(&ldisc, c);
        if (c == '\177') {
            len -= len > 0;
        } else if (c == '\025') {
            len = 0;
        } else if (c == '\027') {
            while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t')) {
                len--;
            }
            while (len > 0 && line[len - 1] != ' ' && line[len - 1] != '\t') {
                len--;
            }
        } else {
            line[len++] = c;
        }
        if (c == '\n') {
            line[len] = '\0';
            expect_read(sizeof(line), line);
            len = 0;
        }
        assert_true(len < sizeof(line) - 1);
    }
}

/* ---- Keyboard ---------------------------------------------------------------------------------- */

static const char *keys_typed(const uint8_t *codes, size_t n)
{
    static char text[64];
    struct keyboard_state keyboard = {0};
    uint32_t len = 0;
    for (size_t i = 0; i < n; i++) {
        len += keyboard_decode(&keyboard, codes[i], text + len);
    }
    text[len] = '\0';
    return text;
}

#define EXPECT_KEYS(expected, ...)                                                                 \
    do {                                                                                           \
        static const uint8_t codes[] = {__VA_ARGS__};                                              \
        assert_string_equal(keys_typed(codes, sizeof(codes)), expected);                           \
    } while (0)

static void test_keyboard(void **state)
{
    (void)state;
    EXPECT_KEYS("ls\r", 0x26, 0xA6, 0x1F, 0x9F, 0x1C, 0x9C);
    EXPECT_KEYS("Aa!1", 0x2A, 0x1E, 0x9E, 0xAA, 0x1E, 0x9E, 0x36, 0x02, 0x82, 0xB6, 0x02, 0x82);
    EXPECT_KEYS("Aa1", 0x3A, 0xBA, 0x1E, 0x2A, 0x1E, 0xAA, 0x02); /* caps lock spares digits */
    EXPECT_KEYS("\003\004c", 0x1D, 0x2E, 0x20, 0x9D, 0x2E);
    EXPECT_KEYS("\003", 0xE0, 0x1D, 0x2E, 0xE0, 0x9D); /* right control */
    EXPECT_KEYS("\033[A\033[D", 0xE0, 0x48, 0xE0, 0xC8, 0xE0, 0x4B);
    EXPECT_KEYS("A", 0x2A, 0xE0, 0xAA, 0x1E); /* a shadow's release is not shift's */
    EXPECT_KEYS("\177\t /\\", 0x0E, 0x0F, 0x39, 0x35, 0x2B);
    EXPECT_KEYS("", 0x3B, 0x58, 0x45, 0x38, 0x7F, 0xFF, 0xE0, 0x7F, 0xE1, 0x1D, 0x9D);
}

static void test_keyboard_every_code(void **state)
{
    char text[KEYBOARD_TEXT_MAX];
    struct keyboard_state keyboard = {0};
    (void)state;
    for (uint32_t i = 0; i < 65536; i++) {
        assert_true(keyboard_decode(&keyboard, (uint8_t)(i >> 8), text) <= KEYBOARD_TEXT_MAX);
        assert_true(keyboard_decode(&keyboard, (uint8_t)i, text) <= KEYBOARD_TEXT_MAX);
    }
}

#define TEST(function) cmocka_unit_test_setup(function, reset)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_a_line_at_a_time),
        TEST(test_erase),
        TEST(test_erase_stops_at_the_line_start),
        TEST(test_erase_wide_things),
        TEST(test_kill_and_word_erase),
        TEST(test_end_of_file),
        TEST(test_a_typed_zero_is_data),
        TEST(test_interrupt_drops_what_was_typed),
        TEST(test_without_echo),
        TEST(test_full_with_lines_pushes_back),
        TEST(test_full_without_a_line_rings),
        TEST(test_raw),
        TEST(test_raw_gets_the_half_typed_line),
        TEST(test_output),
        TEST(test_random_typing),
        TEST(test_keyboard),
        TEST(test_keyboard_every_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
