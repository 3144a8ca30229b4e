/* The machine: power, failure injection, and what the kernel says about itself. */
#include <asm/errno.h>

#include "abi/faultline.h"
#include "arch/cpu.h"
#include "arch/latency.h"
#include "arch/pmap.h"
#include "arch/trap.h"
#include "dev/power.h"
#include "kernel/log/printk.h"
#include "kernel/proc/exit.h"
#include "kernel/proc/process.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"
#include "lib/format.h"
#include "lib/minmax.h"
#include "lib/string.h"
#include "mm/phys/frame.h"

static struct {
    bool allow_fail_frame;
    const char *command_line;
} settings = {.command_line = ""};

void sys_configure(bool allow_fail_frame, const char *command_line)
{
    settings.allow_fail_frame = allow_fail_frame;
    settings.command_line = command_line;
}

/* Only for pid 1, which prints the reports: a program that could power off before the report could
 * forge one. */
long sys_power_off(struct process *self, const struct syscall_args *args)
{
    if (self->id.pid != PROCESS_INIT_PID) {
        return -EPERM;
    }
    power_off(args->arg[0]);
    printk_crash("The system is halted; it is safe to switch the machine off.");
    power_halt();
}

/* For tests: allowed only if the command line has failframe=, with any value. */
long sys_fail_frame(struct process *self, const struct syscall_args *args)
{
    if (!settings.allow_fail_frame) {
        return -EPERM;
    }
    if (args->arg[1] > 1) {
        return -EINVAL;
    }
    return (long)process_fail_frame(self, args->arg[0], args->arg[1] == 1);
}

/* Writes what kept interrupts off into name, in words. */
static void name_latency(char *name, size_t size, uint32_t what)
{
    if (what == LATENCY_EXIT) {
        (void)strlcpy(name, "exit of a process", size);
    } else if (what == LATENCY_START) {
        (void)strlcpy(name, "start of a process", size);
    } else if (what >= LATENCY_CALL) {
        (void)strlcpy(name, syscall_name(what - LATENCY_CALL), size);
    } else if (what == TRAP_PAGE_FAULT) {
        (void)strlcpy(name, "page fault", size);
    } else {
        (void)format_buffer(name, size, "trap %u", (unsigned int)what);
    }
}

static uint32_t put_latency(const struct latency_record *record, char *name, size_t size)
{
    if (record->ticks != 0) {
        name_latency(name, size, record->what);
    }
    return clip_u32(record->ticks);
}

long sys_kernel_info(struct process *self, const struct syscall_args *args)
{
    struct fl_kernel_info info = {
        .frames_total = frame_total_count(),
        .frames_free = frame_free_count(),
        .has_nx = pmap_has_nx(),
#ifdef FAULTLINE_DEBUG
        .is_debug = 1,
#endif
    };

    (void)self;
    strlcpy(info.cpu, cpu_info.features, sizeof(info.cpu));
    strlcpy(info.cmdline, settings.command_line, sizeof(info.cmdline));
    return copy_to_user(args->arg[0], &info, sizeof(info));
}

long sys_irq_off_info(struct process *self, const struct syscall_args *args)
{
    struct fl_irq_off_info info = {.longest = 0};
    struct latency_record longest, recent;

    (void)self;
    latency_read(&longest, &recent);
    info.longest = put_latency(&longest, info.longest_in, sizeof(info.longest_in));
    info.recent = put_latency(&recent, info.recent_in, sizeof(info.recent_in));
    return copy_to_user(args->arg[0], &info, sizeof(info));
}
