/*
 * Processes: a tree under pid 1, each with one thread, one map and one descriptor table.
 *
 * Life: process_create makes a record with a kernel stack and a pid; fork or exec fill it;
 * process_publish makes it visible. process_exit gives back everything but the record, which stays
 * as a zombie until its parent waits for it. An orphan's parent is pid 1; the kernel collects it in
 * pid 1's name, so that no zombie outlives its family whatever the program of pid 1 does.
 *
 * Limits: PROCESS_MAX records at a time, set by the address space for kernel stacks; pids run to
 * PROCESS_PID_MAX (Linux's default) and are then used again. Neither sizes a table.
 *
 * Locking: the lock of the process tree covers pids, parents and children, and who init is.
 * Interrupt handlers may wake and kill. A pointer from process_find is good until the caller next
 * lets other processes run.
 */
#ifndef KERNEL_PROC_PROCESS_H
#define KERNEL_PROC_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/faultline.h"
#include "arch/cpu.h"
#include "arch/trap.h"
#include "fs/file.h"
#include "lib/compiler.h"
#include "lib/list.h"
#include "lib/tree.h"
#include "sync/lock.h"
#include "sync/wait_queue.h"

struct vm_map;

#define PROCESS_MAX      4096u
#define PROCESS_PID_MAX  32768
#define PROCESS_NAME_MAX 16 /* with its end, as Linux's comm */
#define PROCESS_INIT_PID 1

/* Kernel stacks: a slot holds an unmapped guard and above it the stack (docs/memory-map.md). */
#define KSTACK_BASE      0xF8000000u
#define KSTACK_SLOT_SIZE 0x4000u
#define KSTACK_PAGES     2u
#define KSTACK_SIZE      (KSTACK_PAGES * PAGE_SIZE)

enum process_state { PROCESS_READY, PROCESS_RUNNING, PROCESS_SLEEPING, PROCESS_ZOMBIE };

/* What has to be done before the process goes back to ring 3. */
#define PROCESS_WORK_KILL  1u /* kill_signal ends it            */
#define PROCESS_WORK_YIELD 2u /* its time slice is used up      */

/* How a process ended: contract L5 tells a return of _start from a call of exit. */
enum process_end { PROCESS_END_EXIT, PROCESS_END_RETURN, PROCESS_END_SIGNAL };

/* What is kept of a program that `run` started, from its execve on, for FL_NR_run_wait. */
struct run_record {
    uint32_t max_accounts;
    struct fl_report report;
    struct fl_account accounts[];
};

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
    bool is_orphan; /* adopted by pid 1, which never waits for it: it leaves no zombie */
};

/* Its address space. [heap_start, heap_end) is in bytes; the pages follow. */
struct process_memory {
    struct vm_map *map; /* NULL: a zombie, or not filled yet */
    uint32_t heap_start, heap_end;
    int oom_score_adj; /* -1000: never chosen; inherited (kernel/proc/oom.h) */
    /* What an execve under way holds, for the killer's count. NULL and 0: none. */
    struct vm_map *exec_map; /* of the new program */
    uint32_t exec_frames;    /* of the argument strings, directly mapped */
};

