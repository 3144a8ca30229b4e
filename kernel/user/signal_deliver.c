/*
 * Delivery of signals on the way to ring 3 (signal_deliver.h).
 *
 * The frame is written piece by piece, and absent pages of the stack come in on the way. Nothing of
 * the process changes until all of it is written.
 */
#include "kernel/user/signal_deliver.h"

#include <asm/errno.h>
#include <asm/unistd_32.h>
#include <linux/signal.h>

#include "arch/cpu.h"
#include "arch/trap.h"
#include "kernel/log/printk.h"
#include "kernel/proc/exit.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/signal.h"
#include "kernel/user/signal_frame_impl.h"
#include "kernel/user/usercopy.h"
#include "lib/addr.h"
#include "lib/restart.h"
#include "lib/string.h"

#define INT_0X80_SIZE 2u /* bytes */

#define EFLAGS_TRAP      0x00100u
#define EFLAGS_DIRECTION 0x00400u
#define EFLAGS_RESUME    0x10000u

/* ---- The interrupted call -------------------------------------------------------------------- */

static bool is_restarted(const struct trap_frame *tf, const struct signal_action *action)
{
    switch (-(int32_t)tf->eax) {
    case ERESTARTSYS:
        return action == NULL || (action->flags & SA_RESTART) != 0;
    case ERESTARTNOHAND:
    case ERESTARTBLOCK:
        return action == NULL;
    default:
        return false;
    }
}

/* Makes an interrupted call again or lets it fail with -EINTR. action: of the handler that runs
 * first; NULL: none does. */
static void settle_call(struct trap_frame *tf, const struct signal_action *action)
{
    int32_t result = -(int32_t)tf->eax;

    if (tf->vector != TRAP_SYSCALL || tf->error == SYSCALL_NONE ||
        (result != ERESTARTSYS && result != ERESTARTNOHAND && result != ERESTARTBLOCK)) {
        return;
    }
    if (is_restarted(tf, action)) {
        tf->eax = result == ERESTARTBLOCK ? __NR_restart_syscall : tf->error;
        tf->eip -= INT_0X80_SIZE;
    } else {
        tf->eax = (uint32_t)-EINTR;
    }
}

/* ---- Where the frame goes -------------------------------------------------------------------- */

bool signal_is_on_stack(const struct process *self, uint32_t esp)
{
    const struct signal_stack *stack = &self->thread.signal_stack;

    return !(stack->flags & SS_AUTODISARM) && esp > stack->base && esp - stack->base <= stack->size;
}

int signal_stack_set(struct process *self, const struct signal_stack *wanted)
{
    uint32_t mode = wanted->flags & ~SS_AUTODISARM;
    struct signal_stack *stack = &self->thread.signal_stack;

    if (signal_is_on_stack(self, process_trap_frame(self)->esp)) {
        return -EPERM;
    }
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0) {
        return -EINVAL;
    }
    if (mode != SS_DISABLE && wanted->size < MINSIGSTKSZ) {
        return -ENOMEM;
    }
    *stack = (struct signal_stack){0};
    if (mode != SS_DISABLE) {
        stack->base = wanted->base;
        stack->size = wanted->size;
        stack->flags = wanted->flags & SS_AUTODISARM;
    }
    return 0;
}

struct frame_place {
    uint32_t sp;  /* of the next piece, growing down     */
    uint32_t fpu; /* of struct fpu_frame; 0: no FPU      */
    bool is_alternate;
};

static struct frame_place choose_stack(const struct process *self, const struct trap_frame *tf,
                                       const struct signal_action *action)
{
    const struct signal_stack *stack = &self->thread.signal_stack;
    struct frame_place place = {.sp = tf->esp};

    place.is_alternate = signal_is_on_stack(self, tf->esp);
    if ((action->flags & SA_ONSTACK) && stack->size != 0 && !place.is_alternate) {
        place.sp = stack->base + stack->size;
        place.is_alternate = true;
    }
    return place;
}

