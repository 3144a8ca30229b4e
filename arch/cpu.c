/*
 * Finds out which features this CPU has, and switches them on.
 *
 * One table says for every feature where CPUID shows it, whether the kernel uses it, and which bit
 * of CR4 switches it on. A bit is set only when CPUID shows the feature: an unknown CR4 bit is a
 * #GP on hardware and a hang in QEMU, and EFER.NXE is ignored silently where it does not exist. PAE
 * has been checked and switched on by boot/entry.asm; everything else is optional (bad-input B11).
 *
 * SMAP: the kernel's few places that open or close user memory are assembled as no-operations
 * (arch/macros.inc); patching them here, while the boot mapping still lets text be written, keeps
 * the test for SMAP off the system call path.
 *
 * SDM vol. 2A, CPUID; vol. 3, 2.5 (control registers).
 */
#include "arch/cpu.h"

#include <stddef.h>

#include "arch/instr.h"

#define CR0_MP (1u << 1)
#define CR0_EM (1u << 2)
#define CR0_TS (1u << 3)
#define CR0_NE (1u << 5)
#define CR0_WP (1u << 16)
#define CR0_AM (1u << 18)

#define CR4_MCE        (1u << 6)
#define CR4_PGE        (1u << 7)
#define CR4_OSFXSR     (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_UMIP       (1u << 11)
#define CR4_SMEP       (1u << 20)
#define CR4_SMAP       (1u << 21)

#define MSR_EFER 0xC0000080u
#define EFER_NXE (1u << 11)

#define LEAF_EXTENDED_MAX  0x80000000u
#define LEAF_EXTENDED_1    0x80000001u
#define LEAF_BRAND_FIRST   0x80000002u
#define LEAF_BRAND_LAST    0x80000004u
#define LEAF_ADDRESS_SIZES 0x80000008u

#define PHYS_BITS_PLAIN   32u
#define PHYS_BITS_PSE36   36u
#define PHYS_BITS_PAE_MAX 52u

struct cpu_info cpu_info;

/* The CPUID registers that the table refers to. A leaf that the CPU does not have is all zeros. */
enum feature_reg { LEAF1_EDX, LEAF1_ECX, LEAF7_EBX, LEAF7_ECX, EXT1_EDX, FEATURE_REGS };

#define LEAF1_EDX_FPU  (1u << 0)
#define LEAF1_EDX_FXSR (1u << 24)
#define LEAF1_EDX_SSE  (1u << 25)

struct feature {
    const char *name;
    uint8_t reg, bit; /* enum feature_reg */
    bool is_used;     /* named in cpu_info.features or cpu_info.missing */
    uint32_t cr4;     /* what switches it on, or 0 */
    size_t field;     /* its bool in struct cpu_info */
};

static const struct feature features[] = {
    {"fpu", LEAF1_EDX, 0, true, 0, offsetof(struct cpu_info, fpu)},
    {"tsc", LEAF1_EDX, 4, true, 0, offsetof(struct cpu_info, tsc)},
    {"pae", LEAF1_EDX, 6, true, 0, offsetof(struct cpu_info, pae)},
    {"pge", LEAF1_EDX, 13, true, CR4_PGE, offsetof(struct cpu_info, pge)},
    {"nx", EXT1_EDX, 20, true, 0, offsetof(struct cpu_info, nx)},
    {"smep", LEAF7_EBX, 7, true, CR4_SMEP, offsetof(struct cpu_info, smep)},
    {"smap", LEAF7_EBX, 20, true, CR4_SMAP, offsetof(struct cpu_info, smap)},
    {"umip", LEAF7_ECX, 2, true, CR4_UMIP, offsetof(struct cpu_info, umip)},
    {"fxsr", LEAF1_EDX, 24, true, CR4_OSFXSR, offsetof(struct cpu_info, fxsr)},
    {"sse", LEAF1_EDX, 25, true, CR4_OSXMMEXCPT, offsetof(struct cpu_info, sse)},
    {"rdrand", LEAF1_ECX, 30, true, 0, offsetof(struct cpu_info, rdrand)},
    {"mce", LEAF1_EDX, 7, false, CR4_MCE, offsetof(struct cpu_info, mce)},
    {"pse", LEAF1_EDX, 3, false, 0, offsetof(struct cpu_info, pse)},
    {"sep", LEAF1_EDX, 11, false, 0, offsetof(struct cpu_info, sep)},
    {"pse36", LEAF1_EDX, 17, false, 0, offsetof(struct cpu_info, pse36)},
};

/* Gathered by boot/link.ld from arch/macros.inc's STAC and CLAC. */
struct smap_site {
    uint8_t *code;
    uint32_t last_byte; /* 0xCA clac, 0xCB stac */
};
extern const struct smap_site smap_sites_start[], smap_sites_end[];

/* The first extended leaf returns the number of the last one. A CPU without extended leaves returns
 * data of another leaf, whose upper half differs. */
static bool cpu_has_extended(uint32_t leaf)
{
    uint32_t max = instr_cpuid(LEAF_EXTENDED_MAX).eax;

    return max >> 16 == LEAF_EXTENDED_MAX >> 16 && max >= leaf;
}

