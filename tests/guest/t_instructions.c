/*
 * Bad input P1 to P14: what ring 3 may not execute, and what it may but should not.
 * Each deed says by its line what the CPU made of it.
 */
#include "deed.h"

#include <sys/mman.h>
#include <sys/utsname.h>

/* ---- P1: privileged ---------------------------------------------------------------------------- */

/* One privileged instruction each; their rows are PRIVILEGED. */
CODE(do_cli, "", "cli");
CODE(do_sti, "", "sti");
CODE(do_hlt, "", "hlt");
CODE(do_in_byte, "", "inb $0x60, %al");
CODE(do_in_dx, "movl $0x3F8, %edx", "inl %dx, %eax");
CODE(do_out_byte, "movb $0x10, %al", "outb %al, $0xF4");
CODE(do_out_dx, "movl $0xF4, %edx", "outl %eax, %dx");
CODE(do_ins, "movl $0x60, %edx\nleal -64(%esp), %edi", "insb");
CODE(do_outs, "movl $0xF4, %edx\nmovl %esp, %esi", "outsb");
CODE(do_rep_outs, "movl $0xF4, %edx\nmovl %esp, %esi\nmovl $3, %ecx", "rep outsb");
CODE(do_lgdt, "", "lgdt (%esp)");
CODE(do_lidt, "", "lidt (%esp)");
CODE(do_lldt, "", "lldt %ax");
CODE(do_ltr, "movl $0x28, %eax", "ltr %ax");
CODE(do_lmsw, "", "lmsw %ax");
CODE(do_clts, "", "clts");
CODE(do_read_cr0, "", "movl %cr0, %eax");
CODE(do_read_cr2, "", "movl %cr2, %eax");
CODE(do_read_cr3, "", "movl %cr3, %eax");
CODE(do_read_cr4, "", "movl %cr4, %eax");
CODE(do_write_cr0, "", "movl %eax, %cr0");
CODE(do_write_cr3, "", "movl %eax, %cr3");
CODE(do_write_cr4, "", "movl %eax, %cr4");
CODE(do_read_dr0, "", "movl %dr0, %eax");
CODE(do_read_dr7, "", "movl %dr7, %eax");
CODE(do_write_dr7, "", "movl %eax, %dr7");
CODE(do_invlpg, "", "invlpg (%esp)");
CODE(do_wbinvd, "", "wbinvd");
CODE(do_invd, "", "invd");
CODE(do_rdmsr, "movl $0x174, %ecx", "rdmsr");
CODE(do_wrmsr, "movl $0x174, %ecx", "wrmsr");
CODE(do_rdpmc, "", "rdpmc");
CODE(do_sysexit, "", "sysexit");
CODE(do_sysenter, "movl %esp, %ebp", "sysenter");

static void test_privileged(void)
{
    static const struct deed deeds[] = {
        {"P1 cli", START(do_cli), PRIVILEGED},
        {"P1 sti", START(do_sti), PRIVILEGED},
        {"P1 hlt", START(do_hlt), PRIVILEGED},
        {"P1 in al, 60", START(do_in_byte), PRIVILEGED},
        {"P1 in eax, dx", START(do_in_dx), PRIVILEGED},
        {"P1 out to QEMU's exit port", START(do_out_byte), PRIVILEGED},
        {"P1 out dx, eax", START(do_out_dx), PRIVILEGED},
        {"P1 insb", START(do_ins), PRIVILEGED},
        {"P1 outsb", START(do_outs), PRIVILEGED},
        {"P1 rep outsb", START(do_rep_outs), PRIVILEGED},
        {"P1 lgdt", START(do_lgdt), PRIVILEGED},
        {"P1 lidt", START(do_lidt), PRIVILEGED},
        {"P1 lldt", START(do_lldt), PRIVILEGED},
        {"P1 ltr", START(do_ltr), PRIVILEGED},
        {"P1 lmsw", START(do_lmsw), PRIVILEGED},
        {"P1 clts", START(do_clts), PRIVILEGED},
        {"P1 mov eax, cr0", START(do_read_cr0), PRIVILEGED},
        {"P1 mov eax, cr2", START(do_read_cr2), PRIVILEGED},
        {"P1 mov eax, cr3", START(do_read_cr3), PRIVILEGED},
        {"P1 mov eax, cr4", START(do_read_cr4), PRIVILEGED},
        {"P1 mov cr0, eax", START(do_write_cr0), PRIVILEGED},
        {"P1 mov cr3, eax", START(do_write_cr3), PRIVILEGED},
        {"P1 mov cr4, eax", START(do_write_cr4), PRIVILEGED},
        {"P1 mov eax, dr0", START(do_read_dr0), PRIVILEGED},
        {"P1 mov eax, dr7", START(do_read_dr7), PRIVILEGED},
        {"P1 mov dr7, eax", START(do_write_dr7), PRIVILEGED},
        {"P1 invlpg", START(do_invlpg), PRIVILEGED},
        {"P1 wbinvd", START(do_wbinvd), PRIVILEGED},
        {"P1 invd", START(do_invd), PRIVILEGED},
        {"P1 rdmsr", START(do_rdmsr), PRIVILEGED},
        {"P1 wrmsr", START(do_wrmsr), PRIVILEGED},
        {"P1 rdpmc", START(do_rdpmc), PRIVILEGED},
        {"P1 sysexit", START(do_sysexit), PRIVILEGED},
        {"P12 sysenter, which is not set up", START(do_sysenter), PRIVILEGED},
    };
    DO_DEEDS(deeds);
}

