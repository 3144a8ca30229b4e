/*
 * kernel/cmdline.c on the host: every key, every way to get one wrong, and lines of every odd shape
 * (bad-input B10). What cmdline_report() prints is caught line by line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "abi/faultline.h"
#include "kernel/cmdline.h"
#include "kernel/log/printk.h"

/* ---- What printk gets -------------------------------------------------------------------------- */

#define LINES_MAX 64
static char lines[LINES_MAX][PRINTK_LINE_MAX];
static uint32_t line_count;

static void catch_line(const char *fmt, va_list args) printf_like(1, 0);
static void catch_line(const char *fmt, va_list args)
{
    assert_true(line_count < LINES_MAX);
    vsnprintf(lines[line_count++], PRINTK_LINE_MAX, fmt, args);
}

void printk(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    catch_line(fmt, args);
    va_end(args);
}

void printk_level(int level, const char *fmt, ...)
{
    va_list args;
    assert_int_equal(level, LOG_WARN);
    va_start(args, fmt);
    catch_line(fmt, args);
    va_end(args);
}

static int reset(void **state)
{
    (void)state;
    line_count = 0;
    return 0;
}

static void expect_no_problem(const char *text)
{
    cmdline_parse(text);
    assert_int_equal(cmdline_problem_count(), 0);
    assert_null(cmdline_problem(0));
}

static void expect_bad_value(const char *text)
{
    cmdline_parse(text);
    assert_int_equal(cmdline_problem_count(), 1);
    assert_string_equal(cmdline_problem(0)->word, text);
    assert_non_null(cmdline_problem(0)->allowed);
}

static void expect_defaults(void)
{
    assert_string_equal(cmdline.init, "/bin/init");
    assert_null(cmdline.run);
    assert_int_equal(cmdline.policy, FL_POLICY_PAGE);
    assert_false(cmdline.exit_qemu);
    assert_false(cmdline.panic_reboot);
    assert_true(cmdline.mem_limit == UINT64_MAX);
    assert_int_equal(cmdline.overcommit, 0);
    assert_int_equal(cmdline.seed, 0);
    assert_int_equal(cmdline.failframe, 0);
    assert_false(cmdline.trace);
    assert_int_equal(cmdline.console.mode, CONSOLE_SERIAL);
    assert_int_equal(cmdline.loglevel, LOG_INFO);
}

/* ---- Tests ------------------------------------------------------------------------------------- */

static void test_b10_empty(void **state)
{
    (void)state;
    expect_no_problem("");
    expect_defaults();
    expect_no_problem(" \t  \n");
    expect_defaults();
}

static void test_every_key(void **state)
{
    (void)state;
    expect_no_problem("init=/sbin/x run=/bin/sum policy=segment exit=qemu panic=reboot mem=128M "
                      "overcommit=2 seed=0x1F failframe=17 trace=1 console=run loglevel=3");
    assert_string_equal(cmdline.init, "/sbin/x");
    assert_string_equal(cmdline.run, "/bin/sum");
    assert_int_equal(cmdline.policy, FL_POLICY_SEGMENT);
    assert_true(cmdline.exit_qemu);
    assert_true(cmdline.panic_reboot);
    assert_true(cmdline.mem_limit == 128u << 20);
    assert_int_equal(cmdline.overcommit, 2);
    assert_int_equal(cmdline.seed, 0x1F);
    assert_int_equal(cmdline.failframe, 17);
    assert_true(cmdline.trace);
    assert_int_equal(cmdline.console.mode, CONSOLE_RUN);
    assert_int_equal(cmdline.loglevel, LOG_DEBUG);
}

static void test_other_choices(void **state)
{
    (void)state;
    expect_no_problem("policy=page exit=halt panic=halt overcommit=0 trace=0 console=serial");
    expect_defaults();
    expect_no_problem("console=vga loglevel=0");
    assert_int_equal(cmdline.console.mode, CONSOLE_VGA);
    assert_int_equal(cmdline.loglevel, LOG_ERROR);
}

static void test_the_last_one_wins(void **state)
{
    (void)state;
    expect_no_problem("seed=1\tseed=2  policy=segment policy=page");
    assert_int_equal(cmdline.seed, 2);
    assert_int_equal(cmdline.policy, FL_POLICY_PAGE);
}

static void test_sizes(void **state)
{
    (void)state;
    expect_no_problem("mem=4096");
    assert_true(cmdline.mem_limit == 4096);
    expect_no_problem("mem=8k");
    assert_true(cmdline.mem_limit == 8192);
    expect_no_problem("mem=6G");
    assert_true(cmdline.mem_limit == 6ull << 30);
    expect_no_problem("mem=0x10M");
    assert_true(cmdline.mem_limit == 16u << 20);
    expect_no_problem("mem=4194303G"); /* the last one below 2^52 */
    expect_bad_value("mem=4194304G");
    expect_bad_value("mem=4503599627370496");
    expect_bad_value("mem=99999999999999999999999");
    expect_bad_value("mem=0");
    expect_bad_value("mem=");
    expect_bad_value("mem=M");
    expect_bad_value("mem=1T");
    expect_bad_value("mem=1MB");
    expect_bad_value("mem=-1");
}

