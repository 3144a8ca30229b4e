/*
 * Builds the initial stack as the i386 ABI supplement and Linux lay it out. From USER_END downward:
 *
 *     a zero word, the program's file name, environment strings, argument strings, the platform's
 *     name, 16 random bytes, padding, then ascending from esp (16-byte aligned):
 *     argc, argv[], NULL, envp[], NULL, auxv[] with AT_NULL
 *
 * Everything is sized first, and nothing is written unless all of it fits. The vectors are written
 * through a small buffer, so their length costs no memory here.
 */
#include <asm/errno.h>
#include <elf.h>
#include <linux/auxvec.h>
#include <stdbool.h>

#include "lib/addr.h"
#include "lib/compiler.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "loader/image.h"

#define STACK_ALIGN 16u
#define WORD_BYTES  4u
#define CLOCK_TICKS 100u /* USER_HZ: what times() would count in */
#define BATCH_WORDS 64u

static const char platform[] = "i686";

struct auxv_entry {
    uint32_t type, value;
};

/* The layout of the stack. */
struct stack_plan {
    uint32_t execfn, env, args, platform, random; /* addresses of strings and bytes */
    uint32_t esp;
};

/* Collects words for ascending addresses. Keeps the first error. */
struct word_writer {
    int (*write)(void *ctx, uint32_t va, const void *bytes, uint32_t n);
    void *ctx;
    uint32_t va; /* of words[0] */
    uint32_t count;
    int err;
    uint32_t words[BATCH_WORDS];
};

static void flush_words(struct word_writer *w)
{
    uint32_t bytes = w->count * WORD_BYTES;
    if (w->err == 0 && bytes > 0) {
        w->err = w->write(w->ctx, w->va, w->words, bytes);
    }
    w->va += bytes;
    w->count = 0;
}

static void put_word(struct word_writer *w, uint32_t word)
{
    if (w->count == BATCH_WORDS) {
        flush_words(w);
    }
    w->words[w->count++] = word;
}

/* ---- Sizing ---------------------------------------------------------------------------------- */

#define SCAN_PIECE (16u << 10) /* bytes between two preemption points */

/* Returns the bytes of one string with its terminator. *scanned counts the bytes since others could
 * last run. */
static uint32_t string_bytes(const struct image_strings *strings, const char *s, uint32_t *scanned)
{
    uint32_t n = 0, piece;
    if (strings->bytes <= SCAN_PIECE / 8) {
        return (uint32_t)strlen(s) + 1;
    }
    do {
        piece = (uint32_t)strnlen(s + n, SCAN_PIECE);
        n += piece;
        *scanned += piece + PREEMPT_STEPS; /* a short string costs something, too */
        if (*scanned > SCAN_PIECE) {
            *scanned = 0;
            (void)preempt_point();
        }
    } while (piece == SCAN_PIECE);
    return n + 1;
}

static bool has_long_string(const struct image_strings *strings)
{
    const char *s = strings->data;
    uint32_t scanned = 0;
    for (uint32_t i = 0; i < strings->count; i++) {
        uint32_t bytes = string_bytes(strings, s, &scanned);
        if (bytes > IMAGE_STRING_MAX) {
            return true;
        }
        s += bytes;
    }
    return false;
}

/* argc, argv with NULL, envp with NULL. */
static uint64_t vector_words(const struct image_start *start)
{
    return (uint64_t)start->args.count + start->env.count + 3;
}

/* Linux's limit: strings and pointers together may take a quarter of the stack. */
static int check_sizes(const struct image_start *start)
{
    uint64_t bytes = (uint64_t)start->args.bytes + start->env.bytes + strlen(start->execfn) + 1 +
                     vector_words(start) * WORD_BYTES;
    if (bytes > IMAGE_ARGS_MAX || has_long_string(&start->args) || has_long_string(&start->env)) {
        return -E2BIG;
    }
    return 0;
}

