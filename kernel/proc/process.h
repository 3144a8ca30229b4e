/*
 * Processes: a tree under pid 1, each with one thread, one map and one descriptor table.
 *
 * Life: process_create (process_alloc.h) makes a record with a kernel
 * stack; fork.h or exec.h fills it;
 * process_publish (pid.h) makes it visible. process_exit (exit.h) frees everything but the record,
 * which stays as a zombie until its parent waits for it (wait.h). An orphan's parent is pid 1. The
 * kernel reaps it in pid 1's name, so no zombie outlives its family whatever the program of pid 1
 * does.
 *
 * Limits: PROCESS_MAX records at a time, set by the address space for kernel stacks; pids run to
 * PROCESS_PID_MAX (Linux's default) and are then used again. Neither sizes a table.
 *
 * Locking: each part of the record names its lock. A part that names none belongs to the process's
 * one thread.
 */
#ifndef KERNEL_PROC_PROCESS_H
#define KERNEL_PROC_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "arch/trap.h"
#include "fs/file.h"
#include "kernel/proc/kstack.h"
#include "lib/compiler.h"
#include "lib/list.h"
#include "lib/tree.h"
#include "sync/lock.h"
#include "sync/timer.h"
#include "sync/wait_queue.h"

struct elf32_reason;
struct run_record;
struct vm_map;

#define PROCESS_MAX      KSTACK_MAX
#define PROCESS_PID_MAX  32768
#define PROCESS_NAME_MAX 16 /* with its end, as Linux's comm */
#define PROCESS_INIT_PID 1

enum process_state { PROCESS_READY, PROCESS_RUNNING, PROCESS_SLEEPING, PROCESS_ZOMBIE };

/* What has to be done before the process goes back to ring 3. */
#define PROCESS_WORK_KILL   1u /* kill_signal ends it            */
#define PROCESS_WORK_YIELD  2u /* its time slice is used up      */
#define PROCESS_WORK_SIGNAL 4u /* a signal may be pending that it does not block */

/* How a process ended: contract L5 tells a return of _start from a call of exit. */
enum process_end { PROCESS_END_EXIT, PROCESS_END_RETURN, PROCESS_END_SIGNAL };

/* Who it is. The pid and its tree are under the lock of the process tree. */
struct process_id {
    int pid;
    RB_ENTRY(process) pid_entry;
    char name[PROCESS_NAME_MAX]; /* the last part of its program's path */
};

/* Its place in the tree of processes, under that tree's lock. A zombie is in its parent's
 * `zombies`, every other process in `children`. */
struct process_family {
    struct process *parent; /* NULL: pid 1 */
    LIST_HEAD(process_list, process) children, zombies;
    LIST_ENTRY(process) sibling_entry;
    struct wait_queue child_ended;
    int waits_for;  /* pid that run_wait waits for; 0: none */
    bool is_orphan; /* it leaves no zombie: pid 1 has adopted it, or its parent wants none */
};

/* Its address space. [heap_start, heap_end) is in bytes; the pages follow. */
struct process_memory {
    struct vm_map *map; /* NULL: a zombie, or not filled yet */
    uint32_t heap_start, heap_end;
    int oom_score_adj; /* -1000: never chosen; inherited (kernel/oom/oom.h) */
    /* What an execve under way holds, for the killer's count. NULL and 0: none. */
    struct vm_map *exec_map; /* of the new program */
    uint32_t exec_frames;    /* of the argument strings, directly mapped */
};

/* The program that it runs, and what applies to its next execve. */
struct process_program {
    struct dentry *file;              /* what it runs; NULL before the first execve */
    uint32_t entry_argc, entry_esp;   /* as execve left them (contract L5)            */
    uint32_t policy;                  /* FL_POLICY_* of the next execve               */
    uint32_t run_flags;               /* FL_RUN_* of the next execve                  */
    struct elf32_reason *exec_reason; /* why the last execve failed; NULL: no reason  */
};

/* How it gets the CPU. State and queue entry are under the lock of the run queue, but that a zombie
 * is one under that of the process tree. */
struct process_sched {
    enum process_state state;
    uint32_t work;      /* PROCESS_WORK_*                                    */
    uint32_t holds_cpu; /* calls of sched_hold_cpu() without sched_let_cpu_go() */
    TAILQ_ENTRY(process) queue_entry;
};

/* What it has done since its execve. The last two detect a page fault that changes nothing
 * (bad-input F15). */
struct process_counts {
    uint32_t syscalls;
    uint32_t fault_repeats;  /* times that the last fault has come again */
    uint32_t fault_syscalls; /* `syscalls` when it came first            */
};

