/*
 * Signals: handlers and their frames, masks, waiting, stopping, and what a program can put into a
 * frame to harm the kernel (bad-input S14).
 */
#include "deed.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/mman.h>

#include "user/libc/syscall.h"

#define EXIT_GOOD  42
#define STACK_SIZE 16384

static sigset_t set_of(int signal)
{
    sigset_t set;
    (void)sigemptyset(&set);
    if (signal != 0) {
        (void)sigaddset(&set, signal);
    }
    return set;
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_flags = flags | SA_SIGINFO};
    action.sa_sigaction = handler;
    (void)sigaction(signal, &action, NULL);
}

static void set_default(int signal)
{
    struct sigaction action = {.sa_flags = 0};
    (void)sigaction(signal, &action, NULL);
}

static void block(int signal, bool is_blocked)
{
    sigset_t set = set_of(signal);
    (void)sigprocmask(is_blocked ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* Runs body in a child. Returns wait's status. */
static int in_child(void (*body)(void))
{
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        body();
        _exit(SURVIVED);
    }
    return wait_for(child);
}

static bool dies_by(void (*body)(void), int signal)
{
    int status = in_child(body);
    return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

static bool exits_well(void (*body)(void))
{
    int status = in_child(body);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GOOD;
}

/* Shared with children. */
static volatile int *shared;

static void wait_until(volatile int *word, int value)
{
    while (*word != value) {
        (void)sched_yield();
    }
}

/* ---- What handlers see ----------------------------------------------------------------------- */

static volatile int count, last_signal;
static siginfo_t last_info;
static ucontext_t last_context;

static void note(int signal, siginfo_t *info, void *context)
{
    count++;
    last_signal = signal;
    last_info = *info;
    last_context = *(ucontext_t *)context;
}

/* Notes, and goes on behind the instruction, of which the test has stored the length. */
static volatile int skip;
static void note_and_skip(int signal, siginfo_t *info, void *context)
{
    note(signal, info, context);
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EIP] += skip;
}

static void map_page(int signal, siginfo_t *info, void *context)
{
    char *page = (char *)((uint32_t)info->si_addr & ~(PAGE - 1));
    note(signal, info, context);
    (void)mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void test_faults(void)
{
    char *page = (char *)0x50000000;
    volatile char *at = page;
    handle(SIGSEGV, map_page, 0);
    count = 0;
    at[5] = 7;
    __asm__ volatile("" ::: "memory");
    is(at[5], 7, "a SIGSEGV handler maps the page and the access is repeated");
    is(count, 1, "one fault is one signal");
    is((long)last_info.si_addr, (long)at + 5, "si_addr is the address of the fault");
    is(last_info.si_code, SEGV_MAPERR, "nothing mapped: SEGV_MAPERR");
    is(last_context.uc_mcontext.gregs[REG_TRAPNO], 14, "sigcontext has the vector");
    is(last_context.uc_mcontext.cr2, (long)at + 5, "sigcontext has cr2");
    is(last_context.uc_mcontext.gregs[REG_ERR] & 7, 6, "sigcontext has the error code");
    (void)mprotect(page, PAGE, PROT_READ);
    at[6] = 8;
    __asm__ volatile("" ::: "memory");
    is(last_info.si_code, SEGV_ACCERR, "a right is missing: SEGV_ACCERR");
    is(at[6], 8, "the second access is repeated too");
    (void)munmap(page, PAGE);
    set_default(SIGSEGV);
}

static void test_bus(void)
{
    int fd = open("/proc/self/exe", O_RDONLY);
    fd = fd >= 0 ? fd : open("/bin/hello", O_RDONLY);
    char *map = mmap(NULL, 64 << 20, PROT_READ, MAP_PRIVATE, fd, 0);
    handle(SIGBUS, map_page, 0);
    count = 0;
    (void)*(volatile char *)(map + (63 << 20));
    is(count, 1, "a page past the end of a file is SIGBUS");
    is(last_info.si_code, BUS_ADRERR, "its code is BUS_ADRERR");
    is((long)last_info.si_addr, (long)map + (63 << 20), "its si_addr is the address");
    (void)munmap(map, 64 << 20);
    (void)close(fd);
    set_default(SIGBUS);
}

static void expect(int signal, int code, const void *address, const char *name)
{
    char text[80];
    snprintf(text, sizeof(text), "%s: signal", name);
    is(count == 1 ? last_signal : -count, signal, text);
    snprintf(text, sizeof(text), "%s: si_code", name);
    is(last_info.si_code, code, text);
    snprintf(text, sizeof(text), "%s: si_addr", name);
    is((long)last_info.si_addr, (long)address, text);
    count = 0;
}

extern const char div_at[], ud_at[], step_at[], x87_at[], sse_at[];

static void test_exceptions(void)
{
    count = 0;
    for (int signal = 1; signal < 32; signal++) {
        handle(signal, note_and_skip, 0);
    }
    skip = 2;
    __asm__ volatile("xorl %%ecx, %%ecx\ndiv_at: divl %%ecx" ::: "eax", "ecx", "edx");
    expect(SIGFPE, FPE_INTDIV, div_at, "division by zero");
    __asm__ volatile("ud_at: ud2");
    expect(SIGILL, ILL_ILLOPN, ud_at, "ud2");
    skip = 0;
    __asm__ volatile("int3");
    expect(SIGTRAP, SI_KERNEL, NULL, "int3");
    skip = 1;
    __asm__ volatile("hlt");
    expect(SIGSEGV, SI_KERNEL, NULL, "hlt");
    skip = 0;
    __asm__ volatile("pushfl\norl $0x100, (%%esp)\npopfl\nnop\nstep_at:\n"
                     "pushfl\nandl $~0x100, (%%esp)\npopfl" ::
                         : "memory");
    ok(count >= 1 && last_signal == SIGTRAP && last_info.si_code == TRAP_TRACE,
       "single step: SIGTRAP with TRAP_TRACE");
    count = 0;
    uint16_t control = 0x037B; /* division by zero is not masked */
    skip = 1;
    __asm__ volatile("fninit\nfldcw %0\nfldz\nfld1\nfdivp\nx87_at: fwait" : : "m"(control));
    expect(SIGFPE, FPE_FLTDIV, x87_at, "x87 division by zero");
    __asm__ volatile("fninit");
    if (has_feature("sse")) {
        uint32_t mxcsr = 0x1D80, before = 0x1F80;
        skip = 3;
        __asm__ volatile("ldmxcsr %0\nxorps %%xmm1, %%xmm1\nmovl $0x3F800000, %%eax\n"
                         "pushl %%eax\nmovss (%%esp), %%xmm0\npopl %%eax\n"
                         "sse_at: divps %%xmm1, %%xmm0\nldmxcsr %1"
                         :
                         : "m"(mxcsr), "m"(before)
                         : "eax", "memory");
        is(last_signal, SIGFPE, "SSE division by zero: signal");
        ok(last_info.si_code == FPE_FLTDIV || last_info.si_code == FPE_FLTINV,
           "SSE division by zero: si_code");
    }
    for (int signal = 1; signal < 32; signal++) {
        set_default(signal);
    }
}

/* ---- Sending --------------------------------------------------------------------------------- */

static int order[8];
static int n_order;
static void note_value(int signal, siginfo_t *info, void *context)
{
    note(signal, info, context);
    order[n_order++ & 7] = info->si_value.sival_int;
}

static void test_sending(void)
{
    handle(SIGUSR1, note, 0);
    count = 0;
    (void)kill(getpid(), SIGUSR1);
    is(count, 1, "kill runs the handler before it returns");
    is(last_info.si_code, SI_USER, "kill: SI_USER");
    is(last_info.si_pid, getpid(), "kill: si_pid");
    (void)tgkill(getpid(), gettid(), SIGUSR1);
    is(last_info.si_code, SI_TKILL, "tgkill: SI_TKILL");
    block(SIGUSR1, true);
    (void)kill(getpid(), SIGUSR1);
    (void)kill(getpid(), SIGUSR1);
    sigset_t pending;
    (void)sigpending(&pending);
    is(sigismember(&pending, SIGUSR1), 1, "a blocked signal is pending");
    is(count, 2, "a blocked signal does not run its handler");
    block(SIGUSR1, false);
    is(count, 3, "unblocked, it runs once, however often it was sent");
    handle(SIGRTMIN + 3, note_value, 0);
    block(SIGRTMIN + 3, true);
    for (int i = 1; i <= 3; i++) {
        (void)sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = i});
    }
    block(SIGRTMIN + 3, false);
    ok(n_order == 3 && order[0] == 1 && order[1] == 2 && order[2] == 3,
       "real-time signals are queued, in order, with their values");
    is(last_info.si_code, SI_QUEUE, "sigqueue: SI_QUEUE");
    is(syscall3(__NR_rt_sigqueueinfo, getppid(), SIGUSR1, (long)&(siginfo_t){.si_code = SI_USER}),
       -EPERM, "nobody may pretend to be kill towards others");
    set_default(SIGUSR1);
    set_default(SIGRTMIN + 3);
}

