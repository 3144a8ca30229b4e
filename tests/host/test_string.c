/*
 * lib/string.c against the obvious: every length and alignment around the word size, distances that
 * make copies overlap, and bytes above 127. Buffers end where AddressSanitizer watches.
 */
#include "tests/host/support.h"

#include "lib/compiler.h"
#include "lib/string.h"

#define LEN_MAX   40u
#define SHIFT_MAX 9u

static void fill(unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = (unsigned char)(i * 37 + 11);
    }
}

static void test_memcpy(void **state)
{
    (void)state;
    for (size_t n = 0; n <= LEN_MAX; n++) {
        for (size_t shift = 0; shift < SHIFT_MAX; shift++) {
            unsigned char *from = malloc(n + shift + 1), *to = malloc(n + shift + 2);
            fill(from, n + shift + 1);
            for (size_t i = 0; i < n + shift + 2; i++) {
                to[i] = '#';
            }
            assert_ptr_equal(memcpy(to + shift, from + 1, n), to + shift);
            for (size_t i = 0; i < n + shift + 2; i++) {
                assert_int_equal(to[i], i >= shift && i < shift + n ? from[1 + i - shift] : '#');
            }
            free(from);
            free(to);
        }
    }
}

static void test_memmove(void **state)
{
    (void)state;
    for (size_t n = 0; n <= LEN_MAX; n++) {
        for (size_t from = 0; from < SHIFT_MAX; from++) {
            for (size_t to = 0; to < SHIFT_MAX; to++) {
                unsigned char *buf = malloc(n + SHIFT_MAX), before[LEN_MAX + SHIFT_MAX];
                fill(buf, n + SHIFT_MAX);
                fill(before, n + SHIFT_MAX);
                assert_ptr_equal(memmove(buf + to, buf + from, n), buf + to);
                for (size_t i = 0; i < n + SHIFT_MAX; i++) {
                    unsigned char want = i >= to && i < to + n ? before[from + i - to] : before[i];
                    assert_int_equal(buf[i], want);
                }
                free(buf);
            }
        }
    }
}

static void test_memset(void **state)
{
    (void)state;
    for (size_t n = 0; n <= LEN_MAX; n++) {
        for (size_t shift = 0; shift < SHIFT_MAX; shift++) {
            unsigned char *buf = malloc(n + shift + 1);
            fill(buf, n + shift + 1);
            unsigned char last = buf[n + shift];
            assert_ptr_equal(memset(buf + shift, 0x1F0 + 7, n), buf + shift);
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(buf[shift + i], 0xF7);
            }
            assert_int_equal(buf[n + shift], last);
            if (shift > 0) {
                assert_int_equal(buf[shift - 1], (unsigned char)((shift - 1) * 37 + 11));
            }
            free(buf);
        }
    }
}

static void test_memcmp(void **state)
{
    (void)state;
    assert_int_equal(memcmp("abc", "abd", 2), 0);
    assert_true(memcmp("abc", "abd", 3) < 0);
    assert_true(memcmp("\xff", "\x01", 1) > 0);
    assert_true(memcmp("a\0b", "a\0c", 3) < 0);
    assert_int_equal(memcmp("x", "y", 0), 0);
}

static void test_lengths(void **state)
{
    (void)state;
    assert_int_equal(strlen(""), 0);
    assert_int_equal(strlen("abc\0def"), 3);
    assert_int_equal(strnlen("abc", 5), 3);
    assert_int_equal(strnlen("abc", 2), 2);
    char *unended = malloc(3);
    memcpy(unended, "xyz", 3);
    assert_int_equal(strnlen(unended, 3), 3); /* reads no further */
    free(unended);
}

static void test_comparisons(void **state)
{
    (void)state;
    assert_int_equal(strcmp("", ""), 0);
    assert_int_equal(strcmp("same", "same"), 0);
    assert_true(strcmp("ab", "abc") < 0);
    assert_true(strcmp("abc", "ab") > 0);
    assert_true(strcmp("\x80", "\x7f") > 0);
    assert_int_equal(strncmp("abcX", "abcY", 3), 0);
    assert_true(strncmp("abcX", "abcY", 4) < 0);
    assert_int_equal(strncmp("ab", "ab\0z", 5), 0);
    assert_int_equal(strncmp("x", "y", 0), 0);
}

static void test_searches(void **state)
{
    (void)state;
    const char *s = "path/to/file";
    assert_ptr_equal(strchr(s, '/'), s + 4);
    assert_ptr_equal(strrchr(s, '/'), s + 7);
    assert_ptr_equal(strchr(s, 'z'), NULL);
    assert_ptr_equal(strrchr(s, 'z'), NULL);
    assert_ptr_equal(strchr(s, '\0'), s + 12);
    assert_ptr_equal(strrchr(s, '\0'), s + 12);
    assert_ptr_equal(strchr(s, 'p' + 256), s); /* the int is taken as a char */
}

static void test_strlcpy(void **state)
{
    (void)state;
    char buf[8] = "#######";
    assert_int_equal(strlcpy(buf, "abc", 0), 3);
    assert_int_equal(buf[0], '#');
    assert_int_equal(strlcpy(buf, "abc", 1), 3);
    assert_string_equal(buf, "");
    assert_int_equal(strlcpy(buf, "abc", 3), 3);
    assert_string_equal(buf, "ab");
    assert_int_equal(strlcpy(buf, "abc", 4), 3);
    assert_string_equal(buf, "abc");
    assert_int_equal(strlcpy(buf, "a much longer text", sizeof(buf)), 18);
    assert_string_equal(buf, "a much ");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memcpy),   cmocka_unit_test(test_memmove),
        cmocka_unit_test(test_memset),   cmocka_unit_test(test_memcmp),
        cmocka_unit_test(test_lengths),  cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_searches), cmocka_unit_test(test_strlcpy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
