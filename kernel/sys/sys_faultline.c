/*
 * Faultline's own calls (abi/faultline.h): how a program is run and what its run came to, address
 * spaces as lists, failure injection, and the end of the machine.
 */
#include <asm/errno.h>
#include <stddef.h>

#include "abi/faultline.h"
#include "arch/cpu.h"
#include "arch/latency.h"
#include "arch/pmap.h"
#include "arch/trap.h"
#include "dev/power.h"
#include "kernel/log/printk.h"
#include "kernel/proc/process.h"
#include "kernel/proc/usercopy.h"
#include "kernel/sys/syscall.h"
#include "lib/addr.h"
#include "lib/format.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "loader/elf32.h"
#include "mm/phys/frame.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

static struct {
    bool allow_fail_frame;
    const char *command_line;
} settings = {.command_line = ""};

void sys_configure(bool allow_fail_frame, const char *command_line)
{
    settings.allow_fail_frame = allow_fail_frame;
    settings.command_line = command_line;
}

/* ---- Running programs ---------------------------------------------------------------------------- */

long sys_run_policy(struct process *self, const struct syscall_args *args)
{
    uint32_t policy = args->arg[0], flags = args->arg[1];

    if ((policy != FL_POLICY_PAGE && policy != FL_POLICY_SEGMENT) || (flags & ~FL_RUN_ANNOUNCE)) {
        return -EINVAL;
    }
    self->policy = policy;
    self->run_flags = flags;
    return 0;
}

long sys_exec_reason(struct process *self, const struct syscall_args *args)
{
    const char *text = self->exec_reason == NULL ? "" : self->exec_reason->text;
    uint32_t size = args->arg[1], length = (uint32_t)strlen(text);

    if (size == 0) {
        return -EINVAL;
    }
    uint32_t n = length < size ? length + 1 : size;
    int err = copy_to_user(args->arg[0], text, n);

    return err != 0 ? err : (long)length;
}

/* Copies the zombie's report and accounts to the user; the buffers are then known to be there. */
static int put_report(const struct process *zombie, uint32_t user_report, uint32_t user_accounts)
{
    const struct run_record *record = zombie->record;
    struct fl_report report = record->report;
    uint32_t user_max = user_report + offsetof(struct fl_report, max_accounts);
    int err = copy_from_user(&report.max_accounts, user_max, sizeof(report.max_accounts));

    if (err != 0) {
        return err;
    }
    uint32_t n =
        report.n_accounts < record->max_accounts ? report.n_accounts : record->max_accounts;

    n = n < report.max_accounts ? n : report.max_accounts;
    if (n != 0) {
        err = copy_to_user(user_accounts, record->accounts, n * sizeof(record->accounts[0]));
    }
    return err != 0 ? err : copy_to_user(user_report, &report, sizeof(report));
}

/* Everything that can fail happens while the child is still there; only freemem_after, which is
 * to be sampled when it is gone, is written last, into memory just written. */
static long collect_run(struct process *zombie, const struct syscall_args *args)
{
    uint32_t user_status = args->arg[1], user_report = args->arg[2];
    bool has_report = user_report != 0 && zombie->record != NULL;
    int word = process_status_word(zombie);
    int pid = zombie->pid;
    int err = user_status == 0 ? 0 : copy_to_user(user_status, &word, sizeof(word));

    if (err == 0 && has_report) {
        err = put_report(zombie, user_report, args->arg[3]);
    }
    if (err != 0) {
        return err;
    }
    process_reap(zombie);
    if (has_report) {
        uint32_t freemem = frame_free_count();

        err = copy_to_user(user_report + offsetof(struct fl_report, freemem_after), &freemem,
                           sizeof(freemem));
    }
    return err != 0 ? err : pid;
}

/* Waits for one child and for what it has killed, whose frames are to be free again by
 * freemem_after. A report is there only for a program that execve started under
 * FL_RUN_ANNOUNCE; for others the report's bytes stay as they are. */
