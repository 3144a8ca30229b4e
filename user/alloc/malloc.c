/*
 * malloc and its family.
 *
 * Three layers, each of which handles what the one above does not:
 *
 *   front cache   (here)            up to 1 KiB: blocks just given back, one list for each size, last
 *                                   in first out, bounded in bytes. A dozen instructions each way.
 *   heap          (malloc_heap.c)   up to 128 KiB: areas tiled by blocks of 16-byte grains, neighbours
 *                                   joined at once, bins by size, good fit in constant time.
 *   large blocks  (malloc_large.c)  an area of its own for each.
 *
 * Why not slabs of one size each, as most allocators have them: when sizes and lifetimes mix, slabs
 * stay half empty because the number of live blocks of each size fluctuates. Blocks that split and join
 * cost a word each and leave 2 to 3 % unused in the same run.
 *
 * The header, one word below every block: its size, three flags, and in the upper half a seal, a value
 * made of the block's address. A pointer that is freed must have its seal and "handed out" in front of
 * it, and a header that is right must follow where the size says that the next block begins. So a
 * double free finds another state or no seal, and an interior pointer meets a right-looking word only
 * by a chance of one in 2^17, and behind it again. A foreign pointer is outside all areas and is never
 * followed. Each ends in one line that says what the pointer is, and abort. Headers of blocks that
 * cease to be are erased, so no old one is ever found true again.
 *
 * Memory goes back to the kernel: large blocks at once; the heap's top when 160 KiB of it are unused,
 * down to 64. Cached blocks count as taken and would pin the heap. So the cache is emptied and closed
 * when less than half of the heap is in use, unless the heap is small anyway; it opens again when three
 * quarters are. As it holds 64 KiB at most, it is closed long before the last block is freed.
 *
 * calloc clears only what has been written before: pages fresh from the kernel are zero, and the heap
 * knows the address from which on it has never handed out anything.
 *
 * With FAULTLINE_DEBUG each block ends in a guard: bytes of a pattern from the requested size on and
 * that size in the last word, looked at when the block is freed or resized.
 *
 * Programs have one thread here; nothing is locked.
 */
#include <malloc.h>
#include <stdlib.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/alloc/malloc_impl.h"
#include "user/alloc/os_pages.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define slow_path   __attribute__((noinline, regparm(3)))

#define CACHE_UNITS_MAX 65u           /* 1024 bytes and the header                         */
#define LIST_BYTES      1024u         /* what each list may hold: one block at least           */
#define HEAP_SMALL      (160u * 1024) /* mapped bytes up to which the cache is always open */

#define GENEROUS_MAX (1024u * 1024) /* up to which a cached block may be a grain too large */

#ifdef FAULTLINE_DEBUG
#define GUARD_SIZE (sizeof(uint32_t) + 1)
#else
#define GUARD_SIZE 0
#endif
#define GUARD_BYTE    0xFD
#define SIZE_TO_BYTES (GRAIN_SHIFT - UNITS_SHIFT) /* from a header's size field */

struct cached {
    struct cached *next;
};

/* Of one size. Eight bytes, as many as a header counts for a grain: the size in a header is the
 * offset of its list. */
struct list {
    struct cached *first;
    uint32_t room; /* so many more may come in; 0 throughout while the cache is closed */
};

static struct list lists[CACHE_UNITS_MAX + 1];
static bool is_open;

_Static_assert(sizeof(struct list) == 1u << UNITS_SHIFT, "a header's size finds its list");

/* ---- The end of programs with errors --------------------------------------------------------------- */

void fl_malloc_stop(const void *block, const char *what)
{
    char line[128];
    int n = snprintf(line, sizeof(line), "malloc: %p: %s\n", block, what);

    (void)!write(STDERR_FILENO, line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1);
    abort();
}

/* A pointer that is no block: says what it is. */
static __attribute__((cold, noinline, noreturn)) void stop_bad_pointer(const void *pointer)
{
    uintptr_t block = 0;
    const char *what = "not from malloc";
    char line[128];

    if (fl_heap_contains((uintptr_t)pointer)) {
        what = fl_heap_blame((uintptr_t)pointer, &block);
    } else {
        block = (uintptr_t)fl_large_around(pointer);
        what = block != 0 ? "points into the middle of a block" : what;
    }
    if (block != 0 && block != (uintptr_t)pointer) {
        (void)snprintf(line, sizeof(line), "invalid pointer: %s (the one at %p)", what,
                       (void *)block);
    } else {
        (void)snprintf(line, sizeof(line), "invalid pointer: %s", what);
    }
    fl_malloc_stop(pointer, line);
}

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

/* ---- Front cache ----------------------------------------------------------------------------------- */

static inline struct list *list_of(uint32_t size_field)
{
    return (struct list *)(void *)((char *)lists + size_field);
}

static void cache_open(void)
{
    is_open = true;
    for (uint32_t units = 1; units <= CACHE_UNITS_MAX; units++) {
        uint32_t room = LIST_BYTES / (units << GRAIN_SHIFT);
        lists[units].room = room > 0 ? room : 1;
    }
}

