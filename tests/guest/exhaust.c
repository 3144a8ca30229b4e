/*
 * Uses memory up, in each overcommit mode and in several ways, and looks whether every frame comes
 * back. Not a t_ program: tests/boot/exhaust.t runs it on machines of several sizes.
 *
 * A child takes what it can get and ends by itself (a call said ENOMEM) or is killed; which of the
 * two depends on the mode and the way.
 */
#include <errno.h>
#include <faultline.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <tamalloc.h>
#include <unistd.h>

#include "calls.h"
#include "tap.h"

#define STEP  (256u * 1024u)
#define FORKS 200
#define ANON  (MAP_PRIVATE | MAP_ANONYMOUS)
#define READY 77 /* a child's exit status: a call refused */

static void touch(char *p, size_t size)
{
    for (size_t i = 0; i < size; i += PAGE) {
        p[i] = 1;
    }
}

static void take_by_mmap(int flags)
{
    for (;;) {
        char *p = mmap(NULL, STEP, PROT_READ | PROT_WRITE, ANON | flags, -1, 0);
        if (p == MAP_FAILED) {
            return;
        }
        touch(p, STEP);
    }
}

static void by_faults(void)
{
    take_by_mmap(0);
}

static void by_populate(void)
{
    take_by_mmap(MAP_POPULATE);
}

static void by_tamalloc(void)
{
    for (char *p; (p = tamalloc(STEP)) != NULL;) {
        touch(p, STEP);
    }
}

/* One page in every 2 MiB: page tables take as much as pages. */
static void by_tables(void)
{
    char *p = mmap(NULL, 1024u << 20, PROT_READ | PROT_WRITE, ANON | MAP_NORESERVE, -1, 0);
    if (p != MAP_FAILED) {
        for (unsigned int i = 0; i < 512; i++) {
            p[(size_t)i * TABLE_SPAN] = 1;
        }
        take_by_mmap(0);
    }
}

/* Areas that cannot be merged: kernel objects. */
static void by_areas(void)
{
    for (unsigned int i = 0;; i++) {
        int prot = i % 2 == 0 ? PROT_READ | PROT_WRITE : PROT_READ;
        char *p = mmap(NULL, PAGE, prot, ANON, -1, 0);
        if (p == MAP_FAILED) {
            return;
        }
        if (i % 2 == 0) {
            *p = 1;
        }
    }
}

/* Children that each hold some. */
static void by_processes(void)
{
    pid_t children[FORKS];
    int count = 0;
    char *p = mmap(NULL, STEP, PROT_READ | PROT_WRITE, ANON, -1, 0);
    while (p != MAP_FAILED && count < FORKS && (children[count] = fork()) >= 0) {
        if (children[count] == 0) {
            touch(p, STEP);
            for (;;) {
                (void)sched_yield();
            }
        }
        count++;
        (void)sched_yield();
    }
    for (int i = 0; i < count; i++) {
        (void)kill(children[i], SIGKILL);
        (void)waitpid(children[i], NULL, 0);
    }
}

/* A copy into memory that is not there yet. */
static void by_copy(void)
{
    for (;;) {
        char *p = mmap(NULL, STEP, PROT_READ | PROT_WRITE, ANON, -1, 0);
        if (p == MAP_FAILED || call(__NR_getrandom, p, STEP, 0) <= 0) {
            return;
        }
    }
}

static void exhaust(void (*take)(void), const char *name, int mode)
{
    char line[96];
    int before = freemem(), status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        take();
        _exit(READY);
    }
    (void)waitpid(child, &status, 0);
    bool is_expected = (WIFEXITED(status) && WEXITSTATUS(status) == READY) ||
                       (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    (void)snprintf(line, sizeof(line), "mode %d, %s: refused or killed", mode, name);
    ok(is_expected, line);
    for (int i = 0; i < 1000 && freemem() != before; i++) {
        (void)sched_yield();
    }
    (void)snprintf(line, sizeof(line), "mode %d, %s: every frame is back", mode, name);
    is(freemem(), before, line);
}

int main(void)
{
    static const struct {
        void (*take)(void);
        const char *name;
    } ways[] = {{by_faults, "faults"},      {by_populate, "populate"}, {by_tamalloc, "tamalloc"},
                {by_tables, "page tables"}, {by_areas, "areas"},       {by_processes, "processes"},
                {by_copy, "copies"}};
    settle();
    ok(true, "ready");
    for (int mode = 0; mode <= 2; mode++) {
        is(overcommit(mode, FL_KEEP) >= 0, 1, "the mode is set");
        for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
            exhaust(ways[i].take, ways[i].name, mode);
        }
    }
    return done_testing();
}
