/* <sys/param.h>: BSD's limits and small macros. */
#ifndef FL_SYS_PARAM_H
#define FL_SYS_PARAM_H

#include <limits.h>
#include <sys/types.h>

#define MAXPATHLEN     PATH_MAX
#define MAXNAMLEN      NAME_MAX
#define MAXHOSTNAMELEN 64
#define NOFILE         256
#define NGROUPS        NGROUPS_MAX
#define NBBY           CHAR_BIT

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define howmany(n, unit) (((n) + (unit)-1) / (unit))
#define roundup(n, unit) (howmany(n, unit) * (unit))
#define powerof2(n)      ((((n)-1) & (n)) == 0)
#define setbit(bits, i)  ((bits)[(i) / NBBY] |= 1 << (i) % NBBY)
#define clrbit(bits, i)  ((bits)[(i) / NBBY] &= ~(1 << (i) % NBBY))
#define isset(bits, i)   ((bits)[(i) / NBBY] & 1 << (i) % NBBY)
#define isclr(bits, i)   (!isset(bits, i))

#endif
