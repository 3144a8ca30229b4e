/*
 * <faultline.h>: what this kernel offers beyond Linux's calls and <vm.h>. Numbers, structures and
 * constants come from abi/faultline.h; docs/abi.md describes every call. All of them give -1 and
 * set errno on failure.
 */
#ifndef FL_FAULTLINE_H
#define FL_FAULTLINE_H

#include <abi/faultline.h>
#include <stddef.h>
#include <sys/types.h>

/* Free page frames of the machine (also in <vm.h> and <sys/mman.h>). */
int freemem(void);

/* How this process's next execve loads its image: FL_POLICY_*; flags: FL_RUN_ANNOUNCE. */
int run_policy(unsigned int policy, unsigned int flags);
/* wait4 plus the report of the finished child. report->max_accounts says how many fit at accounts. */
pid_t run_wait(pid_t pid, int *status, struct fl_report *report, struct fl_account *accounts);
/* Why this process's last execve refused its file: the length of the text, 0 if there is none. */
int exec_reason(char *buf, size_t size);
/* The areas of a process, ascending: how many entries were filled. */
int map_list(pid_t pid, struct fl_map_area *areas, unsigned int max);
/* Ends the machine; 0 says that all is well. */
int power_off(int code);
/* Failure injection: the n-th frame allocation from now fails (mode 1: and every later one). n 0
 * ends it. Gives how many allocations were refused since the last call. */
int fail_frame(unsigned int n, unsigned int mode);
int kernel_info(struct fl_kernel_info *info);
/* Linux's vm.overcommit_memory (0 heuristic, 1 always, 2 strict) and _ratio (percent, strict mode);
 * FL_KEEP leaves one as it is. Gives the mode that was set before. */
int overcommit(int mode, int ratio);
/* Linux's oom_score_adj, -1000 (never killed) to 1000, of a process, 0: the caller. value FL_KEEP
 * leaves it; old, unless NULL, gets what it was. */
int oom_score_adj(pid_t pid, int value, int *old);

/*
 * The report of a finished program for people: contract 1's lines, a table of its faults, and what
 * else was counted. Every line goes to put, without a line end.
 *   accounts: as many as fitted, min(report->n_accounts, report->max_accounts)
 */
void fl_report_print(const struct fl_report *report, const struct fl_account *accounts,
                     void (*put)(void *context, const char *line), void *context);
/* The same for programs: every field as "name value". docs/json.md lists the names. */
void fl_report_list(const struct fl_report *report, const struct fl_account *accounts,
                    void (*put)(void *context, const char *line), void *context);

/* The word of an enum vm_cause ("demand-zero", ...), "?" if there is none. */
const char *vm_cause_name(unsigned int cause);

#endif