/* ---- P2, P3: software interrupts --------------------------------------------------------------- */

#define INT_STRIDE 8
__asm__(".text\n.balign 8\nint_table:\n"
        ".set vector, 0\n"
        ".rept 256\n"
        ".byte 0xCD, vector\n"
        ".byte 0xF4\n" /* hlt: what comes back dies here */
        ".balign 8\n"
        ".set vector, vector + 1\n"
        ".endr\n");
extern const char int_table[];

static bool is_open_vector(int vector)
{
    return vector == 3 || vector == 4 || vector == 0x80;
}

static void test_interrupts(void)
{
    for (int vector = 0; vector < 256; vector++) {
        if (is_open_vector(vector)) {
            continue;
        }
        char name[32], words[64];
        (void)snprintf(name, sizeof(name), "P2 int %d", vector);
        (void)snprintf(words, sizeof(words), "general protection, interrupt %d", vector);
        const struct deed deed = {name, .code = int_table + vector * INT_STRIDE,
                                  .at = int_table + vector * INT_STRIDE, TRAP(SIGSEGV, words)};
        do_deed(&deed);
    }
}

CODE(do_int3, "", "int3");
CODE(do_int_3, "", ".byte 0xCD, 3");
CODE(do_int_4, "", ".byte 0xCD, 4");
CODE(do_into, "movb $0x7F, %al\naddb $1, %al", "into");
CODE(do_into_clear, "xorl %eax, %eax", "into");
CODE(do_bound, "pushl $9\npushl $5\nmovl $10, %eax", "bound %eax, (%esp)");
CODE(do_bound_inside, "pushl $9\npushl $5\nmovl $9, %eax", "bound %eax, (%esp)");

static void test_traps(void)
{
    static const struct deed deeds[] = {
        {"P3 int3", START(do_int3), TRAP(SIGTRAP, "breakpoint"), .skip = 1},
        {"P3 int 3 in two bytes", START(do_int_3), TRAP(SIGTRAP, "breakpoint"), .skip = 2},
        {"P3 int 4", START(do_int_4), TRAP(SIGSEGV, "overflow trap"), .skip = 2},
        {"P3 into with OF", START(do_into), TRAP(SIGSEGV, "overflow trap"), .skip = 1},
        {"P3 into without OF", START(do_into_clear), EXITS(SURVIVED)},
        {"P3 bound, outside", START(do_bound), TRAP(SIGSEGV, "bound range exceeded")},
        {"P3 bound, inside", START(do_bound_inside), EXITS(SURVIVED)},
    };
    DO_DEEDS(deeds);
}

CODE(do_int1, "", ".byte 0xF1");

/* The CPU's own breakpoint is a trap; QEMU's TCG does not know it. */
static void test_int1(void)
{
    static const struct deed trap = {"P3 int1", START(do_int1), TRAP(SIGTRAP, "debug trap"),
                                     .skip = 1};
    static const struct deed unknown = {"P3 int1", START(do_int1), TRAP(SIGILL, "invalid opcode")};
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        deed_start(do_int1, 0, DEED_ESP);
    }
    int status = wait_for(child);
    bool is_trap = WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP;
    want_lines(is_trap ? &trap : &unknown, child);
    ok(is_trap || (WIFSIGNALED(status) && WTERMSIG(status) == SIGILL), trap.name);
}