static void test_queue_limit(void)
{
    block(SIGRTMIN, true);
    long result = 0;
    int n = 0;
    while (result == 0 && n < 5000) {
        result = sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = n++});
    }
    ok(result == -1 && errno == EAGAIN, "queued signals have a limit: EAGAIN");
    (void)signal(SIGRTMIN, SIG_IGN);
    sigset_t pending;
    (void)sigpending(&pending);
    is(sigismember(&pending, SIGRTMIN), 0, "ignoring a signal forgets what is pending");
    set_default(SIGRTMIN);
    block(SIGRTMIN, false);
}

static volatile int depth, depth_max;
static void nest(int signal, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    depth++;
    depth_max = depth > depth_max ? depth : depth_max;
    if (count++ < 2) {
        (void)raise(signal);
    }
    depth--;
}

static void test_flags(void)
{
    handle(SIGUSR1, nest, 0);
    count = depth_max = 0;
    (void)raise(SIGUSR1);
    ok(count == 3 && depth_max == 1, "a handler blocks its own signal");
    handle(SIGUSR1, nest, SA_NODEFER);
    count = depth_max = 0;
    (void)raise(SIGUSR1);
    ok(count == 3 && depth_max == 3, "SA_NODEFER does not");
    handle(SIGUSR1, note, (int)SA_RESETHAND);
    (void)raise(SIGUSR1);
    struct sigaction now;
    (void)sigaction(SIGUSR1, NULL, &now);
    ok(now.sa_handler == SIG_DFL, "SA_RESETHAND: the handler serves once");
    sigset_t before, after;
    (void)sigprocmask(SIG_BLOCK, NULL, &before);
    handle(SIGUSR1, note, 0);
    (void)raise(SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, NULL, &after);
    ok(memcmp(&before, &after, sizeof(before)) == 0, "the mask is restored after the handler");
    set_default(SIGUSR1);
}

/* ---- The old frame --------------------------------------------------------------------------- */

struct old_action {
    uint32_t handler, mask, flags, restorer;
};
struct new_action {
    uint32_t handler, flags, restorer, mask[2];
};

static sigjmp_buf back;
#define OLD_FRAME_SIZE 732
static uint32_t frame_at, frame[OLD_FRAME_SIZE / 4];

/* Runs with the frame at its return address: int (int signal, struct sigcontext). */
__attribute__((used)) static void look_at_frame(uint32_t at)
{
    frame_at = at;
    memcpy(frame, (const void *)at, sizeof(frame));
    siglongjmp(back, 1);
}
__asm__(".text\nold_handler:\npushl %esp\ncall look_at_frame\n");
extern const char old_handler[];