/* Places the FPU's part and the frame. fxsave's image is aligned to 64 bytes, as Linux does. Returns
 * false if an alternate stack is too small. */
static bool place_frame(const struct process *self, struct frame_place *place, uint32_t size)
{
    const struct signal_stack *stack = &self->thread.signal_stack;
    uint32_t top = place->sp;

    if (cpu_info.fxsr) {
        place->sp = (place->sp - (uint32_t)sizeof(struct fpu_state)) & ~63u;
    }
    if (cpu_info.fpu) {
        place->sp -= (uint32_t)sizeof(struct fpu_frame);
        place->fpu = place->sp;
    }
    /* A function is entered with its return address just below a multiple of 16. */
    place->sp = ((place->sp - size + 4) & ~15u) - 4;
    if (place->sp > top || !is_user_range(place->sp, top - place->sp)) {
        return false;
    }
    return !place->is_alternate ||
           (place->sp > stack->base && place->sp - stack->base <= stack->size);
}

/* ---- What it holds --------------------------------------------------------------------------- */

/* The FPU's registers are in thread.fpu. A switch during the copy saves the same there again. */
static bool write_fpu(const struct process *self, uint32_t at)
{
    const struct fpu_state *state = &self->thread.fpu;
    struct fpu_frame frame;

    if (at == 0) {
        return true;
    }
    frame.status = fpu_save_legacy(state, frame.legacy);
    frame.magic = cpu_info.fxsr ? FPU_FRAME_HAS_FXSAVE : FPU_FRAME_IS_LEGACY;
    return copy_to_user(at, &frame, sizeof(frame)) == 0 &&
           (!cpu_info.fxsr || copy_to_user(at + sizeof(frame), state, sizeof(*state)) == 0);
}

static struct sigcontext_32 context_of(const struct process *self, const struct trap_frame *tf,
                                       uint64_t mask, uint32_t fpu)
{
    const struct signal_cause *cause = &self->thread.signal_cause;

    return (struct sigcontext_32){
        .gs = cpu_read_gs(),
        .fs = cpu_read_fs(),
        .es = (uint16_t)tf->es,
        .ds = (uint16_t)tf->ds,
        .di = tf->edi,
        .si = tf->esi,
        .bp = tf->ebp,
        .sp = tf->esp,
        .bx = tf->ebx,
        .dx = tf->edx,
        .cx = tf->ecx,
        .ax = tf->eax,
        .trapno = cause->vector,
        .err = cause->error,
        .ip = tf->eip,
        .cs = (uint16_t)tf->cs,
        .flags = tf->eflags,
        .sp_at_signal = tf->esp,
        .ss = (uint16_t)tf->ss,
        .fpstate = fpu,
        .oldmask = (uint32_t)mask,
        .cr2 = cause->address,
    };
}

/* Code that calls sigreturn, for actions without a restorer: pop %eax (the old frame only), mov, int
 * 0x80. Debuggers know these bytes. */
static const uint8_t old_retcode[RETCODE_SIZE] = {0x58, 0xB8, __NR_sigreturn, 0, 0, 0, 0xCD, 0x80};
static const uint8_t rt_retcode[RETCODE_SIZE] = {0xB8, __NR_rt_sigreturn, 0, 0, 0, 0xCD, 0x80, 0};

static uint32_t return_address(const struct signal_action *action, uint32_t retcode)
{
    return action->flags & SA_RESTORER ? action->restorer : retcode;
}

