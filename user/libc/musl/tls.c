/*
 * What musl's objects expect behind the segment register gs, and their way to errno.
 *
 * Debian compiles musl with a stack protector: most functions read a canary at gs:0x14 (i386 psABI,
 * thread control block). Some, for multibyte characters and time, also read the thread's locale
 * through the pointer at gs:0. A program that links such an object links this file too, because
 * every such object refers to a symbol that is defined here; its constructor then sets gs up with
 * one call of set_thread_area. A program that takes nothing from musl makes no such call.
 */
#include <asm/ldt.h>
#include <errno.h>
#include <linux/auxvec.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/libc/syscall.h"

#define TCB_WORDS   64
#define TCB_SELF    0
#define TCB_CANARY  5 /* gs:0x14 */
#define ANY_ENTRY   ((unsigned int)-1)
#define SELECTOR(n) (((n) << 3) | 3) /* in the GDT, for ring 3 */
#define LIMIT_PAGES 0xFFFFF

/* Where the locale's pointer lies is musl's own affair, so all words but the two known ones point
 * to zeros, and a locale of zeros is the "C" locale. */
static uintptr_t tcb[TCB_WORDS];
static const uintptr_t zeros[TCB_WORDS];

/* Feature bits of the CPU; musl's <fenv.h> looks whether there is SSE, whose modes it then sets. */
unsigned long __hwcap;

int *___errno_location(void);
int *__errno_location(void);
const char *__lctrans(const char *text, const void *map);
const char *__lctrans_cur(const char *text);
__attribute__((noreturn)) void __stack_chk_fail(void);
__attribute__((noreturn)) void __stack_chk_fail_local(void);

int *___errno_location(void)
{
    return &errno;
}

int *__errno_location(void)
{
    return &errno;
}

/* Messages are not translated. */
const char *__lctrans(const char *text, const void *map)
{
    (void)map;
    return text;
}

const char *__lctrans_cur(const char *text)
{
    return text;
}

/* Called when a function finds its canary overwritten. */
void __stack_chk_fail(void)
{
    static const char text[] = "*** stack smashing detected ***: terminated\n";
    (void)write(STDERR_FILENO, text, sizeof(text) - 1);
    abort();
}

void __stack_chk_fail_local(void)
{
    __stack_chk_fail();
}

/* The auxiliary vector lies behind the environment. */
static void read_auxv(const uintptr_t *auxv)
{
    for (; auxv[0] != AT_NULL; auxv += 2) {
        if (auxv[0] == AT_HWCAP) {
            __hwcap = auxv[1];
        } else if (auxv[0] == AT_RANDOM) {
            memcpy(&tcb[TCB_CANARY], (const void *)auxv[1], sizeof(tcb[TCB_CANARY]));
        }
    }
    tcb[TCB_CANARY] &= ~(uintptr_t)0xFF; /* a zero byte stops strings that run over */
}

__attribute__((constructor(101))) static void set_up(int argc, char **argv, char **envp)
{
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < TCB_WORDS; i++) {
        tcb[i] = (uintptr_t)zeros;
    }
    tcb[TCB_SELF] = (uintptr_t)tcb;
    while (*envp != NULL) {
        envp++;
    }
    read_auxv((const uintptr_t *)(void *)(envp + 1));
    struct user_desc area = {
        .entry_number = ANY_ENTRY,
        .base_addr = (unsigned int)(uintptr_t)tcb,
        .limit = LIMIT_PAGES,
        .seg_32bit = 1,
        .limit_in_pages = 1,
        .useable = 1,
    };
    if (syscall1(__NR_set_thread_area, (long)&area) != 0) {
        abort();
    }
    __asm__ volatile("movw %w0, %%gs" : : "q"(SELECTOR(area.entry_number)));
}
