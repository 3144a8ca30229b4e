/*
 * The FPU and SSE state of programs.
 *
 * With FXSR the state is fxsave's 512 bytes and holds the SSE registers too; without, it is
 * fnsave's 108 and the CPU has no SSE that a program could use (CR4.OSFXSR stays off). Without an
 * FPU at all CR0.EM is set, a program's first FPU instruction is #NM, and nothing is to be saved.
 *
 * This file hides two differences of fnsave. It resets the FPU, so fpu_save loads the state again.
 * And frstor waits for the FPU, so an exception that a program left pending would hit the kernel;
 * fpu_restore resets the FPU first.
 *
 * SDM vol. 1, 8.1.10 (fnsave), 10.5 (fxsave).
 */
#include "arch/cpu.h"

#include "arch/instr.h"

/* What fninit sets: all exceptions masked, 64-bit precision, round to nearest. */
#define FPU_CONTROL_DEFAULT 0x037Fu
/* All SSE exceptions masked, round to nearest. */
#define MXCSR_DEFAULT 0x1F80u
#define MXCSR_OFFSET  24
/* Which bits of MXCSR exist; 0 means the first CPUs' (SDM vol. 1, 11.6.6). */
#define MXCSR_MASK_OFFSET  28
#define MXCSR_MASK_DEFAULT 0x0000FFBFu
/* The control word is first; the status word follows in both forms. */
#define FXSAVE_STATUS_OFFSET 2
#define FNSAVE_STATUS_OFFSET 4
#define EXCEPTIONS           0x3Fu

/* fnsave begins with control, status and tag word; their unused upper halves read as ones. */
#define FNSAVE_UNUSED     0xFFFF0000u
#define FNSAVE_TAGS_EMPTY 0xFFFFFFFFu

static inline void fxsave(struct fpu_state *s)
{
    __asm__ volatile("fxsave %0" : "=m"(*s));
}
static inline void fxrstor(const struct fpu_state *s)
{
    __asm__ volatile("fxrstor %0" : : "m"(*s));
}
/* Saves and resets the FPU. */
static inline void fnsave(struct fpu_state *s)
{
    __asm__ volatile("fnsave %0" : "=m"(*s));
}
/* Waits for the FPU first, and so raises an exception that the old state has pending. */
static inline void frstor(const struct fpu_state *s)
{
    __asm__ volatile("frstor %0" : : "m"(*s));
}

void fpu_state_init(struct fpu_state *s)
{
    __builtin_memset(s, 0, sizeof(*s));
    if (cpu_info.fxsr) {
        uint32_t mxcsr = cpu_info.sse ? MXCSR_DEFAULT : 0;
        uint16_t control = FPU_CONTROL_DEFAULT;

        __builtin_memcpy(s->bytes, &control, sizeof(control));
        __builtin_memcpy(s->bytes + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
    } else {
        uint32_t environment[] = {FNSAVE_UNUSED | FPU_CONTROL_DEFAULT, FNSAVE_UNUSED,
                                  FNSAVE_TAGS_EMPTY};

        __builtin_memcpy(s->bytes, environment, sizeof(environment));
    }
}

void fpu_save(struct fpu_state *s)
{
    if (cpu_info.fxsr) {
        fxsave(s);
    } else if (cpu_info.fpu) {
        fnsave(s);
        frstor(s);
    }
}

void fpu_restore(const struct fpu_state *s)
{
    if (cpu_info.fxsr) {
        fxrstor(s);
    } else if (cpu_info.fpu) {
        instr_fninit();
        frstor(s);
    }
}

static uint16_t read_u16(const uint8_t *bytes)
{
    uint16_t value;

    __builtin_memcpy(&value, bytes, sizeof(value));
    return value;
}

static uint32_t read_u32(const uint8_t *bytes)
{
    uint32_t value;

    __builtin_memcpy(&value, bytes, sizeof(value));
    return value;
}

uint16_t fpu_save_legacy(const struct fpu_state *s, uint8_t legacy[FPU_LEGACY_SIZE])
{
    struct fpu_state image;

    fnsave(&image);
    fpu_restore(s);
    __builtin_memcpy(legacy, image.bytes, FPU_LEGACY_SIZE);
    return read_u16(legacy + FNSAVE_STATUS_OFFSET);
}

/* Takes the bits that the CPU has not out of MXCSR; fxrstor would raise #GP. */
static void clear_reserved_mxcsr(struct fpu_state *s)
{
    struct fpu_state now;

    fxsave(&now);
    uint32_t mask = read_u32(now.bytes + MXCSR_MASK_OFFSET);
    uint32_t mxcsr = read_u32(s->bytes + MXCSR_OFFSET) & (mask != 0 ? mask : MXCSR_MASK_DEFAULT);

    __builtin_memcpy(s->bytes + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

/* fxrstor loads all of *s; frstor then replaces its x87 part, which must have no exception pending. */
void fpu_restore_untrusted(const uint8_t legacy[FPU_LEGACY_SIZE], struct fpu_state *s)
{
    struct fpu_state image;

    if (cpu_info.fxsr) {
        clear_reserved_mxcsr(s);
        fxrstor(s);
    }
    __builtin_memcpy(image.bytes, legacy, FPU_LEGACY_SIZE);
    instr_fninit();
    frstor(&image);
}

uint32_t fpu_exceptions(bool is_sse)
{
    struct fpu_state now;

    fpu_save(&now);
    if (is_sse) {
        uint32_t mxcsr = read_u32(now.bytes + MXCSR_OFFSET);

        return mxcsr & ~(mxcsr >> 7) & EXCEPTIONS;
    }
    uint32_t offset = cpu_info.fxsr ? FXSAVE_STATUS_OFFSET : FNSAVE_STATUS_OFFSET;

    return read_u16(now.bytes + offset) & ~(uint32_t)read_u16(now.bytes) & EXCEPTIONS;
}
