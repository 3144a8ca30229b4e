/* <getopt.h>: every order of options and operands, messages included. */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int flag;
static const struct option longs[] = {
    {"alpha", no_argument, NULL, 'A'},       {"beta", required_argument, NULL, 'B'},
    {"gamma", optional_argument, NULL, 'G'}, {"flag", no_argument, &flag, 7},
    {"alphabet", no_argument, NULL, 'T'},    {NULL, 0, NULL, 0},
};

/* Splits at blanks, with "prog" in front. */
static int split(char *line, char **argv)
{
    int argc = 0;
    argv[argc++] = (char *)"prog";
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    return argc;
}

static void try_all(const char *words, const char *options, int kind)
{
    char line[128], *argv[32];
    strcpy(line, words);
    int argc = split(line, argv), c, index = -1;
    optind = 0;
    opterr = 1;
    flag = 0;
    printf("%d \"%s\" %s:", kind, options, words);
    fflush(stdout);
    for (;;) {
        c = kind == 0   ? getopt(argc, argv, options)
            : kind == 1 ? getopt_long(argc, argv, options, longs, &index)
                        : getopt_long_only(argc, argv, options, longs, &index);
        if (c == -1) {
            break;
        }
        printf(" %d", c);
        if (c == '?' || c == ':') {
            printf("(%d)", optopt);
        }
        printf("%s%s", optarg == NULL ? "" : "=", optarg == NULL ? "" : optarg);
        fflush(stdout);
    }
    printf(" | %d %d %d", optind, flag, index);
    for (int i = 1; i < argc; i++) {
        printf(" %s", argv[i]);
    }
    puts("");
}

static const char *const lines[] = {
    "",
    "-a",
    "-ab x",
    "x -a y -b z",
    "-c value -cvalue -d -dopt",
    "-a -- -b x",
    "-x -a",
    "-c",
    "x y z",
    "- -a",
    "--alpha --beta=2 --beta 3 x",
    "--gamma --gamma=5 --flag",
    "--alp --bet=1",
    "--alphabe --a",
    "--nope --alpha=3 --beta",
    "x --alpha y --beta z -- -a w",
    "-alpha -beta 4 -a -ax",
    "x -cy z -ab w",
    "-",
    "--",
};

int main(void)
{
    static const char *const options[] = {"abc:d::", "+abc:d::", "-abc:d::", ":abc:d::"};
    setvbuf(stderr, NULL, _IONBF, 0);
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        for (int k = 0; k < 4; k++) {
            for (int kind = 0; kind < 3; kind++) {
                try_all(lines[i], options[k], kind);
            }
        }
    }
    return 0;
}
