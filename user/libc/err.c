/* <err.h>. Each message is one write, because standard error's buffer holds it during the call. */
#include <err.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"

printf_like(1, 0) static void message(const char *format, va_list args)
{
    (void)fprintf(stderr, "%s: ", program_invocation_short_name);
    if (format != NULL) {
        (void)vfprintf(stderr, format, args);
    }
}

void vwarnx(const char *format, va_list args)
{
    message(format, args);
    (void)fputs("\n", stderr);
}

void vwarn(const char *format, va_list args)
{
    int error = errno;
    message(format, args);
    (void)fprintf(stderr, "%s%s\n", format != NULL ? ": " : "", strerror(error));
}

void verr(int value, const char *format, va_list args)
{
    vwarn(format, args);
    exit(value);
}

void verrx(int value, const char *format, va_list args)
{
    vwarnx(format, args);
    exit(value);
}

void warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vwarn(format, args);
    va_end(args);
}

void warnx(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vwarnx(format, args);
    va_end(args);
}

void err(int value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    verr(value, format, args);
}

void errx(int value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    verrx(value, format, args);
}