/* The program that it runs, and what applies to its next execve. */
struct process_program {
    struct inode *file;               /* /proc/self/exe; NULL before the first execve */
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

/* How it is ended, and from then on how it ended. */
struct process_ending {
    bool is_ending; /* process_exit is releasing what it holds */
    uint8_t kill_signal;
    int killed_by; /* pid, or one of PROCESS_KILLED_BY_* */
    enum process_end kind;
    int value; /* exit value or signal */
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
    uint64_t tls[GDT_TLS_COUNT];
    uint16_t fs, gs;
    struct fpu_state fpu; /* last: process_create leaves it to whoever fills the record */
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
    struct fd_table fds;
    struct process_thread thread; /* last, as its fpu */
};

extern struct process *process_running; /* NULL before sched_start() */

/* The registers of the process's user code, while it is in the kernel. */
static inline struct trap_frame *process_trap_frame(const struct process *process)
{
    return (struct trap_frame *)(process->thread.stack_top - sizeof(struct trap_frame));
}

/* Is this an address in the unmapped page below a kernel stack? For the double-fault screen. */
bool process_is_stack_guard(uint32_t kva);

/* ---- Making and finding -------------------------------------------------------------------------- */

/* A record with a kernel stack and a pid, all else empty. 0; -EAGAIN (PROCESS_MAX), -ENOMEM. */
must_check int process_create(struct process **out);
/* Takes apart what process_create made and the maker has not handed on. Nothing is published. */
void process_discard(struct process *process);
/* Enters it into the pid tree and its parent's children (parent NULL: pid 1). */
void process_publish(struct process *process, struct process *parent);
/* The zombie is off its kernel stack: frees that, and of an orphan everything. */
void process_finish_exit(struct process *zombie);
/* Puts record, or NULL, in the place of the one it has. */
void process_set_record(struct process *process, struct run_record *record);

struct process *process_find(int pid);      /* NULL: none */
struct process *process_find_from(int pid); /* the lowest pid >= this one; NULL: none */

/* ---- Ending -------------------------------------------------------------------------------------- */

/* frame_fail_at() for a process: what it asks for ends with it. Gives the allocations refused since the
 * last call. */
uint32_t process_fail_frame(const struct process *self, uint32_t n, bool from_then_on);

/* Ends the running process: everything goes back but the record. */
noreturn_fn void process_exit(enum process_end end, int value);
/* True from the moment that it is certain that the process never runs in ring 3 again until it has
 * given back everything but its record. */
bool process_is_dying(const struct process *process);
/* Frees what a dying process's map holds, in its place. False: nothing there, or its map is in the middle
 * of an operation. */
bool process_strip(struct process *dying);
/* Sleeps until some process has ended and its kernel stack is free. False: the caller is being killed. */
must_check bool process_wait_for_exit(void);
/* Sleeps until every process that is dying at the call has given back its memory. Fails with -EINTR
 * when the caller is being killed. */
must_check int process_wait_for_dying(void);
/* Asks a process to end by a signal, at its next return to ring 3 or at once if it sleeps. Pid 1
 * does not listen. by: the sender's pid, or who else it was. */
#define PROCESS_KILLED_BY_TERMINAL 0
#define PROCESS_KILLED_BY_KERNEL   (-1) /* which has said why already */
void process_kill(struct process *process, int signal, int by);
/* ^C: ends what pid 1 waits for in run_wait, and its descendants. */
void process_kill_foreground(void);
/* Hook, defined in kernel/trap/report.c: the line about a program that `run` started and that somebody
 * killed. */
void process_report_kill(const struct process *self);
/* Does what `work` asks for; the running process is about to return to ring 3. */
void process_do_work(struct process *self);

/* Waits for a child (pid > 0) or any child (-1) to end.
 *   gives: 0 and *out, still a zombie (NULL: none yet and !is_blocking); -ECHILD; -EINTR */
must_check int process_wait(struct process *self, int pid, bool is_blocking, struct process **out);
/* Linux's status word of a zombie, as wait4 gives it. */
int process_status_word(const struct process *zombie);
/* The last of a zombie. */
void process_reap(struct process *zombie);

/* ---- fork.c -------------------------------------------------------------------------------------- */

/* A child with a copy of the process's memory and descriptors. Its pid, or -ENOMEM, -EAGAIN with nothing
 * changed. */
must_check long process_fork(struct process *self);

/* ---- exec.c -------------------------------------------------------------------------------------- */

/* execve of the running process: the path and the two vectors are user addresses. 0, with the registers
 * of the new program in its trap frame, or -errno with the old program as it was. */
must_check long process_exec(struct process *self, uint32_t user_path, uint32_t argv,
                             uint32_t envp);
/* Makes pid 1 of an ELF file; args and env are packed strings, policy is FL_POLICY_*. 0 or -errno;
 * *why gets the loader's reason or "". */
struct image_strings;
must_check int exec_start_init(const char *path, const struct image_strings *args,
                               const struct image_strings *env, uint32_t policy,
                               struct elf32_reason *why);
void process_drop_exec_reason(struct process *process);

#endif
