/*
 * The lines that a user sees when the kernel ends a program, and the records of the fault trace.
 * The lines have Linux's format, with the cause word (abi/causes.def) after the colon.
 */
#include "kernel/trap/report.h"

#include <asm/signal.h>

#include "arch/trap.h"
#include "kernel/log/printk.h"
#include "kernel/proc/exit.h"
#include "kernel/proc/kill.h"
#include "kernel/proc/process.h"
#include "kernel/user/return.h"
#include "kernel/user/usercopy.h"
#include "lib/addr.h"
#include "lib/compiler.h"
#include "lib/string.h"
#include "mm/area_name.h"
#include "mm/phys/frame.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

/* ---- Page faults ----------------------------------------------------------------------------- */

int trap_signal_of(enum vm_fault_result result)
{
    if (vm_fault_is_out_of_memory(result)) {
        return SIGKILL;
    }
    return result == VM_FAULT_IO ? SIGBUS : SIGSEGV;
}

static const char *access_word(uint32_t access)
{
    if (access == VM_WRITE) {
        return "write";
    }
    return access == VM_EXEC ? "exec" : "read";
}

static char access_letter(uint32_t access)
{
    if (access == VM_WRITE) {
        return 'w';
    }
    return access == VM_EXEC ? 'x' : 'r';
}

/* Returns true if the address lies outside every segment, stack, heap and mapping (contract L8). */
static bool is_outside_everything(const struct vm_fault *fault)
{
    return fault->cause == VM_CAUSE_NULL_POINTER || fault->cause == VM_CAUSE_GUARD ||
           fault->cause == VM_CAUSE_NO_AREA || fault->cause == VM_CAUSE_KERNEL_ADDRESS;
}

static void report_segfault(const struct process *self, const struct trap_frame *tf,
                            const struct vm_fault *fault)
{
    struct vm_area_info area;
    bool has_area =
        !is_outside_everything(fault) && vm_map_area_of(self->memory.map, fault->va, &area);

    printk_crash("%s[%d]: segfault at %x ip %08x sp %08x error %x (%s, %s, user): %s%s%s%s",
                 self->id.name, self->id.pid, fault->va.raw, tf->eip, tf->esp, tf->error,
                 access_word(fault->access), tf->error & PF_PRESENT ? "present" : "not present",
                 vm_cause_word(fault->cause), has_area ? " area [" : "",
                 has_area ? area_kind_word(&area) : "", has_area ? "]" : "");
}

void trap_report_fault(const struct process *self, const struct trap_frame *tf,
                       const struct vm_fault *fault, enum vm_fault_result result)
{
    if (self->run.is_announced && is_outside_everything(fault)) {
        printk_crash("Fault address not in segments.");
    }
    if (vm_fault_is_out_of_memory(result) || result == VM_FAULT_IO) {
        printk_crash("%s[%d]: %s at %x ip %08x: %s", self->id.name, self->id.pid,
                     result == VM_FAULT_IO ? "SIGBUS" : "SIGKILL", fault->va.raw, tf->eip,
                     vm_cause_word(fault->cause));
    } else {
        report_segfault(self, tf, fault);
    }
}

void trap_trace_fault(const struct process *self, const struct trap_frame *tf,
                      const struct vm_fault *fault, uint64_t tsc, uint32_t cost)
{
    struct vm_map_counts counts;

    vm_map_counts(self->memory.map, &counts);
    struct log_trace trace = {
        .clock = tsc,
        .pid = self->id.pid,
        .ip = tf->eip,
        .address = fault->va.raw,
        .frame = fault->pfn,
        .freemem = frame_free_count(),
        .vmsize_kb = counts.size_pages * (PAGE_SIZE / 1024),
        .rss_kb = counts.rss_pages * (PAGE_SIZE / 1024),
        .cost = cost,
        .access = access_letter(fault->access),
    };
    strlcpy(trace.cause, vm_cause_word(fault->cause), sizeof(trace.cause));
    if (!log_trace(&trace)) {
        printk_trace("%llu %d %08x %08x %s %s %x %u %u %u %u", (unsigned long long)tsc, trace.pid,
                     trace.ip, trace.address, access_word(fault->access), trace.cause, trace.frame,
                     trace.freemem, trace.vmsize_kb, trace.rss_kb, trace.cost);
    }
}

/* ---- Other exceptions ------------------------------------------------------------------------ */

