/*
 * The CPU: its features (CPUID), control registers, and the few instructions that C cannot express.
 * Call cpu_init(), which reads CPUID, before anything else here.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/latency.h"
#include "arch/tsc.h"
#include "lib/compiler.h"

#define CPU_EFLAGS_IF 0x200u /* maskable interrupts are on */

struct cpu_info {
    bool pae, nx, smep, smap, umip, pge, pse, pse36, fxsr, sse, fpu, tsc, sep, rdrand, mce;
    uint32_t hwcap;    /* CPUID.1:EDX, as programs see it in AT_HWCAP */
    uint8_t phys_bits; /* CPUID 0x80000008 if 0x80000000 says so, else 36 with PSE-36, else 32 */
    char vendor[13];
    char brand[49];    /* "" if the CPU has none */
    char features[64]; /* "pae nx smep ..." as the boot line prints them */
    char missing[64];  /* features the kernel would use */
};

/* Fills cpu_info, sets CR0 (WP, NE, MP, no EM or TS) and the CR4 and EFER bits of the features that
 * exist (PGE, SMEP, SMAP, UMIP, OSFXSR, OSXMMEXCPT, NXE), and patches the clac and stac sites.
 * Tests CPUID before it sets a bit, because an unsupported one hangs QEMU's CPU. boot/ sets PAE. */
void cpu_init(void);
extern struct cpu_info cpu_info;

static inline uint32_t cpu_read_cr0(void)
{
    uint32_t v;
    __asm__ volatile("movl %%cr0, %0" : "=r"(v));
    return v;
}
static inline uint32_t cpu_read_cr2(void)
{
    uint32_t v;
    __asm__ volatile("movl %%cr2, %0" : "=r"(v));
    return v;
}
static inline uint32_t cpu_read_cr3(void)
{
    uint32_t v;
    __asm__ volatile("movl %%cr3, %0" : "=r"(v));
    return v;
}
static inline uint32_t cpu_read_cr4(void)
{
    uint32_t v;
    __asm__ volatile("movl %%cr4, %0" : "=r"(v));
    return v;
}
/* Returns the reasons of the last debug exception and forgets them; the CPU never clears them (SDM
 * vol. 3, 17.2.3). */
#define CPU_DR6_STEP 0x4000u /* EFLAGS.TF */
static inline uint32_t cpu_take_dr6(void)
{
    uint32_t v;
    __asm__ volatile("movl %%dr6, %0\n\tmovl %1, %%dr6" : "=&r"(v) : "r"(0));
    return v;
}
static inline bool cpu_irqs_are_off(void)
{
    uint32_t eflags;

    __asm__ volatile("pushfl; popl %0" : "=r"(eflags)::"memory");
    return (eflags & CPU_EFLAGS_IF) == 0;
}
static inline void cpu_irq_off(void)
{
    __asm__ volatile("cli" ::: "memory");
}
/* Waits for an interrupt with interrupts on and returns with interrupts off. Because sti takes
 * effect after the next instruction, no wake-up is lost before hlt. */
static inline void cpu_idle(void)
{
    uint32_t what = latency_what();

    latency_on();
    __asm__ volatile("sti; hlt; cli" ::: "memory");
    latency_off(what);
}
/* Lets pending interrupts in at a point where the kernel's structures are at rest. */
static inline void cpu_irq_window(void)
{
    uint32_t what = latency_what();

    latency_on();
    __asm__ volatile("sti; nop; cli" ::: "memory");
    latency_off(what);
}
/* Halts the CPU with interrupts off. */
noreturn_fn void cpu_halt_forever(void);
/* Stores a hardware random number. Returns false if the CPU has no RDRAND or it fails. */
bool cpu_rdrand(uint32_t *out);

/* ---- FPU and SSE state of programs; the kernel itself uses neither -------------------------- */

/* fxsave needs 16-byte alignment; fnsave's 108 bytes fit too. */
struct fpu_state {
    _Alignas(16) uint8_t bytes[512];
};
/* Fills *s with the state that a new program starts with. */
void fpu_state_init(struct fpu_state *s);
/* Saves the FPU's registers, which stay as they are. */
void fpu_save(struct fpu_state *s);
/* Loads the FPU's registers. */
void fpu_restore(const struct fpu_state *s);

/* What fnsave stores. */
#define FPU_LEGACY_SIZE 108
/* Stores the x87 registers, which fpu_save() has just saved in *s, in the form of fnsave. Returns the
 * x87 status word. The FPU's registers stay as they are. */
uint16_t fpu_save_legacy(const struct fpu_state *s, uint8_t legacy[FPU_LEGACY_SIZE]);
/* Loads the FPU's registers from what a program has written: x87 from the form of fnsave, SSE from
 * *s, which is changed and only read if the CPU has fxsave. Bits that the CPU would refuse are
 * cleared. */
void fpu_restore_untrusted(const uint8_t legacy[FPU_LEGACY_SIZE], struct fpu_state *s);
/* Returns the exceptions that the program's x87 or SSE state signals and does not mask, as bits of
 * the status word: invalid 1, denormal 2, divide 4, overflow 8, underflow 16, precision 32. */
uint32_t fpu_exceptions(bool is_sse);

/* ---- Context switch ------------------------------------------------------------------------- */

/* Switches threads. The callee-saved registers of a kernel thread lie on its own stack, so esp is
 * enough: stores the current one in *save_esp and continues the thread that load_esp belongs to. */
void cpu_switch(uint32_t *save_esp, uint32_t load_esp);
/* Prepares the stack of a new thread, so that it starts at `entry`. Returns the esp for
 * cpu_switch. */
uint32_t cpu_switch_prepare(uint32_t stack_top, void (*entry)(void));

static inline uint16_t cpu_read_gs(void)
{
    uint16_t v;
    __asm__ volatile("movw %%gs, %0" : "=r"(v));
    return v;
}
static inline uint16_t cpu_read_fs(void)
{
    uint16_t v;
    __asm__ volatile("movw %%fs, %0" : "=r"(v));
    return v;
}
/* Load fs or gs; a selector that cannot be loaded becomes 0 (the load has a fixup). */
void cpu_load_fs(uint16_t sel);
void cpu_load_gs(uint16_t sel);

#endif
