/* <sys/cdefs.h>: the macros of BSD's headers that programs use. Not a standard header. */
#ifndef FL_SYS_CDEFS_H
#define FL_SYS_CDEFS_H

#ifdef __cplusplus
#define __BEGIN_DECLS extern "C" {
#define __END_DECLS   }
#define __THROW       noexcept(true)
#else
#define __BEGIN_DECLS
#define __END_DECLS
#define __THROW
#endif

#define __P(arguments)          arguments
#define __CONCAT(first, second) first##second
#define __STRING(text)          #text

#endif
