/*
 * Bad input P15 to P17: what a program may find in registers, in the FPU and in memory: its own,
 * or a defined beginning, and never what another process or the kernel left there.
 */
#include "deed.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>

#define ROUNDS    300
#define EXIT_GOOD 42

/* ---- P15: FPU ---------------------------------------------------------------------------------- */

#define X87_BYTES       108 /* what fnsave writes: 28 of environment, then eight registers */
#define X87_ENVIRONMENT 28
#define XMM_BYTES       128

struct fpu {
    uint8_t x87[X87_BYTES];
    uint8_t xmm[XMM_BYTES];
    uint32_t mxcsr;
};

#define CONTROL_DEFAULT 0x037F
#define CONTROL_OTHER   0x0B7F /* rounds up */
#define MXCSR_DEFAULT   0x1F80u
#define MXCSR_OTHER     0x5F80u /* rounds up */

/* A state in which every register says `seed`. */
static void make_state(struct fpu *state, uint32_t seed)
{
    uint16_t control = CONTROL_OTHER;
    memset(state, 0, sizeof(*state));
    memcpy(state->x87, &control, sizeof(control));
    /* Status word 0 with the top at register 0, tags 0: all eight valid. */
    for (size_t i = X87_ENVIRONMENT; i < X87_BYTES; i++) {
        state->x87[i] = (uint8_t)(seed * 7 + i);
    }
    for (size_t i = 0; i < 8; i++) {
        /* a normal number: the integer bit set, a middling exponent */
        state->x87[X87_ENVIRONMENT + i * 10 + 7] |= 0x80;
        state->x87[X87_ENVIRONMENT + i * 10 + 9] = 0x3F;
    }
    for (size_t i = 0; i < XMM_BYTES; i++) {
        state->xmm[i] = (uint8_t)(seed * 13 + i);
    }
    state->mxcsr = MXCSR_OTHER;
}

static void load_state(const struct fpu *state)
{
    __asm__ volatile("frstor %0" : : "m"(state->x87));
    if (has_feature("sse")) {
        __asm__ volatile("movups 0(%0), %%xmm0\n\tmovups 16(%0), %%xmm1\n\t"
                         "movups 32(%0), %%xmm2\n\tmovups 48(%0), %%xmm3\n\t"
                         "movups 64(%0), %%xmm4\n\tmovups 80(%0), %%xmm5\n\t"
                         "movups 96(%0), %%xmm6\n\tmovups 112(%0), %%xmm7\n\t"
                         "ldmxcsr %1"
                         :
                         : "r"(state->xmm), "m"(state->mxcsr)
                         : "memory");
    }
}

static void store_state(struct fpu *state)
{
    memset(state, 0, sizeof(*state));
    __asm__ volatile("fnsave %0\n\tfrstor %0" : "+m"(state->x87));
    if (has_feature("sse")) {
        __asm__ volatile("movups %%xmm0, 0(%1)\n\tmovups %%xmm1, 16(%1)\n\t"
                         "movups %%xmm2, 32(%1)\n\tmovups %%xmm3, 48(%1)\n\t"
                         "movups %%xmm4, 64(%1)\n\tmovups %%xmm5, 80(%1)\n\t"
                         "movups %%xmm6, 96(%1)\n\tmovups %%xmm7, 112(%1)\n\t"
                         "stmxcsr %0"
                         : "=m"(state->mxcsr)
                         : "r"(state->xmm)
                         : "memory");
    }
}

static uint16_t control_of(const struct fpu *state)
{
    uint16_t control;
    memcpy(&control, state->x87, sizeof(control));
    return control;
}

static bool is_same_state(const struct fpu *a, const struct fpu *b)
{
    bool has_sse = has_feature("sse");
    return control_of(a) == control_of(b) &&
           memcmp(a->x87 + X87_ENVIRONMENT, b->x87 + X87_ENVIRONMENT,
                  X87_BYTES - X87_ENVIRONMENT) == 0 &&
           (!has_sse || (memcmp(a->xmm, b->xmm, XMM_BYTES) == 0 && a->mxcsr == b->mxcsr));
}

/* Keeps a state of its own while others do the same. */
static bool keeps_state(uint32_t seed)
{
    struct fpu mine, now;
    bool is_kept = true;
    make_state(&mine, seed);
    load_state(&mine);
    for (int i = 0; i < ROUNDS && is_kept; i++) {
        (void)sched_yield();
        if (i % 30 == 0) {
            for (volatile int spin = 0; spin < 300000; spin++) {
            }
        }
        store_state(&now);
        is_kept = is_same_state(&mine, &now);
    }
    return is_kept;
}