/* ---- P4: arithmetic ---------------------------------------------------------------------------- */

CODE(divide_by_zero, "movl $1, %eax", "divl %ecx");
CODE(divide_overflow, "movl $0x80000000, %eax\ncltd\nmovl $-1, %ecx", "idivl %ecx");
CODE(divide_wide, "movl $1, %edx\nmovl $1, %ecx", "divl %ecx");
CODE(adjust_by_zero, "movb $1, %al", ".byte 0xD4, 0"); /* aam 0 */
CODE(x87_divide, "pushl $0x037B\nfldcw (%esp)\nfld1\nfldz\nfdivrp", "fwait");
CODE(x87_invalid, "pushl $0x037E\nfldcw (%esp)\nfldz\nfldz\nfdivrp\nmovl $20, %eax\nint $0x80",
     "fwait");

static void test_arithmetic(void)
{
    static const struct deed deeds[] = {
        {"P4 div by 0", START(divide_by_zero), TRAP(SIGFPE, "divide error")},
        {"P4 idiv INT_MIN by -1", START(divide_overflow), TRAP(SIGFPE, "divide error")},
        {"P4 div whose quotient does not fit", START(divide_wide), TRAP(SIGFPE, "divide error")},
        {"P4 aam 0", START(adjust_by_zero), TRAP(SIGFPE, "divide error")},
    };
    static const struct deed x87[] = {
        {"P4 x87 division by 0, unmasked", START(x87_divide), TRAP(SIGFPE, "floating point error")},
        {"P4 x87 invalid operation, unmasked, seen after a call", START(x87_invalid),
         TRAP(SIGFPE, "floating point error")},
    };
    DO_DEEDS(deeds);
    if (has_feature("fpu")) {
        DO_DEEDS(x87);
    }
}

/* ---- P5, P14: opcodes -------------------------------------------------------------------------- */

CODE(do_ud2, "", ".byte 0x0F, 0x0B");
CODE(do_ud1, "", ".byte 0x0F, 0xB9, 0xC0");
CODE(do_ud0, "", ".byte 0x0F, 0xFF, 0xC0");
CODE(do_0f04, "", ".byte 0x0F, 0x04");
CODE(do_0f0a, "", ".byte 0x0F, 0x0A");
CODE(do_0f24, "", ".byte 0x0F, 0x24, 0xC0"); /* mov eax, tr0 of the 80386 */
CODE(do_0fa6, "", ".byte 0x0F, 0xA6");
CODE(do_ff_7, "", ".byte 0xFF, 0xFF");
CODE(do_lea_register, "", ".byte 0x8D, 0xC0");
CODE(do_lock_nop, "", ".byte 0xF0, 0x90");
CODE(do_mov_cs, "movl $0x1B, %eax", ".byte 0x8E, 0xC8");
CODE(do_syscall, "", "syscall");
CODE(do_sysret, "", ".byte 0x0F, 0x07");
CODE(do_rsm, "", "rsm");
CODE(do_vmcall, "", ".byte 0x0F, 0x01, 0xC1");
CODE(do_vmmcall, "", ".byte 0x0F, 0x01, 0xD9");
CODE(do_vmrun, "", ".byte 0x0F, 0x01, 0xD8");
CODE(do_monitor, "", ".byte 0x0F, 0x01, 0xC8");
CODE(do_mwait, "", ".byte 0x0F, 0x01, 0xC9");
CODE(do_swapgs, "", ".byte 0x0F, 0x01, 0xF8");
CODE(do_too_long, "", ".fill 15, 1, 0x66\nnop");
CODE(do_sse, "", "xorps %xmm0, %xmm0");

#define UNDEFINED TRAP(SIGILL, "invalid opcode")

