/*
 * The interface that kernel and programs share beyond Linux's own UAPI headers: the numbers of our
 * calls (550..569) and the structures they fill. Everything else of the ABI is that of Linux i386,
 * which means its numbers, registers, structures and -errno returns. docs/abi.md describes each
 * call.
 */
#ifndef ABI_FAULTLINE_H
#define ABI_FAULTLINE_H

/* Numbers of our calls. 553 and 554 are free. */
#define FL_NR_area_mmap   550 /* (addr, length, prot, flags, fd, offset) -> start or 0            */
#define FL_NR_area_munmap 551 /* (addr) -> 1 or -1                                                */
#define FL_NR_freemem     552 /* () -> free page frames                                           */
/* (size) -> start: lazy zero memory below FL_TAM_END (contract T1) */
#define FL_NR_tamalloc 555
/* (pid, *stats, max) -> entries filled (contract T4) */
#define FL_NR_get_memory_usage_stats 556
/* (*stats) -> 0 (contract T5) */
#define FL_NR_get_global_memory_usage_stats 557

#define FL_NR_run_policy  558 /* (policy, flags) -> 0: how this process's next execve loads       */
#define FL_NR_run_wait    559 /* (pid, *status, *report, *accounts) -> pid: wait4 plus the report */
#define FL_NR_exec_reason 560 /* (buf, size) -> length: why this process's last execve failed     */
#define FL_NR_map_list    561 /* (pid, *areas, max) -> entries filled                             */
#define FL_NR_power_off   562 /* (code): powers off; 0 = success                                  */
/* (n, mode): fails the n-th frame allocation from now -> how many failed since the last call */
#define FL_NR_fail_frame  563
#define FL_NR_kernel_info 564 /* (*info) -> 0                                                     */

/* (mode, ratio) -> previous mode; FL_KEEP leaves a value unchanged */
#define FL_NR_overcommit 565
/* (pid, value, *old) -> 0: -1000..1000; FL_KEEP leaves it unchanged */
#define FL_NR_oom_score_adj 566
/* (*info) -> 0 */
#define FL_NR_irq_off_info 567

/* Leaves a value unchanged, in the last two calls. */
#define FL_KEEP 0x7FFFFFFF

/* tamalloc returns addresses below this. */
#define FL_TAM_END 0x80000000u

/* The teaching interface's region (contract V1) and its limit (V8). */
#define FL_MMAPBASE 0x40000000u
#define FL_MMAPEND  0x80000000u
#define FL_AREA_MAX 64

/* Load policies, and flags for FL_NR_run_policy. */
#define FL_POLICY_PAGE    0
#define FL_POLICY_SEGMENT 1
#define FL_RUN_ANNOUNCE   1u /* print contract L8's line when an access falls outside every segment */

/* Causes, in the order of abi/causes.def. */
enum vm_cause {
#define CAUSE(name, word) VM_CAUSE_##name,
#include "abi/causes.def"
#undef CAUSE
    VM_CAUSE_COUNT
};
#define VM_CAUSE_FIRST_REFUSAL VM_CAUSE_NULL_POINTER

/* An account, which is one line of the report's table. A segment's account has the program header's
 * range. */
enum fl_account_kind {
    FL_ACCOUNT_STACK,
    FL_ACCOUNT_HEAP,
    FL_ACCOUNT_MMAP, /* POSIX mappings */
    FL_ACCOUNT_AREA, /* the teaching interface's areas */
    FL_ACCOUNT_TAM,  /* tamalloc */
    FL_ACCOUNT_SEGMENT
};
struct fl_account {
    unsigned int kind;                   /* enum fl_account_kind                          */
    unsigned int start, end;             /* segment: [p_vaddr, p_vaddr + p_memsz), else 0 */
    unsigned int prot;                   /* segment: PROT_* bits                          */
    unsigned int faults[VM_CAUSE_COUNT]; /* by cause                                      */
    unsigned int pages;                  /* frames this account has taken, ever           */
    unsigned int bytes_lost;             /* segment: contract L6's fragmentation, bytes   */
};

/* The report of a finished program (contract L6, L7) and what --json shows. Filled by
 * FL_NR_run_wait. Accounts are copied separately because their number depends on the image. */
#define FL_EXITED 0
#define FL_KILLED 1
struct fl_report {
    int pid;
    unsigned int exit_kind;       /* FL_EXITED or FL_KILLED                                     */
    int value;                    /* exit value as a signed number, or the signal               */
    unsigned int is_return;       /* 1 if _start returned (contract L5), 0 if it called exit     */
    unsigned int policy;          /* FL_POLICY_*                                                */
    unsigned int page_faults;     /* contract L6: faults on PT_LOAD pages that led to a page    */
    unsigned int pages_allocated; /* contract L6: image pages                                   */
    unsigned int bytes_lost;      /* contract L6: fragmentation in bytes                        */
    unsigned int faults[VM_CAUSE_COUNT]; /* all accounts together, refusals included            */
    unsigned int rss_peak_kb, rss_kb;    /* resident user frames                                */
    unsigned int vmsize_peak_kb, vmsize_kb;
    unsigned int freemem_before, freemem_after; /* frames: before the process was created, after
                                                   it was taken apart                           */
    unsigned int syscalls;
    unsigned int n_accounts;   /* accounts that exist                                        */
    unsigned int max_accounts; /* in: how many fit at *accounts                              */
    char name[32];
};

/* One area of a map; FL_NR_map_list returns them in ascending order. */
struct fl_map_area {
    unsigned int start, end;
    unsigned int prot;     /* PROT_* */
    unsigned int kind;     /* enum fl_account_kind */
    unsigned int shared;   /* 1: MAP_SHARED */
    unsigned int resident; /* pages present, without the shared zero page */
    unsigned int offset_low;
    char name[32]; /* "[stack]", "[heap]", a file's name, or "" */
};

struct fl_kernel_info {
    unsigned int frames_total, frames_free; /* usable frames */
    unsigned int has_nx, is_debug;
    char cpu[64]; /* features, as the boot line lists them */
    char cmdline[256];
};
#ifndef __cplusplus
_Static_assert(sizeof(struct fl_kernel_info) == 336, "programs are built for this size");
#endif

/* irq_off_info: the longest time that interrupts were off, and the longest since the last call, in
 * ticks of the time stamp counter, which under `run --icount` are instructions; and in which call,
 * fault or exit that was. 0 and "": this kernel does not measure it (neither DEBUG=1 nor LATENCY=1). */
struct fl_irq_off_info {
    unsigned int longest, recent;
    char longest_in[32], recent_in[32];
};

#endif
