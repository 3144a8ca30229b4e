/* <err.h>: BSD's messages on standard error, "PROGRAM: TEXT: strerror(errno)". */
#ifndef FL_ERR_H
#define FL_ERR_H

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FL_PRINTF(at, first) __attribute__((__format__(__printf__, at, first)))

/* With the text of errno at the end. format may be NULL. */
void warn(const char *format, ...) FL_PRINTF(1, 2);
void vwarn(const char *format, va_list args) FL_PRINTF(1, 0);
/* Without it. */
void warnx(const char *format, ...) FL_PRINTF(1, 2);
void vwarnx(const char *format, va_list args) FL_PRINTF(1, 0);
/* The same, then exit(value). */
__attribute__((noreturn)) void err(int value, const char *format, ...) FL_PRINTF(2, 3);
__attribute__((noreturn)) void verr(int value, const char *format, va_list args) FL_PRINTF(2, 0);
__attribute__((noreturn)) void errx(int value, const char *format, ...) FL_PRINTF(2, 3);
__attribute__((noreturn)) void verrx(int value, const char *format, va_list args) FL_PRINTF(2, 0);

#undef FL_PRINTF

#ifdef __cplusplus
}
#endif

#endif
