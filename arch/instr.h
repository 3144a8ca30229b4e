/*
 * Private to arch/: privileged and FPU instructions, one function each.
 */
#ifndef ARCH_INSTR_H
#define ARCH_INSTR_H

#include <stdbool.h>
#include <stdint.h>

struct cpuid_regs {
    uint32_t eax, ebx, ecx, edx;
};

/* Subleaf 0. */
static inline struct cpuid_regs instr_cpuid(uint32_t leaf)
{
    struct cpuid_regs r;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(0));
    return r;
}

static inline uint64_t instr_rdmsr(uint32_t msr)
{
    uint32_t lo, hi;
    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return ((uint64_t)hi << 32) | lo;
}
static inline void instr_wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}
static inline void instr_write_cr0(uint32_t v)
{
    __asm__ volatile("movl %0, %%cr0" : : "r"(v) : "memory");
}
static inline void instr_write_cr4(uint32_t v)
{
    __asm__ volatile("movl %0, %%cr4" : : "r"(v) : "memory");
}

/* What lgdt and lidt read. */
struct table_pointer {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

static inline void instr_lgdt(const struct table_pointer *p)
{
    __asm__ volatile("lgdt %0" : : "m"(*p) : "memory");
}
static inline void instr_lidt(const struct table_pointer *p)
{
    __asm__ volatile("lidt %0" : : "m"(*p) : "memory");
}
static inline void instr_lldt(uint16_t sel)
{
    __asm__ volatile("lldt %0" : : "r"(sel) : "memory");
}
static inline void instr_ltr(uint16_t sel)
{
    __asm__ volatile("ltr %0" : : "r"(sel) : "memory");
}
/* Loads cs through a far return, the data segments by moves, and clears fs and gs. */
static inline void instr_load_segments(uint32_t code, uint32_t data)
{
    __asm__ volatile("pushl %0\n\t"
                     "pushl $1f\n\t"
                     "lretl\n"
                     "1:\n\t"
                     "movl %1, %%ds\n\t"
                     "movl %1, %%es\n\t"
                     "movl %1, %%ss\n\t"
                     "movl %2, %%fs\n\t"
                     "movl %2, %%gs"
                     :
                     : "r"(code), "r"(data), "r"(0)
                     : "memory");
}

static inline void instr_hlt(void)
{
    __asm__ volatile("hlt" ::: "memory");
}

static inline bool instr_rdrand(uint32_t *out)
{
    uint32_t value;
    uint8_t is_valid;
    __asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(is_valid) : : "cc");
    *out = value;
    return is_valid != 0;
}

/* ---- FPU ------------------------------------------------------------------------------------ */

static inline void instr_fninit(void)
{
    __asm__ volatile("fninit");
}

#endif