static void test_old_frame(void)
{
    struct old_action action = {.handler = (uint32_t)old_handler};
    const uint8_t code[] = {0x58, 0xB8, 119, 0, 0, 0, 0xCD, 0x80};
    is(syscall3(__NR_sigaction, SIGUSR1, (long)&action, 0), 0, "sigaction of 32 signals");
    if (sigsetjmp(back, 1) == 0) {
        (void)raise(SIGUSR1);
    }
    is(frame[1], SIGUSR1, "the old frame has the signal behind the return address");
    is((frame_at + 4) % 16, 0, "its stack is aligned as for a call");
    is(frame[0], frame_at + 724, "without a restorer the handler returns into the frame");
    ok(memcmp(&frame[724 / 4], code, sizeof(code)) == 0, "to Linux's code for sigreturn");
    is(frame[2 + 15], 0x1B, "its sigcontext has cs");
    sigset_t set;
    (void)sigprocmask(SIG_BLOCK, NULL, &set);
    is(sigismember(&set, SIGUSR1), 0, "siglongjmp restores the mask");
    set_default(SIGUSR1);
}

static void test_old_handler(void)
{
    struct old_action old;
    (void)signal(SIGUSR2, SIG_IGN);
    is(syscall3(__NR_sigaction, SIGUSR2, 0, (long)&old), 0, "sigaction asks");
    is(old.handler, 1, "and learns that the signal is ignored");
    is(syscall2(__NR_signal, SIGUSR2, 0), 1, "signal returns the old handler");
    is(syscall2(__NR_signal, 65, 0), -EINVAL, "signal 65 does not exist");
    is(syscall2(__NR_signal, SIGKILL, 1), -EINVAL, "SIGKILL cannot be ignored");
}

/* ---- Registers ------------------------------------------------------------------------------- */

static void spoil_fpu(int signal, siginfo_t *info, void *context)
{
    uint16_t control;
    __asm__ volatile("fnstcw %0" : "=m"(control));
    note(signal, info, context);
    count = control == 0x037F ? 1 : 0;
    __asm__ volatile("fldz\nfldz\nfldpi");
    if (has_feature("sse")) {
        __asm__ volatile("xorps %%xmm3, %%xmm3" ::: "memory");
    }
}

static void test_registers(void)
{
    uint16_t control = 0x0B7F, after;
    double kept = 0;
    uint32_t sse[4] = {1, 2, 3, 4}, sse_after[4] = {1, 2, 3, 4};
    bool has_sse = has_feature("sse");
    handle(SIGUSR1, spoil_fpu, 0);
    if (has_sse) {
        __asm__ volatile("movups %0, %%xmm3" : : "m"(sse));
    }
    __asm__ volatile("fldcw %2\nfldpi\nint $0x80\nfstpl %0\nfnstcw %1"
                     : "=m"(kept), "=m"(after)
                     : "m"(control), "a"(__NR_kill), "b"(getpid()), "c"(SIGUSR1)
                     : "memory");
    if (has_sse) {
        __asm__ volatile("movups %%xmm3, %0" : "=m"(sse_after));
    }
    __asm__ volatile("fninit");
    ok(kept > 3.14159 && kept < 3.1416, "the FPU's registers survive a handler");
    is(after, control, "so does its control word");
    is(count, 1, "the handler starts with a fresh FPU");
    ok(memcmp(sse, sse_after, sizeof(sse)) == 0, "SSE registers survive a handler");
    const struct _libc_fpstate *fpu = last_context.uc_mcontext.fpregs;
    ok(fpu != NULL, "sigcontext points to the FPU's state");
    set_default(SIGUSR1);
}

/* ---- The alternate stack --------------------------------------------------------------------- */

static char alternate[STACK_SIZE];
static volatile int was_on_it, flags_seen, change_result;

static void on_alternate(int signal, siginfo_t *info, void *context)
{
    char here;
    stack_t now, other = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
    note(signal, info, context);
    was_on_it = &here >= alternate && &here < alternate + sizeof(alternate);
    (void)sigaltstack(NULL, &now);
    flags_seen = now.ss_flags;
    change_result = sigaltstack(&other, NULL) == 0 ? 0 : errno;
    if (signal == SIGSEGV) {
        siglongjmp(back, 1);
    }
}

__attribute__((noinline)) static int recurse(int n)
{
    volatile char room[2000];
    room[0] = (char)n;
    return n < 0 ? 0 : recurse(n + 1) + room[0];
}

static void test_alternate_stack(void)
{
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)}, small = stack, now;
    small.ss_size = MINSIGSTKSZ - 1;
    is(sigaltstack(&small, NULL) == 0 ? 0 : errno, ENOMEM, "a small alternate stack is refused");
    small.ss_size = sizeof(alternate);
    small.ss_flags = 8;
    is(sigaltstack(&small, NULL) == 0 ? 0 : errno, EINVAL, "unknown flags are refused");
    (void)sigaltstack(NULL, &now);
    is(now.ss_flags, SS_DISABLE, "at first there is none");
    is(sigaltstack(&stack, NULL), 0, "sigaltstack sets one");
    handle(SIGUSR1, on_alternate, SA_ONSTACK);
    (void)raise(SIGUSR1);
    is(was_on_it, 1, "SA_ONSTACK: the handler runs on it");
    is(flags_seen, SS_ONSTACK, "sigaltstack says so");
    is(change_result, EPERM, "it cannot be changed meanwhile");
    handle(SIGUSR1, on_alternate, 0);
    (void)raise(SIGUSR1);
    is(was_on_it, 0, "without SA_ONSTACK it does not");
    handle(SIGSEGV, on_alternate, SA_ONSTACK);
    volatile int jumped = sigsetjmp(back, 1);
    if (jumped == 0) {
        (void)recurse(0);
    }
    is(was_on_it, 1, "a stack overflow is handled on the alternate stack");
    stack.ss_flags = SS_DISABLE;
    is(sigaltstack(&stack, NULL), 0, "it can be given up");
    set_default(SIGUSR1);
    set_default(SIGSEGV);
}

static void again(int signal, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    (void)raise(signal);
}

static void overflow_alternate(void)
{
    stack_t stack = {.ss_sp = alternate, .ss_size = 4096};
    (void)sigaltstack(&stack, NULL);
    handle(SIGUSR1, again, SA_ONSTACK | SA_NODEFER);
    (void)raise(SIGUSR1);
}

static void overflow_stack(void)
{
    handle(SIGSEGV, note, 0);
    (void)recurse(0);
}

static void unmapped_handler(void)
{
    handle(SIGUSR1, (void (*)(int, siginfo_t *, void *))0x60000000, 0);
    (void)raise(SIGUSR1);
}

