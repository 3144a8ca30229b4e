/*
 * allocbench [-a malloc|mems|elastic] [WORKLOAD...]: measures an allocator's cost in time and
 * memory.
 *
 * The clock is RDTSC, which under `./faultline run --icount` counts instructions. Each allocation
 * and each free is timed separately, minus the cost of reading the clock, so the figures exclude
 * the program's own work (random numbers, touching the memory). They include the allocator's page
 * faults but not those of the program's first touches. Every object is stamped at both ends and
 * checked when it is freed.
 *
 *   pair       one object, freed at once, 16..256 bytes
 *   lifo       a stack of 32, 16..256 bytes
 *   fifo       1000 live, the oldest is freed first, 16..1024 bytes
 *   churn1k    1000 live, a random one is replaced, 8..1024 bytes
 *   churn10k   the same with 10 000
 *   churn100k  the same with 100 000
 *   large      1000 live, a random one is replaced, 8..65536 bytes
 *   grow       200 000 of 8..512 bytes, which are then all freed in random order
 *
 * The peers were measured with the same workloads and random numbers (churn1k is ours), so the
 * lines are comparable. If the allocator has to be asked for an object's bytes, as with mems_get,
 * the churns also do that once per step, for a random address inside a random object. elastic has a
 * page limit and a largest size; a workload that exceeds them ends in one line that says so. Each
 * workload runs in a process of its own, so that it inherits nothing from another.
 */
#include <ealloc.h>
#include <inttypes.h>
#include <mems.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <tamalloc.h>
#include <unistd.h>

#define OBJECTS_MAX   200000u
#define SEED          2463534242u
#define CLOCK_TRIES   256
#define KIB           1024u
#define TOUCH_STEP    4096u
#define SAMPLES       32u
#define ELASTIC_GRAIN 256u
#define ELASTIC_PAGES 256

/* ---- The allocators ------------------------------------------------------------------------------ */

static void *take_mems(size_t size)
{
    return mems_malloc(size);
}

static void *take_elastic(size_t size)
{
    return ealloc_mem((int)((size + ELASTIC_GRAIN - 1) / ELASTIC_GRAIN * ELASTIC_GRAIN));
}

static void give_elastic(void *object)
{
    edealloc_mem(object);
}

static void *same_place(void *object)
{
    return object;
}

static void start_elastic(void)
{
    ealloc_max_pages = ELASTIC_PAGES;
    (void)einit_alloc();
}

static void start_nothing(void)
{
}

static const struct allocator {
    const char *name;
    void (*start)(void);
    void *(*take)(size_t size);
    void (*give)(void *object);
    void *(*place)(void *object); /* returns where its bytes are */
} allocators[] = {
    {"malloc", start_nothing, malloc, free, same_place},
    {"mems", mems_init, take_mems, mems_free, mems_get},
    {"elastic", start_elastic, take_elastic, give_elastic, same_place},
};

static const struct allocator *allocator = allocators;

/* ---- Clock and figures --------------------------------------------------------------------------- */

struct cost {
    uint64_t sum;
    uint32_t count, max;
};

static struct cost take_cost, give_cost, place_cost;
static uint32_t clock_cost;
static bool is_counting; /* false while a workload builds up and tears down */

static inline uint32_t now(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return low;
}

static void measure_clock(void)
{
    clock_cost = UINT32_MAX;
    for (int i = 0; i < CLOCK_TRIES; i++) {
        uint32_t start = now(), cost = now() - start;
        clock_cost = cost < clock_cost ? cost : clock_cost;
    }
}

static void count(struct cost *cost, uint32_t elapsed)
{
    if (is_counting) {
        elapsed -= clock_cost;
        cost->sum += elapsed;
        cost->count++;
        cost->max = elapsed > cost->max ? elapsed : cost->max;
    }
}

static struct sizes {
    unsigned long mapped, resident;
} base, peak;
static uint64_t live, live_peak;

static struct sizes sizes_now(void)
{
    struct mem_usage_stats stats = {0};

    if (get_memory_usage_stats(getpid(), &stats, 1) != 1) {
        fprintf(stderr, "allocbench: no memory statistics\n");
        exit(EXIT_FAILURE);
    }
    return (struct sizes){stats.vmsize, stats.vmrss};
}

static unsigned long above(unsigned long value, unsigned long from)
{
    return value > from ? value - from : 0;
}

static void sample(void)
{
    struct sizes at = sizes_now();
    unsigned long mapped = above(at.mapped, base.mapped);
    unsigned long resident = above(at.resident, base.resident);

    peak.mapped = mapped > peak.mapped ? mapped : peak.mapped;
    peak.resident = resident > peak.resident ? resident : peak.resident;
}