static void test_undefined(void)
{
    static const struct deed deeds[] = {
        {"P5 ud2", START(do_ud2), UNDEFINED},
        {"P5 ud1", START(do_ud1), UNDEFINED},
        {"P5 ud0", START(do_ud0), UNDEFINED},
        {"P5 0f 04", START(do_0f04), UNDEFINED},
        {"P5 0f 0a", START(do_0f0a), UNDEFINED},
        {"P5 0f 24", START(do_0f24), UNDEFINED},
        {"P5 0f a6", START(do_0fa6), UNDEFINED},
        {"P5 ff /7", START(do_ff_7), UNDEFINED},
        {"P5 lea of a register", START(do_lea_register), UNDEFINED},
        {"P5 lock nop", START(do_lock_nop), UNDEFINED},
        {"P5 mov cs, eax", START(do_mov_cs), UNDEFINED},
        {"P5 syscall", START(do_syscall), UNDEFINED},
        {"P5 sysret", START(do_sysret), UNDEFINED},
        {"P5 rsm", START(do_rsm), UNDEFINED},
        {"P5 vmcall", START(do_vmcall), UNDEFINED},
        {"P5 vmmcall", START(do_vmmcall), UNDEFINED},
        {"P5 vmrun", START(do_vmrun), UNDEFINED},
        {"P5 monitor", START(do_monitor), UNDEFINED},
        {"P5 mwait", START(do_mwait), UNDEFINED},
        {"P5 swapgs", START(do_swapgs), UNDEFINED},
        {"P5 an instruction of 16 bytes", START(do_too_long), GENERAL_PROTECTION},
    };
    static const struct deed with_sse = {"P5 SSE where the kernel switched it on", START(do_sse),
                                         EXITS(SURVIVED)};
    static const struct deed without = {"P5 SSE with it switched off", START(do_sse), UNDEFINED};
    DO_DEEDS(deeds);
    do_deed(has_feature("sse") ? &with_sse : &without);
}

CODE(do_rdtsc, "", "rdtsc");
CODE(do_cpuid, "", "cpuid");
CODE(do_rdrand, "", ".byte 0x0F, 0xC7, 0xF0");
CODE(do_xgetbv, "", ".byte 0x0F, 0x01, 0xD0");
CODE(do_lar, "movl $0x08, %eax", "lar %eax, %ecx");
CODE(do_lsl, "movl $0x28, %eax", "lsl %eax, %ecx");
CODE(do_verr, "movl $0x10, %eax", "verr %ax");
CODE(do_verw, "movl $0xFFFF, %eax", "verw %ax");
CODE(do_arpl, "movl $0x10, %eax\nmovl $3, %ecx", "arpl %cx, %ax");
CODE(do_prefetch, "", "prefetchnta (%ecx)");
CODE(do_pause, "", "pause");

static void test_harmless(void)
{
    static const struct deed deeds[] = {
        {"P14 rdtsc", START(do_rdtsc), EXITS(SURVIVED)},
        {"P14 cpuid", START(do_cpuid), EXITS(SURVIVED)},
        {"P14 xgetbv without OSXSAVE", START(do_xgetbv), UNDEFINED},
        {"P14 lar of the kernel's code", START(do_lar), EXITS(SURVIVED)},
        {"P14 lsl of the TSS", START(do_lsl), EXITS(SURVIVED)},
        {"P14 verr of the kernel's data", START(do_verr), EXITS(SURVIVED)},
        {"P14 verw of nothing", START(do_verw), EXITS(SURVIVED)},
        {"P14 arpl", START(do_arpl), EXITS(SURVIVED)},
        {"P14 prefetch of address 0", START(do_prefetch), EXITS(SURVIVED)},
        {"P14 pause", START(do_pause), EXITS(SURVIVED)},
    };
    static const struct deed works = {"P14 rdrand", START(do_rdrand), EXITS(SURVIVED)};
    static const struct deed is_undefined = {"P14 rdrand on a CPU without", START(do_rdrand),
                                             UNDEFINED};
    DO_DEEDS(deeds);
    do_deed(has_feature("rdrand") ? &works : &is_undefined);
}

/* ---- P6, P7, P8: selectors --------------------------------------------------------------------- */

CODE(load_ds, "", "movw %bx, %ds");
CODE(load_es, "", "movw %bx, %es");
CODE(load_fs, "", "movw %bx, %fs");
CODE(load_gs, "", "movw %bx, %gs");
CODE(load_ss, "", "movw %bx, %ss");
CODE(pop_ds, "pushl %ebx", "popl %ds");
CODE(load_pointer, "pushl %ebx\npushl %eax", "lds (%esp), %eax");