static void kernel_handler(void)
{
    handle(SIGUSR1, (void (*)(int, siginfo_t *, void *))0xC0100000, 0);
    (void)raise(SIGUSR1);
}

static void no_stack(void)
{
    handle(SIGUSR1, note, 0);
    __asm__ volatile("xorl %%esp, %%esp\nint $0x80"
                     :
                     : "a"(__NR_kill), "b"(getpid()), "c"(SIGUSR1)
                     : "memory");
}

static void unmapped_stack(void)
{
    handle(SIGUSR1, note, 0);
    __asm__ volatile("movl $0x60000000, %%esp\nint $0x80"
                     :
                     : "a"(__NR_kill), "b"(getpid()), "c"(SIGUSR1)
                     : "memory");
}

static void unmapped_stack_rescued(void)
{
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
    (void)sigaltstack(&stack, NULL);
    handle(SIGSEGV, on_alternate, SA_ONSTACK);
    if (sigsetjmp(back, 1) == 0) {
        unmapped_stack();
    }
    _exit(last_info.si_code == SI_KERNEL ? EXIT_GOOD : 1);
}

static void blocked_fault(void)
{
    handle(SIGSEGV, note, 0);
    block(SIGSEGV, true);
    *(volatile char *)0x60000000 = 1;
}

static void ignored_fault(void)
{
    (void)signal(SIGSEGV, SIG_IGN);
    *(volatile char *)0x60000000 = 1;
}

static void fault_in_handler(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    (void)context;
    *(volatile char *)0x60000000 = 1;
}

static void faulting_handler(void)
{
    handle(SIGSEGV, fault_in_handler, 0);
    *(volatile char *)0x60000000 = 1;
}

/* The same fault many times, and no call in between. */
static jmp_buf plain_back;
static void jump_back(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    count++;
    (void)context;
    longjmp(plain_back, 1);
}

static void repeated_fault(void)
{
    handle(SIGSEGV, jump_back, SA_NODEFER);
    count = 0;
    (void)setjmp(plain_back);
    if (count < 20) {
        *(volatile char *)0x60000000 = 1;
    }
    _exit(EXIT_GOOD);
}

static void test_bad_places(void)
{
    ok(dies_by(overflow_alternate, SIGSEGV), "S14 frames that overflow the alternate stack end it");
    ok(dies_by(overflow_stack, SIGSEGV), "S14 a stack overflow without an alternate stack ends it");
    ok(dies_by(unmapped_handler, SIGSEGV), "S14 a handler in unmapped memory ends it");
    ok(dies_by(kernel_handler, SIGSEGV), "S14 a handler in the kernel ends it");
    ok(dies_by(no_stack, SIGSEGV), "S14 a frame at address 0 ends it");
    ok(dies_by(unmapped_stack, SIGSEGV), "S14 a frame in unmapped memory ends it");
    ok(exits_well(unmapped_stack_rescued),
       "a frame that does not fit is SIGSEGV, which is handled");
    ok(dies_by(blocked_fault, SIGSEGV), "a fault whose signal is blocked ends it");
    ok(dies_by(ignored_fault, SIGSEGV), "a fault whose signal is ignored ends it");
    ok(dies_by(faulting_handler, SIGSEGV), "a fault in its own handler ends it");
    ok(exits_well(repeated_fault), "the same fault may be handled again and again");
}

/* ---- S14: hostile frames --------------------------------------------------------------------- */

static void (*spoil)(ucontext_t *context);

static void spoil_frame(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    spoil(context);
}

static void return_spoiled(void)
{
    handle(SIGUSR1, spoil_frame, 0);
    (void)raise(SIGUSR1);
    _exit(EXIT_GOOD);
}

static void kernel_cs(ucontext_t *c)
{
    c->uc_mcontext.gregs[REG_CS] = 0x08;
}
static void kernel_ss(ucontext_t *c)
{
    c->uc_mcontext.gregs[REG_SS] = 0x10;
}
static void kernel_ds(ucontext_t *c)
{
    c->uc_mcontext.gregs[REG_DS] = 0x10;
}
static void kernel_es(ucontext_t *c)
{
    c->uc_mcontext.gregs[REG_ES] = 0x10;
}
static void wild_cs(ucontext_t *c)
{
    c->uc_mcontext.gregs[REG_CS] = 0xFFFF;
}
static void null_ss(ucontext_t *c)
{
    c->uc_mcontext.gregs[REG_SS] = 0;
}
static void tss_cs(ucontext_t *c)
{
    c->uc_mcontext.gregs[REG_CS] = 0x28;
}
static void kernel_eip(ucontext_t *c)
{
    c->uc_mcontext.gregs[REG_EIP] = (int)0xC0100000;
}
static void fpu_unmapped(ucontext_t *c)
{
    c->uc_mcontext.fpregs = (fpregset_t)0x60000000;
}
static void fpu_in_kernel(ucontext_t *c)
{
    c->uc_mcontext.fpregs = (fpregset_t)0xC0000000;
}
static void fpu_wraps(ucontext_t *c)
{
    c->uc_mcontext.fpregs = (fpregset_t)0xFFFFFFF0;
}

static void wild_fs(ucontext_t *c)
{
    c->uc_mcontext.gregs[REG_FS] = 0xFFFF;
    c->uc_mcontext.gregs[REG_GS] = 0x10;
}
static void no_fpu(ucontext_t *c)
{
    c->uc_mcontext.fpregs = NULL;
}
static void wild_fpu(ucontext_t *c)
{
    memset(c->uc_mcontext.fpregs, 0xFF, has_feature("fxsr") ? 624 : 112);
}
static void wild_stack(ucontext_t *c)
{
    memset(&c->uc_stack, 0xFF, sizeof(c->uc_stack));
}
static void wild_mask(ucontext_t *c)
{
    memset(&c->uc_sigmask, 0xFF, sizeof(c->uc_sigmask));
}

static bool dies_spoiled(void (*how)(ucontext_t *))
{
    spoil = how;
    return dies_by(return_spoiled, SIGSEGV);
}

