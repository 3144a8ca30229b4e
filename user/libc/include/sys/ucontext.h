/* <sys/ucontext.h>: what a handler with SA_SIGINFO gets as its third argument: the registers of the
 * interrupted code (Linux i386), which it may change. */
#ifndef FL_SYS_UCONTEXT_H
#define FL_SYS_UCONTEXT_H

#include <signal.h>

typedef int greg_t;
#define NGREG 19
typedef greg_t gregset_t[NGREG];

enum {
    REG_GS,
    REG_FS,
    REG_ES,
    REG_DS,
    REG_EDI,
    REG_ESI,
    REG_EBP,
    REG_ESP,
    REG_EBX,
    REG_EDX,
    REG_ECX,
    REG_EAX,
    REG_TRAPNO,
    REG_ERR,
    REG_EIP,
    REG_CS,
    REG_EFL,
    REG_UESP,
    REG_SS
};

/* The state of the FPU as fnsave stores it; fxsave's image follows if magic is 0. */
struct _libc_fpreg {
    unsigned short significand[4];
    unsigned short exponent;
};
struct _libc_fpstate {
    unsigned long cw, sw, tag, ipoff, cssel, dataoff, datasel;
    struct _libc_fpreg _st[8];
    unsigned short status, magic;
};
typedef struct _libc_fpstate *fpregset_t;

typedef struct {
    gregset_t gregs;
    fpregset_t fpregs;
    unsigned long oldmask, cr2;
} mcontext_t;

typedef struct ucontext_t {
    unsigned long uc_flags;
    struct ucontext_t *uc_link;
    stack_t uc_stack;
    mcontext_t uc_mcontext;
    sigset_t uc_sigmask;
} ucontext_t;

#endif
