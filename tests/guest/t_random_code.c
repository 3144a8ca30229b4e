/*
 * Bad input P20: random bytes executed as code. Whatever they are, the process ends by a signal,
 * by itself, or when its time is over, and the next one finds a machine in order.
 *
 * The bytes come from a seed that is printed. A child has little but its code: before it jumps into
 * the bytes it unmaps the test program, so that a wild call finds no code that would make the
 * outcome depend on this file. LONG=1 in the environment: 100 000 strings.
 */
#include "deed.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#define STRINGS_SHORT 3000
#define STRINGS_LONG  100000
#define STRING_BYTES  64u
#define SPOT          0x90000000u
#define WARM_UP       10 /* strings until free frames can be compared */
#define YIELDS_MAX    3  /* each gives the child what is left of a time slice, or a whole one */
#define SEED          0x46415545u /* TEST_SEED in the environment takes its place */

static uint32_t seed = SEED, random_state;

/* xorshift32 (Marsaglia 2003). */
static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* munmap(4096, everything below SPOT), then zeros in all registers but esp, which keeps the
 * stack, then the random bytes behind it. */
static const unsigned char prologue[] = {
    0xB8, 91,   0x00, 0x00, 0x00, /* movl $91, %eax      */
    0xBB, 0x00, 0x10, 0x00, 0x00, /* movl $4096, %ebx    */
    0xB9, 0x00, 0xF0, 0xFF, 0x8F, /* movl $SPOT - 4096, %ecx */
    0xCD, 0x80,                   /* int $0x80           */
    0x31, 0xC0, 0x31, 0xDB, 0x31, 0xC9,
};

static bool has_avx(void)
{
    uint32_t eax = 1, ebx, ecx, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    return (ecx >> 28 & 1) != 0;
}

/* QEMU 7.2 itself dies of some opcodes behind 0F 38 and 0F 3A (such as 0F 38 0C) when its CPU has
 * AVX and they come without AVX's prefix. The long form runs on CPUs that have none. */
static void spare_emulator(unsigned char *bytes)
{
    for (size_t i = 0; i + 1 < STRING_BYTES; i++) {
        if (bytes[i] == 0x0F && (bytes[i + 1] == 0x38 || bytes[i + 1] == 0x3A)) {
            bytes[i] = 0x0E;
        }
    }
}

/* Three kinds: any bytes; with a prefix of 0x0F now and then, where the strange opcodes are; and with
 * addresses that exist, so that not every string dies of its first operand. */
static void fill(unsigned char *bytes, uint32_t kind)
{
    for (size_t i = 0; i < STRING_BYTES; i++) {
        bytes[i] = (unsigned char)next_random();
    }
    if (kind == 1) {
        for (size_t i = 0; i < STRING_BYTES; i += 1 + next_random() % 8) {
            bytes[i] = 0x0F;
        }
    } else if (kind == 2) {
        for (size_t i = 0; i + 4 <= STRING_BYTES; i += 4 + next_random() % 12) {
            uint32_t word = (next_random() & 1) != 0 ? SPOT + next_random() % PAGE
                                                     : KERNEL_BASE - next_random() % (2 * PAGE);
            memcpy(bytes + i, &word, sizeof(word));
        }
    }
}

__attribute__((noreturn)) static void run_bytes(uint32_t number)
{
    unsigned char *page = mmap((void *)SPOT, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    memcpy(page, prologue, sizeof(prologue));
    random_state = seed + number * 0x9E3779B9u;
    random_state = random_state == 0 ? 1 : random_state;
    fill(page + sizeof(prologue), number % 3);
    if (has_avx()) {
        spare_emulator(page + sizeof(prologue));
    }
    uint32_t esp;
    __asm__ volatile("movl %%esp, %0" : "=r"(esp));
    deed_start((const char *)page, 0, esp & ~15u);
}

static struct {
    uint32_t signals[64], exits, stopped;
} ends;

/* Gives false if the child ended in no way that is known. */
static bool collect(pid_t child)
{
    int status = 0;
    for (int i = 0; i < YIELDS_MAX; i++) {
        if (waitpid(child, &status, WNOHANG) == child) {
            break;
        }
        (void)sched_yield();
        status = -1;
    }
    if (status == -1 && waitpid(child, &status, WNOHANG) != child) {
        (void)kill(child, SIGKILL);
        ends.stopped++;
        return waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL;
    }
    if (WIFEXITED(status)) {
        ends.exits++;
        return true;
    }
    ends.signals[WTERMSIG(status) & 63]++;
    return WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGILL ||
           WTERMSIG(status) == SIGFPE || WTERMSIG(status) == SIGTRAP || WTERMSIG(status) == SIGBUS;
}

int main(void)
{
    const char *is_long = getenv("LONG");
    uint32_t count = is_long != NULL && strcmp(is_long, "1") == 0 ? STRINGS_LONG : STRINGS_SHORT;
    uint32_t unknown = 0, first_unknown = 0;
    int before = 0;
    if (getenv("TEST_SEED") != NULL) {
        seed = (uint32_t)strtoul(getenv("TEST_SEED"), NULL, 0);
    }
    deed_warm_up();
    diag("TEST_SEED=0x%x, %u strings of %u bytes", (unsigned int)seed, (unsigned int)count,
         STRING_BYTES);
    for (uint32_t number = 0; number < count; number++) {
        before = number == WARM_UP ? freemem() : before;
        pid_t child = fork();
        if (child == 0) {
            run_bytes(number);
        }
        if (child < 0 || !collect(child)) {
            first_unknown = unknown++ == 0 ? number : first_unknown;
        }
    }
    int after = freemem();
    diag("SIGSEGV %u, SIGILL %u, SIGFPE %u, SIGTRAP %u, SIGBUS %u, exited %u, stopped %u",
         (unsigned int)ends.signals[SIGSEGV], (unsigned int)ends.signals[SIGILL],
         (unsigned int)ends.signals[SIGFPE], (unsigned int)ends.signals[SIGTRAP],
         (unsigned int)ends.signals[SIGBUS], (unsigned int)ends.exits, (unsigned int)ends.stopped);
    if (!is(unknown, 0, "P20 every string ends by a signal, by itself, or when its time is over")) {
        diag("the first that did not: %u", (unsigned int)first_unknown);
    }
    ok(ends.signals[SIGSEGV] > count / 4 && ends.signals[SIGILL] > 0,
       "P20 the random strings differ");
    is(after, before, "P20 random code leaks no frame");
    return done_testing();
}