/* ---- Objects ------------------------------------------------------------------------------------- */

static struct object {
    void *handle;
    uint32_t size;
} objects[OBJECTS_MAX];

static uint32_t random_state;
static uint32_t place_random_state; /* separate, so that looking into objects changes no workload */
static bool is_full;                /* the allocator had no room, so the workload is aborted */

static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static uint32_t rnd(void)
{
    return random_next(&random_state);
}

static uint32_t between(uint32_t low, uint32_t high)
{
    return low + rnd() % (high - low + 1);
}

static void take(struct object *object, uint32_t size)
{
    uint32_t start = now();
    void *handle = allocator->take(size);
    uint32_t end = now();

    object->handle = handle;
    object->size = size;
    count(&take_cost, end - start);
    if (handle == NULL) {
        is_full = true;
        return;
    }
    unsigned char *bytes = allocator->place(handle);
    for (uint32_t i = 0; i < size; i += TOUCH_STEP) {
        bytes[i] = 1;
    }
    uint32_t stamp = size ^ (uint32_t)(uintptr_t)handle;
    memcpy(bytes, &stamp, sizeof(stamp));
    bytes[size - 1] = (unsigned char)(size * 7); /* sizes are at least 8 */
    live += size;
    live_peak = live > live_peak ? live : live_peak;
}

static void check_stamps(const struct object *object)
{
    const unsigned char *bytes = allocator->place(object->handle);
    uint32_t stamp;

    memcpy(&stamp, bytes, sizeof(stamp));
    if (stamp != (object->size ^ (uint32_t)(uintptr_t)object->handle) ||
        bytes[object->size - 1] != (unsigned char)(object->size * 7)) {
        fprintf(stderr, "allocbench: an object of %" PRIu32 " bytes was overwritten\n",
                object->size);
        exit(EXIT_FAILURE);
    }
}

static void give(struct object *object)
{
    void *handle = object->handle;

    if (handle == NULL) {
        return;
    }
    check_stamps(object);
    live -= object->size;
    object->handle = NULL;
    uint32_t start = now();
    allocator->give(handle);
    uint32_t end = now();
    count(&give_cost, end - start);
}

/* Asks where a byte inside one of n objects is, if the allocator has to be asked. */
static void look_inside_one(uint32_t n)
{
    const struct object *object = &objects[random_next(&place_random_state) % n];
    uint32_t offset = random_next(&place_random_state) % object->size;

    if (allocator->place == same_place || object->handle == NULL) {
        return;
    }
    uint32_t start = now();
    unsigned char *byte = allocator->place((unsigned char *)object->handle + offset);
    uint32_t end = now();
    count(&place_cost, end - start);
    if (byte != (unsigned char *)allocator->place(object->handle) + offset) {
        fprintf(stderr, "allocbench: byte %" PRIu32 " of an object is not in its place\n", offset);
        exit(EXIT_FAILURE);
    }
}

static void give_all(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        give(&objects[i]);
    }
}

/* ---- Workloads ----------------------------------------------------------------------------------- */

static void work_pair(void)
{
    for (uint32_t i = 0; i < 200000 && !is_full; i++) {
        take(&objects[0], between(16, 256));
        give(&objects[0]);
    }
    sample();
}

static void work_lifo(void)
{
    enum { DEPTH = 32 };

    for (uint32_t i = 0; i < 10000 && !is_full; i++) {
        for (uint32_t k = 0; k < DEPTH; k++) {
            take(&objects[k], between(16, 256));
        }
        if (i % 1000 == 0) {
            sample();
        }
        for (uint32_t k = DEPTH; k-- > 0;) {
            give(&objects[k]);
        }
    }
}

static void fill(uint32_t n, uint32_t low, uint32_t high)
{
    is_counting = false;
    for (uint32_t i = 0; i < n && !is_full; i++) {
        take(&objects[i], between(low, high));
    }
    sample();
    is_counting = true;
}

static void empty(uint32_t n)
{
    is_counting = false;
    sample();
    give_all(n);
}

static void churn(uint32_t n, uint32_t low, uint32_t high, uint32_t steps)
{
    fill(n, low, high);
    for (uint32_t i = 0; i < steps && !is_full; i++) {
        struct object *object = &objects[rnd() % n];
        give(object);
        take(object, between(low, high));
        look_inside_one(n);
        if (i % (steps / SAMPLES) == 0) {
            sample();
        }
    }
    empty(n);
}