static const char *signal_word(int signal)
{
    static const char *const words[] = {
        [SIGHUP] = "SIGHUP",       [SIGINT] = "SIGINT",   [SIGQUIT] = "SIGQUIT",
        [SIGILL] = "SIGILL",       [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT",
        [SIGBUS] = "SIGBUS",       [SIGFPE] = "SIGFPE",   [SIGKILL] = "SIGKILL",
        [SIGUSR1] = "SIGUSR1",     [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
        [SIGPIPE] = "SIGPIPE",     [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM",
        [SIGSTKFLT] = "SIGSTKFLT", [SIGXCPU] = "SIGXCPU", [SIGXFSZ] = "SIGXFSZ",
        [SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF", [SIGIO] = "SIGIO",
        [SIGPWR] = "SIGPWR",       [SIGSYS] = "SIGSYS",
    };

    if ((uint32_t)signal < array_size(words) && words[signal] != NULL) {
        return words[signal];
    }
    return "a real-time signal";
}

void process_report_kill(const struct process *self)
{
    if (self->end.killed_by == PROCESS_KILLED_BY_TERMINAL) {
        printk_crash("%s[%d]: %s from the terminal", self->id.name, self->id.pid,
                     signal_word(self->end.kill_signal));
    } else {
        printk_crash("%s[%d]: %s from process %d", self->id.name, self->id.pid,
                     signal_word(self->end.kill_signal), self->end.killed_by);
    }
}

void trap_report_exception(const struct process *self, const struct trap_frame *tf, int signal,
                           const char *what)
{
    printk_crash("%s[%d]: %s at ip %08x: %s", self->id.name, self->id.pid, signal_word(signal),
                 tf->eip, what);
}

/* The error code of #GP and similar exceptions (SDM vol. 3, 6.13). */
#define ERROR_IS_IDT      0x2u
#define ERROR_INDEX_SHIFT 3

/* Prefixes of an instruction: rep, lock, segment, operand and address size. */
static bool is_prefix(uint8_t byte)
{
    static const uint8_t prefixes[] = {0xF0, 0xF2, 0xF3, 0x2E, 0x36, 0x3E,
                                       0x26, 0x64, 0x65, 0x66, 0x67};

    for (uint32_t i = 0; i < array_size(prefixes); i++) {
        if (byte == prefixes[i]) {
            return true;
        }
    }
    return false;
}

/* One-byte opcodes that ring 3 may not use: cli, sti, hlt, in, out, ins, outs. */
static bool is_privileged_opcode(uint8_t op)
{
    return op == 0xFA || op == 0xFB || op == 0xF4 || (op >= 0xE4 && op <= 0xE7) ||
           (op >= 0xEC && op <= 0xEF) || (op >= 0x6C && op <= 0x6F);
}

/* Two-byte opcodes, 0x0F first, that ring 3 may not use: descriptor tables and lmsw, clts, invd,
 * wbinvd, mov to and from control and debug registers, wrmsr, rdmsr, rdpmc, sysenter, sysexit.
 * rdtsc (0x31) is allowed. */
static bool is_privileged_0f(uint8_t op)
{
    return op <= 0x01 || op == 0x06 || op == 0x08 || op == 0x09 || (op >= 0x20 && op <= 0x23) ||
           op == 0x30 || (op >= 0x32 && op <= 0x35);
}

/* Decodes the instruction at ip. The result only changes the words of a message. */
static bool is_privileged_instruction(uint32_t ip)
{
    uint8_t byte;
    bool is_escaped = false;

    for (uint32_t i = 0; i < 15 && copy_from_user(&byte, ip + i, 1) == 0; i++) {
        if (is_escaped) {
            return is_privileged_0f(byte);
        }
        if (byte == 0x0F) {
            is_escaped = true;
        } else if (!is_prefix(byte)) {
            return is_privileged_opcode(byte);
        }
    }
    return false;
}

void trap_report_protection(const struct process *self, const struct trap_frame *tf)
{
    uint32_t index = tf->error >> ERROR_INDEX_SHIFT;

    if (tf->error & ERROR_IS_IDT) {
        printk_crash("%s[%d]: SIGSEGV at ip %08x: general protection, interrupt %u", self->id.name,
                     self->id.pid, tf->eip, index);
    } else if (tf->error != 0) {
        printk_crash("%s[%d]: SIGSEGV at ip %08x: general protection, selector %x", self->id.name,
                     self->id.pid, tf->eip, tf->error);
    } else {
        trap_report_exception(self, tf, SIGSEGV,
                              is_privileged_instruction(tf->eip)
                                  ? "general protection, privileged instruction"
                                  : "general protection");
    }
}