static void cpu_read_features(uint32_t regs[FEATURE_REGS])
{
    struct cpuid_regs r = instr_cpuid(1);

    /* fxsave needs an FPU, and SSE needs fxsave, because nothing else saves its registers. */
    if (!(r.edx & LEAF1_EDX_FPU)) {
        r.edx &= ~LEAF1_EDX_FXSR;
    }
    if (!(r.edx & LEAF1_EDX_FXSR)) {
        r.edx &= ~LEAF1_EDX_SSE;
    }
    regs[LEAF1_EDX] = r.edx;
    regs[LEAF1_ECX] = r.ecx;
    if (instr_cpuid(0).eax >= 7) {
        r = instr_cpuid(7);
        regs[LEAF7_EBX] = r.ebx;
        regs[LEAF7_ECX] = r.ecx;
    }
    if (cpu_has_extended(LEAF_EXTENDED_1)) {
        regs[EXT1_EDX] = instr_cpuid(LEAF_EXTENDED_1).edx;
    }
}

/* Appends a word to a list of words, unless it does not fit. */
static void cpu_append_word(char *list, size_t size, const char *word)
{
    size_t at = 0, len = 0;

    while (list[at] != '\0') {
        at++;
    }
    while (word[len] != '\0') {
        len++;
    }
    if (at + 1 + len + 1 > size) {
        return;
    }
    if (at != 0) {
        list[at++] = ' ';
    }
    __builtin_memcpy(list + at, word, len + 1);
}

static bool *cpu_feature_field(const struct feature *f)
{
    return (bool *)((char *)&cpu_info + f->field);
}

static void cpu_note_features(const uint32_t regs[FEATURE_REGS])
{
    cpu_info.hwcap = regs[LEAF1_EDX];
    for (size_t i = 0; i < array_size(features); i++) {
        const struct feature *f = &features[i];
        bool is_there = ((regs[f->reg] >> f->bit) & 1u) != 0;

        *cpu_feature_field(f) = is_there;
        if (!f->is_used) {
            continue;
        }
        if (is_there) {
            cpu_append_word(cpu_info.features, sizeof(cpu_info.features), f->name);
        } else {
            cpu_append_word(cpu_info.missing, sizeof(cpu_info.missing), f->name);
        }
    }
}

static void cpu_note_names(void)
{
    struct cpuid_regs r = instr_cpuid(0);

    __builtin_memcpy(cpu_info.vendor, &r.ebx, 4);
    __builtin_memcpy(cpu_info.vendor + 4, &r.edx, 4);
    __builtin_memcpy(cpu_info.vendor + 8, &r.ecx, 4);

    for (uint32_t leaf = LEAF_BRAND_FIRST;
         leaf <= LEAF_BRAND_LAST && cpu_has_extended(LEAF_BRAND_LAST); leaf++) {
        r = instr_cpuid(leaf);
        __builtin_memcpy(cpu_info.brand + (leaf - LEAF_BRAND_FIRST) * sizeof(r), &r, sizeof(r));
    }
}

/* QEMU's qemu32 returns nonsense for a leaf it does not have, so check that the leaf exists. */
static uint8_t cpu_find_phys_bits(void)
{
    if (cpu_has_extended(LEAF_ADDRESS_SIZES)) {
        uint32_t bits = instr_cpuid(LEAF_ADDRESS_SIZES).eax & 0xFFu;

        if (bits >= PHYS_BITS_PLAIN && bits <= PHYS_BITS_PAE_MAX) {
            return (uint8_t)bits;
        }
    }
    return cpu_info.pse36 ? PHYS_BITS_PSE36 : PHYS_BITS_PLAIN;
}

static void cpu_patch_smap_sites(void)
{
    for (const struct smap_site *site = smap_sites_start; site != smap_sites_end; site++) {
        site->code[0] = 0x0F;
        site->code[1] = 0x01;
        site->code[2] = (uint8_t)site->last_byte;
    }
}

static void cpu_enable_features(void)
{
    uint32_t cr0 = cpu_read_cr0();
    uint32_t cr4 = cpu_read_cr4();

    for (size_t i = 0; i < array_size(features); i++) {
        if (*cpu_feature_field(&features[i])) {
            cr4 |= features[i].cr4;
        }
    }
    if (cpu_info.nx) {
        instr_wrmsr(MSR_EFER, instr_rdmsr(MSR_EFER) | EFER_NXE);
    }
    if (cpu_info.smap) {
        cpu_patch_smap_sites();
    }
    /* AM stays off: programs may use unaligned addresses, and QEMU does not check them. */
    cr0 &= ~(CR0_EM | CR0_TS | CR0_AM);
    cr0 |= CR0_WP | CR0_NE | CR0_MP | (cpu_info.fpu ? 0 : CR0_EM);
    instr_write_cr0(cr0);
    instr_write_cr4(cr4); /* serialises: the patched code is what runs from here on */
    if (cpu_info.fpu) {
        instr_fninit();
    }
}

void cpu_init(void)
{
    uint32_t regs[FEATURE_REGS] = {0};

    cpu_read_features(regs);
    cpu_note_features(regs);
    cpu_note_names();
    cpu_info.phys_bits = cpu_find_phys_bits();
    cpu_enable_features();
}

noreturn_fn void cpu_halt_forever(void)
{
    for (;;) {
        cpu_irq_off();
        instr_hlt();
    }
}

/* According to Intel's guide ten tries in a row fail only if the generator is broken. */
bool cpu_rdrand(uint32_t *out)
{
    for (int tries = 10; cpu_info.rdrand && tries > 0; tries--) {
        if (instr_rdrand(out)) {
            return true;
        }
    }
    return false;
}