static bool survives_spoiled(void (*how)(ucontext_t *))
{
    spoil = how;
    return exits_well(return_spoiled);
}

/* All flags set that can be asked for, but TF and AC. */
static void all_flags(ucontext_t *c)
{
    c->uc_mcontext.gregs[REG_EFL] = (int)(0xFFFFFFFFu & ~0x40100u);
}

static void return_with_flags(void)
{
    uint32_t flags;
    spoil = all_flags;
    handle(SIGUSR1, spoil_frame, 0);
    __asm__ volatile("int $0x80\npushfl\npopl %0\ncld"
                     : "=r"(flags)
                     : "a"(__NR_kill), "b"(getpid()), "c"(SIGUSR1)
                     : "memory", "cc");
    /* IF stays on; IOPL, NT and VM stay off; DF is the program's. */
    _exit((flags & 0x27600u) == 0x600u ? EXIT_GOOD : 1);
}

static void restart_eax(ucontext_t *c)
{
    c->uc_mcontext.gregs[REG_EAX] = -512;
    c->uc_sigmask = set_of(0);
}

/* sigreturn loads -512 into eax while another signal is pending: nothing may be made again. */
static void return_with_restart(void)
{
    long result;
    spoil = restart_eax;
    struct sigaction action = {.sa_flags = SA_SIGINFO, .sa_mask = set_of(SIGUSR2)};
    action.sa_sigaction = spoil_frame;
    (void)sigaction(SIGUSR1, &action, NULL);
    handle(SIGUSR2, note, SA_RESTART);
    count = 0;
    block(SIGUSR1, true);
    block(SIGUSR2, true);
    (void)raise(SIGUSR2);
    (void)raise(SIGUSR1);
    sigset_t none = set_of(0);
    result = syscall4(__NR_rt_sigprocmask, SIG_SETMASK, (long)&none, 0, 8);
    _exit(result == -512 && count == 1 ? EXIT_GOOD : 1);
}

#define RETURN_AT(name, number, esp)                                                               \
    static void name(void)                                                                         \
    {                                                                                              \
        __asm__ volatile("movl %1, %%esp\nint $0x80" : : "a"(number), "r"(esp) : "memory");        \
    }
RETURN_AT(return_at_0, __NR_sigreturn, 0)
RETURN_AT(return_at_8, __NR_sigreturn, 8)
RETURN_AT(return_unmapped, __NR_sigreturn, 0x60000000)
RETURN_AT(return_at_end, __NR_sigreturn, 0xBFFFFFFC)
RETURN_AT(return_in_kernel, __NR_sigreturn, 0xC0100000)
RETURN_AT(rt_return_at_0, __NR_rt_sigreturn, 0)
RETURN_AT(rt_return_unmapped, __NR_rt_sigreturn, 0x60000000)
RETURN_AT(rt_return_at_end, __NR_rt_sigreturn, 0xBFFFFFFC)
RETURN_AT(rt_return_wraps, __NR_rt_sigreturn, 0xFFFFFFFC)
static char zeros[1024];
RETURN_AT(return_zeros, __NR_sigreturn, (uint32_t)zeros + 8)
RETURN_AT(rt_return_zeros, __NR_rt_sigreturn, (uint32_t)zeros + 4)

static void test_hostile_frames(void)
{
    ok(dies_spoiled(kernel_cs), "S14 kernel code segment");
    ok(dies_spoiled(kernel_ss), "S14 kernel stack segment");
    ok(dies_spoiled(kernel_ds), "S14 kernel ds");
    ok(dies_spoiled(kernel_es), "S14 kernel es");
    ok(dies_spoiled(wild_cs), "S14 a code segment beyond the table");
    ok(dies_spoiled(tss_cs), "S14 a system descriptor as code segment");
    ok(dies_spoiled(null_ss), "S14 no stack segment");
    ok(dies_spoiled(kernel_eip), "S14 a return into the kernel");
    ok(dies_spoiled(fpu_unmapped), "S14 FPU state in unmapped memory");
    ok(dies_spoiled(fpu_in_kernel), "S14 FPU state in the kernel");
    ok(dies_spoiled(fpu_wraps), "S14 FPU state that wraps");
    ok(survives_spoiled(wild_fs), "S14 fs and gs that cannot be loaded become null");
    ok(survives_spoiled(no_fpu), "S14 no FPU state: a fresh FPU");
    spoil = wild_fpu;
    int status = in_child(return_spoiled);
    ok((WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GOOD) ||
           (WIFSIGNALED(status) && WTERMSIG(status) == SIGFPE),
       "S14 FPU state of ones: reserved bits are cleared");
    ok(survives_spoiled(wild_stack), "S14 an impossible alternate stack is left out");
    ok(survives_spoiled(wild_mask), "S14 all signals blocked");
    ok(exits_well(return_with_flags), "S14 privileged flags are left out");
    ok(exits_well(return_with_restart),
       "S14 an eax like that of an interrupted call means nothing");
    ok(dies_by(return_at_0, SIGSEGV), "S14 sigreturn at 0");
    ok(dies_by(return_at_8, SIGSEGV), "S14 sigreturn at 8");
    ok(dies_by(return_unmapped, SIGSEGV), "S14 sigreturn in unmapped memory");
    ok(dies_by(return_at_end, SIGSEGV), "S14 sigreturn of a frame that leaves user memory");
    ok(dies_by(return_in_kernel, SIGSEGV), "S14 sigreturn in the kernel");
    ok(dies_by(rt_return_at_0, SIGSEGV), "S14 rt_sigreturn at 0");
    ok(dies_by(rt_return_unmapped, SIGSEGV), "S14 rt_sigreturn in unmapped memory");
    ok(dies_by(rt_return_at_end, SIGSEGV), "S14 rt_sigreturn of a frame that leaves user memory");
    ok(dies_by(rt_return_wraps, SIGSEGV), "S14 rt_sigreturn of a frame that wraps");
    ok(dies_by(return_zeros, SIGSEGV), "S14 sigreturn of zeros");
    ok(dies_by(rt_return_zeros, SIGSEGV), "S14 rt_sigreturn of zeros");
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/* Sends the signal to the parent as soon as that sleeps, as far as a child can know. */
static pid_t child_that_signals(int signal, int after)
{
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 3; i++) {
            (void)sched_yield();
        }
        (void)kill(getppid(), signal);
        wait_until(shared, after);
        _exit(EXIT_GOOD);
    }
    return child;
}