static bool write_old_frame(const struct process *self, const struct trap_frame *tf,
                            const struct signal_action *action, int signal, uint64_t mask,
                            const struct frame_place *place)
{
    uint32_t tail_at = place->sp + (uint32_t)OLD_FRAME_TAIL;
    struct old_frame frame = {
        .return_address =
            return_address(action, tail_at + offsetof(struct old_frame_tail, retcode)),
        .signal = signal,
        .context = context_of(self, tf, mask, place->fpu),
    };
    struct old_frame_tail tail = {.mask_high = (uint32_t)(mask >> 32)};

    memcpy(tail.retcode, old_retcode, sizeof(tail.retcode));
    return copy_to_user(tail_at, &tail, sizeof(tail)) == 0 &&
           copy_to_user(place->sp, &frame, sizeof(frame)) == 0;
}

static bool write_rt_frame(const struct process *self, const struct trap_frame *tf,
                           const struct signal_action *action, const struct signal_info *info,
                           uint64_t mask, const struct frame_place *place)
{
    const struct signal_stack *stack = &self->thread.signal_stack;
    struct rt_frame frame;

    memset(&frame, 0, sizeof(frame));
    frame.return_address = return_address(action, place->sp + offsetof(struct rt_frame, retcode));
    frame.signal = info->signal;
    frame.info_at = place->sp + offsetof(struct rt_frame, info);
    frame.context_at = place->sp + offsetof(struct rt_frame, context);
    frame.info.info = *info;
    frame.context.stack = stack->base;
    frame.context.stack_flags = stack->size == 0 ? SS_DISABLE : stack->flags;
    frame.context.stack_size = stack->size;
    frame.context.context = context_of(self, tf, mask, place->fpu);
    frame.context.mask = mask;
    memcpy(frame.retcode, rt_retcode, sizeof(frame.retcode));
    return copy_to_user(place->sp, &frame, sizeof(frame)) == 0;
}

/* ---- The call of the handler ----------------------------------------------------------------- */

/* Linux passes the arguments in registers too, for handlers with regparm. */
static void enter_handler(struct process *self, struct trap_frame *tf,
                          const struct signal_action *action, int signal,
                          const struct frame_place *place)
{
    bool has_info = (action->flags & SA_SIGINFO) != 0;

    tf->eax = (uint32_t)signal;
    tf->edx = has_info ? place->sp + offsetof(struct rt_frame, info) : 0;
    tf->ecx = has_info ? place->sp + offsetof(struct rt_frame, context) : 0;
    tf->eip = action->handler;
    tf->esp = place->sp;
    tf->cs = SEL_USER_CODE;
    tf->ds = SEL_USER_DATA;
    tf->es = SEL_USER_DATA;
    tf->ss = SEL_USER_DATA;
    tf->eflags &= ~(EFLAGS_TRAP | EFLAGS_DIRECTION | EFLAGS_RESUME);
    fpu_state_init(&self->thread.fpu);
    fpu_restore(&self->thread.fpu);
}

/* The mask that the handler's return restores: sigsuspend's caller's, not its own. */
static uint64_t mask_to_restore(const struct process *self)
{
    const struct process_thread *thread = &self->thread;

    return thread->has_saved_mask ? thread->saved_mask : thread->signal_mask;
}

static void block_during_handler(struct process *self, const struct signal_action *action,
                                 int signal)
{
    uint64_t mask = self->thread.signal_mask | action->mask;

    if (!(action->flags & SA_NODEFER)) {
        mask |= signal_bit(signal);
    }
    self->thread.has_saved_mask = false;
    if (self->thread.signal_stack.flags & SS_AUTODISARM) {
        self->thread.signal_stack = (struct signal_stack){0};
    }
    signal_set_mask(self, mask);
}

/* Writes the frame of one handler and enters it. Returns false and changes nothing if the frame does
 * not fit on its stack. */