/* Empties all lists into the heap. */
static void cache_close(void)
{
    is_open = false;
    for (uint32_t units = 1; units <= CACHE_UNITS_MAX; units++) {
        struct cached *block = lists[units].first;
        lists[units] = (struct list){NULL, 0};
        while (block != NULL) {
            struct cached *next = block->next;
            *header_of((uintptr_t)block) ^= BLOCK_CACHED;
            fl_heap_give((uintptr_t)block);
            block = next;
        }
    }
}

static inline void cache_decide(void)
{
    size_t mapped = fl_heap.mapped;
    bool is_small = mapped <= HEAP_SMALL;

    if (is_open && !is_small && fl_heap.held < mapped / 2) {
        cache_close();
    } else if (!is_open && (is_small || fl_heap.held > mapped / 4 * 3)) {
        cache_open();
    }
}

/* ---- Blocks ---------------------------------------------------------------------------------------- */

static __attribute__((cold, noinline, noreturn)) void stop_written_free(const void *block)
{
    fl_malloc_stop(block, "written to after it was freed");
}

/* The block of this list that came in last, or NULL. */
static inline void *cache_take(struct list *list)
{
    struct cached *block = list->first;

    if (likely(block != NULL)) {
        if (unlikely(!is_cached(header_open((uintptr_t)block)))) {
            stop_written_free(block);
        }
        list->first = block->next;
        list->room++;
        *header_of((uintptr_t)block) ^= BLOCK_CACHED;
    }
    return block;
}

/* No block of the right size is cached. In a heap that is not large one with a grain more does as well;
 * in a large one the grains would add up to more than the time is worth. */
static slow_path void *take_slowly(size_t bytes)
{
    uint32_t units = units_for(bytes);
    void *block = NULL;

    if (bytes > LARGE_MIN) {
        block = fl_large_take(bytes, GRAIN);
        return block != NULL ? block : no_memory();
    }
    if (units < CACHE_UNITS_MAX && fl_heap.mapped <= GENEROUS_MAX) {
        block = cache_take(&lists[units + 1]);
    }
    if (block == NULL) {
        block = (void *)fl_heap_take(units);
    }
    return block != NULL ? block : no_memory();
}

static inline void *block_take(size_t bytes)
{
    if (likely(bytes <= bytes_in(CACHE_UNITS_MAX))) {
        void *block = cache_take(&lists[units_for(bytes)]);
        if (likely(block != NULL)) {
            return block;
        }
    }
    return take_slowly(bytes);
}

/* Is this the address of a block of the heap that is handed out? */
static inline bool is_heap_block(uintptr_t block)
{
    return block % GRAIN == 0 && fl_heap_contains(block) && is_handed_out(header_open(block)) &&
           (*header_of(block) & SIZE_MASK) != 0;
}

static inline uint32_t units_of(uintptr_t block)
{
    return (*header_of(block) & SIZE_MASK) >> UNITS_SHIFT;
}

/* A block for which the cache has no room. */
static slow_path void give_to_heap(uintptr_t block)
{
    fl_heap_give(block);
    cache_decide();
}

/* What is not plainly a block of the growing area: NULL, other areas, large blocks, bad pointers. */
static slow_path void give_slowly(void *pointer)
{
    if (pointer == NULL) {
        return;
    }
    if (is_heap_block((uintptr_t)pointer)) {
        give_to_heap((uintptr_t)pointer);
    } else if (!fl_large_give(pointer)) {
        stop_bad_pointer(pointer);
    }
}

static inline void block_give(void *pointer)
{
    uintptr_t block = (uintptr_t)pointer;
    struct cached *cached = pointer;
    struct list *list;
    uint32_t size;

    if (unlikely(block < fl_heap.first || block >= fl_heap.top ||
                 !is_handed_out(header_open(block)))) {
        give_slowly(pointer);
        return;
    }
    size = *header_of(block) & SIZE_MASK;
    if (size > CACHE_UNITS_MAX << UNITS_SHIFT || (list = list_of(size))->room == 0 ||
        unlikely(!is_plausible(header_open(block + ((size_t)size << SIZE_TO_BYTES))))) {
        give_to_heap(block); /* which stops if the next header is not right */
        return;
    }
    list->room--;
    cached->next = list->first;
    list->first = cached;
    *header_of(block) |= BLOCK_CACHED;
}

/* Bytes that the block has, or the end of the program if there is none. */
static size_t block_usable(const void *pointer)
{
    size_t usable;

    if (is_heap_block((uintptr_t)pointer)) {
        return bytes_in(units_of((uintptr_t)pointer));
    }
    usable = fl_large_usable(pointer);
    if (usable == 0) {
        stop_bad_pointer(pointer);
    }
    return usable;
}

/* In place, or by moving pages; NULL: neither can be done. */
static void *block_resize(void *pointer, size_t bytes)
{
    if (!is_heap_block((uintptr_t)pointer)) {
        bool becomes_small = bytes <= LARGE_MIN / 2;
        return becomes_small ? NULL : fl_large_resize(pointer, bytes);
    }
    if (bytes > LARGE_MIN || !fl_heap_resize((uintptr_t)pointer, units_for(bytes))) {
        return NULL;
    }
    return pointer;
}