static void let_go(int signal, siginfo_t *info, void *context)
{
    note(signal, info, context);
    *shared = 1;
}

static void test_interrupted_calls(void)
{
    int status;
    *shared = 0;
    handle(SIGUSR1, let_go, 0);
    pid_t child = child_that_signals(SIGUSR1, 1);
    long result = syscall4(__NR_wait4, child, (long)&status, 0, 0);
    ok(result == -EINTR, "a handler without SA_RESTART interrupts wait4");
    (void)wait_for(child);
    *shared = 0;
    handle(SIGUSR1, let_go, SA_RESTART);
    child = child_that_signals(SIGUSR1, 1);
    result = syscall4(__NR_wait4, child, (long)&status, 0, 0);
    is(result, child, "with SA_RESTART wait4 is made again");
    *shared = 0;
    child = child_that_signals(SIGUSR1, 1);
    is(pause() == 0 ? 0 : errno, EINTR, "pause ends with EINTR even with SA_RESTART");
    (void)wait_for(child);
    *shared = 1;
    (void)signal(SIGUSR1, SIG_IGN);
    child = child_that_signals(SIGUSR1, 1);
    result = syscall4(__NR_wait4, child, (long)&status, 0, 0);
    is(result, child, "an ignored signal does not interrupt wait4");
    set_default(SIGUSR1);
}

static int ends[2];

static void write_to_nobody(void)
{
    (void)close(ends[0]);
    (void)write(ends[1], "x", 1);
}

static void write_to_nobody_ignored(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)close(ends[0]);
    _exit(write(ends[1], "x", 1) == -1 && errno == EPIPE ? EXIT_GOOD : 1);
}

static void write_byte(int signal, siginfo_t *info, void *context)
{
    note(signal, info, context);
    (void)write(ends[1], "y", 1);
    *shared = 1;
}

static void test_pipes(void)
{
    char byte = 0;
    if (syscall2(__NR_pipe2, (long)ends, 0) != 0) {
        return;
    }
    ok(!dies_by(write_to_nobody, SIGPIPE), "while somebody can read there is no SIGPIPE");
    (void)read(ends[0], &byte, 1);
    *shared = 0;
    handle(SIGUSR1, let_go, 0);
    pid_t child = child_that_signals(SIGUSR1, 1);
    is(syscall3(__NR_read, ends[0], (long)&byte, 1), -EINTR, "a read of an empty pipe ends: EINTR");
    (void)wait_for(child);
    *shared = 0;
    handle(SIGUSR1, write_byte, SA_RESTART);
    child = child_that_signals(SIGUSR1, 1);
    is(syscall3(__NR_read, ends[0], (long)&byte, 1), 1, "with SA_RESTART it is made again");
    is(byte, 'y', "and finds what the handler wrote");
    (void)wait_for(child);
    (void)close(ends[0]);
    ok(dies_by(write_to_nobody, SIGPIPE), "R11 a pipe without a reader: SIGPIPE");
    ok(exits_well(write_to_nobody_ignored), "R11 with SIGPIPE ignored: EPIPE");
    (void)close(ends[1]);
    set_default(SIGUSR1);
}

static void test_suspend(void)
{
    sigset_t none = set_of(0), now;
    handle(SIGUSR1, note, SA_RESTART);
    block(SIGUSR1, true);
    (void)raise(SIGUSR1);
    count = 0;
    int result = sigsuspend(&none);
    ok(result == -1 && errno == EINTR && count == 1, "sigsuspend takes a pending signal: EINTR");
    (void)sigprocmask(SIG_BLOCK, NULL, &now);
    is(sigismember(&now, SIGUSR1), 1, "and restores the mask");
    is(sigismember(&last_context.uc_sigmask, SIGUSR1), 1, "the frame has the mask of before");
    (void)raise(SIGUSR1);
    is(syscall3(__NR_sigsuspend, 0, 0, 0), -EINTR, "the old sigsuspend has its mask in edx");
    block(SIGUSR1, false);
    set_default(SIGUSR1);
}

static void test_timedwait(void)
{
    sigset_t set = set_of(SIGUSR1);
    siginfo_t info;
    int64_t no_time[2] = {0, 0}, bad_time[2] = {0, 1000000000};
    block(SIGUSR1, true);
    is(syscall4(__NR_rt_sigtimedwait_time64, (long)&set, (long)&info, (long)no_time, 8), -EAGAIN,
       "rt_sigtimedwait with time 0 and nothing pending");
    is(syscall4(__NR_rt_sigtimedwait_time64, (long)&set, (long)&info, (long)bad_time, 8), -EINVAL,
       "a billion nanoseconds are no time");
    (void)raise(SIGUSR1);
    is(sigwaitinfo(&set, &info), SIGUSR1, "sigwaitinfo takes a pending signal");
    is(info.si_pid, getpid(), "with its siginfo");
    *shared = 1;
    pid_t child = child_that_signals(SIGUSR1, 1);
    is(sigwaitinfo(&set, &info), SIGUSR1, "sigwaitinfo waits for a blocked signal");
    is(info.si_pid, child, "which the child has sent");
    (void)wait_for(child);
    handle(SIGUSR2, note, SA_RESTART);
    child = child_that_signals(SIGUSR2, 1);
    is(sigwaitinfo(&set, &info) == -1 ? errno : 0, EINTR, "another signal interrupts it");
    (void)wait_for(child);
    set_default(SIGUSR2);
    block(SIGUSR1, false);
}

