/* <sys/types.h>: Linux i386's types with 64-bit file offsets. */
#ifndef FL_SYS_TYPES_H
#define FL_SYS_TYPES_H

#include <stddef.h>

typedef int ssize_t;
typedef long long off_t;
typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned int id_t;
typedef unsigned int mode_t;
typedef unsigned long long dev_t;
typedef unsigned long long ino_t;
typedef unsigned int nlink_t;
typedef long blksize_t;
typedef long long blkcnt_t;
/* Seconds have 64 bits, as in musl. */
typedef long long time_t;
typedef long long suseconds_t;
typedef unsigned int useconds_t;
typedef long clock_t;
typedef int clockid_t;
/* BSD's and System V's names. */
typedef unsigned int uint;
typedef unsigned char u_char;
typedef unsigned short u_short, ushort;
typedef unsigned int u_int;
typedef unsigned long u_long, ulong;
typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ u_int8_t;
typedef __UINT16_TYPE__ u_int16_t;
typedef __UINT32_TYPE__ u_int32_t;
typedef __UINT64_TYPE__ u_int64_t;

#endif