static bool call_handler(struct process *self, const struct signal_action *action,
                         const struct signal_info *info)
{
    struct trap_frame *tf = process_trap_frame(self);
    struct frame_place place = choose_stack(self, tf, action);
    uint64_t mask = mask_to_restore(self);
    bool has_info = (action->flags & SA_SIGINFO) != 0;

    if (!place_frame(self, &place, has_info ? sizeof(struct rt_frame) : OLD_FRAME_SIZE)) {
        return false;
    }
    fpu_save(&self->thread.fpu);
    bool is_written = write_fpu(self, place.fpu) &&
                      (has_info ? write_rt_frame(self, tf, action, info, mask, &place)
                                : write_old_frame(self, tf, action, info->signal, mask, &place));

    if (!is_written) {
        return false;
    }
    enter_handler(self, tf, action, info->signal, &place);
    block_during_handler(self, action, info->signal);
    return true;
}

/* Calls the handler of a signal, whose action with SA_RESETHAND serves once. */
static bool handle(struct process *self, const struct signal_info *info)
{
    struct signal_action action = *signal_action_of(self, info->signal);

    if (action.flags & SA_RESETHAND) {
        signal_drop_handler(self, info->signal);
    }
    return call_handler(self, &action, info);
}

static bool can_handle_fault(const struct process *self, int signal)
{
    return signal_is_handled(self, signal) && !(self->thread.signal_mask & signal_bit(signal));
}

/* Ends the process because the frame of a signal does not fit, as Linux does with SIGSEGV; its own
 * handler may have a stack where there is room. */
static void refuse_frame(struct process *self, const struct signal_info *info)
{
    const struct signal_info fault = {.signal = SIGSEGV, .code = SI_KERNEL};

    if (self->sched.work & PROCESS_WORK_KILL) {
        return; /* no memory for the stack: it is being killed already */
    }
    if (info->signal != SIGSEGV && can_handle_fault(self, SIGSEGV) && handle(self, &fault)) {
        return;
    }
    printk_crash("%s[%d]: SIGSEGV at ip %08x: no room for a signal frame at sp %08x", self->id.name,
                 self->id.pid, process_trap_frame(self)->eip, process_trap_frame(self)->esp);
    process_exit(PROCESS_END_SIGNAL, SIGSEGV);
}

/* ---- Delivery -------------------------------------------------------------------------------- */

/* Does what a signal without a handler asks for: it was blocked or the process stopped when it came,
 * and may have no effect by now. */
static void act_by_default(struct process *self, const struct signal_info *info)
{
    if ((signal_bit(info->signal) & SIGNAL_STOPS) &&
        signal_action_of(self, info->signal)->handler == 0 && self != process_init) {
        signal_stop(self, info->signal);
    } else {
        (void)signal_send(self,
                          info); /* it is not blocked now: ends the process, or does nothing */
    }
}

void signal_deliver(struct process *self)
{
    struct trap_frame *tf = process_trap_frame(self);
    struct signal_info info;

    while (!(self->sched.work & PROCESS_WORK_KILL) &&
           signal_take(self, ~self->thread.signal_mask, &info)) {
        if (signal_is_handled(self, info.signal)) {
            settle_call(tf, signal_action_of(self, info.signal));
            if (!handle(self, &info)) {
                refuse_frame(self, &info);
            }
            signal_update(self);
            return;
        }
        act_by_default(self, &info);
    }
    settle_call(tf, NULL);
    if (self->thread.has_saved_mask) {
        self->thread.has_saved_mask = false;
        self->thread.signal_mask = self->thread.saved_mask;
    }
    signal_update(self);
}

bool signal_deliver_fault(struct process *self, const struct signal_info *info,
                          const struct signal_cause *cause)
{
    if (!can_handle_fault(self, info->signal) ||
        (process_trap_frame(self)->eflags & TRAP_EFLAGS_VM)) {
        return false;
    }
    self->thread.signal_cause = *cause;
    /* The handler may repeat the access without a call in between. */
    self->counts.fault_syscalls = self->counts.syscalls - 1;
    if (handle(self, info)) {
        return true;
    }
    if (info->signal != SIGSEGV) {
        refuse_frame(self, info);
        return true;
    }
    return false;
}
