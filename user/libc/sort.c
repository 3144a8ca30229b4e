/*
 * qsort and bsearch. qsort is heapsort, which needs no extra memory and no recursion and takes
 * O(n log n) for every input; unlike quicksort it has no slow case.
 */
#include <stdint.h>
#include <stdlib.h>

struct sorting {
    char *base;
    size_t size;
    int (*compare)(const void *, const void *);
};

static char *element(const struct sorting *s, size_t i)
{
    return s->base + i * s->size;
}

static void swap(const struct sorting *s, size_t i, size_t j)
{
    char *a = element(s, i), *b = element(s, j);
    for (size_t n = s->size; n > 0; n--, a++, b++) {
        char t = *a;
        *a = *b;
        *b = t;
    }
}

/* Sifts the element at `root` down the heap [0, count) until no child is larger. */
static void sink(const struct sorting *s, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && s->compare(element(s, child), element(s, child + 1)) < 0) {
            child++;
        }
        if (s->compare(element(s, root), element(s, child)) >= 0) {
            return;
        }
        swap(s, root, child);
    }
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    const struct sorting s = {base, size, compare};
    for (size_t i = count / 2; i > 0; i--) {
        sink(&s, i - 1, count);
    }
    for (size_t last = count; last > 1; last--) {
        swap(&s, 0, last - 1);
        sink(&s, 0, last - 1);
    }
}

void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (*compare)(const void *, const void *))
{
    uintptr_t low = (uintptr_t)base;
    while (count > 0) {
        uintptr_t middle = low + count / 2 * size;
        int order = compare(key, (const void *)middle);
        if (order == 0) {
            return (void *)middle;
        }
        if (order > 0) {
            low = middle + size;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return NULL;
}
