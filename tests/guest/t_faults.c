/*
 * Bad input F1 to F14 and F16: user faults. The rest needs a kernel that is broken on
 * purpose (tests/boot/panic.t).
 */
#include "deed.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define HOLE 0x70000000u /* nothing is mapped there */
#define SPOT 0x90000000u /* where tests put mappings of their own */

#define STACK_FLOOR       0xBF800000u /* 8 MiB below the kernel */
#define STACK_GUARD_FLOOR 0xBF700000u /* and 1 MiB that stays empty */

static const char *program;
__attribute__((used)) static uint32_t real_esp;

static void *map_at(uint32_t address, size_t pages, int prot, int flags)
{
    void *area = mmap((void *)address, pages * PAGE, prot,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0);
    if (area == MAP_FAILED) {
        _exit(1);
    }
    return area;
}

CODE(read_byte, "", "movb (%ebx), %al");
CODE(read_word, "", "movl (%ebx), %eax");
CODE(write_byte, "", "movb $1, (%ebx)");
CODE(write_word, "", "movl $1, (%ebx)");
/* The jump itself succeeds; the fetch at its target is what faults. */
CODE(jump, "jmp *%ebx", "");
#define JUMP(target) .code = jump, .at = (const char *)(target), .ebx = (target)

/* ---- F1, F2, F3 -------------------------------------------------------------------------------- */

static void test_null(void)
{
    static const struct deed deeds[] = {
        {"F1 read at 0", START(read_byte), SEGFAULT(0, 'r', false, "null")},
        {"F1 read at 4095", START(read_byte), .ebx = 4095, SEGFAULT(4095, 'r', false, "null")},
        {"F1 read that begins at 4094 and ends behind page 0", START(read_word), .ebx = 4094,
         SEGFAULT(4094, 'r', false, "null")},
        {"F1 write at 0", START(write_byte), SEGFAULT(0, 'w', false, "null")},
        {"F1 write at 4092", START(write_word), .ebx = 4092, SEGFAULT(4092, 'w', false, "null")},
        {"F1 jump to 0", JUMP(0), SEGFAULT(0, 'x', false, "null")},
        {"F1 jump to 4095", JUMP(4095), SEGFAULT(4095, 'x', false, "null")},
        {"F1 jump to argc with another stack than _start's is no return of _start", JUMP(1),
         SEGFAULT(1, 'x', false, "null")},
        {"F1 address 4096 is a hole like others", START(read_byte), .ebx = 4096,
         SEGFAULT(4096, 'r', false, "no-area")},
    };
    DO_DEEDS(deeds);
}

static void test_kernel_addresses(void)
{
    static const struct deed deeds[] = {
        {"F2 read at the kernel's base", START(read_byte), .ebx = KERNEL_BASE,
         SEGFAULT(KERNEL_BASE, 'r', true, "kernel-address")},
        {"F2 write at the kernel's base", START(write_word), .ebx = KERNEL_BASE,
         SEGFAULT(KERNEL_BASE, 'w', true, "kernel-address")},
        {"F2 jump to the kernel's base", JUMP(KERNEL_BASE),
         SEGFAULT(KERNEL_BASE, 'x', true, "kernel-address")},
        {"F2 write into the kernel's code", START(write_byte), .ebx = KERNEL_BASE + 0x100000,
         SEGFAULT(KERNEL_BASE + 0x100000, 'w', true, "kernel-address")},
        {"F2 jump into the kernel's code", JUMP(KERNEL_BASE + 0x100000),
         SEGFAULT(KERNEL_BASE + 0x100000, 'x', true, "kernel-address")},
        {"F2 read at the last byte", START(read_byte), .ebx = 0xFFFFFFFF,
         SEGFAULT(0xFFFFFFFF, 'r', false, "kernel-address")},
        {"F2 write at the last byte", START(write_byte), .ebx = 0xFFFFFFFF,
         SEGFAULT(0xFFFFFFFF, 'w', false, "kernel-address")},
        {"F2 jump to the last byte", JUMP(0xFFFFFFFF),
         SEGFAULT(0xFFFFFFFF, 'x', false, "kernel-address")},
        {"F2 read from the stack's last bytes into the kernel", START(read_word),
         .ebx = KERNEL_BASE - 2, SEGFAULT(KERNEL_BASE, 'r', true, "kernel-address")},
        {"F2 write from the stack's last bytes into the kernel", START(write_word),
         .ebx = KERNEL_BASE - 2, SEGFAULT(KERNEL_BASE, 'w', true, "kernel-address")},
    };
    DO_DEEDS(deeds);
}