/* Use of the machine, added up. */
struct usage_sums {
    uint64_t cycles;                   /* on the CPU, as cpu_rdtsc() counts     */
    uint32_t user_ticks, system_ticks; /* where the timer's interrupts came        */
    uint32_t faults;                   /* page faults that led to a page           */
    uint32_t voluntary_switches, involuntary_switches;
    uint32_t rss_peak; /* pages; the largest, not the sum. Without that of the present map */
};

/* What it has used, which times and getrusage report (kernel/proc/usage.h). Unlike the counts above
 * these go on at an execve. */
struct process_usage {
    struct usage_sums own;
    struct usage_sums children;            /* that it has waited for, and theirs      */
    uint64_t last_user_ns, last_system_ns; /* as reported last: they never decrease   */
};

/* Its interval timers (kernel/proc/itimer.h). Times in nanoseconds; 0: not set. */
struct process_itimers {
    struct timer real;
    uint64_t real_interval;
    struct itimer_cpu {
        uint64_t left, interval; /* of CPU time, counted by ticks */
    } virtual, profiling;
};

/* How it is ended, and from then on how it ended. */
struct process_ending {
    bool is_ending; /* process_exit is releasing what it holds */
    uint8_t kill_signal;
    int killed_by; /* pid, or one of PROCESS_KILLED_BY_* */
    enum process_end kind;
    int value; /* exit value or signal */
};

struct queued_signal;
TAILQ_HEAD(signal_queue, queued_signal);

/* Signals (kernel/proc/signal.h), under the lock of the process tree. */
struct process_signals {
    uint64_t pending; /* bit n - 1: signal n */
    struct signal_queue queue;
    uint32_t queued;                     /* entries of it */
    struct signal_actions *actions;      /* NULL: the default for every signal */
    uint8_t stop_signal;                 /* that it is stopped by; 0: it is not stopped */
    bool is_stop_news, is_continue_news; /* its parent has not waited for that yet */
};

/* The stack of handlers with SA_ONSTACK. size 0: none. flags: SS_AUTODISARM or 0. */
struct signal_stack {
    uint32_t base, size, flags;
};

/* What the CPU said about an exception; programs see it in struct sigcontext. */
struct signal_cause {
    uint32_t vector, error, address;
};

/* A sleep that a signal without a handler has interrupted, for restart_syscall. */
struct sleep_restart {
    uint64_t deadline; /* monotonic                                              */
    uint32_t left;     /* user address of the time that is left; 0: not wanted   */
    uint32_t width;    /* enum time_width of that                                */
};

/* The report to the program that started it by `run`. */
struct process_run {
    struct run_record *record; /* NULL: nobody asked for a report                            */
    bool is_record_filled;     /* with the figures of the map, before the map was emptied    */
    bool is_announced;         /* contract L8's line is due at its end                       */
    uint32_t freemem_before;   /* frames, before its fork                                    */
};

/* Its one thread: the kernel stack, and the machine's state while it does not run. A process with
 * several threads will have a list of these. */
struct process_thread {
    uint32_t stack_top; /* of the kernel stack; 0: none */
    uint32_t kernel_esp;
    struct lock_holder locks; /* that it holds */
    uint64_t signal_mask;
    uint64_t signals_awaited; /* by rt_sigtimedwait: they wake it although it blocks them */
    uint64_t saved_mask;      /* that sigsuspend has replaced, if has_saved_mask          */
    bool has_saved_mask;
    struct signal_stack signal_stack;
    struct sleep_restart sleep_restart;
    struct signal_cause signal_cause; /* of the last fault that a handler got */
    /* From here on process_create leaves the values to fork or exec. */
    uint64_t tls[GDT_TLS_COUNT];
    uint16_t fs, gs;
    struct fpu_state fpu;
};

struct process {
    struct process_memory memory;
    struct process_sched sched;
    struct process_counts counts;
    struct process_id id;
    struct process_family family;
    struct process_program program;
    struct process_run run;
    struct process_ending end;
    struct process_usage usage;
    struct process_itimers itimers;
    struct process_signals signals;
    struct fd_table fds;
    struct fs_view view;          /* root, working directory, umask, user and groups */
    struct process_thread thread; /* last, because its end is not cleared */
};

extern struct process *process_running; /* NULL before sched_start() */

/* The registers of the process's user code, while it is in the kernel. */
static inline struct trap_frame *process_trap_frame(const struct process *process)
{
    return (struct trap_frame *)(process->thread.stack_top - sizeof(struct trap_frame));
}

/* True from the moment that it is certain that the process never runs in ring 3 again, until it has
 * freed everything but its record. */
static inline bool process_is_dying(const struct process *process)
{
    return process->sched.state != PROCESS_ZOMBIE &&
           (process->end.is_ending || (process->sched.work & PROCESS_WORK_KILL));
}

#endif