static const struct {
    const char *name, *code, *at;
} loads[] = {
    {"ds", load_ds, load_ds_at},
    {"es", load_es, load_es_at},
    {"fs", load_fs, load_fs_at},
    {"gs", load_gs, load_gs_at},
    {"ss", load_ss, load_ss_at},
    {"ds by pop", pop_ds, pop_ds_at},
    {"ds by lds", load_pointer, load_pointer_at},
};

static const struct {
    const char *name;
    uint32_t selector;
} bad_selectors[] = {
    {"the kernel's code", 0x08},
    {"the kernel's code, RPL 3", 0x0B},
    {"the kernel's data", 0x10},
    {"the kernel's data, RPL 3", 0x13},
    {"the TSS", 0x28},
    {"the TSS, RPL 3", 0x2B},
    {"an empty TLS slot", 0x33},
    {"the double fault's TSS", 0x4B},
    {"an LDT selector", 0x07},
    {"another LDT selector", 0x0F},
    {"the last LDT selector", 0xFFFF},
    {"behind the GDT", 0x53},
    {"the last selector", 0xFFFB},
};

static void test_selectors(void)
{
    for (size_t i = 0; i < COUNT(bad_selectors); i++) {
        for (size_t j = 0; j < COUNT(loads); j++) {
            char name[80], words[64];
            (void)snprintf(name, sizeof(name), "P6 %s into %s", bad_selectors[i].name,
                           loads[j].name);
            (void)snprintf(words, sizeof(words), "general protection, selector %x",
                           (unsigned int)(bad_selectors[i].selector & 0xFFFC));
            const struct deed deed = {name, .code = loads[j].code, .at = loads[j].at,
                                      .ebx = bad_selectors[i].selector, TRAP(SIGSEGV, words)};
            do_deed(&deed);
        }
    }
}

CODE(null_data, "movl %ebx, %ds\nmovl %ebx, %es\nmovl %ebx, %fs\nmovl %ebx, %gs",
     "movl $20, %eax\nint $0x80\n"                      /* getpid */
     "movl %ds, %eax\nmovl %es, %ecx\norl %ecx, %eax\n" /* all still null? */
     "movl %fs, %ecx\norl %ecx, %eax\nmovl %gs, %ecx\norl %ecx, %eax\n"
     "movl %eax, %ebx\nmovl $1, %eax\nint $0x80");
CODE(code_as_data, "movl $0x1B, %eax\nmovl %eax, %ds", "movl null_data, %eax");
CODE(write_through_code, "movl $0x1B, %eax\nmovl %eax, %es\nmovl %esp, %edi", "stosb");
CODE(stack_of_ring_0, "movl $0x20, %ebx", "movw %bx, %ss");
CODE(stack_of_code, "movl $0x1B, %ebx", "movw %bx, %ss");

static void test_null_selectors(void)
{
    static const struct deed deeds[] = {
        {"P6 null into ds, es, fs, gs: loads, a call works and keeps them", START(null_data),
         EXITS(0)},
        {"P6 null into ss", START(load_ss), GENERAL_PROTECTION},
        {"P6 null with RPL 3 into ss", START(load_ss), .ebx = 3, GENERAL_PROTECTION},
        {"P6 own code into ds: may be read", START(code_as_data), EXITS(SURVIVED)},
        {"P6 own data with RPL 0 into ss", START(stack_of_ring_0),
         TRAP(SIGSEGV, "general protection, selector 20")},
        {"P6 own code into ss", START(stack_of_code),
         TRAP(SIGSEGV, "general protection, selector 18")},
    };
    DO_DEEDS(deeds);
}

CODE(call_kernel, "", "lcall $0x08, $0xC0100000");
CODE(jump_kernel, "", "ljmp $0x08, $0xC0100000");
CODE(jump_kernel_rpl, "", "ljmp $0x0B, $0xC0100000");
CODE(call_tss, "", "lcall $0x28, $0");
CODE(jump_tss, "", "ljmp $0x28, $0");
CODE(call_double_fault, "", "lcall $0x48, $0");
CODE(jump_double_fault, "", "ljmp $0x4B, $0");
CODE(jump_data, "", "ljmp $0x23, $0");
CODE(jump_null, "", "ljmp $0, $0");
CODE(jump_ldt, "", "ljmp $0x07, $0");
CODE(return_kernel, "pushl $0x08\npushl $0xC0100000", "lret");
CODE(iret_kernel, "pushfl\npushl $0x08\npushl $0xC0100000", "iret");
CODE(iret_null, "pushfl\npushl $0\npushl $0xC0100000", "iret");
CODE(return_own, "pushl $0x1B\npushl $deed_survived", "lret");
CODE(iret_own, "pushfl\npushl $0x1B\npushl $deed_survived", "iret");
/* gs fs ds es ss esp eflags cs eip: what an iret of ring 0 to virtual-8086 mode pops. */
CODE(iret_vm86,
     "pushl $0\npushl $0\npushl $0\npushl $0\npushl $0\npushl $0x1234\n"
     "pushfl\norl $0x20000, (%esp)\npushl $0x1000\npushl $0",
     "iret");
