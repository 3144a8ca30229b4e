/*
 * The return from a handler (signal_deliver.h). The frame is the program's: everything is read
 * before anything changes. The flags that a program may not set are left alone, selectors get ring
 * 3's privilege and are checked by the CPU when they are loaded, and what fxrstor would refuse is
 * cleared (bad-input S14).
 */
#include <asm/signal.h>

#include "arch/cpu.h"
#include "arch/trap.h"
#include "kernel/log/printk.h"
#include "kernel/proc/exit.h"
#include "kernel/proc/process.h"
#include "kernel/proc/signal.h"
#include "kernel/user/signal_deliver.h"
#include "kernel/user/signal_frame_impl.h"
#include "kernel/user/usercopy.h"

/* AC RF OF DF TF SF ZF AF PF CF: what a frame may set, as on Linux. */
#define EFLAGS_RESTORED 0x50DD5u

static noreturn_fn void refuse(struct process *self)
{
    const struct trap_frame *tf = process_trap_frame(self);

    printk_crash("%s[%d]: SIGSEGV at ip %08x: bad signal frame at sp %08x", self->id.name,
                 self->id.pid, tf->eip, tf->esp);
    process_exit(PROCESS_END_SIGNAL, SIGSEGV);
}

/* Null selectors stay null: they name no segment. */
static uint16_t user_selector(uint16_t selector)
{
    return selector <= 3 ? selector : (uint16_t)(selector | 3);
}

/* Loads FPU and SSE from a frame. fxsave's image is read into a buffer first, because a switch during
 * the copy overwrites thread.fpu. Returns false if the frame cannot be read. */
static bool load_fpu(struct process *self, uint32_t at)
{
    struct fpu_frame frame;
    struct fpu_state state;

    if (!cpu_info.fpu) {
        return true;
    }
    if (at == 0) {
        fpu_state_init(&self->thread.fpu);
        fpu_restore(&self->thread.fpu);
        return true;
    }
    if (copy_from_user(&frame, at, sizeof(frame)) != 0 ||
        (cpu_info.fxsr && copy_from_user(&state, at + sizeof(frame), sizeof(state)) != 0)) {
        return false;
    }
    fpu_restore_untrusted(frame.legacy, &state);
    return true;
}

static void load_registers(struct process *self, const struct sigcontext_32 *context)
{
    struct trap_frame *tf = process_trap_frame(self);

    cpu_load_gs(user_selector(context->gs));
    cpu_load_fs(user_selector(context->fs));
    tf->es = user_selector(context->es);
    tf->ds = user_selector(context->ds);
    tf->edi = context->di;
    tf->esi = context->si;
    tf->ebp = context->bp;
    tf->esp = context->sp;
    tf->ebx = context->bx;
    tf->edx = context->dx;
    tf->ecx = context->cx;
    tf->eax = context->ax;
    tf->eip = context->ip;
    tf->cs = context->cs | 3u;
    tf->ss = context->ss | 3u;
    tf->eflags = (tf->eflags & ~EFLAGS_RESTORED) | (context->flags & EFLAGS_RESTORED);
    tf->error = SYSCALL_NONE; /* no call to make again, whatever eax looks like */
}

static long restore(struct process *self, const struct sigcontext_32 *context, uint64_t mask)
{
    if (!load_fpu(self, context->fpstate)) {
        refuse(self);
    }
    load_registers(self, context);
    signal_set_mask(self, mask);
    return (long)context->ax;
}

/* The handler's `ret` has taken the return address off, and the code of the frame, or the restorer,
 * the signal number. */
long signal_return(struct process *self)
{
    uint32_t at = process_trap_frame(self)->esp - 2 * (uint32_t)sizeof(uint32_t);
    struct old_frame frame;
    uint32_t mask_high;

    if (copy_from_user(&frame, at, sizeof(frame)) != 0 ||
        copy_from_user(&mask_high, at + (uint32_t)OLD_FRAME_TAIL, sizeof(mask_high)) != 0) {
        refuse(self);
    }
    return restore(self, &frame.context, (uint64_t)mask_high << 32 | frame.context.oldmask);
}

/* The stack may have been changed by the handler; a frame that names an impossible one leaves it. */
static void restore_stack(struct process *self, const struct user_context *context)
{
    struct signal_stack stack = {
        .base = context->stack, .size = context->stack_size, .flags = context->stack_flags};

    if (signal_stack_set(self, &stack) != 0) {
        return;
    }
}

long signal_return_rt(struct process *self)
{
    uint32_t at = process_trap_frame(self)->esp - (uint32_t)sizeof(uint32_t);
    struct user_context context;

    if (copy_from_user(&context, at + offsetof(struct rt_frame, context), sizeof(context)) != 0) {
        refuse(self);
    }
    long eax = restore(self, &context.context, context.mask);

    restore_stack(self, &context);
    return eax;
}
