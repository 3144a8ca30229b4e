/*
 * What the tests of system calls share: the bare calls, whose answer is a value or -errno, and
 * children that end in a way worth looking at.
 *
 * Tests that use Linux's calls only run on Linux too, and must say the same there: "Linux decides".
 * is_faultline() is for the few lines that cannot (freemem, addresses of the kernel).
 */
#ifndef TESTS_GUEST_CALLS_H
#define TESTS_GUEST_CALLS_H

#include <errno.h>
#include <faultline.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../user/libc/syscall.h"
#include "tap.h"

#define PAGE        4096u
#define TABLE_SPAN  0x200000u   /* what one page table maps      */
#define KERNEL_BASE 0xC0000000u /* the first address of nobody's */
#define UNUSED_FD   77          /* never open in a test          */

/* call(number, arguments...): the kernel's own answer. At least one argument, others are 0. */
#define CALL_6(nr, a, b, c, d, e, f, ...)                                                          \
    syscall6((nr), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define call(nr, ...) CALL_6(nr, __VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

static inline bool is_faultline(void)
{
    return syscall0(FL_NR_freemem) >= 0;
}

/* Is the answer an address (or any value that is no error)? */
static inline bool is_good(long answer)
{
    return (unsigned long)answer < (unsigned long)-4095;
}

/* An address as a pointer. */
static inline char *at(unsigned long address)
{
    return (char *)address;
}

/*
 * Makes all of the program and some stack this process's own, so that from here on only what a test
 * does moves freemem(): code and data of a program come in page by page, too. First thing in main.
 */
#define STACK_SETTLED 0x8000u

static inline void settle(void)
{
    static struct fl_map_area areas[64];
    char stack[STACK_SETTLED];
    memset(stack, 0, sizeof(stack));
    memset(areas, stack[0], sizeof(areas));
    int n = is_faultline() ? map_list(0, areas, 64) : 0;
    for (int i = 0; i < n; i++) {
        if (areas[i].kind == FL_ACCOUNT_SEGMENT || areas[i].kind == FL_ACCOUNT_STACK) {
            (void)call(__NR_mlock, areas[i].start, areas[i].end - areas[i].start);
        }
    }
}

/* ---- Mappings by bare calls: they stand beside <vm.h> and <sys/mman.h> alike ----------------- */

#define RIGHTS_RW    3    /* PROT_READ | PROT_WRITE      */
#define PRIVATE_ANON 0x22 /* MAP_PRIVATE | MAP_ANONYMOUS */
#define SHARED_ANON  0x21 /* MAP_SHARED | MAP_ANONYMOUS  */

/* Fresh private memory at an address of the kernel's choice. */
static inline char *map_pages(unsigned int pages)
{
    return at((unsigned long)call(__NR_mmap2, 0, pages * PAGE, RIGHTS_RW, PRIVATE_ANON, -1, 0));
}

static inline void unmap_pages(const void *start, unsigned int pages)
{
    (void)call(__NR_munmap, start, pages * PAGE);
}

/* Memory that a test shares with its children, there from the start. */
static inline void *map_shared(unsigned int bytes)
{
    char *memory = at((unsigned long)call(__NR_mmap2, 0, bytes, RIGHTS_RW, SHARED_ANON, -1, 0));
    memset(memory, 0, bytes);
    return memory;
}

/* `pages` pages with nothing mapped around them, where no kernel places anything by itself. */
static inline char *map_between_holes(unsigned int pages)
{
    static unsigned long next = 0x30000000;
    next += 0x100000;
    return at((unsigned long)call(__NR_mmap2, next, pages * PAGE, RIGHTS_RW, PRIVATE_ANON, -1, 0));
}

/* ---- Children -------------------------------------------------------------------------------- */

/* Runs body in a child that exits with its value; gives wait's status word. */
static inline int status_of_child(int (*body)(void *), void *argument)
{
    int status = -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        _exit(body(argument));
    }
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

/* Bodies that touch one byte. */
static inline int read_byte(void *address)
{
    return *(volatile char *)address & 0;
}

static inline int write_byte(void *address)
{
    *(volatile char *)address = 1;
    return 0;
}

static inline int run_byte(void *address)
{
    void (*function)(void);
    memcpy(&function, &address, sizeof(function));
    function();
    return 0;
}

/* Does the access end the process with SIGSEGV? */
static inline bool is_fatal(int (*access)(void *), const void *address)
{
    void *target;
    memcpy(&target, &address, sizeof(target));
    int status = status_of_child(access, target);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

/*
 * The same test program again, in a child, as `run` would start it: it gets a word and a number as
 * arguments and does what they mean to it. Gives the kernel's report.
 */
static inline struct fl_report report_of_case(const char *program, const char *name)
{
    static struct fl_report report;
    int status = 0;
    memset(&report, 0, sizeof(report));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        char path[64], word[64];
        (void)snprintf(path, sizeof(path), "%s", program);
        (void)snprintf(word, sizeof(word), "%s", name);
        char *const argv[] = {path, word, NULL};
        (void)run_policy(FL_POLICY_PAGE, FL_RUN_ANNOUNCE);
        execve(path, argv, NULL);
        _exit(1);
    }
    (void)run_wait(child, &status, &report, NULL);
    return report;
}

/* Was the run ended by the signal for this very cause? */
static inline bool is_killed_for(const struct fl_report *report, unsigned int cause, int signal)
{
    return report->exit_kind == FL_KILLED && report->value == signal && report->faults[cause] == 1;
}

/* What a program does at a word (report_of_case), and what it must die of. */
struct fatal_case {
    const char *word, *name;
    unsigned int cause;
    int signal;
};

/* Two tests for each: its death, and, by the name `all_back`, that every frame came back. */
static inline void test_fatal(const char *program, const struct fatal_case *cases, size_t count,
                              const char *all_back)
{
    for (size_t i = 0; i < count; i++) {
        int before = freemem();
        struct fl_report report = report_of_case(program, cases[i].word);
        int after = freemem();
        ok(is_killed_for(&report, cases[i].cause, cases[i].signal), cases[i].name);
        is(before - after, 0, all_back);
    }
}

#endif