static void test_sleep(void)
{
    int64_t hundredth[2] = {0, 30000000}, rest[2] = {0, 0};
    sigset_t set = set_of(SIGUSR2);
    is(syscall4(__NR_rt_sigtimedwait_time64, (long)&set, 0, (long)hundredth, 8), -EAGAIN,
       "rt_sigtimedwait ends when its time has come");
    handle(SIGUSR1, note, SA_RESTART);
    *shared = 1;
    int64_t long_time[2] = {1000, 0};
    pid_t child = child_that_signals(SIGUSR1, 1);
    is(syscall4(__NR_clock_nanosleep_time64, 0, 0, (long)long_time, (long)rest), -EINTR,
       "a handler interrupts a sleep even with SA_RESTART");
    ok(rest[0] >= 900 && rest[0] < 1000, "and the rest is stored");
    (void)wait_for(child);
    child = child_that_signals(SIGCONT, 1);
    is(syscall4(__NR_clock_nanosleep_time64, 0, 0, (long)hundredth, 0), 0,
       "a signal without a handler does not end a sleep");
    (void)wait_for(child);
    handle(SIGALRM, note, 0);
    count = 0;
    (void)syscall1(__NR_alarm, 1);
    is(pause() == -1 && errno == EINTR && count == 1, 1, "alarm ends pause by SIGALRM");
    set_default(SIGALRM);
    set_default(SIGUSR1);
}

/* A child that stops in its sleep goes on with it when it is continued. */
static void sleep_through_stop(void)
{
    int64_t time[2] = {0, 300000000};
    *shared = 2;
    _exit(syscall4(__NR_clock_nanosleep_time64, 0, 0, (long)time, 0) == 0 ? EXIT_GOOD : 1);
}

static void test_stop_in_sleep(void)
{
    int status;
    *shared = 0;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        sleep_through_stop();
    }
    wait_until(shared, 2);
    (void)sched_yield();
    (void)kill(child, SIGSTOP);
    (void)waitpid(child, &status, WUNTRACED);
    ok(WIFSTOPPED(status), "a sleeper can be stopped");
    (void)kill(child, SIGCONT);
    status = wait_for(child);
    is(WEXITSTATUS(status), EXIT_GOOD, "and sleeps on when it is continued");
}

/* ---- Children -------------------------------------------------------------------------------- */

static void exit_7(void)
{
    _exit(7);
}

static void test_child_signal(void)
{
    handle(SIGCHLD, note, SA_RESTART);
    count = 0;
    int status = in_child(exit_7);
    is(WEXITSTATUS(status), 7, "wait4 finds the child although SIGCHLD arrives");
    is(count, 1, "the end of a child is SIGCHLD");
    is(last_info.si_code, CLD_EXITED, "its code is CLD_EXITED");
    is(last_info.si_status, 7, "its status is the exit value");
    (void)signal(SIGCHLD, SIG_IGN);
    (void)fflush(stdout);
    if (fork() == 0) {
        _exit(0);
    }
    is(waitpid(-1, &status, 0) == -1 ? errno : 0, ECHILD, "with SIGCHLD ignored no zombie is left");
    handle(SIGCHLD, note, SA_NOCLDWAIT);
    if (fork() == 0) {
        _exit(0);
    }
    long result;
    while ((result = syscall4(__NR_wait4, -1, 0, 0, 0)) == -EINTR) {
    }
    is(result, -ECHILD, "nor with SA_NOCLDWAIT");
    set_default(SIGCHLD);
}

static pid_t start_spinner(void)
{
    *shared = 0;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        *shared = 1;
        for (;;) {
            (void)sched_yield();
        }
    }
    wait_until(shared, 1);
    return child;
}

static void test_stopping(void)
{
    int status;
    pid_t child = start_spinner();
    handle(SIGCHLD, note, SA_RESTART);
    count = 0;
    (void)kill(child, SIGSTOP);
    is(waitpid(child, &status, WUNTRACED), child, "WUNTRACED reports a stopped child");
    ok(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "its status names the signal");
    ok(count == 1 && last_info.si_code == CLD_STOPPED, "the parent gets SIGCHLD, CLD_STOPPED");
    is(waitpid(child, &status, WUNTRACED | WNOHANG), 0, "it is reported once");
    (void)kill(child, SIGTERM);
    for (int i = 0; i < 10; i++) {
        (void)sched_yield();
    }
    is(waitpid(child, &status, WNOHANG), 0, "SIGTERM waits until it is continued");
    (void)kill(child, SIGCONT);
    is(waitpid(child, &status, 0), child, "SIGCONT lets it end");
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "by SIGTERM");
    child = start_spinner();
    handle(SIGCHLD, note, SA_RESTART | SA_NOCLDSTOP);
    count = 0;
    (void)kill(child, SIGTSTP);
    (void)waitpid(child, &status, WUNTRACED);
    ok(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP, "SIGTSTP stops");
    (void)kill(child, SIGCONT);
    is(waitpid(child, &status, WCONTINUED), child, "WCONTINUED reports that it goes on");
    is(status, 0xFFFF, "its status says so");
    is(count, 0, "SA_NOCLDSTOP: no SIGCHLD for either");
    (void)kill(child, SIGSTOP);
    (void)waitpid(child, &status, WUNTRACED);
    (void)kill(child, SIGKILL);
    is(waitpid(child, &status, 0), child, "SIGKILL ends a stopped child");
    set_default(SIGCHLD);
}

static void check_after_exec(void)
{
    struct sigaction usr1, usr2;
    sigset_t mask, pending;
    stack_t stack;
    (void)sigaction(SIGUSR1, NULL, &usr1);
    (void)sigaction(SIGUSR2, NULL, &usr2);
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    (void)sigpending(&pending);
    (void)sigaltstack(NULL, &stack);
    bool is_right = usr1.sa_handler == SIG_DFL && usr2.sa_handler == SIG_IGN &&
                    sigismember(&mask, SIGTERM) == 1 && sigismember(&pending, SIGTERM) == 1 &&
                    stack.ss_flags == SS_DISABLE;
    _exit(is_right ? EXIT_GOOD : 1);
}

static char *program;

static void exec_self(void)
{
    static char word[] = "after-exec";
    char *const args[] = {program, word, NULL};
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
    (void)sigaltstack(&stack, NULL);
    handle(SIGUSR1, note, 0);
    (void)signal(SIGUSR2, SIG_IGN);
    block(SIGTERM, true);
    (void)raise(SIGTERM);
    (void)execv(program, args);
}

