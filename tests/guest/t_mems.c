/*
 * Contract 3 in the machine: what MeMS takes from the kernel and gives back, next to <vm.h>, with its
 * start set by the macro.
 */
#define MEMS_START 5000
#include <mems.h>
#include <vm.h>

#include <faultline.h>
#include <heapwalk.h>

#include "tap.h"

static void places(void)
{
    mems_init();
    char *a = mems_malloc(1000);
    char *b = mems_malloc(1);
    is((unsigned long)a, 5000, "the macro MEMS_START says where addresses start");
    is((unsigned long)b, 6000, "mems addresses follow each other without a gap");
    int *number = mems_get(a + 4);
    ok(number != NULL && number == (int *)mems_get(a) + 1,
       "mems_get translates interior addresses");
    *number = 200;
    is(((int *)mems_get(a))[1], 200, "what is written through mems_get is read back");
    mems_free(a);
    is((unsigned long)mems_malloc(500), 5000, "mems_malloc takes the first hole again");
    mems_check();
    mems_finish();
    mems_start = 0;
    mems_init();
    ok(mems_malloc(8) == NULL && mems_get(NULL) != NULL, "mems_start moves the start, to 0 too");
    mems_finish();
}

/* Whole pages come and go, the records included; the second round shows what the first left. */
static void frames(void)
{
    int before[2], after[2];

    for (int round = 0; round < 2; round++) {
        before[round] = freemem();
        mems_init();
        for (int i = 0; i < 1000; i++) {
            char *memory = mems_get(mems_malloc(2000));
            memory[0] = memory[1999] = 1;
        }
        mems_finish();
        after[round] = freemem();
    }
    is(after[1], before[1], "mems_finish gives every frame back");
}

static void exhaustion(void)
{
    mems_start = 1000;
    mems_init();
    ok(mems_malloc((size_t)-1) == NULL && mems_malloc((size_t)-4096) == NULL &&
           mems_malloc(0xC0000000u) == NULL,
       "mems_malloc refuses what the address space cannot hold");
    is((unsigned long)mems_malloc(16), 1000, "a refused mems_malloc changes nothing");
    mems_check();
    mems_finish();
}

int main(void)
{
    places();
    frames();
    exhaustion();
    return done_testing();
}