CODE(iret_nested, "pushfl\norl $0x4000, (%esp)\npopfl", "iret");
CODE(own_code_far, "", "ljmp $0x1B, $deed_survived");

#define REPEATED "the same page fault again and again"

static void test_far_transfers(void)
{
    static const struct deed deeds[] = {
        {"P7 far call into the kernel", START(call_kernel),
         TRAP(SIGSEGV, "general protection, selector 8")},
        {"P7 far jump into the kernel", START(jump_kernel),
         TRAP(SIGSEGV, "general protection, selector 8")},
        {"P7 far jump into the kernel with RPL 3", START(jump_kernel_rpl),
         TRAP(SIGSEGV, "general protection, selector 8")},
        {"P7 far call to the TSS", START(call_tss),
         TRAP(SIGSEGV, "general protection, selector 28")},
        {"P7 far jump to the TSS", START(jump_tss),
         TRAP(SIGSEGV, "general protection, selector 28")},
        {"P7 far call to the double fault's TSS", START(call_double_fault),
         TRAP(SIGSEGV, "general protection, selector 48")},
        {"P7 far jump to the double fault's TSS, RPL 3", START(jump_double_fault),
         TRAP(SIGSEGV, "general protection, selector 48")},
        {"P7 far jump to data", START(jump_data), TRAP(SIGSEGV, "general protection, selector 20")},
        {"P7 far jump to null", START(jump_null), GENERAL_PROTECTION},
        {"P7 far jump to an LDT selector", START(jump_ldt),
         TRAP(SIGSEGV, "general protection, selector 4")},
        {"P7 far jump to own code", START(own_code_far), EXITS(SURVIVED)},
        {"P8 iret with NT", START(iret_nested), TRAP(SIGSEGV, "invalid task state")},
    };
    static const struct deed returns[] = {
        {"P7 retf to ring 0", START(return_kernel),
         TRAP(SIGSEGV, "general protection, selector 8")},
        {"P7 iret to ring 0", START(iret_kernel), TRAP(SIGSEGV, "general protection, selector 8")},
        {"P7 iret to null", START(iret_null), GENERAL_PROTECTION},
        {"P7 retf to own code", START(return_own), EXITS(SURVIVED)},
        {"P7 iret to own code", START(iret_own), EXITS(SURVIVED)},
        /* A CPU would refuse the selector 1000. QEMU 7.2 enters virtual-8086 mode. */
        {"P9 iret with VM", .code = iret_vm86, .at = NULL, .esp = 0x1234,
         SEGFAULT(0x10000, 'r', false, "no-area")},
    };
    /* QEMU before 9.1 reads the stack of a far return as the kernel would, and SMAP refuses that. */
    static const struct deed refused_returns[] = {
        {"P7, P19 retf to ring 0 under SMAP", START(return_kernel), TRAP(SIGSEGV, REPEATED)},
        {"P7, P19 iret to ring 0 under SMAP", START(iret_kernel), TRAP(SIGSEGV, REPEATED)},
        {"P7, P19 iret to null under SMAP", START(iret_null), TRAP(SIGSEGV, REPEATED)},
    };
    DO_DEEDS(deeds);
    if (has_feature("smap")) {
        DO_DEEDS(refused_returns);
    } else {
        DO_DEEDS(returns);
    }
}

/* ---- P9, P10, P11: flags ----------------------------------------------------------------------- */

#define FLAG_IF   0x200u
#define FLAG_DF   0x400u
#define FLAG_IOPL 0x3000u
#define FLAG_NT   0x4000u
#define FLAG_RF   0x10000u
#define FLAG_VM   0x20000u
#define FLAG_AC   0x40000u
#define FLAG_VIF  0x180000u /* VIF and VIP */