/* ---- Guards (debug) -------------------------------------------------------------------------------- */

/* The requested size stands in the last word; pattern lies between it and the block's content. */
static inline void *guard_set(void *block, size_t bytes)
{
    if (GUARD_SIZE != 0 && block != NULL) {
        size_t room = block_usable(block) - sizeof(uint32_t);
        uint32_t stored = (uint32_t)bytes;
        memset((char *)block + bytes, GUARD_BYTE, room - bytes);
        memcpy((char *)block + room, &stored, sizeof(stored));
    }
    return block;
}

static inline size_t guard_check(const void *block)
{
    size_t usable = block_usable(block);
    uint32_t bytes;

    if (GUARD_SIZE == 0) {
        return usable;
    }
    memcpy(&bytes, (const char *)block + usable - sizeof(bytes), sizeof(bytes));
    if (bytes > usable - GUARD_SIZE) {
        fl_malloc_stop(block, "written past the end of this block");
    }
    for (size_t i = bytes; i < usable - sizeof(bytes); i++) {
        if (((const unsigned char *)block)[i] != GUARD_BYTE) {
            fl_malloc_stop(block, "written past the end of this block");
        }
    }
    return bytes;
}

/* ---- The public calls ------------------------------------------------------------------------------ */

void *malloc(size_t size)
{
    if (GUARD_SIZE != 0 && size > REQUEST_MAX) {
        return no_memory();
    }
    return guard_set(block_take(size + GUARD_SIZE), size);
}

void free(void *pointer)
{
    if (GUARD_SIZE != 0 && pointer != NULL) {
        (void)guard_check(pointer);
    }
    block_give(pointer); /* NULL is below every block, which costs the others nothing */
}

void *calloc(size_t count, size_t size)
{
    size_t bytes, dirty;
    void *block;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > REQUEST_MAX) {
        return no_memory();
    }
    fl_heap.clean_from = UINTPTR_MAX;
    block = block_take(bytes + GUARD_SIZE);
    if (block == NULL) {
        return NULL;
    }
    dirty = fl_heap.clean_from > (uintptr_t)block ? fl_heap.clean_from - (uintptr_t)block : 0;
    memset(block, 0, dirty < bytes ? dirty : bytes);
    return guard_set(block, bytes);
}

static void *move_block(void *old, size_t old_size, size_t size)
{
    void *new = malloc(size);

    if (new != NULL) {
        memcpy(new, old, old_size < size ? old_size : size);
        block_give(old);
    }
    return new;
}

void *realloc(void *old, size_t size)
{
    size_t old_size;
    void *block;

    if (old == NULL) {
        return malloc(size);
    }
    old_size = guard_check(old);
    if (size == 0) {
        block_give(old);
        return NULL;
    }
    if (size > REQUEST_MAX) {
        return no_memory();
    }
    block = block_resize(old, size + GUARD_SIZE);
    return block != NULL ? guard_set(block, size) : move_block(old, old_size, size);
}

/* A block in the heap whose address is a multiple of more than a grain: one that is longer by the
 * alignment is taken, and what is before and behind is given back. */
static void *take_aligned(size_t alignment, size_t bytes)
{
    uint32_t units = units_for(bytes);
    uintptr_t block, at;

    if (bytes > LARGE_MIN || alignment > LARGE_MIN - bytes) {
        void *large = fl_large_take(bytes, alignment);
        return large != NULL ? large : no_memory();
    }
    block = fl_heap_take(units + (uint32_t)(alignment >> GRAIN_SHIFT));
    if (block == 0) {
        return no_memory();
    }
    at = (block + alignment - 1) & ~(uintptr_t)(alignment - 1);
    if (at != block) {
        fl_heap_cut_front(block, at);
    }
    (void)fl_heap_resize(at, units);
    return (void *)at;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
        errno = EINVAL;
        return NULL;
    }
    if (alignment <= GRAIN) {
        return malloc(size);
    }
    if (size > REQUEST_MAX) {
        return no_memory();
    }
    return guard_set(take_aligned(alignment, size + GUARD_SIZE), size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    int saved = errno;
    void *taken;

    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) {
        return EINVAL;
    }
    taken = aligned_alloc(alignment, size);
    errno = saved;
    if (taken == NULL) {
        return ENOMEM;
    }
    *block = taken;
    return 0;
}

size_t malloc_usable_size(void *pointer)
{
    return pointer != NULL ? guard_check(pointer) : 0;
}

/* ---- Check ----------------------------------------------------------------------------------------- */

const char *malloc_check(void)
{
    uint32_t n = 0;
    const char *wrong;

    for (uint32_t units = 1; units <= CACHE_UNITS_MAX; units++) {
        const struct cached *block = lists[units].first;
        for (; block != NULL; block = block->next, n++) {
            if (!is_cached(header_open((uintptr_t)block)) || units_of((uintptr_t)block) != units) {
                return "a cached block is in the wrong list";
            }
        }
    }
    wrong = fl_heap_check(n);
    return wrong != NULL ? wrong : fl_large_check();
}
