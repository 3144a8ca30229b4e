/*
 * The kernel command line: words of the form key=value, separated by blanks. docs/command-line.md
 * describes the keys for users; tests/docs.t compares it with cmdline.c. Start-up alone reads this
 * header and hands the values down.
 *
 *   init=PATH              the first program, default /bin/init
 *   run=PATH               the program that init runs instead of a prompt
 *   policy=page|segment    how programs are loaded, default page
 *   exit=qemu|halt         how the machine ends, default halt (dev/power.h)
 *   panic=halt|reboot      what follows a panic, default halt
 *   mem=SIZE[K|M|G]        ignore memory above this address, default none
 *   overcommit=0|1|2       Linux's vm.overcommit_memory, default 0
 *   seed=N                 seed of the random numbers, default 0, which means the clock
 *   failframe=N            fail the N-th frame allocation after boot, default 0 for none
 *   trace=0|1              log a line per page fault, default 0
 *   console=serial|vga|run which device is the terminal, default serial (tty/console.h)
 *   tty=DIGITS             run mode: the host's descriptors that are terminals, default none
 *   window=ROWSxCOLUMNS    run mode: the size of the host's terminal, default 24x80
 *   loglevel=0|1|2|3       errors, warnings, information, debugging; default 2
 *
 * Numbers are decimal, or hexadecimal after 0x. If a key is given twice, the last one counts. The
 * line is parsed before there is a console, so cmdline_report() shows the problems later.
 */
#ifndef KERNEL_CMDLINE_H
#define KERNEL_CMDLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "tty/console.h"

struct cmdline {
    const char *init; /* never NULL          */
    const char *run;  /* NULL if not given   */
    uint32_t policy;  /* FL_POLICY_*         */
    bool exit_qemu;
    bool panic_reboot;
    uint64_t mem_limit; /* physical address; UINT64_MAX if not given */
    uint32_t overcommit, seed, failframe;
    bool has_failframe; /* failframe= was given, even as 0, so FL_NR_fail_frame is allowed */
    bool trace;
    struct console_config console;
    uint32_t loglevel; /* enum log_level                          */
    const char *text;  /* the line as it came, for FL_NR_kernel_info */
};

extern struct cmdline cmdline; /* the defaults before cmdline_parse() */

/* A word that was not understood. */
struct cmdline_problem {
    const char *word;    /* "key=value", followed by the rest of the line  */
    const char *allowed; /* the key's values, or NULL if the key is unknown */
};

/* Fills `cmdline` from a copy of the text, of which it uses at most CMDLINE_MAX - 1 bytes. */
#define CMDLINE_MAX 4096
void cmdline_parse(const char *text);

/* Returns the i-th problem, or NULL beyond the last. At most CMDLINE_PROBLEMS_MAX are kept. */
#define CMDLINE_PROBLEMS_MAX 32u
const struct cmdline_problem *cmdline_problem(uint32_t i);
/* Returns the number of all problems, kept or not. */
uint32_t cmdline_problem_count(void);

/* Prints the command line and every problem. */
void cmdline_report(void);

#endif