/* Two pages at SPOT + PAGE, nothing beside them. */
static void two_pages(void)
{
    (void)map_at(SPOT + PAGE, 2, PROT_READ | PROT_WRITE, 0);
}

static void test_holes(void)
{
    static const struct deed deeds[] = {
        {"F3 read in a hole", START(read_byte), .ebx = HOLE, SEGFAULT(HOLE, 'r', false, "no-area")},
        {"F3 write in a hole", START(write_byte), .ebx = HOLE,
         SEGFAULT(HOLE, 'w', false, "no-area")},
        {"F3 jump into a hole", JUMP(HOLE), SEGFAULT(HOLE, 'x', false, "no-area")},
        {"F3 the area's first byte", START(write_byte), .ebx = SPOT + PAGE, EXITS(SURVIVED),
         .prepare = two_pages},
        {"F3 one byte before an area", START(write_byte), .ebx = SPOT + PAGE - 1,
         SEGFAULT(SPOT + PAGE - 1, 'w', false, "no-area"), .prepare = two_pages},
        {"F3 the area's last byte", START(write_byte), .ebx = SPOT + 3 * PAGE - 1, EXITS(SURVIVED),
         .prepare = two_pages},
        {"F3 one byte past an area", START(read_byte), .ebx = SPOT + 3 * PAGE,
         SEGFAULT(SPOT + 3 * PAGE, 'r', false, "no-area"), .prepare = two_pages},
        {"F3 a write that ends past an area", START(write_word), .ebx = SPOT + 3 * PAGE - 2,
         SEGFAULT(SPOT + 3 * PAGE, 'w', false, "no-area"), .prepare = two_pages},
    };
    DO_DEEDS(deeds);
}

/* ---- F4 to F7: rights -------------------------------------------------------------------------- */

static void read_only_absent(void)
{
    (void)map_at(SPOT, 1, PROT_READ, 0);
}

static void read_only_present(void)
{
    volatile char *area = map_at(SPOT, 1, PROT_READ, 0);
    (void)*area;
}

static void read_only_dirty(void)
{
    char *area = map_at(SPOT, 1, PROT_READ | PROT_WRITE, 0);
    area[0] = 1;
    if (mprotect(area, PAGE, PROT_READ) != 0) {
        _exit(1);
    }
}

