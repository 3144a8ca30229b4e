/*
 * <getopt.h>, with glibc's order of operands and its messages.
 *
 * Operands in front of an option stay where they are until the option is read as a whole; then the
 * option, with its argument, moves in front of them. `inside` is not 0 while a group of short
 * options ("-abc") is half read.
 */
#include <getopt.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *optarg;
int optind = 1, opterr = 1, optopt = '?';

enum order { PERMUTE, OPTIONS_FIRST, OPERAND_IS_OPTION_1 };

struct request {
    int argc;
    char **argv;
    const char *shorts; /* without what controls the order */
    const struct option *longs;
    int *index;
    bool takes_one_dash;
    bool is_quiet;
    enum order order;
};

static int inside; /* where the next letter is in argv[optind]; 0: at the element's start */

static bool is_option(const char *element)
{
    return element[0] == '-' && element[1] != '\0';
}

/* ---- Short options ----------------------------------------------------------------------------- */

static int missing_argument(const struct request *r)
{
    return *r->shorts == ':' ? ':' : '?';
}

/* Stores what belongs to the option whose letter was the last one read: the rest of the element, or
 * the next element. */
static bool take_argument(const struct request *r, char *rest, bool is_optional)
{
    optarg = NULL;
    if (*rest != '\0') {
        optarg = rest;
        optind++;
    } else {
        optind++;
        if (!is_optional) {
            optarg = optind < r->argc ? r->argv[optind++] : NULL;
        }
    }
    inside = 0;
    return optarg != NULL || is_optional;
}

static int short_option(const struct request *r)
{
    char *element = r->argv[optind];
    inside = inside == 0 ? 1 : inside;
    char letter = element[inside++];
    const char *found = letter == ':' || letter == ';' ? NULL : strchr(r->shorts, letter);
    if (found == NULL || found[1] != ':') {
        if (element[inside] == '\0') {
            optind++;
            inside = 0;
        }
        if (found == NULL) {
            optopt = letter;
            if (!r->is_quiet) {
                (void)fprintf(stderr, "%s: invalid option -- '%c'\n", r->argv[0], letter);
            }
            return '?';
        }
        return letter;
    }
    if (!take_argument(r, element + inside, found[2] == ':')) {
        optopt = letter;
        if (!r->is_quiet) {
            (void)fprintf(stderr, "%s: option requires an argument -- '%c'\n", r->argv[0], letter);
        }
        return missing_argument(r);
    }
    return letter;
}

/* ---- Long options ------------------------------------------------------------------------------ */

struct long_match {
    const struct option *option; /* NULL: none */
    bool is_ambiguous;
};

static bool mean_the_same(const struct option *a, const struct option *b)
{
    return a->has_arg == b->has_arg && a->flag == b->flag && a->val == b->val;
}

static struct long_match find_long(const struct request *r, const char *name, size_t len)
{
    struct long_match match = {NULL, false};
    for (const struct option *o = r->longs; o->name != NULL; o++) {
        if (strncmp(o->name, name, len) != 0) {
            continue;
        }
        if (strlen(o->name) == len) {
            return (struct long_match){o, false};
        }
        if (match.option == NULL) {
            match.option = o;
        } else if (r->takes_one_dash || !mean_the_same(match.option, o)) {
            match.is_ambiguous = true;
        }
    }
    return match;
}

static void say_ambiguous(const struct request *r, const char *element, const char *name,
                          size_t len)
{
    (void)fprintf(stderr, "%s: option '%s' is ambiguous; possibilities:", r->argv[0], element);
    for (const struct option *o = r->longs; o->name != NULL; o++) {
        if (strncmp(o->name, name, len) == 0) {
            (void)fprintf(stderr, " '%.*s%s'", (int)(name - element), element, o->name);
        }
    }
    (void)fputs("\n", stderr);
}

static int unknown_long(const struct request *r, char *element, const char *name, size_t len,
                        bool is_ambiguous)
{
    if (!r->is_quiet && is_ambiguous) {
        say_ambiguous(r, element, name, len);
    } else if (!r->is_quiet) {
        (void)fprintf(stderr, "%s: unrecognized option '%s'\n", r->argv[0], element);
    }
    optind++;
    optopt = 0;
    return '?';
}

