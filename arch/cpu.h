/*
 * The CPU: what it has (CPUID), control registers, and the few instructions C has no word for.
 * Nothing here is called before cpu_init() has looked at CPUID.
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
    char missing[64];  /* what the kernel would have used */
};

/* Fills cpu_info, sets CR0 (WP, NE, MP, no EM/TS) and CR4/EFER bits for what is there (PGE, SMEP,
 * SMAP, UMIP, OSFXSR, OSXMMEXCPT, NXE, and patches the clac/stac sites). CPUID is tested before a
 * bit is set: an unsupported one hangs QEMU's CPU. The PAE bit is boot's. */
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
/* Waits for an interrupt with interrupts on, comes back with interrupts off. The sti shadow makes
 * sure that no wake-up is lost in between. */
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
noreturn_fn void cpu_halt_forever(void);
/* A hardware random number if the CPU has RDRAND; false if not. */
bool cpu_rdrand(uint32_t *out);

/* ---- FPU and SSE state. The kernel itself is built without and never uses them. ------------- */

/* fxsave needs 16-byte alignment; fnsave's 108 bytes fit too. */
struct fpu_state {
    _Alignas(16) uint8_t bytes[512];
};
void fpu_state_init(struct fpu_state *s); /* what a new program starts with            */
void fpu_save(struct fpu_state *s);
void fpu_restore(const struct fpu_state *s);

/* ---- Context switch ------------------------------------------------------------------------- */

/* Callee-saved registers of a kernel thread are on its own stack; the switch needs only esp.
 * Saves the current one in *save_esp, continues the thread that load_esp belongs to. */
void cpu_switch(uint32_t *save_esp, uint32_t load_esp);
/* First code of a new thread: its stack holds (from the top) callee-saved slots and an address to
 * start at. Gives the esp for cpu_switch. */
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
