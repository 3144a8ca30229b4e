/* <stdlib.h> and <inttypes.h>: environment, sorting, numbers, random numbers, blocks. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(const char *name)
{
    const char *value = getenv(name);
    printf("%s=%s ", name, value == NULL ? "(none)" : value);
}

static void environment(void)
{
    static char entry[] = "P=put";
    printf("%d ", setenv("A", "one", 1));
    show("A");
    printf("%d ", setenv("A", "two", 0));
    show("A");
    printf("%d ", setenv("A", "three", 1));
    show("A");
    printf("%d ", putenv(entry));
    show("P");
    entry[2] = 'P';
    show("P");
    printf("%d ", unsetenv("A"));
    show("A");
    errno = 0;
    printf("%d %d ", setenv("A=B", "x", 1), errno == EINVAL);
    printf("%d %d\n", unsetenv(""), errno == EINVAL);
    for (int i = 0; i < 100; i++) {
        char name[8];
        snprintf(name, sizeof(name), "N%d", i);
        setenv(name, name, 1);
    }
    show("N0");
    show("N99");
    clearenv();
    show("N99");
    puts("");
}

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int by_context(const void *a, const void *b, void *context)
{
    return *(int *)context * by_value(a, b);
}

static void sorting(void)
{
    int numbers[200], order = -1, key = 77;
    for (int i = 0; i < 200; i++) {
        numbers[i] = i * 7919 % 200;
    }
    qsort(numbers, 200, sizeof(int), by_value);
    int *found = bsearch(&key, numbers, 200, sizeof(int), by_value);
    printf("%d %d %d\n", numbers[0], numbers[199], (int)(found - numbers));
    qsort_r(numbers, 200, sizeof(int), by_context, &order);
    printf("%d %d\n", numbers[0], numbers[199]);
}

static void numbers(void)
{
    int point, is_negative;
    printf("%s", ecvt(3.14159, 4, &point, &is_negative));
    printf(" %d %d\n", point, is_negative);
    printf("%s\n", fcvt(-123.456, 2, &point, &is_negative));
    char text[32];
    printf("%s %s\n", gcvt(0.1, 5, text), l64a(123456));
    printf("%ld\n", a64l("./zZ"));
    imaxdiv_t d = imaxdiv(INTMAX_C(-7), 2);
    printf("%" PRIdMAX " %" PRIdMAX " %" PRIdMAX "\n", d.quot, d.rem, imaxabs(-5));
    lldiv_t l = lldiv(-7, 2);
    printf("%lld %lld %d\n", l.quot, l.rem, div(7, -2).rem);
    static const char *const digits[] = {"0x1F", "-077", "zz", " 12x", "", "99999999999999999999"};
    for (int i = 0; i < 6; i++) {
        char *end;
        errno = 0;
        long long v = strtoll(digits[i], &end, 0);
        printf("%lld %s %d; ", v, end, errno);
        printf("%" PRIuMAX "\n", strtoumax(digits[i], &end, 36));
    }
}

static void randomness(void)
{
    static const unsigned short kept[3] = {1, 2, 3};
    unsigned short state[3];
    srand48(42);
    printf("%.12f %ld %ld\n", drand48(), lrand48(), mrand48());
    memcpy(state, kept, sizeof(state));
    printf("%.12f %ld %ld\n", erand48(state), nrand48(state), jrand48(state));
    srandom(7);
    long first = random();
    srandom(7);
    int is_same = random() == first, in_range = 1, differ = 0;
    for (int i = 0; i < 1000; i++) {
        long n = random();
        in_range &= n >= 0 && n <= 0x7fffffff;
        differ += n != first;
    }
    printf("%d %d %d\n", is_same, in_range, differ > 990);
}

static void blocks(void)
{
    volatile size_t many = SIZE_MAX / 2;
    errno = 0;
    printf("%d ", reallocarray(NULL, many, 4) == NULL && errno == ENOMEM);
    char *block = reallocarray(NULL, 10, 10);
    block = reallocarray(block, 20, 10);
    free(block);
    for (size_t alignment = 16; alignment <= 65536; alignment *= 4) {
        void *aligned = memalign(alignment, 100), *other = NULL;
        printf("%d ", (uintptr_t)aligned % alignment == 0);
        printf("%d ",
               posix_memalign(&other, alignment, 50) == 0 && (uintptr_t)other % alignment == 0);
        free(aligned);
        free(other);
    }
    void *page = valloc(10);
    printf("%d %d\n", (uintptr_t)page % 4096 == 0, posix_memalign(&page, 3, 8) == EINVAL);
}

static void subopts(void)
{
    static char text[] = "ro,size=5,what";
    char *const names[] = {(char[]){"ro"}, (char[]){"size"}, NULL};
    char *at = text, *value;
    while (*at != '\0') {
        int i = getsubopt(&at, names, &value);
        printf("%d %s; ", i, value == NULL ? "-" : value);
    }
    puts("");
}

static void at_exit(void)
{
    puts("at_quick_exit");
    fflush(stdout);
}

int main(void)
{
    environment();
    sorting();
    numbers();
    randomness();
    blocks();
    subopts();
    at_quick_exit(at_exit);
    fflush(stdout);
    quick_exit(3);
}