static void test_switches(void)
{
    pid_t children[3];
    bool all_kept = true;
    for (uint32_t i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            _exit(keeps_state(i + 1) ? EXIT_GOOD : 1);
        }
    }
    bool is_kept = keeps_state(99);
    for (int i = 0; i < 3; i++) {
        int status = wait_for(children[i]);
        all_kept = all_kept && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GOOD;
    }
    ok(is_kept && all_kept, "P15 four processes keep their FPU registers apart");
}

static void test_fork_copies(void)
{
    struct fpu mine, now;
    make_state(&mine, 5);
    load_state(&mine);
    pid_t child = fork();
    if (child == 0) {
        store_state(&now);
        _exit(is_same_state(&mine, &now) ? EXIT_GOOD : 1);
    }
    int status = wait_for(child);
    store_state(&now);
    ok(is_same_state(&mine, &now), "P15 fork leaves the parent's FPU registers");
    is(WEXITSTATUS(status), EXIT_GOOD, "P15 fork copies the FPU registers to the child");
}

/* In the program that execve started: 0 if the FPU is as at the beginning of time. */
static int check_fresh_state(void)
{
    struct fpu now;
    uint16_t tags;
    store_state(&now);
    memcpy(&tags, now.x87 + 8, sizeof(tags));
    bool is_clean = control_of(&now) == CONTROL_DEFAULT && tags == 0xFFFF;
    for (size_t i = X87_ENVIRONMENT; i < X87_BYTES; i++) {
        is_clean = is_clean && now.x87[i] == 0;
    }
    for (size_t i = 0; i < XMM_BYTES; i++) {
        is_clean = is_clean && now.xmm[i] == 0;
    }
    return is_clean && (!has_feature("sse") || now.mxcsr == MXCSR_DEFAULT) ? EXIT_GOOD : 1;
}

static void test_exec_is_fresh(char *program)
{
    pid_t child = fork();
    if (child == 0) {
        struct fpu mine;
        char word[] = "fresh";
        char *const argv[] = {program, word, NULL}, *const envp[] = {NULL};
        make_state(&mine, 77);
        load_state(&mine);
        execve(program, argv, envp);
        _exit(1);
    }
    int status = wait_for(child);
    is(WEXITSTATUS(status), EXIT_GOOD, "P15 a new program starts with a defined FPU");
}

/* ---- P16: general registers -------------------------------------------------------------------- */

struct registers {
    uint32_t eax, ebx, ecx, edx, esi, edi, ebp, eflags;
};

/* A call with these registers; gives what they are afterwards. */
static void call_with(struct registers *r)
{
    __asm__ volatile("pushal\n\t"
                     "pushl %%eax\n\t"
                     "movl 4(%%eax), %%ebx\n\t"
                     "movl 8(%%eax), %%ecx\n\t"
                     "movl 12(%%eax), %%edx\n\t"
                     "movl 16(%%eax), %%esi\n\t"
                     "movl 20(%%eax), %%edi\n\t"
                     "movl 24(%%eax), %%ebp\n\t"
                     "pushl 28(%%eax)\n\t"
                     "movl 0(%%eax), %%eax\n\t"
                     "popfl\n\t"
                     "int $0x80\n\t"
                     "pushl %%eax\n\t"
                     "pushfl\n\t"
                     "movl 8(%%esp), %%eax\n\t"
                     "popl 28(%%eax)\n\t"
                     "popl 0(%%eax)\n\t"
                     "movl %%ebx, 4(%%eax)\n\t"
                     "movl %%ecx, 8(%%eax)\n\t"
                     "movl %%edx, 12(%%eax)\n\t"
                     "movl %%esi, 16(%%eax)\n\t"
                     "movl %%edi, 20(%%eax)\n\t"
                     "movl %%ebp, 24(%%eax)\n\t"
                     "addl $4, %%esp\n\t"
                     "popal\n\t"
                     "cld"
                     :
                     : "a"(r)
                     : "memory", "cc");
}

#define FLAGS_MARKED 0x8D7u /* CF PF AF ZF SF OF, and the bit that is always 1 */
#define FLAGS_IF     0x200u

static const struct registers marked = {
    0,          0x11111111, 0x22222222, 0x33333333,
    0x44444444, 0x55555555, 0x66666666, FLAGS_MARKED | FLAGS_IF};

static bool is_unchanged(const struct registers *r)
{
    return memcmp(&r->ebx, &marked.ebx, sizeof(*r) - sizeof(r->eax)) == 0;
}

#define NR_FORK        2
#define NR_WRITE       4
#define NR_GETPID      20
#define NR_SCHED_YIELD 158

