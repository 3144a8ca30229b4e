/*
 * Segments and tasks.
 *
 * Code and data are flat for both rings; paging protects memory. The order of the descriptors
 * is Linux's where a program can see it: the TLS slots are entries 6..8, because C libraries
 * compute gs from the number that set_thread_area returns.
 *
 * Two task state segments. The first one says where a trap from ring 3 finds its stack, and its I/O
 * bitmap lies outside of it, so that no port is open to programs. The second belongs to the double
 * fault, which is a task gate: when a kernel stack overflows into its guard page there is no stack
 * to push anything on, and only a task switch brings a fresh one along. It brings CR3 too, so the
 * page tables it names have to be ones that never go away.
 *
 * There is no LDT, and `lldt 0` says so: without it a program's LDT selector would make the CPU
 * read a descriptor at linear address 0, a page fault in ring 0's name (bad-input P6).
 *
 * SDM vol. 3, 3.4.5 (descriptors), 8.2 (TSS), 6.15 (double fault).
 */
#include "arch/trap.h"

#include <stddef.h>

#include "arch/cpu.h"
#include "arch/instr.h"
#include "arch/trap_impl.h"

enum {
    GDT_NULL,
    GDT_KERNEL_CODE,
    GDT_KERNEL_DATA,
    GDT_USER_CODE,
    GDT_USER_DATA,
    GDT_TSS,
    GDT_TLS_0,
    GDT_TLS_LAST = GDT_TLS_0 + GDT_TLS_COUNT - 1,
    GDT_DOUBLE_FAULT_TSS,
    GDT_COUNT
};
#define SEL_TSS  (GDT_TSS * 8u)
#define SEL_NONE 0u

_Static_assert(GDT_KERNEL_CODE * 8u == SEL_KERNEL_CODE, "arch/trap.h");
_Static_assert(GDT_KERNEL_DATA * 8u == SEL_KERNEL_DATA, "arch/trap.h");
_Static_assert(GDT_USER_CODE * 8u + 3u == SEL_USER_CODE, "arch/trap.h");
_Static_assert(GDT_USER_DATA * 8u + 3u == SEL_USER_DATA, "arch/trap.h");
_Static_assert(GDT_TLS_0 == GDT_TLS_FIRST, "arch/trap.h");
_Static_assert(GDT_DOUBLE_FAULT_TSS * 8u == SEL_DOUBLE_FAULT_TSS, "arch/trap_impl.h");

/* Access bytes (present, DPL, type; "accessed" is set so that the CPU has nothing to write). */
#define ACCESS_KERNEL_CODE 0x9Bu
#define ACCESS_KERNEL_DATA 0x93u
#define ACCESS_USER_CODE   0xFBu
#define ACCESS_USER_DATA   0xF3u
#define ACCESS_TSS         0x89u
/* Limit in pages, 32-bit: descriptor bits 55, 54. */
#define FLAGS_FLAT 0xCu
#define LIMIT_FLAT 0xFFFFFu

struct tss {
    uint32_t link;
    uint32_t esp0, ss0, esp1, ss1, esp2, ss2;
    uint32_t cr3, eip, eflags;
    uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
    uint32_t es, cs, ss, ds, fs, gs;
    uint32_t ldt;
    uint16_t debug_trap, io_bitmap;
};
_Static_assert(sizeof(struct tss) == 104, "SDM vol. 3, figure 8-2");
_Static_assert(offsetof(struct tss, cr3) == 28, "SDM vol. 3, figure 8-2");
_Static_assert(offsetof(struct tss, ldt) == 96, "SDM vol. 3, figure 8-2");

#define DOUBLE_FAULT_STACK_BYTES 8192u
#define EFLAGS_RESERVED          0x2u /* bit 1 is always 1 */

static _Alignas(8) uint64_t gdt[GDT_COUNT];
static struct tss tss;
static struct tss double_fault_tss;
static _Alignas(16) uint8_t double_fault_stack[DOUBLE_FAULT_STACK_BYTES];

static uint64_t gdt_descriptor(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags)
{
    uint32_t low = (limit & 0xFFFFu) | (base << 16);
    uint32_t high = ((base >> 16) & 0xFFu) | (access << 8) | (limit & 0xF0000u) | (flags << 20) |
                    (base & 0xFF000000u);

    return ((uint64_t)high << 32) | low;
}

static uint64_t gdt_tss_descriptor(const struct tss *segment)
{
    return gdt_descriptor((uint32_t)segment, sizeof(*segment) - 1, ACCESS_TSS, 0);
}

/* The double-fault task starts here. The task switch has saved the registers of the faulting thread
 * in the first TSS. */
static noreturn_fn void gdt_double_fault_task(void)
{
    trap_double_fault(tss.eip, tss.esp, tss.ebp, cpu_read_cr2());
}

static void tss_init(void)
{
    tss.ss0 = SEL_KERNEL_DATA;
    tss.io_bitmap = sizeof(tss);

    double_fault_tss.eip = (uint32_t)gdt_double_fault_task;
    double_fault_tss.esp = (uint32_t)double_fault_stack + DOUBLE_FAULT_STACK_BYTES;
    double_fault_tss.eflags = EFLAGS_RESERVED;
    double_fault_tss.cr3 = cpu_read_cr3();
    double_fault_tss.cs = SEL_KERNEL_CODE;
    double_fault_tss.ss = SEL_KERNEL_DATA;
    double_fault_tss.ds = SEL_KERNEL_DATA;
    double_fault_tss.es = SEL_KERNEL_DATA;
    double_fault_tss.io_bitmap = sizeof(double_fault_tss);
}

void gdt_init(void)
{
    struct table_pointer pointer = {sizeof(gdt) - 1, (uint32_t)gdt};

    tss_init();
    gdt[GDT_KERNEL_CODE] = gdt_descriptor(0, LIMIT_FLAT, ACCESS_KERNEL_CODE, FLAGS_FLAT);
    gdt[GDT_KERNEL_DATA] = gdt_descriptor(0, LIMIT_FLAT, ACCESS_KERNEL_DATA, FLAGS_FLAT);
    gdt[GDT_USER_CODE] = gdt_descriptor(0, LIMIT_FLAT, ACCESS_USER_CODE, FLAGS_FLAT);
    gdt[GDT_USER_DATA] = gdt_descriptor(0, LIMIT_FLAT, ACCESS_USER_DATA, FLAGS_FLAT);
    gdt[GDT_TSS] = gdt_tss_descriptor(&tss);
    gdt[GDT_DOUBLE_FAULT_TSS] = gdt_tss_descriptor(&double_fault_tss);

    instr_lgdt(&pointer);
    instr_load_segments(SEL_KERNEL_CODE, SEL_KERNEL_DATA);
    instr_lldt(SEL_NONE);
    instr_ltr(SEL_TSS);
}

void tss_set_kernel_stack(uint32_t esp0)
{
    tss.esp0 = esp0;
}

uint32_t tss_kernel_stack(void)
{
    return tss.esp0;
}

void tss_set_double_fault_cr3(uint32_t cr3)
{
    double_fault_tss.cr3 = cr3;
}

void gdt_set_tls(const uint64_t tls[GDT_TLS_COUNT])
{
    for (uint32_t i = 0; i < GDT_TLS_COUNT; i++) {
        gdt[GDT_TLS_FIRST + i] = tls[i];
    }
}
