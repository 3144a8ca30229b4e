/*
 * The kernel command line, documented here and nowhere else: words of the form key=value, separated
 * by blanks. docs and the boot echo follow this table.
 *
 *   init=PATH              the first program, default /bin/init
 *   run=PATH               what init runs instead of a prompt
 *   policy=page|segment    how `run` loads programs, default page
 *   exit=qemu|halt         qemu: end the machine through isa-debug-exit (port 0xF4), default halt
 *   panic=halt|reboot      what follows a panic, default halt
 *   mem=SIZE[K|M|G]        use no memory above SIZE bytes, default all
 *   overcommit=0|1|2       Linux's vm.overcommit_memory, default 0
 *   seed=N                 start of the pseudo-random numbers, default 0: from the clock
 *   failframe=N            fail the N-th frame allocation after boot, default 0: none
 *   trace=0|1              a line per page fault, default 0
 *   console=serial|vga|run who is the terminal, default serial (console.h)
 *   tty=DIGITS             run mode: which of the host's descriptors 0, 1, 2 are terminals, default none
 *   window=ROWSxCOLUMNS    run mode: the size of the host's terminal, default 24x80
 *   loglevel=0..3          errors, warnings, information, debugging; default 2
 *
 * Numbers are decimal, or hexadecimal after 0x. A key given twice: the last one wins. Parsing runs
 * before there is a console, so problems are kept and shown later by cmdline_report().
 */
#ifndef KERNEL_CMDLINE_H
#define KERNEL_CMDLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "tty/console.h"

struct cmdline {
    const char *init; /* never NULL */
    const char *run;  /* NULL: none */
    uint32_t policy;  /* FL_POLICY_* */
    bool exit_qemu;
    bool panic_reboot;
    uint64_t mem_limit; /* bytes; UINT64_MAX: no limit */
    uint32_t overcommit, seed, failframe;
    bool has_failframe; /* failframe= was given, be it 0: FL_NR_fail_frame is allowed */
    bool trace;
    struct console_config console;
    uint32_t loglevel; /* enum log_level */
    const char *text;  /* the line as it came, for echo and kernel_info */
};

extern struct cmdline cmdline;

/* A word that was not understood. */
struct cmdline_problem {
    const char *word;    /* "key=value" as it stood */
    const char *allowed; /* what the key takes, or NULL: the key is unknown */
};

/* Fills `cmdline`. Copies the text; at most CMDLINE_MAX - 1 bytes of it. */
#define CMDLINE_MAX 4096
void cmdline_parse(const char *text);

/* The i-th problem, NULL past the last. At most CMDLINE_PROBLEMS_MAX are kept. */
#define CMDLINE_PROBLEMS_MAX 32u
const struct cmdline_problem *cmdline_problem(uint32_t i);
uint32_t cmdline_problem_count(void); /* all of them, kept or not */

/* Echoes the command line and names every problem, through printk. */
void cmdline_report(void);

#endif
