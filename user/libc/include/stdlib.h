/* <stdlib.h>: memory, numbers, sorting, environment, exit. */
#ifndef FL_STDLIB_H
#define FL_STDLIB_H

#include <stddef.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX     0x7fffffff
#define MB_CUR_MAX   1

typedef struct {
    int quot, rem;
} div_t;
typedef struct {
    long quot, rem;
} ldiv_t;
typedef struct {
    long long quot, rem;
} lldiv_t;

/* Blocks are aligned to 16 bytes. Freeing a pointer that is not a block aborts the program with
 * a line that says why (user/alloc/malloc/malloc.c). */
__attribute__((malloc, alloc_size(1))) void *malloc(size_t size);
__attribute__((malloc, alloc_size(1, 2))) void *calloc(size_t count, size_t size);
__attribute__((alloc_size(2))) void *realloc(void *old, size_t size);
__attribute__((malloc, alloc_size(2))) void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);
void free(void *pointer);

int atoi(const char *text);
long atol(const char *text);
long long atoll(const char *text);
double atof(const char *text);
long strtol(const char *restrict text, char **restrict end, int base);
unsigned long strtoul(const char *restrict text, char **restrict end, int base);
long long strtoll(const char *restrict text, char **restrict end, int base);
unsigned long long strtoull(const char *restrict text, char **restrict end, int base);
double strtod(const char *restrict text, char **restrict end);
float strtof(const char *restrict text, char **restrict end);
long double strtold(const char *restrict text, char **restrict end);

int abs(int value);
long labs(long value);
long long llabs(long long value);
div_t div(int dividend, int divisor);
ldiv_t ldiv(long dividend, long divisor);
lldiv_t lldiv(long long dividend, long long divisor);

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (*compare)(const void *, const void *));

int rand(void);
int rand_r(unsigned int *seed);
void srand(unsigned int seed);

char *getenv(const char *name);

int atexit(void (*function)(void));
__attribute__((noreturn)) void exit(int value);
__attribute__((noreturn)) void _Exit(int value);
__attribute__((noreturn)) void abort(void);

#endif
