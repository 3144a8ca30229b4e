/*
 * Shows MeMS: allocates ten arrays of 250 ints, writes and reads one through mems_get, and prints
 * the chains and how freeing and allocating an array changes them.
 */
#include <mems.h>

#define ARRAYS  10
#define NUMBERS 250

static int *arrays[ARRAYS];

static void take_arrays(void)
{
    printf("------- Allocated virtual addresses [mems_malloc] -------\n");
    for (int i = 0; i < ARRAYS; i++) {
        arrays[i] = mems_malloc(sizeof(int) * NUMBERS);
        printf("Virtual address: %lu\n", (unsigned long)arrays[i]);
    }
}

/* Reaches the same place by its own address and from the start of its array. */
static void write_and_read(void)
{
    printf("------ Assigning value to Virtual address [mems_get] -----\n");
    int *by_address = mems_get(&arrays[0][1]);
    int *by_array = mems_get(&arrays[0][0]);
    if (by_address == NULL || by_array == NULL) {
        return;
    }
    *by_address = 200;
    printf("Virtual address: %lu\tPhysical Address: %p\n", (unsigned long)&arrays[0][1],
           (void *)by_address);
    printf("Value written: %d\n", by_array[1]);
}

int main(void)
{
    mems_init();
    take_arrays();
    write_and_read();
    mems_print_stats();

    printf("------- Freeing up the memory [mems_free] -------\n");
    mems_free(arrays[3]);
    mems_print_stats();
    arrays[3] = mems_malloc(sizeof(int) * NUMBERS);
    mems_print_stats();
    mems_finish();
    return 0;
}