static void read_only_file(void)
{
    int fd = open(program, O_RDONLY);
    if (mmap((void *)SPOT, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED) {
        _exit(1);
    }
}

static void no_access(void)
{
    char *area = map_at(SPOT, 1, PROT_READ | PROT_WRITE, 0);
    area[0] = 1;
    if (mprotect(area, PAGE, PROT_NONE) != 0) {
        _exit(1);
    }
}

static void no_access_absent(void)
{
    (void)map_at(SPOT, 1, PROT_NONE, 0);
}

#define READ_ONLY_AT(where, present, kind)                                                         \
    .ebx = (where), SEGFAULT(where, 'w', present, "read-only area [" kind "]")
#define NO_ACCESS(how, present) SEGFAULT(SPOT, how, present, "no-access area [anonymous]")

static void test_rights(void)
{
    const struct deed deeds[] = {
        {"F4 write to a read-only area, page absent", START(write_byte),
         .prepare = read_only_absent, READ_ONLY_AT(SPOT, false, "anonymous")},
        {"F4 write to a read-only area, page present", START(write_byte),
         .prepare = read_only_present, READ_ONLY_AT(SPOT, true, "anonymous")},
        {"F4 write to a page that was writable", START(write_byte), .prepare = read_only_dirty,
         READ_ONLY_AT(SPOT, true, "anonymous")},
        {"F4 write to a file mapped for reading", START(write_byte), .prepare = read_only_file,
         READ_ONLY_AT(SPOT, false, "file")},
        {"F4 write to own code", START(write_byte),
         READ_ONLY_AT((uint32_t)write_byte, true, "image")},
        {"F6 read in a PROT_NONE area", START(read_byte), .ebx = SPOT, NO_ACCESS('r', false),
         .prepare = no_access_absent},
        {"F6 write in a PROT_NONE area", START(write_byte), .ebx = SPOT, NO_ACCESS('w', false),
         .prepare = no_access_absent},
        {"F6 jump into a PROT_NONE area", JUMP(SPOT), NO_ACCESS('x', false),
         .prepare = no_access_absent},
        {"F6 read of a page that was accessible", START(read_byte), .ebx = SPOT,
         NO_ACCESS('r', false), .prepare = no_access},
        {"F6 write of a page that was accessible", START(write_byte), .ebx = SPOT,
         NO_ACCESS('w', false), .prepare = no_access},
    };
    DO_DEEDS(deeds);
}

/* movl $1, %eax; movl $42, %ebx; int $0x80: leaves the program with 42. */
static const unsigned char exit_42[] = {0xB8, 1, 0, 0, 0, 0xBB, 42, 0, 0, 0, 0xCD, 0x80};

static void put_code(uint32_t at, int prot)
{
    memcpy((void *)at, exit_42, sizeof(exit_42));
    if (mprotect((void *)(at & ~(PAGE - 1)), PAGE, prot) != 0) {
        _exit(1);
    }
}

static void code_in_data(void)
{
    (void)map_at(SPOT, 1, PROT_READ | PROT_WRITE, 0);
    put_code(SPOT, PROT_READ | PROT_WRITE);
}

static void code_only(void)
{
    (void)map_at(SPOT, 1, PROT_READ | PROT_WRITE, 0);
    put_code(SPOT, PROT_EXEC);
}

static void code_in_absent_data(void)
{
    (void)map_at(SPOT, 1, PROT_READ, 0);
}

static void code_on_stack(void)
{
    memcpy(deed_stack, exit_42, sizeof(exit_42));
}

static void write_only(void)
{
    (void)map_at(SPOT, 1, PROT_WRITE, 0);
}

#define NO_EXEC(where, present, kind)                                                              \
    JUMP((uint32_t)(where)), SEGFAULT((uint32_t)(where), 'x', present, "no-exec area [" kind "]")

static void test_execution(void)
{
    const struct deed nx[] = {
        {"F5 run code in a data area", NO_EXEC(SPOT, true, "anonymous"), .prepare = code_in_data},
        {"F5 run an absent data page", NO_EXEC(SPOT, false, "anonymous"),
         .prepare = code_in_absent_data},
        {"F5 run code in .bss", NO_EXEC(deed_stack, true, "image"), .prepare = code_on_stack},
    };
    const struct deed no_nx[] = {
        {"F5 run code in a data area (no NX: it runs)", JUMP(SPOT), EXITS(42),
         .prepare = code_in_data},
        {"F5 run code in .bss (no NX: it runs)", JUMP((uint32_t)deed_stack), EXITS(42),
         .prepare = code_on_stack},
    };
    static const struct deed implied[] = {
        {"F7 PROT_EXEC alone runs", JUMP(SPOT), EXITS(42), .prepare = code_only},
        {"F7 PROT_EXEC alone reads", START(read_word), .ebx = SPOT, EXITS(SURVIVED),
         .prepare = code_only},
        {"F7 PROT_WRITE alone writes", START(write_word), .ebx = SPOT, EXITS(SURVIVED),
         .prepare = write_only},
        {"F7 PROT_WRITE alone reads", START(read_word), .ebx = SPOT, EXITS(SURVIVED),
         .prepare = write_only},
    };
    if (machine()->has_nx) {
        DO_DEEDS(nx);
    } else {
        DO_DEEDS(no_nx);
    }
    ok(machine()->has_nx == has_feature("nx"), "F5 the boot line says whether there is NX");
    DO_DEEDS(implied);
}

/* ---- F8, F9: stack pointers -------------------------------------------------------------------- */

CODE(recursion, "movl real_esp, %esp", "pushl %eax\njmp recursion_at");
CODE(push_at, "movl %ebx, %esp\nnop\nnop", "pushl %eax");
CODE(pop_at, "movl %ebx, %esp\nnop\nnop", "popl %eax");
/* A long way with a wild stack pointer: timer interrupts arrive in between. */
CODE(wild_for_long, "movl %ebx, %esp\nmovl $100000000, %ecx\n1: decl %ecx\njnz 1b", "pushl %eax");
/* getpid, then exit(its sign), with a stack pointer that is no good. */
CODE(call_at, "movl %ebx, %esp\nmovl $20, %eax\nint $0x80",
     "movl %eax, %ebx\nsarl $31, %ebx\nmovl $1, %eax\nint $0x80");
/* A page fault that is resolved, with such a stack pointer, then exit(what was read back). */
CODE(fault_at, "movl %ebx, %esp\nmovl $0x90000000, %esi\nmovb $7, (%esi)",
     "movzbl (%esi), %ebx\nmovl $1, %eax\nint $0x80");

static void one_page(void)
{
    (void)map_at(SPOT, 1, PROT_READ | PROT_WRITE, 0);
}

static void test_stacks(void)
{
    static const struct deed deeds[] = {
        {"F8 recursion grows the stack to 8 MiB and ends at the guard", START(recursion),
         SEGFAULT(STACK_FLOOR - 4, 'w', false, "guard"), .esp = STACK_FLOOR},
        {"F8 esp jumps far down, within the limit", START(push_at), .ebx = STACK_FLOOR + 4,
         EXITS(SURVIVED)},
        {"F8 esp jumps below the limit", START(push_at), .ebx = STACK_FLOOR,
         SEGFAULT(STACK_FLOOR - 4, 'w', false, "guard"), .esp = STACK_FLOOR},
        {"F8 esp at the guard's end", START(push_at), .ebx = STACK_GUARD_FLOOR + 4,
         SEGFAULT(STACK_GUARD_FLOOR, 'w', false, "guard"), .esp = STACK_GUARD_FLOOR + 4},
        {"F8 esp below the guard", START(push_at), .ebx = STACK_GUARD_FLOOR,
         SEGFAULT(STACK_GUARD_FLOOR - 4, 'w', false, "no-area"), .esp = STACK_GUARD_FLOOR},
        {"F8 esp 4: push at 0", START(push_at), .ebx = 4, SEGFAULT(0, 'w', false, "null"),
         .esp = 4},
        {"F8 esp in a hole", START(push_at), .ebx = HOLE, SEGFAULT(HOLE - 4, 'w', false, "no-area"),
         .esp = HOLE},
        {"F8 esp at the kernel's base: what lies below is the stack", START(push_at),
         .ebx = KERNEL_BASE, EXITS(SURVIVED)},
        {"F8 pop at the kernel's base", START(pop_at), .ebx = KERNEL_BASE,
         SEGFAULT(KERNEL_BASE, 'r', true, "kernel-address"), .esp = KERNEL_BASE},
        {"F8 push in the kernel", START(push_at), .ebx = KERNEL_BASE + 8,
         SEGFAULT(KERNEL_BASE + 4, 'w', true, "kernel-address"), .esp = KERNEL_BASE + 8},
        {"F8 odd esp", START(push_at), .ebx = DEED_ESP - 3, EXITS(SURVIVED)},
        {"F8 esp wild for long: the push is what dies", START(wild_for_long), .ebx = HOLE,
         SEGFAULT(HOLE - 4, 'w', false, "no-area"), .esp = HOLE},
        {"F9 int 0x80 with esp 0", START(call_at), EXITS(0)},
        {"F9 int 0x80 with esp in the kernel", START(call_at), .ebx = 0xF8003000, EXITS(0)},
        {"F9 int 0x80 with esp in a hole", START(call_at), .ebx = HOLE + 1, EXITS(0)},
        {"F9 page fault with esp 0", START(fault_at), EXITS(7), .prepare = one_page},
        {"F9 page fault with esp in the kernel", START(fault_at), .ebx = KERNEL_BASE + 0x100000,
         EXITS(7), .prepare = one_page},
    };
    /* esp 0: the push wraps to the top of the kernel. 0 says "as at the start" to the table. */
    struct deed zero = {"F8 esp 0", .code = push_at, .at = push_at_at, TRAP(SIGSEGV, "unused")};
    __asm__ volatile("movl %%esp, %0" : "=m"(real_esp));
    DO_DEEDS(deeds);
    int before = freemem();
    pid_t child = fork();
    if (child == 0) {
        deed_start(zero.code, 0, DEED_ESP);
    }
    int status = wait_for(child);
    diag("wanted: Fault address not in segments.");
    diag("wanted: %s[%d]: segfault at fffffffc ip %08x sp 00000000 error 6 (write, not present, "
         "user): kernel-address",
         deed_program(), child, (unsigned int)zero.at);
    ok(WTERMSIG(status) == SIGSEGV && freemem() == before, zero.name);
}

/* ---- F10: instructions that cross a page ------------------------------------------------------- */

#define CROSSING (SPOT + PAGE - 2)

static void crossing(int second_prot)
{
    char *area = map_at(SPOT, 2, PROT_READ | PROT_WRITE, 0);
    memcpy((void *)CROSSING, exit_42, sizeof(exit_42));
    if (mprotect(area, PAGE, PROT_READ | PROT_EXEC) != 0 ||
        mprotect(area + PAGE, PAGE, second_prot) != 0) {
        _exit(1);
    }
}

static void crossing_into_hole(void)
{
    crossing(PROT_NONE);
    if (munmap((void *)(SPOT + PAGE), PAGE) != 0) {
        _exit(1);
    }
}

static void crossing_into_data(void)
{
    crossing(PROT_READ | PROT_WRITE);
}

static void crossing_into_code(void)
{
    crossing(PROT_READ | PROT_EXEC);
}

static void test_crossing(void)
{
    static const struct deed deeds[] = {
        {"F10 an instruction over two pages of code", .code = (const char *)CROSSING,
         .at = (const char *)CROSSING, EXITS(42), .prepare = crossing_into_code},
        {"F10 an instruction that ends in a hole", .code = (const char *)CROSSING,
         .at = (const char *)CROSSING, SEGFAULT(SPOT + PAGE, 'x', false, "no-area"),
         .prepare = crossing_into_hole},
    };
    static const struct deed nx = {"F10 an instruction that ends in a data page",
                                   .code = (const char *)CROSSING, .at = (const char *)CROSSING,
                                   SEGFAULT(SPOT + PAGE, 'x', true, "no-exec area [anonymous]"),
                                   .prepare = crossing_into_data};
    static const struct deed no_nx = {
        "F10 an instruction that ends in a data page (no NX: it runs)",
        .code = (const char *)CROSSING, .at = (const char *)CROSSING, EXITS(42),
        .prepare = crossing_into_data};
    DO_DEEDS(deeds);
    do_deed(machine()->has_nx ? &nx : &no_nx);
}

/* ---- F11: one instruction, many pages ---------------------------------------------------------- */

#define MANY 16u

/* A private mapping of the program's first MANY pages (its ELF headers, its code): bytes that are
 * not zero, none of them in memory. */
static unsigned char *map_program(int fd)
{
    return mmap(NULL, MANY * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
}

static unsigned char *map_zeros(size_t pages)
{
    return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void move_bytes(void *to, const void *from, size_t n)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

static void test_string_instructions(int fd)
{
    static unsigned char bytes[MANY * PAGE];
    ssize_t got = lseek(fd, 0, SEEK_SET) == 0 ? read(fd, bytes, sizeof(bytes)) : -1;
    size_t n = got > (ssize_t)PAGE ? (size_t)got & ~3u : 4;
    ok(got > (ssize_t)(2 * PAGE), "F11 the program has pages to work with");
    unsigned char *source = map_program(fd), *target = map_zeros(MANY);
    move_bytes(target, source, n);
    ok(memcmp(target, bytes, n) == 0, "F11 rep movsb from absent to absent pages");
    (void)munmap(source, MANY * PAGE);
    (void)munmap(target, MANY * PAGE);

    source = map_program(fd);
    move_bytes(source, source + 1, n - 1);
    ok(memcmp(source, bytes + 1, n - 1) == 0,
       "F11 rep movsb one byte down in place: no byte is moved twice");
    (void)munmap(source, MANY * PAGE);

    source = map_program(fd);
    void *to = source + n - 3;
    const void *from = source + n - 4;
    size_t left = n - 4;
    __asm__ volatile("std\n\trep movsb\n\tcld" : "+D"(to), "+S"(from), "+c"(left) : : "memory");
    ok(memcmp(source + 2, bytes + 1, n - 5) == 0, "F11 rep movsb downward, one byte up in place");
    (void)munmap(source, MANY * PAGE);
}

/* Partial progress stays: the bytes before the end of the area are there when the writer is dead. */
CODE(fill_past_end, "movl %ebx, %edi\nmovl $0x10000, %ecx\nmovb $0xA5, %al", "rep stosb");

static void test_partial_progress(void)
{
    unsigned char *area = mmap((void *)SPOT, 3 * PAGE, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    const struct deed deed = {"F11 rep stosb past an area's end dies there", START(fill_past_end),
                              .ebx = SPOT + 5, SEGFAULT(SPOT + 3 * PAGE, 'w', false, "no-area")};
    area[0] = area[PAGE] = area[2 * PAGE] = 1;
    do_deed(&deed);
    bool is_filled = area[4] == 0;
    for (size_t i = 5; i < 3 * PAGE; i++) {
        is_filled = is_filled && area[i] == 0xA5;
    }
    ok(is_filled, "F11 rep stosb past an area's end writes every byte before it");
    (void)munmap(area, 3 * PAGE);
}

static void test_wide_accesses(int fd)
{
    unsigned char *area = map_program(fd);
    uint32_t before, after;
    static unsigned char bytes[2 * PAGE];
    (void)lseek(fd, 0, SEEK_SET);
    (void)!read(fd, bytes, sizeof(bytes));
    memcpy(&before, bytes + PAGE - 2, 4);
    __asm__ volatile("incl (%0)" : : "r"(area + PAGE - 2) : "memory", "cc");
    memcpy(&after, area + PAGE - 2, 4);
    is(after, before + 1, "F11 incl over two absent pages counts once");
    (void)munmap(area, MANY * PAGE);

    area = map_program(fd);
    uint32_t old = 5;
    __asm__ volatile("lock xaddl %0, (%1)" : "+r"(old) : "r"(area + PAGE - 1) : "memory", "cc");
    memcpy(&before, bytes + PAGE - 1, 4);
    memcpy(&after, area + PAGE - 1, 4);
    ok(old == before && after == before + 5, "F11 lock xadd over two absent pages");
    (void)munmap(area, MANY * PAGE);

    area = map_zeros(2);
    double value = 1.0 / 3, back;
    __asm__ volatile("fldl %1\n\tfstpl (%0)" : : "r"(area + PAGE - 3), "m"(value) : "memory");
    memcpy(&back, area + PAGE - 3, sizeof(back));
    ok(back == value, "F11 eight misaligned bytes over two absent pages");
    (void)munmap(area, 2 * PAGE);

    area = map_zeros(2);
    uint32_t count;
    __asm__ volatile("movl %%esp, %%ecx\n\t"
                     "movl %1, %%esp\n\t"
                     "movl $0x1234, %%eax\n\t"
                     "pushal\n\t"
                     "movl %%esp, %%edx\n\t"
                     "movl %%ecx, %%esp\n\t"
                     "movl %1, %0\n\t"
                     "subl %%edx, %0"
                     : "=&b"(count)
                     : "S"(area + PAGE + 12)
                     : "eax", "ecx", "edx", "memory", "cc");
    uint32_t pushed;
    memcpy(&pushed, area + PAGE + 12 - 4, sizeof(pushed));
    ok(count == 32 && pushed == 0x1234, "F11 pusha over two absent pages");
    (void)munmap(area, 2 * PAGE);

    area = map_zeros(2);
    __asm__ volatile("movl %%esp, %%ecx\n\t"
                     "movl %%ebp, %%edi\n\t"
                     "movl %1, %%esp\n\t"
                     "enter $8, $0\n\t"
                     "movl %%ebp, %%eax\n\t"
                     "leave\n\t"
                     "movl %%esp, %%edx\n\t"
                     "movl %%ecx, %%esp\n\t"
                     "movl %1, %0\n\t"
                     "subl %%edx, %0\n\t"
                     "movl %%edi, %%ebp"
                     : "=&b"(count)
                     : "S"(area + PAGE + 2)
                     : "eax", "ecx", "edx", "edi", "memory", "cc");
    is(count, 0, "F11 enter and leave over two absent pages");
    (void)munmap(area, 2 * PAGE);
}

/* ---- F12, F13, F16: files ---------------------------------------------------------------------- */

/* Pages of the program's file, and what is left of the last one. */
static size_t file_pages(int fd, size_t *tail)
{
    size_t size = (size_t)lseek(fd, 0, SEEK_END);
    *tail = size % PAGE;
    return (size + PAGE - 1) / PAGE;
}

static void map_past_end(void)
{
    size_t tail;
    int fd = open(program, O_RDONLY);
    size_t pages = file_pages(fd, &tail);
    /* The file's last page at SPOT - PAGE, so that SPOT lies past its end. */
    void *area = mmap((void *)(SPOT - PAGE), 3 * PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_FIXED, fd, (off_t)(pages - 1) * PAGE);
    if (area == MAP_FAILED) {
        _exit(1);
    }
}

static void test_file_ends(int fd)
{
    static const struct deed deeds[] = {
        {"F12 mmap: the file's last page", START(read_byte), .ebx = SPOT - 1, EXITS(SURVIVED),
         .prepare = map_past_end},
        {"F12 mmap: reading a page past the end is a bus error", START(read_byte), .ebx = SPOT,
         .address = SPOT, TRAP(SIGBUS, "i/o"), .prepare = map_past_end},
        {"F12 mmap: writing a page past the end is a bus error", START(write_byte),
         .ebx = SPOT + PAGE, .address = SPOT + PAGE, TRAP(SIGBUS, "i/o"), .prepare = map_past_end},
    };
    DO_DEEDS(deeds);

    size_t tail, pages = file_pages(fd, &tail);
    unsigned char *area = mmap(NULL, pages * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    bool is_zero = true;
    for (size_t i = tail; tail != 0 && i < PAGE; i++) {
        is_zero = is_zero && area[(pages - 1) * PAGE + i] == 0;
    }
    ok(is_zero, "F12 mmap: zeros behind the file's end in its last page");
    (void)munmap(area, pages * PAGE);

    uint32_t start =
        (uint32_t)syscall(FL_NR_area_mmap, 0, (pages + 2) * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    const unsigned char *lazy = (const unsigned char *)start;
    is_zero = start != 0;
    for (size_t i = pages * PAGE; start != 0 && i < (pages + 2) * PAGE; i++) {
        is_zero = is_zero && lazy[i] == 0;
    }
    ok(is_zero, "F12 area_mmap: pages past the end are zeros");
    ok(memcmp(lazy, "\177ELF", 4) == 0, "F12 area_mmap: the file's bytes lie before the zeros");
    is(syscall(FL_NR_area_munmap, start), 1, "F12 area_munmap of a file area");
}

static void test_closed_file(void)
{
    int fd = open(program, O_RDONLY);
    unsigned char *area = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    ok(memcmp(area, "\177ELF", 4) == 0, "F13 a mapping outlives its descriptor");
    (void)munmap(area, 2 * PAGE);
}

static void test_partial_copies(int fd)
{
    unsigned char *area = mmap((void *)SPOT, PAGE, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    (void)lseek(fd, 0, SEEK_SET);
    is(read(fd, area + PAGE - 10, 100), 10, "F16 read returns the bytes before the bad address");
    ok(memcmp(area + PAGE - 10, "\177ELF", 4) == 0, "F16 the bytes before the bad address arrive");
    is(lseek(fd, 0, SEEK_CUR), 10, "F16 the file's position is at the bad address");
    is(read(fd, area + PAGE, 1), -1, "F16 read to a bad address");
    is(errno, EFAULT, "F16 read to a bad address sets EFAULT");
    is(lseek(fd, 0, SEEK_CUR), 10, "F16 read to a bad address keeps the position");
    (void)munmap(area, PAGE);
}

/* ---- F14: no memory ---------------------------------------------------------------------------- */

/* fail_frame(edx, 0), then the access. */
#define AFTER_FAILURE(n)                                                                           \
    "movl %ebx, %esi\nmovl $" #n ", %ebx\nmovl $563, %eax\nxorl %ecx, %ecx\nint $0x80\n"
CODE(write_fails, AFTER_FAILURE(1), "movb $1, (%esi)");
CODE(write_fails_table, AFTER_FAILURE(2), "movb $1, (%esi)");
CODE(read_fails, AFTER_FAILURE(1), "movb (%esi), %al");

static void present_zero_page(void)
{
    volatile char *area = map_at(SPOT, 1, PROT_READ | PROT_WRITE, 0);
    (void)*area;
}

__attribute__((used)) static char data_page[PAGE] __attribute__((aligned(4096))) = {1};

#define NO_MEMORY(where) .ebx = (where), .address = (where), TRAP(SIGKILL, "out-of-memory")

static void test_out_of_memory(void)
{
    const struct deed deeds[] = {
        {"F14 write fault, no frame", START(write_fails), NO_MEMORY(SPOT), .prepare = one_page},
        {"F14 write fault, no frame for the page table", START(write_fails_table), NO_MEMORY(SPOT),
         .prepare = one_page},
        {"F14 read fault, no frame for the page table", START(read_fails), NO_MEMORY(SPOT),
         .prepare = one_page},
        {"F14 read fault of a file", START(read_fails), NO_MEMORY(SPOT), .prepare = read_only_file},
        {"F14 write over the zero page", START(write_fails), NO_MEMORY(SPOT),
         .prepare = present_zero_page},
        {"F14 write to a page that fork shared", START(write_fails),
         NO_MEMORY((uint32_t)data_page)},
        {"F14 growing the stack", START(write_fails), NO_MEMORY(STACK_FLOOR)},
    };
    if (fail_frame(0, 0) != 0) {
        skip("F14 no memory", "needs failframe= on the kernel command line");
        return;
    }
    data_page[0] = 2;
    DO_DEEDS(deeds);
    (void)fail_frame(0, 0);
    is(data_page[0], 2, "F14 the parent's page is untouched");
}

int main(int argc, char **argv)
{
    (void)argc;
    program = argv[0];
    deed_warm_up();
    test_null();
    test_kernel_addresses();
    test_holes();
    test_rights();
    test_execution();
    test_stacks();
    test_crossing();
    int fd = open(program, O_RDONLY);
    test_string_instructions(fd);
    test_partial_progress();
    test_wide_accesses(fd);
    test_file_ends(fd);
    test_closed_file();
    test_partial_copies(fd);
    test_out_of_memory();
    return done_testing();
}