static uint32_t read_flags(void)
{
    uint32_t flags;
    __asm__ volatile("pushfl\n\tpopl %0" : "=r"(flags) : : "memory");
    return flags;
}

/* What popf makes of these flags. The old ones come back. */
static uint32_t try_flags(uint32_t flags)
{
    uint32_t got;
    __asm__ volatile("pushfl\n\tpushl %1\n\tpopfl\n\tpushfl\n\tpopl %0\n\tpopfl"
                     : "=&r"(got)
                     : "r"(flags)
                     : "memory", "cc");
    return got;
}

static void test_flags(void)
{
    uint32_t flags = read_flags();
    is(flags & (FLAG_IF | FLAG_DF | FLAG_IOPL | FLAG_NT | FLAG_VM | FLAG_AC), FLAG_IF,
       "P9 flags at the start");
    is(try_flags(flags & ~FLAG_IF) & FLAG_IF, FLAG_IF, "P9 popf cannot clear IF");
    is(try_flags(flags | FLAG_IOPL) & FLAG_IOPL, 0, "P9 popf cannot set IOPL");
    is(try_flags(flags | FLAG_VM) & FLAG_VM, 0, "P9 popf cannot set VM");
    is(try_flags(flags | FLAG_RF) & FLAG_RF, 0, "P9 popf leaves RF clear");
    is(try_flags(flags | FLAG_VIF) & FLAG_VIF, 0, "P9 popf cannot set VIF and VIP");
    is(try_flags(flags | FLAG_NT) & FLAG_NT, FLAG_NT, "P9 NT is a program's own");
    is(read_flags() & FLAG_NT, 0, "P9 popf clears NT again");
}

/* Tries to switch interrupts off and to become the kernel, then spins until another process, which
 * never gets the CPU if that worked, says stop. */
static void test_preempted_with_flags(void)
{
    volatile int *stop =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *stop = 0;
    fflush(stdout);
    pid_t spinner = fork();
    if (spinner == 0) {
        __asm__ volatile("pushfl\n\tandl $~0x200, (%%esp)\n\torl $0x3000, (%%esp)\n\tpopfl"
                         :
                         :
                         : "memory", "cc");
        while (!*stop) {
        }
        _exit(42);
    }
    pid_t other = fork();
    if (other == 0) {
        *stop = 1;
        _exit(0);
    }
    int status = wait_for(spinner);
    (void)wait_for(other);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 42,
       "P9 a program that cleared IF is preempted all the same");
    (void)munmap((void *)(uint32_t)stop, PAGE);
}

#define SET_TF "pushfl\norl $0x100, (%esp)\npopfl\n"
CODE(step_nop, SET_TF, "nop");
CODE(step_call, "movl $20, %eax\n" SET_TF, "int $0x80\nnop");
CODE(step_sysenter, SET_TF, "sysenter");
CODE(step_fault, SET_TF, "movb (%ebx), %al");
CODE(step_exit, "movl $1, %eax\nmovl $77, %ebx\n" SET_TF, "int $0x80");

static void test_single_step(void)
{
    static const struct deed deeds[] = {
        {"P10 TF", START(step_nop), TRAP(SIGTRAP, "debug trap"), .skip = 1},
        {"P10 TF and int 0x80", START(step_call), TRAP(SIGTRAP, "debug trap"), .skip = 3},
        {"P10 TF and an int 0x80 that does not come back", START(step_exit), EXITS(77)},
        {"P10 TF and sysenter", START(step_sysenter), PRIVILEGED},
        {"P10 TF and a page fault", START(step_fault), .ebx = 0, SEGFAULT(0, 'r', false, "null")},
    };
    DO_DEEDS(deeds);
}

/* uname() with these flags set: the kernel copies a structure of some hundred bytes. */
static bool uname_with(uint32_t flags, struct utsname *name)
{
    long result;
    __asm__ volatile("pushfl\n\t"
                     "orl %%ecx, (%%esp)\n\t"
                     "popfl\n\t"
                     "int $0x80\n\t"
                     "pushfl\n\t"
                     "popl %%edx\n\t"
                     "pushfl\n\t"
                     "andl $~0x44400, (%%esp)\n\t"
                     "popfl"
                     : "=a"(result), "+c"(flags)
                     : "0"(122), "b"(name)
                     : "edx", "memory", "cc");
    return result == 0;
}

