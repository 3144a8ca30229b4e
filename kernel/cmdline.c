/*
 * The command line: a table of keys and a loop over the words.
 *
 * A warning quotes the `allowed` text of a key. For choices the same text is also parsed: the words
 * between the bars are the choices in the order of their numbers, so the two cannot drift apart.
 * Nothing here stops a boot. After an unknown key or a bad value the default holds and a warning
 * follows, because a typing mistake in `loglevel` should not cost a machine.
 *
 * The values are parts of a private copy of the line, so they live forever.
 */
#include "kernel/cmdline.h"

#include <stddef.h>

#include "abi/faultline.h"
#include "kernel/log/printk.h"
#include "lib/compiler.h"
#include "lib/string.h"

#define MEM_LIMIT_BITS 52u /* the widest physical address of the architecture */

/* The values of keys that are not given. */
#define CMDLINE_DEFAULTS                                                                           \
    {                                                                                              \
        .init = "/bin/init", .policy = FL_POLICY_PAGE, .mem_limit = UINT64_MAX,                    \
        .console = {CONSOLE_SERIAL, .rows = 24, .columns = 80}, .loglevel = LOG_INFO, .text = ""   \
    }
struct cmdline cmdline = CMDLINE_DEFAULTS;

struct key {
    const char *name;
    const char *allowed;
    bool (*set)(const struct key *key, const char *value); /* false: bad value   */
    uint32_t *number;                                      /* filled by set_number and set_choice */
};

static char words[CMDLINE_MAX]; /* cut into words by zero bytes */
static char whole[CMDLINE_MAX]; /* as it came                   */
static struct cmdline_problem problems[CMDLINE_PROBLEMS_MAX];
static uint32_t problem_count;