static struct stack_plan plan_stack(const struct image_start *start, uint32_t n_auxv)
{
    struct stack_plan plan;
    plan.execfn = USER_END - WORD_BYTES - (uint32_t)strlen(start->execfn) - 1;
    plan.env = plan.execfn - start->env.bytes;
    plan.args = plan.env - start->args.bytes;
    plan.platform = plan.args - (uint32_t)sizeof(platform);
    plan.random = (plan.platform - (uint32_t)sizeof(start->random)) & ~(STACK_ALIGN - 1);
    uint32_t bytes =
        (uint32_t)vector_words(start) * WORD_BYTES + n_auxv * (uint32_t)sizeof(struct auxv_entry);
    plan.esp = (plan.random - bytes) & ~(STACK_ALIGN - 1);
    return plan;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void put_pointers(struct word_writer *w, const struct image_strings *strings, uint32_t va)
{
    uint32_t done = 0, scanned = 0;
    for (uint32_t i = 0; i < strings->count; i++) {
        put_word(w, va + done);
        done += string_bytes(strings, strings->data + done, &scanned);
    }
    put_word(w, 0);
}

static int write_strings(const struct image_start *start, const struct stack_plan *plan,
                         int (*write)(void *ctx, uint32_t va, const void *bytes, uint32_t n),
                         void *ctx)
{
    const struct {
        uint32_t va;
        const void *bytes;
        uint32_t n;
    } pieces[] = {
        {plan->random, start->random, sizeof(start->random)},
        {plan->platform, platform, sizeof(platform)},
        {plan->args, start->args.data, start->args.bytes},
        {plan->env, start->env.data, start->env.bytes},
        {plan->execfn, start->execfn, (uint32_t)strlen(start->execfn) + 1},
    };
    for (uint32_t i = 0; i < array_size(pieces); i++) {
        int err = pieces[i].n > 0 ? write(ctx, pieces[i].va, pieces[i].bytes, pieces[i].n) : 0;
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

/*
 * Linux's auxiliary vector without AT_SYSINFO: there is no vDSO, so programs enter by int 0x80. If
 * no segment loads the program header table, AT_PHNUM is 0, so that nothing follows AT_PHDR 0.
 */
int image_build_stack(const struct image *image, const struct image_start *start,
                      int (*write)(void *ctx, uint32_t va, const void *bytes, uint32_t n),
                      void *ctx, uint32_t *esp)
{
    const struct elf32_info *info = image_info(image);
    struct auxv_entry auxv[] = {
        {AT_HWCAP, start->hwcap},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_CLKTCK, CLOCK_TICKS},
        {AT_PHDR, info->phdr_vaddr},
        {AT_PHENT, sizeof(Elf32_Phdr)},
        {AT_PHNUM, info->phdr_vaddr != 0 ? info->phnum : 0},
        {AT_BASE, 0},
        {AT_FLAGS, 0},
        {AT_ENTRY, info->entry},
        {AT_UID, 0},
        {AT_EUID, 0},
        {AT_GID, 0},
        {AT_EGID, 0},
        {AT_SECURE, 0},
        {AT_RANDOM, 0},
        {AT_EXECFN, 0},
        {AT_PLATFORM, 0},
        {AT_NULL, 0},
    };
    int err = check_sizes(start);
    if (err != 0) {
        return err;
    }
    struct stack_plan plan = plan_stack(start, array_size(auxv));
    err = write_strings(start, &plan, write, ctx);
    if (err != 0) {
        return err;
    }

    struct word_writer w = {.write = write, .ctx = ctx, .va = plan.esp};
    put_word(&w, start->args.count);
    put_pointers(&w, &start->args, plan.args);
    put_pointers(&w, &start->env, plan.env);
    for (uint32_t i = 0; i < array_size(auxv); i++) {
        uint32_t value = auxv[i].value;
        switch (auxv[i].type) {
        case AT_RANDOM:
            value = plan.random;
            break;
        case AT_EXECFN:
            value = plan.execfn;
            break;
        case AT_PLATFORM:
            value = plan.platform;
            break;
        default:
            break;
        }
        put_word(&w, auxv[i].type);
        put_word(&w, value);
    }
    flush_words(&w);
    *esp = plan.esp;
    return w.err;
}
