/* <getopt.h>: options of a command line, short (POSIX) and long (GNU). */
#ifndef FL_GETOPT_H
#define FL_GETOPT_H

#ifdef __cplusplus
extern "C" {
#endif

/* The option's argument; the next element of argv; whether to print messages (not 0); the option
 * letter that was wrong. Setting optind to 0 or 1 starts over. */
extern char *optarg;
extern int optind, opterr, optopt;

#define no_argument       0
#define required_argument 1
#define optional_argument 2

struct option {
    const char *name;
    int has_arg; /* no_argument, required_argument or optional_argument */
    int *flag;   /* NULL, or where val goes, and 0 is returned */
    int val;
};

/*
 * Returns the next option's letter, '?' for an unknown one, and -1 behind the last. An option
 * without its argument is '?', or ':' if options begins with ':', which also stops the messages.
 * Operands are moved behind the options as in glibc, unless options begins with '+' or the
 * environment has POSIXLY_CORRECT; with '-' in front an operand is the argument of option 1.
 */
int getopt(int argc, char *const argv[], const char *options);
/* Also takes --name, --name=argument, and any prefix of a name that is unique. Returns the option's
 * val, or 0 if it has a flag, and stores its place in *index unless index is NULL. */
int getopt_long(int argc, char *const argv[], const char *options, const struct option *longs,
                int *index);
/* Also takes long options with one dash. */
int getopt_long_only(int argc, char *const argv[], const char *options, const struct option *longs,
                     int *index);

#ifdef __cplusplus
}
#endif

#endif