/* Returns the index of value among the words of "a|b|c", or -1. */
static int choice_of(const char *allowed, const char *value)
{
    size_t len = strlen(value);
    for (int index = 0;; index++) {
        const char *bar = strchr(allowed, '|');
        size_t word_len = bar != NULL ? (size_t)(bar - allowed) : strlen(allowed);
        if (word_len == len && strncmp(allowed, value, len) == 0) {
            return index;
        }
        if (bar == NULL) {
            return -1;
        }
        allowed = bar + 1;
    }
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Parses the number at *text and moves *text behind it. Returns false if there are no digits or the
 * number is 2^MEM_LIMIT_BITS or more. */
static bool number_parse(const char **text, uint64_t *out)
{
    const char *p = *text;
    uint32_t base = 10;
    if (p[0] == '0' && (p[1] | 0x20) == 'x') {
        base = 16;
        p += 2;
    }
    const char *first = p;
    uint64_t value = 0;
    for (int digit = digit_of(*p); digit >= 0 && (uint32_t)digit < base; digit = digit_of(*++p)) {
        value = value * base + (uint32_t)digit;
        if ((value >> MEM_LIMIT_BITS) != 0) {
            return false;
        }
    }
    *text = p;
    *out = value;
    return p != first;
}

static bool set_number(const struct key *key, const char *value)
{
    uint64_t number;
    if (!number_parse(&value, &number) || *value != '\0' || number > UINT32_MAX) {
        return false;
    }
    *key->number = (uint32_t)number;
    return true;
}

/* Stores a choice as its number, for policy=, overcommit= and loglevel=. */
static bool set_choice(const struct key *key, const char *value)
{
    int choice = choice_of(key->allowed, value);
    if (choice < 0) {
        return false;
    }
    *key->number = (uint32_t)choice;
    return true;
}

static bool set_failframe(const struct key *key, const char *value)
{
    cmdline.has_failframe = true;
    return set_number(key, value);
}

static bool set_init(const struct key *key, const char *value)
{
    (void)key;
    cmdline.init = value;
    return *value != '\0';
}

static bool set_run(const struct key *key, const char *value)
{
    (void)key;
    cmdline.run = value;
    return *value != '\0';
}

static bool set_exit(const struct key *key, const char *value)
{
    int choice = choice_of(key->allowed, value);
    cmdline.exit_qemu = choice == 0;
    return choice >= 0;
}

static bool set_panic(const struct key *key, const char *value)
{
    int choice = choice_of(key->allowed, value);
    cmdline.panic_reboot = choice == 1;
    return choice >= 0;
}

static bool set_trace(const struct key *key, const char *value)
{
    int choice = choice_of(key->allowed, value);
    cmdline.trace = choice == 1;
    return choice >= 0;
}

static bool set_console(const struct key *key, const char *value)
{
    int choice = choice_of(key->allowed, value);
    if (choice < 0) {
        return false;
    }
    cmdline.console.mode = (enum console_mode)choice;
    return true;
}

static bool set_tty(const struct key *key, const char *value)
{
    (void)key;
    cmdline.console.host_terminals = 0;
    for (; *value >= '0' && *value <= '2'; value++) {
        cmdline.console.host_terminals |= 1u << (uint32_t)(*value - '0');
    }
    return *value == '\0';
}

static bool set_window(const struct key *key, const char *value)
{
    (void)key;
    uint64_t rows, columns;
    if (!number_parse(&value, &rows) || *value++ != 'x' || !number_parse(&value, &columns) ||
        *value != '\0' || rows > UINT16_MAX || columns > UINT16_MAX) {
        return false;
    }
    cmdline.console.rows = (uint16_t)rows;
    cmdline.console.columns = (uint16_t)columns;
    return true;
}

static uint32_t size_shift(char unit)
{
    switch (unit | 0x20) {
    case 'k':
        return 10;
    case 'm':
        return 20;
    case 'g':
        return 30;
    default:
        return 0;
    }
}

static bool set_mem(const struct key *key, const char *value)
{
    (void)key;
    uint64_t size;
    if (!number_parse(&value, &size) || size == 0) {
        return false;
    }
    uint32_t shift = size_shift(*value);
    if (shift != 0) {
        value++;
    }
    if (*value != '\0' || (size >> (MEM_LIMIT_BITS - shift)) != 0) {
        return false;
    }
    cmdline.mem_limit = size << shift;
    return true;
}

static const struct key keys[] = {
    {"init", "a path", set_init, NULL},
    {"run", "a path", set_run, NULL},
    {"policy", "page|segment", set_choice, &cmdline.policy},
    {"exit", "qemu|halt", set_exit, NULL},
    {"panic", "halt|reboot", set_panic, NULL},
    {"mem", "a size in bytes, or with K, M or G", set_mem, NULL},
    {"overcommit", "0|1|2", set_choice, &cmdline.overcommit},
    {"seed", "a number", set_number, &cmdline.seed},
    {"failframe", "a number", set_failframe, &cmdline.failframe},
    {"trace", "0|1", set_trace, NULL},
    {"console", "serial|vga|run", set_console, NULL},
    {"tty", "digits 0, 1, 2", set_tty, NULL},
    {"window", "ROWSxCOLUMNS", set_window, NULL},
    {"loglevel", "0|1|2|3", set_choice, &cmdline.loglevel},
};

static void problem_add(const char *word, const char *allowed)
{
    if (problem_count < CMDLINE_PROBLEMS_MAX) {
        problems[problem_count] = (struct cmdline_problem){word, allowed};
    }
    problem_count++;
}

/* Returns the word in the whole line. words[] and whole[] have the same offsets. */
static const char *word_in_whole(const char *word)
{
    return whole + (word - words);
}

static void word_parse(char *word)
{
    char *equals = strchr(word, '=');
    size_t name_len = equals != NULL ? (size_t)(equals - word) : strlen(word);
    for (size_t i = 0; equals != NULL && i < array_size(keys); i++) {
        const struct key *key = &keys[i];
        if (strlen(key->name) != name_len || strncmp(key->name, word, name_len) != 0) {
            continue;
        }
        struct cmdline before = cmdline;
        if (!key->set(key, equals + 1)) {
            cmdline = before;
            problem_add(word_in_whole(word), key->allowed);
        }
        return;
    }
    problem_add(word_in_whole(word), NULL);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void cmdline_parse(const char *text)
{
    cmdline = (struct cmdline)CMDLINE_DEFAULTS;
    problem_count = 0;
    strlcpy(whole, text, sizeof(whole));
    strlcpy(words, text, sizeof(words));
    cmdline.text = whole;
    char *p = words;
    while (*p != '\0') {
        char *word = p;
        while (*p != '\0' && !is_blank(*p)) {
            p++;
        }
        bool is_last = *p == '\0';
        *p = '\0';
        if (p != word) {
            word_parse(word);
        }
        if (!is_last) {
            p++;
        }
    }
}

const struct cmdline_problem *cmdline_problem(uint32_t i)
{
    return i < problem_count && i < CMDLINE_PROBLEMS_MAX ? &problems[i] : NULL;
}

uint32_t cmdline_problem_count(void)
{
    return problem_count;
}

/* Returns the length of the word at `word`, which ends at a blank or the end of the line. */
static int word_length(const char *word)
{
    int len = 0;
    while (word[len] != '\0' && !is_blank(word[len])) {
        len++;
    }
    return len;
}

void cmdline_report(void)
{
    printk("command line: %s", whole[0] != '\0' ? whole : "(empty)");
    const struct cmdline_problem *problem;
    for (uint32_t i = 0; (problem = cmdline_problem(i)) != NULL; i++) {
        int len = word_length(problem->word);
        if (problem->allowed == NULL) {
            printk_level(LOG_WARN, "command line: unknown key: %.*s", len, problem->word);
        } else {
            printk_level(LOG_WARN, "command line: bad value: %.*s (allowed: %s)", len,
                         problem->word, problem->allowed);
        }
    }
    if (problem_count > CMDLINE_PROBLEMS_MAX) {
        printk_level(LOG_WARN, "command line: %u more words not understood",
                     (unsigned int)(problem_count - CMDLINE_PROBLEMS_MAX));
    }
}
