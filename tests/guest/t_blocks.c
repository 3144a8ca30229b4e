/* <malloc.h>'s old names: mallinfo, memalign, valloc, pvalloc; and streams beyond the static ones. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>

#include "tap.h"

#define MANY 40

static void test_mallinfo(void)
{
    struct mallinfo2 before = mallinfo2();
    char *volatile small = malloc(100), *volatile large = malloc(1000000);
    struct mallinfo2 held = mallinfo2();
    size_t more = held.uordblks - before.uordblks;
    ok(more >= 1000100 && more < 1020000, "mallinfo2 counts two blocks in use");
    is(held.arena, held.uordblks + held.fordblks, "all is in use or free");
    is(mallinfo().uordblks, held.uordblks, "mallinfo says the same");
    free(small);
    free(large);
    is(mallinfo2().uordblks, before.uordblks, "and after free as before");
}

static bool is_aligned(const void *block, size_t alignment)
{
    return block != NULL && (uintptr_t)block % alignment == 0;
}

static void test_alignment(void)
{
    char *a = memalign(256, 10), *b = valloc(10), *c = pvalloc(1);
    ok(is_aligned(a, 256), "memalign");
    ok(is_aligned(b, 4096), "valloc");
    ok(is_aligned(c, 4096) && malloc_usable_size(c) >= 4096, "pvalloc rounds up");
    volatile size_t huge = SIZE_MAX - 10;
    ok(pvalloc(huge) == NULL && errno == ENOMEM, "pvalloc of too much");
    free(a);
    free(b);
    free(c);
    ok(malloc_check() == NULL, "malloc is sound");
}

static void test_streams(void)
{
    FILE *all[MANY];
    char byte = 'x';
    int n_open = 0, n_right = 0;
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < MANY; i++) {
        all[i] = fmemopen(&byte, 1, "r");
        n_open += all[i] != NULL;
    }
    is(n_open, MANY, "more streams than there are static ones");
    for (int i = 0; i < MANY; i++) {
        n_right += fgetc(all[i * 7 % MANY]) == 'x' && fclose(all[i * 7 % MANY]) == 0;
    }
    is(n_right, MANY, "each reads its own byte and closes, in any order");
    is(mallinfo2().uordblks, before, "no block is lost");
    ok(fopen("/no such file", "r") == NULL && mallinfo2().uordblks == before,
       "nor by an open that fails");
}

int main(void)
{
    test_mallinfo();
    test_alignment();
    test_streams();
    return done_testing();
}
