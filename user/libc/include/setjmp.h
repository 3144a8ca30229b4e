/* <setjmp.h>: jumps out of nested calls. Signal masks are not saved. */
#ifndef FL_SETJMP_H
#define FL_SETJMP_H

typedef unsigned long jmp_buf[6]; /* ebx, esi, edi, ebp, esp, eip */

__attribute__((returns_twice)) int setjmp(jmp_buf state);
__attribute__((noreturn)) void longjmp(jmp_buf state, int value);

#define setjmp(state) setjmp(state)

#endif
