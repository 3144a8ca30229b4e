/* <setjmp.h>: jumps out of nested calls and handlers. */
#ifndef FL_SETJMP_H
#define FL_SETJMP_H

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned long jmp_buf[6]; /* ebx, esi, edi, ebp, esp, eip */

__attribute__((returns_twice)) int setjmp(jmp_buf state);
__attribute__((noreturn)) void longjmp(jmp_buf state, int value);

#define setjmp(state) setjmp(state)

/* BSD's names. They leave the signal mask alone. */
#define _setjmp(state)         setjmp(state)
#define _longjmp(state, value) longjmp(state, value)

/* A jmp_buf, whether the mask was saved, and the mask. */
typedef unsigned long sigjmp_buf[9];

/* setjmp that also saves the signal mask unless `save` is 0, and longjmp that restores it then. */
__attribute__((returns_twice)) int sigsetjmp(sigjmp_buf state, int save);
__attribute__((noreturn)) void siglongjmp(sigjmp_buf state, int value);

#define sigsetjmp(state, save) sigsetjmp(state, save)

#ifdef __cplusplus
}
#endif

#endif
