/* <setjmp.h>: jumps out of nested calls. Signal masks are not saved. */
#ifndef FL_SETJMP_H
#define FL_SETJMP_H

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned long jmp_buf[6]; /* ebx, esi, edi, ebp, esp, eip */

__attribute__((returns_twice)) int setjmp(jmp_buf state);
__attribute__((noreturn)) void longjmp(jmp_buf state, int value);

#define setjmp(state) setjmp(state)

/* BSD's and POSIX's names. There is no signal mask to save yet. */
typedef jmp_buf sigjmp_buf;
#define _setjmp(state)           setjmp(state)
#define _longjmp(state, value)   longjmp(state, value)
#define sigsetjmp(state, save)   ((void)(save), setjmp(state))
#define siglongjmp(state, value) longjmp(state, value)

#ifdef __cplusplus
}
#endif

#endif