/* The same, into a page that is not there yet. */
static bool fault_with(uint32_t flags)
{
    struct utsname *area =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static struct utsname plain;
    bool is_good = uname_with(0, &plain) && uname_with(flags, area) &&
                   memcmp(area, &plain, sizeof(plain)) == 0;
    (void)munmap(area, PAGE);
    return is_good;
}

CODE(odd_for_long,
     "movl %ebx, %ds\nmovl %ebx, %es\nmovl %ebx, %fs\nmovl $0x23, %eax\nmovl %eax, %gs\n"
     "movl $200000000, %ecx\n1: decl %ecx\njnz 1b\n" /* many timer interrupts */
     "pushl %eax",
     "movl %ds, %ebx\nmovl %es, %ecx\norl %ecx, %ebx\nmovl %fs, %ecx\norl %ecx, %ebx\n"
     "movl %gs, %ecx\nxorl $0x23, %ecx\norl %ecx, %ebx\nmovl $1, %eax\nint $0x80");
CODE(push_fault,
     "movl %ebx, %esp\nxorl %ecx, %ecx\nmovl %ecx, %ds\nmovl %ecx, %es\n"
     "pushfl\npushl $5",
     "popl %ebx\nmovl %ds, %ecx\norl %ecx, %ebx\nmovl $1, %eax\nint $0x80");

static void test_entry_state(void)
{
    static const struct deed deeds[] = {
        {"P11 null segments through timer interrupts", START(odd_for_long), EXITS(0)},
        {"P11 a page fault with null in ds and es", START(push_fault), .ebx = 0xBF900000, EXITS(5)},
    };
    struct utsname plain, other;
    ok(uname_with(0, &plain) && plain.sysname[0] != 0, "P11 uname");
    memset(&other, 0, sizeof(other));
    ok(uname_with(FLAG_DF, &other) && memcmp(&plain, &other, sizeof(plain)) == 0,
       "P11 int 0x80 with DF");
    memset(&other, 0, sizeof(other));
    ok(uname_with(FLAG_AC, &other) && memcmp(&plain, &other, sizeof(plain)) == 0,
       "P11 int 0x80 with AC");
    memset(&other, 0, sizeof(other));
    ok(uname_with(FLAG_NT, &other) && memcmp(&plain, &other, sizeof(plain)) == 0,
       "P11 int 0x80 with NT");
    ok(fault_with(FLAG_DF), "P11 a copy to an absent page with DF");
    ok(fault_with(FLAG_AC), "P11 a copy to an absent page with AC");
    ok(fault_with(FLAG_NT), "P11 a copy to an absent page with NT");
    DO_DEEDS(deeds);
}

/* ---- P13 --------------------------------------------------------------------------------------- */

CODE(do_sgdt, "", "sgdt -16(%esp)");
CODE(do_sidt, "", "sidt -16(%esp)");
CODE(do_sldt, "", "sldt %eax");
CODE(do_str, "", "str %eax");
CODE(do_smsw, "", "smsw %eax");

static void test_umip(void)
{
    static const struct {
        const char *name, *code, *at;
    } stores[] = {{"sgdt", do_sgdt, do_sgdt_at},
                  {"sidt", do_sidt, do_sidt_at},
                  {"sldt", do_sldt, do_sldt_at},
                  {"str", do_str, do_str_at},
                  {"smsw", do_smsw, do_smsw_at}};
    bool has_umip = has_feature("umip");
    for (size_t i = 0; i < COUNT(stores); i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "P13 %s %s UMIP", stores[i].name,
                       has_umip ? "under" : "without");
        const struct deed refused = {name, .code = stores[i].code, .at = stores[i].at, PRIVILEGED};
        const struct deed works = {name, .code = stores[i].code, .at = stores[i].at,
                                   EXITS(SURVIVED)};
        do_deed(has_umip ? &refused : &works);
    }
}

int main(void)
{
    deed_warm_up();
    test_privileged();
    test_interrupts();
    test_traps();
    test_int1();
    test_arithmetic();
    test_undefined();
    test_harmless();
    test_selectors();
    test_null_selectors();
    test_far_transfers();
    test_flags();
    test_preempted_with_flags();
    test_single_step();
    test_entry_state();
    test_umip();
    return done_testing();
}
