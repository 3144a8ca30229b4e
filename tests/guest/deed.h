/*
 * Wrong deeds: a few instructions each, done in a child process that mostly does not survive them.
 *
 * A deed is written in assembly, so that everything about its death is known beforehand: where the
 * instruction stands, which address it touches, where the stack pointer is. The parent checks the
 * wait status as a TAP test, and prints behind "# wanted: " each line that the kernel has to say
 * about the death. tests/boot/crash.t runs the same programs from outside and compares those
 * lines with what the kernel really said, byte for byte.
 *
 *     CODE(read_null, "", "movl (%ebx), %eax")
 *     static const struct deed deeds[] = {
 *         {"F1 read through NULL", START(read_null), SEGFAULT(0, 'r', 0, "null")},
 *
 * At its start a deed has zeros in all registers but ebx = deed->ebx and esp = the top of a stack
 * of its own. If nothing stops it it exits with SURVIVED.
 */
#ifndef TESTS_GUEST_DEED_H
#define TESTS_GUEST_DEED_H

#include <errno.h>
#include <faultline.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define SURVIVED    99
#define PAGE        4096u
#define KERNEL_BASE 0xC0000000u

/* NAME: `before`, then NAME_at: `at`, the instruction that is to die. */
#define CODE(name, before, at)                                                                     \
    __asm__(".text\n" #name ":\n" before "\n" #name "_at:\n" at "\n\tjmp deed_survived\n");        \
    extern const char name[], name##_at[]

__asm__(".text\ndeed_survived:\n"
        "movl $99, %ebx\nmovl $1, %eax\nint $0x80\n"); /* exit(SURVIVED) */
extern const char deed_survived[];

enum deed_end { DEED_EXITS, DEED_SEGFAULTS, DEED_TRAPS };

struct deed {
    const char *name;
    const char *code, *at; /* its first instruction, and the one that dies  */
    enum deed_end end;
    int value;        /* exit value, or the signal                     */
    uint32_t address; /* of a page fault                               */
    char access;      /* 'r', 'w' or 'x'                               */
    bool is_present;
    const char *words;     /* of a page fault the cause with its area       */
    uint32_t ebx;          /* at the start                                  */
    uint32_t esp;          /* at the death; 0: where it was at the start    */
    uint32_t skip;         /* bytes from `at` to where a trap says it was   */
    void (*prepare)(void); /* called in the child                           */
};

#define START(name) .code = name, .at = name##_at
#define SEGFAULT(where, how, present, cause)                                                       \
    .end = DEED_SEGFAULTS, .value = SIGSEGV, .address = (where), .access = (how),                  \
    .is_present = (present), .words = (cause)
#define TRAP(signal, text) .end = DEED_TRAPS, .value = (signal), .words = (text)
#define EXITS(status)      .end = DEED_EXITS, .value = (status)
#define GENERAL_PROTECTION TRAP(SIGSEGV, "general protection")
#define PRIVILEGED         TRAP(SIGSEGV, "general protection, privileged instruction")

#define DEED_STACK_BYTES (4 * PAGE)
__attribute__((unused)) static _Alignas(4096) char deed_stack[DEED_STACK_BYTES];
#define DEED_ESP ((uint32_t)deed_stack + DEED_STACK_BYTES - 256)

/* ---- What the machine is ----------------------------------------------------------------------- */

static inline const struct fl_kernel_info *machine(void)
{
    static struct fl_kernel_info info;
    if (info.frames_total == 0) {
        (void)kernel_info(&info);
    }
    return &info;
}

static inline bool has_feature(const char *name)
{
    const char *at = strstr(machine()->cpu, name);
    size_t length = strlen(name);
    return at != NULL && (at[length] == ' ' || at[length] == 0);
}

/* The page-fault error code tells a fetch from a read only then (SDM vol. 3, 4.7). */
static inline bool tells_fetches(void)
{
    return machine()->has_nx || has_feature("smep");
}

/* ---- The child --------------------------------------------------------------------------------- */

__attribute__((noreturn, unused)) static void deed_start(const char *code, uint32_t ebx,
                                                         uint32_t esp)
{
    __asm__ volatile("movl %%ecx, %%esp\n\t"
                     "pushl %%eax\n\t"
                     "xorl %%eax, %%eax\n\t"
                     "xorl %%ecx, %%ecx\n\t"
                     "xorl %%edx, %%edx\n\t"
                     "xorl %%esi, %%esi\n\t"
                     "xorl %%edi, %%edi\n\t"
                     "xorl %%ebp, %%ebp\n\t"
                     "ret"
                     :
                     : "a"(code), "b"(ebx), "c"(esp)
                     : "memory");
    __builtin_unreachable();
}

static inline int wait_for(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

/* ---- What the kernel has to say about it ------------------------------------------------------- */

static inline const char *deed_program(void)
{
    static char path[64];
    if (path[0] == 0 && readlink("/proc/self/exe", path, sizeof(path) - 1) < 0) {
        return "?";
    }
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Contract L8's causes. */
static inline bool deed_is_outside_everything(const char *words)
{
    return strcmp(words, "null") == 0 || strcmp(words, "guard") == 0 ||
           strcmp(words, "no-area") == 0 || strcmp(words, "kernel-address") == 0;
}

static inline const char *signal_name(int signal)
{
    switch (signal) {
    case SIGFPE:
        return "SIGFPE";
    case SIGILL:
        return "SIGILL";
    case SIGTRAP:
        return "SIGTRAP";
    case SIGBUS:
        return "SIGBUS";
    case SIGKILL:
        return "SIGKILL";
    default:
        return "SIGSEGV";
    }
}

static inline void want_segfault(const struct deed *deed, pid_t pid)
{
    bool is_read = deed->access == 'r' ||
                   /* a fetch that the error code does not tell, from a page behind the first */
                   (deed->access == 'x' && !tells_fetches() && deed->address != (uint32_t)deed->at);
    const char *word = deed->access == 'w' ? "write" : is_read ? "read" : "exec";
    unsigned int error = 4u | (deed->is_present ? 1u : 0u) | (deed->access == 'w' ? 2u : 0u) |
                         (deed->access == 'x' && tells_fetches() ? 0x10u : 0u);
    if (deed_is_outside_everything(deed->words)) {
        diag("wanted: Fault address not in segments.");
    }
    diag("wanted: %s[%d]: segfault at %x ip %08x sp %08x error %x (%s, %s, user): %s",
         deed_program(), pid, (unsigned int)deed->address, (unsigned int)deed->at,
         (unsigned int)(deed->esp != 0 ? deed->esp : DEED_ESP), error, word,
         deed->is_present ? "present" : "not present", deed->words);
}

static inline void want_lines(const struct deed *deed, pid_t pid)
{
    if (deed->end == DEED_SEGFAULTS) {
        want_segfault(deed, pid);
    } else if (deed->end == DEED_TRAPS && deed->address != 0) {
        diag("wanted: %s[%d]: %s at %x ip %08x: %s", deed_program(), pid, signal_name(deed->value),
             (unsigned int)deed->address, (unsigned int)deed->at, deed->words);
    } else if (deed->end == DEED_TRAPS) {
        diag("wanted: %s[%d]: %s at ip %08x: %s", deed_program(), pid, signal_name(deed->value),
             (unsigned int)(deed->at + deed->skip), deed->words);
    }
}

/* ---- The test ---------------------------------------------------------------------------------- */

static inline bool is_wanted_end(const struct deed *deed, int status)
{
    if (deed->end == DEED_EXITS) {
        return WIFEXITED(status) && WEXITSTATUS(status) == deed->value;
    }
    return WIFSIGNALED(status) && WTERMSIG(status) == deed->value;
}

/* What the first deed would touch for the first time, so that free frames can be compared. */
static inline void deed_warm_up(void)
{
    (void)machine();
    (void)deed_program();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        deed_start(deed_survived, 0, DEED_ESP);
    }
    (void)wait_for(child);
}

/* One test: the deed ends as it should and leaves no frame behind. */
__attribute__((unused)) static void do_deed(const struct deed *deed)
{
    fflush(stdout);
    int before = freemem();
    pid_t child = fork();
    if (child == 0) {
        if (deed->prepare != NULL) {
            deed->prepare();
        }
        deed_start(deed->code, deed->ebx, DEED_ESP);
    }
    int status = wait_for(child);
    int lost = before - freemem();
    want_lines(deed, child);
    if (!ok(is_wanted_end(deed, status) && lost == 0, deed->name)) {
        diag("status %x, %d frames lost", (unsigned int)status, lost);
    }
}

__attribute__((unused)) static void do_deeds(const struct deed *deeds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        do_deed(&deeds[i]);
    }
}
#define DO_DEEDS(table) do_deeds((table), COUNT(table))

#endif