static void test_call_registers(void)
{
    static const struct {
        const char *name;
        uint32_t number;
        int answer;
    } calls[] = {{"a call that does not exist", 0x7FFFFFFF, -ENOSYS},
                 {"a hole in the table", 17, -ENOSYS},
                 {"a call that fails", NR_WRITE, -EBADF},
                 {"sched_yield", NR_SCHED_YIELD, 0}};
    struct registers r = marked;
    r.eax = NR_GETPID;
    call_with(&r);
    ok(r.eax == (uint32_t)getpid() && is_unchanged(&r), "P16 getpid changes eax alone");
    for (size_t i = 0; i < COUNT(calls); i++) {
        char name[80];
        r = marked;
        r.eax = calls[i].number;
        call_with(&r);
        (void)snprintf(name, sizeof(name), "P16 %s changes eax alone", calls[i].name);
        ok((int)r.eax == calls[i].answer && is_unchanged(&r), name);
    }
}

static void test_fork_registers(void)
{
    struct registers r = marked;
    pid_t self = getpid();
    r.eax = NR_FORK;
    call_with(&r);
    if (getpid() != self) {
        _exit(r.eax == 0 && is_unchanged(&r) ? EXIT_GOOD : 1);
    }
    int status = wait_for((pid_t)r.eax);
    ok((int)r.eax > 0 && is_unchanged(&r), "P16 fork changes the parent's eax alone");
    is(WEXITSTATUS(status), EXIT_GOOD, "P16 the child has the parent's registers with eax 0");
}

static void test_entry_registers(void)
{
    pid_t child = fork();
    if (child == 0) {
        static char *argv[] = {NULL, NULL}, *envp[] = {NULL};
        static char here[] = "/tests/entry_state", there[] = "/entry_state";
        argv[0] = here;
        execve(here, argv, envp);
        argv[0] = there;
        execve(there, argv, envp);
        _exit(127);
    }
    int status = wait_for(child);
    is(WEXITSTATUS(status), 0, "P16 a program starts with zeros in its registers");
}

/* ---- P17: memory ------------------------------------------------------------------------------- */

#define DIRTY_BYTES (48u << 20)
#define DIRT        0xA5A5A5A5u

static void dirty_memory(void)
{
    pid_t child = fork();
    if (child == 0) {
        uint32_t *area =
            mmap(NULL, DIRTY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (size_t i = 0; i < DIRTY_BYTES / 4; i++) {
            area[i] = DIRT;
        }
        _exit(EXIT_GOOD);
    }
    int status = wait_for(child);
    is(WEXITSTATUS(status), EXIT_GOOD, "P17 memory is made dirty");
}

static bool is_all_zero(const volatile uint32_t *at, size_t bytes)
{
    for (size_t i = 0; i < bytes / 4; i++) {
        if (at[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Each page is written first, so that it is a frame of its own and not the shared zero page. */
static bool is_fresh(volatile uint32_t *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += PAGE) {
        at[i / 4] = 0;
    }
    return is_all_zero(at, bytes);
}

static void test_fresh_mapping(int flags, const char *name)
{
    dirty_memory();
    void *area = mmap(NULL, DIRTY_BYTES, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
    ok(area != MAP_FAILED && is_fresh(area, DIRTY_BYTES), name);
    (void)munmap(area, DIRTY_BYTES);
}

static void test_fresh_break(void)
{
    const size_t bytes = 16u << 20;
    dirty_memory();
    char *start = sbrk(0);
    char *page = (char *)(((uint32_t)start + PAGE - 1) & ~(PAGE - 1));
    ok(brk(page + bytes) == 0 && is_fresh((volatile uint32_t *)(void *)page, bytes),
       "P17 the heap is zeros");
    (void)brk(start);
    ok(brk(page + PAGE) == 0 && is_all_zero((volatile uint32_t *)(void *)page, PAGE),
       "P17 the heap is zeros again after brk moved down and up");
    (void)brk(start);
}

static void test_fresh_stack(void)
{
    dirty_memory();
    pid_t child = fork();
    if (child == 0) {
        volatile uint32_t *stack = (volatile uint32_t *)(KERNEL_BASE - (6u << 20));
        _exit(is_fresh(stack, 4u << 20) ? EXIT_GOOD : 1);
    }
    int status = wait_for(child);
    is(WEXITSTATUS(status), EXIT_GOOD, "P17 the stack grows by zeros");
}

static uint32_t zeros[4 * PAGE / 4];

int main(int argc, char **argv)
{
    if (argc > 1) {
        return check_fresh_state();
    }
    ok(is_all_zero(zeros, sizeof(zeros)), "P17 .bss is zeros");
    if (has_feature("fpu")) {
        test_switches();
        test_fork_copies();
        test_exec_is_fresh(argv[0]);
    }
    test_call_registers();
    test_fork_registers();
    test_entry_registers();
    test_fresh_mapping(MAP_PRIVATE, "P17 a private mapping is zeros");
    test_fresh_mapping(MAP_SHARED, "P17 a shared mapping is zeros");
    test_fresh_break();
    test_fresh_stack();
    return done_testing();
}