static void work_churn1k(void)
{
    churn(1000, 8, 1024, 1000000);
}

static void work_churn10k(void)
{
    churn(10000, 8, 1024, 1000000);
}

static void work_churn100k(void)
{
    churn(100000, 8, 1024, 1000000);
}

static void work_large(void)
{
    churn(1000, 8, 65536, 200000);
}

static void work_fifo(void)
{
    const uint32_t n = 1000, steps = 1000000;

    fill(n, 16, 1024);
    for (uint32_t i = 0; i < steps && !is_full; i++) {
        give(&objects[i % n]);
        take(&objects[i % n], between(16, 1024));
        if (i % (steps / SAMPLES) == 0) {
            sample();
        }
    }
    empty(n);
}

static void work_grow(void)
{
    const uint32_t n = OBJECTS_MAX;

    for (uint32_t i = 0; i < n && !is_full; i++) {
        take(&objects[i], between(8, 512));
    }
    sample();
    for (uint32_t i = n - 1; i > 0; i--) {
        uint32_t j = rnd() % (i + 1);
        struct object other = objects[i];
        objects[i] = objects[j];
        objects[j] = other;
    }
    give_all(n);
}

static const struct workload {
    const char *name;
    void (*run)(void);
} workloads[] = {
    {"pair", work_pair},         {"lifo", work_lifo},           {"fifo", work_fifo},
    {"churn10k", work_churn10k}, {"large", work_large},         {"grow", work_grow},
    {"churn1k", work_churn1k},   {"churn100k", work_churn100k},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- The line ------------------------------------------------------------------------------------ */

static double mean(const struct cost *cost)
{
    return cost->count != 0 ? (double)cost->sum / cost->count : 0;
}

static void start_over(void)
{
    random_state = place_random_state = SEED;
    live = live_peak = 0;
    peak = (struct sizes){0, 0};
    take_cost = give_cost = place_cost = (struct cost){0, 0, 0};
    is_counting = true;
    is_full = false;
    for (uint32_t i = 0; i < OBJECTS_MAX; i++) { /* so that the table's own faults happen here */
        objects[i] = (struct object){NULL, 1};
    }
    base = sizes_now();
}

static void run(const struct workload *workload)
{
    start_over();
    workload->run();
    if (is_full) {
        give_all(OBJECTS_MAX);
        printf("%s %s: no room for it\n", allocator->name, workload->name);
        return;
    }
    printf("%s %s malloc=%.1f max=%" PRIu32 " | free=%.1f max=%" PRIu32 " | pair=%.1f",
           allocator->name, workload->name, mean(&take_cost), take_cost.max, mean(&give_cost),
           give_cost.max, mean(&take_cost) + mean(&give_cost));
    if (place_cost.count != 0) {
        printf(" | get=%.1f max=%" PRIu32, mean(&place_cost), place_cost.max);
    }
    printf(" | live_kib=%lu mapped_kib=%lu resident_kib=%lu mapped/live=%.3f"
           " resident_after_kib=%lu\n",
           (unsigned long)(live_peak / KIB), peak.mapped, peak.resident,
           (double)peak.mapped * KIB / (double)live_peak,
           above(sizes_now().resident, base.resident));
}

/* Returns false if the workload failed. */
static bool run_apart(const struct workload *workload)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        allocator->start();
        run(workload);
        exit(EXIT_SUCCESS);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void usage(void)
{
    fprintf(stderr, "usage: allocbench [-a malloc|mems|elastic] [pair|lifo|fifo|churn1k|churn10k|"
                    "churn100k|large|grow ...]\n");
    exit(2);
}

static void choose(const char *name)
{
    for (allocator = allocators; allocator != allocators + COUNT_OF(allocators); allocator++) {
        if (strcmp(allocator->name, name) == 0) {
            return;
        }
    }
    usage();
}

static const struct workload *workload_named(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(workloads); i++) {
        if (strcmp(workloads[i].name, name) == 0) {
            return &workloads[i];
        }
    }
    usage();
    return NULL;
}

int main(int argc, char **argv)
{
    int first = 1;

    if (argc > 2 && strcmp(argv[1], "-a") == 0) {
        choose(argv[2]);
        first = 3;
    }
    for (int i = first; i < argc; i++) {
        (void)workload_named(argv[i]);
    }
    measure_clock();
    bool is_well = true;
    for (int i = first; i < argc; i++) {
        is_well &= run_apart(workload_named(argv[i]));
    }
    for (size_t i = 0; first >= argc && i < COUNT_OF(workloads); i++) {
        is_well &= run_apart(&workloads[i]);
    }
    return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