static void test_b10_bad_values_change_nothing(void **state)
{
    static const char *const bad[] = {
        "init=",
        "run=",
        "policy=",
        "policy=pag",
        "policy=pages",
        "policy=|",
        "exit=QEMU",
        "panic=2",
        "overcommit=3",
        "overcommit=",
        "trace=2",
        "trace=yes",
        "console=tty",
        "console=ru",
        "loglevel=4",
        "loglevel=-1",
        "seed=",
        "seed=x",
        "seed=0x",
        "seed=1x",
        "seed=4294967296",
        "failframe=1.5",
        "policy=page|segment",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        expect_bad_value(bad[i]);
        expect_defaults();
    }
    expect_no_problem("seed=4294967295");
    assert_true(cmdline.seed == UINT32_MAX);
}

static void test_b10_bad_value_keeps_an_earlier_good_one(void **state)
{
    (void)state;
    cmdline_parse("seed=5 seed=five init=/x init=");
    assert_int_equal(cmdline_problem_count(), 2);
    assert_int_equal(cmdline.seed, 5);
    assert_string_equal(cmdline.init, "/x");
}

static void test_b10_unknown_keys_are_listed(void **state)
{
    (void)state;
    cmdline_parse("quiet seed=3 Init=/x root=/dev/sda =5 = seeds=1 see=1");
    assert_int_equal(cmdline.seed, 3);
    assert_int_equal(cmdline_problem_count(), 7);
    cmdline_report();
    assert_int_equal(line_count, 8);
    assert_string_equal(lines[0],
                        "command line: quiet seed=3 Init=/x root=/dev/sda =5 = seeds=1 see=1");
    assert_string_equal(lines[1], "command line: unknown key: quiet");
    assert_string_equal(lines[2], "command line: unknown key: Init=/x");
    assert_string_equal(lines[4], "command line: unknown key: =5");
    assert_string_equal(lines[7], "command line: unknown key: see=1");
}

static void test_b10_bad_values_are_named(void **state)
{
    (void)state;
    cmdline_parse("policy=fast trace=1");
    cmdline_report();
    assert_int_equal(line_count, 2);
    assert_string_equal(lines[1], "command line: bad value: policy=fast (allowed: page|segment)");
    line_count = 0;
    cmdline_parse("");
    cmdline_report();
    assert_int_equal(line_count, 1);
    assert_string_equal(lines[0], "command line: (empty)");
}

static void test_b10_four_kib(void **state)
{
    static char text[2 * CMDLINE_MAX];
    (void)state;
    memset(text, ' ', sizeof(text) - 1);
    memcpy(text, "seed=7", 6);
    memcpy(text + CMDLINE_MAX - 8, "trace=1", 7); /* ends with the last byte that is kept */
    memcpy(text + CMDLINE_MAX, "trace=0", 7);
    expect_no_problem(text);
    assert_int_equal(cmdline.seed, 7);
    assert_true(cmdline.trace);
    assert_int_equal(strlen(cmdline.text), CMDLINE_MAX - 1);

    memset(text, 'a', sizeof(text) - 1); /* one endless word */
    cmdline_parse(text);
    assert_int_equal(cmdline_problem_count(), 1);
    assert_int_equal(strlen(cmdline_problem(0)->word), CMDLINE_MAX - 1);
}

static void test_b10_more_problems_than_places(void **state)
{
    static char text[CMDLINE_MAX];
    (void)state;
    text[0] = '\0';
    for (int i = 0; i < 40; i++) {
        strcat(text, "x ");
    }
    cmdline_parse(text);
    assert_int_equal(cmdline_problem_count(), 40);
    assert_non_null(cmdline_problem(CMDLINE_PROBLEMS_MAX - 1));
    assert_null(cmdline_problem(CMDLINE_PROBLEMS_MAX));
    cmdline_report();
    assert_int_equal(line_count, 1 + CMDLINE_PROBLEMS_MAX + 1);
    assert_string_equal(lines[line_count - 1], "command line: 8 more words not understood");
}

static void test_the_text_is_copied(void **state)
{
    char text[] = "init=/a run=/b";
    (void)state;
    expect_no_problem(text);
    memset(text, 'z', sizeof(text) - 1);
    assert_string_equal(cmdline.init, "/a");
    assert_string_equal(cmdline.run, "/b");
    assert_string_equal(cmdline.text, "init=/a run=/b");
}

#define TEST(function) cmocka_unit_test_setup(function, reset)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_b10_empty),
        TEST(test_every_key),
        TEST(test_other_choices),
        TEST(test_the_last_one_wins),
        TEST(test_sizes),
        TEST(test_b10_bad_values_change_nothing),
        TEST(test_b10_bad_value_keeps_an_earlier_good_one),
        TEST(test_b10_unknown_keys_are_listed),
        TEST(test_b10_bad_values_are_named),
        TEST(test_b10_four_kib),
        TEST(test_b10_more_problems_than_places),
        TEST(test_the_text_is_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
