/* <sys/wait.h>: waiting for children and reading their status. */
#ifndef FL_SYS_WAIT_H
#define FL_SYS_WAIT_H

#include <linux/wait.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A status has the signal in bits 0-6 (0: exited, 0x7f: stopped), core dumped in bit 7, and the
 * value in bits 8-15. */
#define WTERMSIG(status)    ((status)&0x7f)
#define WEXITSTATUS(status) (((status) >> 8) & 0xff)
#define WSTOPSIG(status)    WEXITSTATUS(status)
#define WIFEXITED(status)   (WTERMSIG(status) == 0)
#define WIFSTOPPED(status)  (((status)&0xff) == 0x7f)
#define WIFSIGNALED(status) (WTERMSIG(status) != 0 && WTERMSIG(status) != 0x7f)
#define WCOREDUMP(status)   ((status)&0x80)

struct rusage;

pid_t wait(int *status);
pid_t waitpid(pid_t pid, int *status, int options);
pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage);

#ifdef __cplusplus
}
#endif

#endif
