/* What becomes of a call's result, and the bare system call. */
#include "user/libc/syscall.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

/* The 4095 highest values are errors; everything else is a result, even a high address. */
#define ERROR_MAX 4095ul

long syscall_result(long answer)
{
    if ((unsigned long)answer < 0 - ERROR_MAX) {
        return answer;
    }
    errno = (int)-answer;
    return -1;
}

/* Reads six words, however many the caller passed. On i386 they are stack words above the return
 * address, and crt0's frame lies above main's. */
long syscall(long number, ...)
{
    long args[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) {
        args[i] = va_arg(list, long);
    }
    va_end(list);
    return syscall_result(syscall6(number, args[0], args[1], args[2], args[3], args[4], args[5]));
}
