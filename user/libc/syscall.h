/*
 * System calls as inline functions: int 0x80 with the number in eax and up to six arguments in ebx,
 * ecx, edx, esi, edi, ebp (Linux i386). They return the kernel's result, a value or
 * -errno in [-4095, -1].
 */
#ifndef LIBC_SYSCALL_H
#define LIBC_SYSCALL_H

#include <abi/faultline.h>
#include <asm/unistd.h>

static inline long syscall0(long number)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(number) : "memory");
    return result;
}

static inline long syscall1(long number, long a)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(a) : "memory");
    return result;
}

static inline long syscall2(long number, long a, long b)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(a), "c"(b) : "memory");
    return result;
}

static inline long syscall3(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}

static inline long syscall4(long number, long a, long b, long c, long d)
{
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d)
                     : "memory");
    return result;
}

static inline long syscall5(long number, long a, long b, long c, long d, long e)
{
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                     : "memory");
    return result;
}

/* ebp may be the frame pointer, which no constraint can name, so it is swapped around the call. */
static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    __asm__ volatile("pushl %[sixth]\n\t"
                     "pushl %%ebp\n\t"
                     "movl 4(%%esp), %%ebp\n\t"
                     "int $0x80\n\t"
                     "popl %%ebp\n\t"
                     "addl $4, %%esp"
                     : "=a"(result)
                     : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e), [sixth] "g"(f)
                     : "memory", "cc");
    return result;
}

/* Turns the kernel's result into C's: sets errno and returns -1 on an error. */
long syscall_result(long answer);

#endif
