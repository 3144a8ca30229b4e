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
