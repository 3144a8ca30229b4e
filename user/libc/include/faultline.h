/*
 * <faultline.h>: this kernel's own calls, beyond Linux's and <vm.h>. Numbers, structures and
 * constants come from abi/faultline.h; docs/abi.md describes every call. On failure they return -1
 * and set errno.
 */
#ifndef FL_FAULTLINE_H
#define FL_FAULTLINE_H

#include <abi/faultline.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Returns the machine's free page frames (also in <vm.h> and <sys/mman.h>). */
int freemem(void);

/* Sets how this process's next execve loads its image: FL_POLICY_*; flags: FL_RUN_ANNOUNCE. */
int run_policy(unsigned int policy, unsigned int flags);
/* wait4 plus the report of the finished child. Set report->max_accounts to the number of accounts
 * that fit. */
pid_t run_wait(pid_t pid, int *status, struct fl_report *report, struct fl_account *accounts);
/* Copies the reason why this process's last execve rejected its file. Returns the text's length, or
 * 0 if there is none. */
int exec_reason(char *buf, size_t size);
/* Lists the areas of a process, ascending. Returns the number of entries filled. */
int map_list(pid_t pid, struct fl_map_area *areas, unsigned int max);
/* Powers the machine off; 0 means success. */
int power_off(int code);
/* Failure injection: makes the n-th frame allocation from now fail (mode 1: and every later one).
 * n 0 ends it. Returns how many allocations failed this way since the last call. */
int fail_frame(unsigned int n, unsigned int mode);
int kernel_info(struct fl_kernel_info *info);
int irq_off_info(struct fl_irq_off_info *info);
/* Linux's vm.overcommit_memory (0 heuristic, 1 always, 2 strict) and _ratio (percent, strict mode);
 * FL_KEEP leaves one unchanged. Returns the previous mode. */
int overcommit(int mode, int ratio);
/* Sets a process's Linux oom_score_adj, -1000 (never killed) to 1000; pid 0 is the caller. value
 * FL_KEEP leaves it unchanged. Stores the previous value in *old unless old is NULL. */
int oom_score_adj(pid_t pid, int value, int *old);

/*
 * Writes a finished program's report for people: contract 1's lines, a table of its faults, and the
 * other counters. Passes every line to put, without a line end.
 *   accounts: as many as fitted, min(report->n_accounts, report->max_accounts)
 */
void fl_report_print(const struct fl_report *report, const struct fl_account *accounts,
                     void (*put)(void *context, const char *line), void *context);
/* Writes the same for programs, every field as "name value". docs/json.md lists the names. */
void fl_report_list(const struct fl_report *report, const struct fl_account *accounts,
                    void (*put)(void *context, const char *line), void *context);

/* Returns the word of an enum vm_cause ("demand-zero", ...), or "?" if there is none. */
const char *vm_cause_name(unsigned int cause);

#ifdef __cplusplus
}
#endif

#endif