long sys_run_wait(struct process *self, const struct syscall_args *args)
{
    int pid = (int)args->arg[0];
    struct process *zombie;

    if (pid <= 0) {
        return -EINVAL;
    }
    self->waits_for = pid;
    int err = process_wait(self, pid, true, &zombie);

    self->waits_for = 0;
    if (err == 0 && zombie->record != NULL) {
        err = process_wait_for_dying();
    }
    return err != 0 ? err : collect_run(zombie, args);
}

/* ---- Looking at address spaces ------------------------------------------------------------------- */

static void name_area(struct vm_map *map, const struct vm_area_info *area, char *buf, uint32_t size)
{
    if (area->account == FL_ACCOUNT_STACK) {
        strlcpy(buf, "[stack]", size);
    } else if (area->account == FL_ACCOUNT_HEAP) {
        strlcpy(buf, "[heap]", size);
    } else {
        vm_map_area_name(map, area->range.start, buf, size);
    }
}

static struct fl_map_area describe_area(struct vm_map *map, const struct vm_area_info *area)
{
    struct fl_map_area out = {
        .start = area->range.start.raw,
        .end = area->range.end.raw,
        .prot = area->prot,
        .kind = area->account < VM_ACCOUNT_FIRST_SEGMENT ? area->account : FL_ACCOUNT_SEGMENT,
        .shared = (area->flags & VM_SHARED) != 0,
        .offset_low = (uint32_t)area->offset,
    };

    name_area(map, area, out.name, sizeof(out.name));
    return out;
}

/* The map of a process, or NULL: it has none (any more). pid 0 is the caller. */
static struct vm_map *map_of(struct process *self, int pid)
{
    const struct process *of = pid == 0 ? self : process_find(pid);

    return of == NULL ? NULL : of->map;
}

#define COUNT_STEP (8u << 20) /* bytes whose pages are counted between two preemption points */

/* The resident pages of a range. Others run meanwhile, so the map is looked up again each time. */
static uint32_t count_resident(struct process *self, int pid, struct vrange range)
{
    uint32_t pages = 0;

    for (uint32_t at = range.start.raw, next; at < range.end.raw; at = next) {
        struct vm_map *map = map_of(self, pid);

        if (map == NULL) {
            break;
        }
        next = range.end.raw - at > COUNT_STEP ? at + COUNT_STEP : range.end.raw;
        pages += vm_map_resident(map, vrange(at, next));
        if (next < range.end.raw) {
            (void)preempt_point();
        }
    }
    return pages;
}

/* Area after area, by address: what it finds is what is there when it comes by. */
static long list_areas(struct process *self, int pid, uint32_t user, uint32_t max)
{
    struct vm_area_info area;
    struct vm_map *map;
    uint32_t n = 0, steps = 0;

    for (uint32_t at = 0; n < max && (map = map_of(self, pid)) != NULL &&
                          vm_map_area_at_or_above(map, vaddr(at), &area);
         n++) {
        struct fl_map_area out = describe_area(map, &area);

        out.resident = count_resident(self, pid, area.range);
        int err = copy_to_user(user + n * (uint32_t)sizeof(out), &out, sizeof(out));

        if (err != 0) {
            return err;
        }
        if (preempt_step(&steps)) {
            return -EINTR;
        }
        at = area.range.end.raw;
    }
    return (long)n;
}

/* A zombie has no areas. */
long sys_map_list(struct process *self, const struct syscall_args *args)
{
    int pid = (int)args->arg[0];

    if (pid != 0 && process_find(pid) == NULL) {
        return -ESRCH;
    }
    return list_areas(self, pid, args->arg[1], args->arg[2]);
}

/* ---- The machine --------------------------------------------------------------------------------- */

/* Pid 1's alone: it is the one that reports, and a program that could end the machine before the
 * report could forge one. */
long sys_power_off(struct process *self, const struct syscall_args *args)
{
    if (self->pid != PROCESS_INIT_PID) {
        return -EPERM;
    }
    power_off(args->arg[0]);
    printk_crash("The system is halted; it is safe to switch the machine off.");
    power_halt();
}

/* A test's tool: only where the command line says failframe=, be it 0. */
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

/* In words, what kept interrupts off. */
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
    return record->ticks < UINT32_MAX ? (uint32_t)record->ticks : UINT32_MAX;
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
