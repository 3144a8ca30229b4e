/* mallinfo and mallinfo2: sums over a walk of malloc. */
#include <heapwalk.h>
#include <limits.h>
#include <malloc.h>

static void add(const struct heap_piece *piece, void *context)
{
    struct mallinfo2 *sum = context;
    if (piece->is_used) {
        sum->uordblks += piece->size;
    } else {
        sum->ordblks++;
        sum->fordblks += piece->size;
    }
}

struct mallinfo2 mallinfo2(void)
{
    struct mallinfo2 sum = {0};
    malloc_walk(add, &sum);
    sum.arena = sum.uordblks + sum.fordblks;
    return sum;
}

static int as_int(size_t n)
{
    return n > INT_MAX ? INT_MAX : (int)n;
}

struct mallinfo mallinfo(void)
{
    struct mallinfo2 sum = mallinfo2();
    return (struct mallinfo){.arena = as_int(sum.arena),
                             .ordblks = as_int(sum.ordblks),
                             .uordblks = as_int(sum.uordblks),
                             .fordblks = as_int(sum.fordblks)};
}