static void check_after_fork(void)
{
    sigset_t pending;
    (void)sigpending(&pending);
    count = 0;
    (void)raise(SIGUSR1);
    _exit(count == 1 && sigismember(&pending, SIGUSR2) == 0 ? EXIT_GOOD : 1);
}

static void test_inheritance(void)
{
    ok(exits_well(exec_self), "execve resets handlers, keeps what is ignored, blocked and pending");
    handle(SIGUSR1, note, 0);
    block(SIGUSR2, true);
    handle(SIGUSR2, note, 0);
    (void)raise(SIGUSR2);
    ok(exits_well(check_after_fork), "fork copies handlers, but not what is pending");
    block(SIGUSR2, false);
    set_default(SIGUSR1);
    set_default(SIGUSR2);
}

static void abort_handled(void)
{
    handle(SIGABRT, note, 0);
    block(SIGABRT, true);
    abort();
}

/* ---- Bad arguments --------------------------------------------------------------------------- */

static void test_bad_arguments(void)
{
    struct new_action action = {.handler = 1};
    const long bad = 0x60000000;
    is(syscall4(__NR_rt_sigaction, SIGUSR1, (long)&action, 0, 4), -EINVAL, "a set of 4 bytes");
    is(syscall4(__NR_rt_sigaction, 0, 0, 0, 8), -EINVAL, "signal 0 has no action");
    is(syscall4(__NR_rt_sigaction, 65, 0, 0, 8), -EINVAL, "signal 65 has none");
    is(syscall4(__NR_rt_sigaction, SIGKILL, (long)&action, 0, 8), -EINVAL, "SIGKILL cannot change");
    is(syscall4(__NR_rt_sigaction, SIGKILL, 0, (long)&action, 8), 0, "but can be asked about");
    is(syscall4(__NR_rt_sigaction, SIGUSR1, bad, 0, 8), -EFAULT, "an action in unmapped memory");
    action.handler = 1;
    is(syscall4(__NR_rt_sigaction, SIGUSR1, (long)&action, bad, 8), -EFAULT, "an old one there");
    struct sigaction now;
    (void)sigaction(SIGUSR1, NULL, &now);
    ok(now.sa_handler == SIG_DFL, "after -EFAULT the action is the old one");
    sigset_t set = set_of(SIGUSR1);
    is(syscall4(__NR_rt_sigprocmask, 3, (long)&set, 0, 8), -EINVAL, "an unknown how");
    is(syscall4(__NR_rt_sigprocmask, 3, 0, 0, 8), 0, "which does not matter without a set");
    is(syscall4(__NR_rt_sigprocmask, SIG_SETMASK, bad, 0, 8), -EFAULT, "a set in unmapped memory");
    is(syscall2(__NR_rt_sigpending, (long)&set, 9), -EINVAL, "a set of 9 bytes");
    is(syscall2(__NR_rt_sigsuspend, bad, 8), -EFAULT, "a mask in unmapped memory");
    is(syscall2(__NR_tkill, 0, 0), -EINVAL, "tkill of 0");
    is(syscall3(__NR_tgkill, 1, getpid(), 0), -ESRCH, "tgkill with another group");
    is(kill(1, SIGSTOP), 0, "pid 1 cannot be stopped");
    sigset_t all;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)sigprocmask(SIG_BLOCK, NULL, &all);
    ok(sigismember(&all, SIGKILL) == 0 && sigismember(&all, SIGSTOP) == 0,
       "SIGKILL and SIGSTOP cannot be blocked");
    set = set_of(0);
    (void)sigprocmask(SIG_SETMASK, &set, NULL);
}

/* ---- Without memory -------------------------------------------------------------------------- */

static void act_without_memory(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = note;
    count = 0;
    for (int n = 1; n < 20; n++) {
        (void)fail_frame((uint32_t)n, 0);
        int result = sigaction(SIGUSR1, &action, NULL);
        if (result == 0 || errno != ENOMEM) {
            break;
        }
    }
    (void)fail_frame(1, 1);
    (void)raise(SIGUSR1);
    (void)fail_frame(0, 0);
    _exit(count == 1 ? EXIT_GOOD : 1);
}

/* fork, and the end of the injection before anything is written: the stack is shared by then. */
static long fork_and_end_failures(void)
{
    long result, discarded;
    __asm__ volatile("int $0x80\n\tmovl %%eax, %%esi\n\tmovl %[nr], %%eax\n\t"
                     "xorl %%ebx, %%ebx\n\txorl %%ecx, %%ecx\n\tint $0x80"
                     : "=&S"(result), "=a"(discarded)
                     : "1"(__NR_fork), [nr] "i"(FL_NR_fail_frame)
                     : "ebx", "ecx", "memory");
    return result;
}

static void fork_without_memory(void)
{
    handle(SIGUSR1, note, 0);
    for (int n = 1; n < 100; n++) {
        (void)fail_frame((uint32_t)n, 0);
        long child = fork_and_end_failures();
        if (child == 0) {
            _exit(0);
        }
        if (child > 0) {
            _exit(n > 1 && wait_for((pid_t)child) == 0 ? EXIT_GOOD : 1);
        }
        if (child != -ENOMEM) {
            _exit(2);
        }
    }
}

static void test_without_memory(void)
{
    ok(exits_well(act_without_memory), "R2 a signal arrives although there is no memory for it");
    ok(exits_well(fork_without_memory), "R2 fork with handlers fails at each frame, then succeeds");
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 1 && strcmp(argv[1], "after-exec") == 0) {
        check_after_exec();
    }
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *shared = 0;
    test_faults();
    test_bus();
    test_exceptions();
    test_sending();
    test_queue_limit();
    test_flags();
    test_old_frame();
    test_old_handler();
    test_registers();
    test_alternate_stack();
    test_bad_places();
    test_hostile_frames();
    test_interrupted_calls();
    test_pipes();
    test_suspend();
    test_timedwait();
    test_sleep();
    test_stop_in_sleep();
    test_child_signal();
    test_stopping();
    test_inheritance();
    ok(dies_by(abort_handled, SIGABRT), "abort ends the program although SIGABRT is handled");
    test_bad_arguments();
    test_without_memory();
    return done_testing();
}