/* Stores the option's argument. Returns 0, or what to return if there is one too many or too few. */
static int long_argument(const struct request *r, const struct option *option, const char *dashes,
                         int n_dashes, char *argument)
{
    optarg = argument;
    if (argument != NULL && option->has_arg == no_argument) {
        if (!r->is_quiet) {
            (void)fprintf(stderr, "%s: option '%.*s%s' doesn't allow an argument\n", r->argv[0],
                          n_dashes, dashes, option->name);
        }
        optopt = option->val;
        optarg = NULL;
        return '?';
    }
    if (argument == NULL && option->has_arg == required_argument) {
        optarg = optind < r->argc ? r->argv[optind++] : NULL;
        if (optarg == NULL) {
            if (!r->is_quiet) {
                (void)fprintf(stderr, "%s: option '%.*s%s' requires an argument\n", r->argv[0],
                              n_dashes, dashes, option->name);
            }
            optopt = option->val;
            return missing_argument(r);
        }
    }
    return 0;
}

static int long_option(const struct request *r, struct long_match match, int n_dashes)
{
    char *element = r->argv[optind], *name = element + n_dashes;
    size_t len = strcspn(name, "=");
    if (match.option == NULL || match.is_ambiguous) {
        return unknown_long(r, element, name, len, match.is_ambiguous);
    }
    optind++;
    int error =
        long_argument(r, match.option, element, n_dashes, name[len] == '=' ? name + len + 1 : NULL);
    if (error != 0) {
        return error;
    }
    if (r->index != NULL) {
        *r->index = (int)(match.option - r->longs);
    }
    if (match.option->flag != NULL) {
        *match.option->flag = match.option->val;
        return 0;
    }
    return match.option->val;
}

/* ---- The order of elements --------------------------------------------------------------------- */

static int read_option(const struct request *r)
{
    char *element = r->argv[optind];
    if (inside > 0 || r->longs == NULL) {
        return short_option(r);
    }
    if (element[1] == '-') {
        return long_option(r, find_long(r, element + 2, strcspn(element + 2, "=")), 2);
    }
    bool may_be_long =
        r->takes_one_dash && (element[2] != '\0' || strchr(r->shorts, element[1]) == NULL);
    if (may_be_long) {
        struct long_match match = find_long(r, element + 1, strcspn(element + 1, "="));
        if (match.option != NULL || strchr(r->shorts, element[1]) == NULL) {
            return long_option(r, match, 1);
        }
    }
    return short_option(r);
}

/* Reads at argv[optind], which is an option, "--", an operand that ends the options, or nothing. */
static int read_element(const struct request *r)
{
    if (optind >= r->argc) {
        return -1;
    }
    char *element = r->argv[optind];
    if (inside == 0 && strcmp(element, "--") == 0) {
        optind++;
        return -1;
    }
    if (inside == 0 && !is_option(element)) {
        if (r->order != OPERAND_IS_OPTION_1) {
            return -1;
        }
        optarg = element;
        optind++;
        return 1;
    }
    return read_option(r);
}

/* Moves the n elements at `from` in front of the operands at `to`. */
static void move_down(char **argv, int to, int from, int n)
{
    for (int i = 0; i < n; i++) {
        char *element = argv[from + i];
        memmove(&argv[to + i + 1], &argv[to + i], (size_t)(from - to) * sizeof(*argv));
        argv[to + i] = element;
    }
}

static int read_permuted(const struct request *r)
{
    int operands = optind;
    while (optind < r->argc && !is_option(r->argv[optind])) {
        optind++;
    }
    if (optind >= r->argc) {
        optind = operands;
        return -1;
    }
    int start = optind;
    int letter = read_element(r);
    move_down(r->argv, operands, start, optind - start);
    optind -= start - operands;
    return letter;
}

static int next_option(struct request *r)
{
    if (optind == 0) {
        optind = 1;
        inside = 0;
    }
    optarg = NULL;
    r->order = getenv("POSIXLY_CORRECT") != NULL ? OPTIONS_FIRST : PERMUTE;
    if (*r->shorts == '+' || *r->shorts == '-') {
        r->order = *r->shorts++ == '+' ? OPTIONS_FIRST : OPERAND_IS_OPTION_1;
    }
    r->is_quiet = opterr == 0 || *r->shorts == ':';
    return r->order == PERMUTE ? read_permuted(r) : read_element(r);
}

int getopt(int argc, char *const argv[], const char *options)
{
    struct request r = {.argc = argc, .argv = (char **)(size_t)argv, .shorts = options};
    return next_option(&r);
}

int getopt_long(int argc, char *const argv[], const char *options, const struct option *longs,
                int *index)
{
    struct request r = {.argc = argc,
                        .argv = (char **)(size_t)argv,
                        .shorts = options,
                        .longs = longs,
                        .index = index};
    return next_option(&r);
}

int getopt_long_only(int argc, char *const argv[], const char *options, const struct option *longs,
                     int *index)
{
    struct request r = {.argc = argc,
                        .argv = (char **)(size_t)argv,
                        .shorts = options,
                        .longs = longs,
                        .index = index,
                        .takes_one_dash = true};
    return next_option(&r);
}
