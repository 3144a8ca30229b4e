/* <stdlib.h>: memory, numbers, sorting, environment, exit. docs/libc.md names what comes from musl. */
#ifndef FL_STDLIB_H
#define FL_STDLIB_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

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
/* realloc for count * size bytes; NULL and ENOMEM if that overflows. */
__attribute__((alloc_size(2, 3))) void *reallocarray(void *old, size_t count, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);
void free(void *pointer);

int atoi(const char *text);
long atol(const char *text);
long long atoll(const char *text);
double atof(const char *text);
long strtol(const char *__restrict text, char **__restrict end, int base);
unsigned long strtoul(const char *__restrict text, char **__restrict end, int base);
long long strtoll(const char *__restrict text, char **__restrict end, int base);
unsigned long long strtoull(const char *__restrict text, char **__restrict end, int base);
double strtod(const char *__restrict text, char **__restrict end);
float strtof(const char *__restrict text, char **__restrict end);
long double strtold(const char *__restrict text, char **__restrict end);

/* Digits of a number, as in 4.3BSD. The text is overwritten by the next call. */
char *ecvt(double value, int n_digits, int *point, int *is_negative);
char *fcvt(double value, int n_digits, int *point, int *is_negative);
char *gcvt(double value, int n_digits, char *to);
/* 32-bit numbers in radix 64. */
long a64l(const char *text);
char *l64a(long value);

/* One multibyte character, or a string of them. There is only the "C" locale: every byte is a
 * character, and bytes from 0x80 on become wide characters from 0xDF80 on. */
int mblen(const char *s, size_t n);
int mbtowc(wchar_t *__restrict to, const char *__restrict s, size_t n);
int wctomb(char *to, wchar_t c);
size_t mbstowcs(wchar_t *__restrict to, const char *__restrict from, size_t n);
size_t wcstombs(char *__restrict to, const wchar_t *__restrict from, size_t n);

int abs(int value);
long labs(long value);
long long llabs(long long value);
div_t div(int dividend, int divisor);
ldiv_t ldiv(long dividend, long divisor);
lldiv_t lldiv(long long dividend, long long divisor);

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
/* Passes context to compare as its third argument (POSIX 2024). */
void qsort_r(void *base, size_t count, size_t size,
             int (*compare)(const void *, const void *, void *), void *context);
void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (*compare)(const void *, const void *));

int rand(void);
int rand_r(unsigned int *seed);
void srand(unsigned int seed);

/* BSD's generator, 31 bits. */
long random(void);
void srandom(unsigned int seed);
char *initstate(unsigned int seed, char *state, size_t size);
char *setstate(char *state);

/* System V's generators of 48 bits: [0, 1), 31 bits, 32 bits with sign. */
double drand48(void);
double erand48(unsigned short state[3]);
long lrand48(void);
long nrand48(unsigned short state[3]);
long mrand48(void);
long jrand48(unsigned short state[3]);
void srand48(long seed);
unsigned short *seed48(unsigned short seed[3]);
void lcong48(unsigned short parameters[7]);

char *getenv(const char *name);
int setenv(const char *name, const char *value, int overwrite);
int unsetenv(const char *name);
int putenv(char *entry);
int clearenv(void);
/* Reads the next "name=value" of a list with commas. Returns its place in names, or -1. */
int getsubopt(char **list, char *const *names, char **value);

/* Stores path without ".", ".." and symbolic links in `to`, of PATH_MAX bytes, or in a new block if
 * `to` is NULL. Returns NULL if a part does not exist. */
char *realpath(const char *__restrict path, char *__restrict to);

/* Runs a command by /bin/sh and returns its status as waitpid does, or -1. NULL: is there a shell? */
int system(const char *command);

/* Make a name of a template that ends with "XXXXXX" and create a file or folder of that name. Return
 * its descriptor, or the template. */
int mkstemp(char *template_name);
int mkostemp(char *template_name, int flags);
char *mkdtemp(char *template_name);

int atexit(void (*function)(void));
int at_quick_exit(void (*function)(void));
__attribute__((noreturn)) void quick_exit(int value);
__attribute__((noreturn)) void exit(int value);
__attribute__((noreturn)) void _Exit(int value);
__attribute__((noreturn)) void abort(void);

#ifdef __cplusplus
}
#endif

#endif
