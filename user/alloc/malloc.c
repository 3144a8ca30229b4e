/*
 * malloc and its family. A request goes by its size to one of three:
 *
 *   slabs   (malloc_slab.c)   up to 64 bytes: blocks of one size side by side, all that is known of
 *                             them is in records elsewhere.
 *   heap    (malloc_heap.c)   up to 120 KiB: areas tiled by blocks of all sizes, neighbours joined at
 *                             once, bins by size, a good fit in constant time.
 *   large   (malloc_large.c)  an area of its own for each, which grows by moving pages.
 *
 * Before the heap stands a cache, here in this file: blocks of up to 1 KiB that were just given back,
 * one list for each size, last in first out. A dozen instructions each way.
 *
 * Why slabs only for what is small: when sizes and lifetimes mix, the number of live blocks of each
 * size goes up and down, and slabs stay partly empty, a quarter of them at 128 bytes and four blocks to
 * the slab. Blocks that split and join cost a header of a word each, which small blocks cannot afford,
 * and leave 4 % unused in the same run.
 *
 * The header is the word below a block of the heap: its size, three flags, and a seal, a value made of
 * the block's address. A pointer that is freed must have its seal and "handed out" in front of it, and
 * a header must follow where its size says that the next block begins: the heap looks whether that one
 * is right in all it says, the cache only whether it has its seal or looks free. So a double free
 * finds another state or no seal, and an interior pointer meets a right-looking word only by a chance
 * of one in 2^17, and behind it again. Slabs know it for certain. A foreign pointer is outside all
 * areas and is never followed. Each ends in one line that says what the pointer is, and abort. Headers
 * of blocks that cease to be are erased, so no old one is ever found true again.
 *
 * Memory goes back to the kernel: large blocks at once; the heap's top when 128 KiB of it are unused,
 * down to 64; slabs when half of them are empty. Cached blocks count as taken and would pin the heap.
 * So the cache is emptied and closed when less than half of the heap is in use, unless the heap is
 * small anyway; it opens again when three quarters are.
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

#define CACHED_MAX  1024u /* bytes of the largest block that is cached */
#define CACHE_LISTS (CACHED_MAX / GRAIN + 2)

/* A list has room for the largest n with n * (n + 1) * size <= share. Where sizes come and go at random,
 * a list of n sends one in n + 1 to the heap, so one more place in it saves 1 / (n + 1) - 1 / (n + 2) of
 * these ways, and holds half a block on average: all lists end where a byte would save the same. */
#define SHARE_CLOSED 0u
#define SHARE        2400u
#define SHARE_AMPLE  8192u

#define HEAP_SMALL   (128u * 1024)       /* mapped bytes up to which ...                      */
#define HEAP_LARGE   (16u * 1024 * 1024) /* ... and from which on the cache may be ample      */
#define GENEROUS_MAX (1024u * 1024)      /* up to which a cached block may be a grain longer  */

#ifdef FAULTLINE_DEBUG
#define GUARD_SIZE (sizeof(uint32_t) + 1)
#else
#define GUARD_SIZE 0
#endif
#define GUARD_BYTE 0xFD

struct cached {
    struct cached *next;
};

/* Of one size. */
struct list {
    struct cached *first;
    int32_t room; /* so many more may come in */
};

static struct list lists[CACHE_LISTS]; /* by grains; what slabs are for stays empty */
static uint32_t share;                 /* that the lists' rooms are made for          */

/* No other share is wanted while the heap's size is this and what is held lies in this range. */
static struct settled {
    size_t mapped, held_min, held_span;
} settled;

/* ---- The end of programs with errors --------------------------------------------------------------- */

void fl_malloc_stop(const void *block, const char *what)
{
    char line[128];
    int n = snprintf(line, sizeof(line), "malloc: %p: %s\n", block, what);

    (void)!write(STDERR_FILENO, line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1);
    abort();
}

/* A pointer that is no block: says what it is. */
void fl_malloc_stop_pointer(uintptr_t pointer)
{
    uintptr_t block = 0;
    const char *what = "not from malloc";
    char line[128];

    if (fl_slab_contains(pointer)) {
        what = fl_slab_blame(pointer, &block);
    } else if (fl_heap_contains(pointer)) {
        what = fl_heap_blame(pointer, &block);
    } else {
        block = (uintptr_t)fl_large_around((void *)pointer);
        what = block != 0 ? "points into the middle of a block" : what;
    }
    if (block != 0 && block != pointer) {
        (void)snprintf(line, sizeof(line), "invalid pointer: %s (the one at %p)", what,
                       (void *)block);
    } else {
        (void)snprintf(line, sizeof(line), "invalid pointer: %s", what);
    }
    fl_malloc_stop((void *)pointer, line);
}

/* Does not return, but is called as if it did: by functions that can then do without a frame. */
static slow_path void stop_pointer(uintptr_t pointer)
{
    fl_malloc_stop_pointer(pointer);
}

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

/* ---- Front cache ----------------------------------------------------------------------------------- */

static inline struct list *list_of(size_t size)
{
    return &lists[size >> GRAIN_SHIFT];
}

/* Gives all blocks of a list to the heap. */
static void list_empty(struct list *list)
{
    struct cached *block = list->first;

    list->first = NULL;
    while (block != NULL) {
        struct cached *next = block->next;
        *header_of((uintptr_t)block) ^= BLOCK_CACHED;
        fl_heap_give((uintptr_t)block);
        block = next;
    }
}

static void cache_set_share(uint32_t new_share)
{
    if (new_share == share) {
        return;
    }
    share = new_share;
    for (size_t size = size_for(SMALL_MAX); size <= size_for(CACHED_MAX); size += GRAIN) {
        int32_t room = 0;
        while ((size_t)(room + 1) * (size_t)(room + 2) * size <= share) {
            room++;
        }
        list_empty(list_of(size));
        list_of(size)->room = room;
    }
}

/* The share that suits the heap as it is, and how far the heap may change before another might. */
static __attribute__((noinline)) void cache_decide(void)
{
    size_t mapped = fl_heap.mapped, held = fl_heap.held;

    settled = (struct settled){.mapped = mapped, .held_min = 0, .held_span = SIZE_MAX};
    if (mapped <= HEAP_SMALL) {
        cache_set_share(SHARE_AMPLE);
    } else if (held < mapped / 2 || (share == SHARE_CLOSED && held < mapped / 4 * 3)) {
        settled.held_span = mapped / 4 * 3;
        cache_set_share(SHARE_CLOSED);
    } else {
        settled.held_min = mapped / 2;
        settled.held_span = mapped;
        cache_set_share(mapped < HEAP_LARGE ? SHARE : SHARE_AMPLE);
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
static slow_path void *take_uncached(size_t size)
{
    if (fl_heap.mapped <= GENEROUS_MAX && size < size_for(CACHED_MAX)) {
        void *block = cache_take(list_of(size + GRAIN));
        if (block != NULL) {
            return block;
        }
    }
    return (void *)fl_heap_take(size);
}

/* What is too large for the cache. */
static slow_path void *take_uncacheable(size_t bytes)
{
    return bytes <= LARGE_MIN ? (void *)fl_heap_take(size_for(bytes)) : fl_large_take(bytes, GRAIN);
}

static slow_path void *small_take(size_t bytes)
{
    uint32_t grains = grains_for(bytes);
    struct slab *slab = LIST_FIRST(&fl_slabs.with_room[grains]);

    if (likely(slab != NULL)) {
        void *block = slab_take(slab, grains);
        if (likely(block != NULL)) {
            return block;
        }
    }
    return fl_slab_take_next(grains);
}

static inline void *block_take(size_t bytes)
{
    if (bytes <= SMALL_MAX) {
        return small_take(bytes);
    }
    if (likely(bytes <= CACHED_MAX)) {
        size_t size = size_for(bytes);
        void *block = cache_take(list_of(size));
        return likely(block != NULL) ? block : take_uncached(size);
    }
    return take_uncacheable(bytes);
}

/* Is this the address of a block of the heap that is handed out? */
static inline bool is_heap_block(uintptr_t block)
{
    return block % GRAIN == 0 && fl_heap_contains(block) && is_handed_out(header_open(block)) &&
           size_of(block) != 0;
}

/* A block for which the cache has no room. */
static slow_path void give_to_heap(uintptr_t block)
{
    fl_heap_give(block);
    if (unlikely(fl_heap.mapped != settled.mapped ||
                 fl_heap.held - settled.held_min > settled.held_span)) {
        cache_decide();
    }
}

static slow_path void small_give(uintptr_t block)
{
    struct slab *slab = slab_of(block);

    if (unlikely(!is_slab_block(slab, block))) {
        stop_pointer(block);
        return;
    }
    slab->taken ^= slab_bit_of(block);
    if (slab->taken == 0) {
        fl_slab_emptied(slab);
    } else if (!slab->is_listed) {
        fl_slab_list(slab);
    }
}

/* What is not plainly a block of the growing area: NULL, other areas, large blocks, bad pointers. */
static slow_path void give_slowly(uintptr_t block)
{
    if (block == 0) {
        return;
    }
    if (fl_slab_contains(block)) {
        small_give(block);
    } else if (is_heap_block(block)) {
        give_to_heap(block);
    } else if (!fl_large_give((void *)block)) {
        fl_malloc_stop_pointer(block);
    }
}

static slow_path void give_to_cache(uintptr_t block)
{
    struct cached *cached = (struct cached *)block;
    struct list *list;
    size_t size;

    if (unlikely(block >= fl_heap.top || !is_handed_out(header_open(block)))) {
        give_slowly(block);
        return;
    }
    size = size_of(block);
    if (size > size_for(CACHED_MAX) ||
        unlikely(!is_taken(header_open(block + size)) && !is_free(block + size))) {
        give_to_heap(block); /* which stops if the next header is not right */
        return;
    }
    list = list_of(size);
    if (--list->room < 0) {
        list->room = 0;
        give_to_heap(block);
        return;
    }
    cached->next = list->first;
    list->first = cached;
    *header_of(block) |= BLOCK_CACHED;
}

static inline void block_give(void *pointer)
{
    uintptr_t block = (uintptr_t)pointer;

    if (block >= fl_heap.first) {
        give_to_cache(block);
    } else if (fl_slab_contains(block)) {
        small_give(block);
    } else {
        give_slowly(block);
    }
}

/* Bytes that the block has, or the end of the program if there is none. */
static size_t block_usable(const void *pointer)
{
    size_t usable;

    if (fl_slab_contains((uintptr_t)pointer)) {
        usable = fl_slab_usable((uintptr_t)pointer);
    } else if (is_heap_block((uintptr_t)pointer)) {
        usable = bytes_in(size_of((uintptr_t)pointer));
    } else {
        usable = fl_large_usable(pointer);
    }
    if (usable == 0) {
        fl_malloc_stop_pointer((uintptr_t)pointer);
    }
    return usable;
}

/* In place, or by moving pages; NULL: neither can be done. */
static void *block_resize(void *pointer, size_t bytes)
{
    if (fl_slab_contains((uintptr_t)pointer)) {
        uint32_t grains = slab_of((uintptr_t)pointer)->grains, wanted = grains_for(bytes);
        return wanted <= grains && wanted > grains / 2 ? pointer : NULL;
    }
    if (!is_heap_block((uintptr_t)pointer)) {
        bool becomes_small = bytes <= LARGE_MIN / 2;
        return becomes_small ? NULL : fl_large_resize(pointer, bytes);
    }
    if (bytes > LARGE_MIN || !fl_heap_resize((uintptr_t)pointer, size_for(bytes))) {
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

/* What becomes shorter stays where it is when there is no memory to move it to. */
static void *move_block(void *old, size_t old_size, size_t size)
{
    void *new = malloc(size);

    if (new != NULL) {
        memcpy(new, old, old_size < size ? old_size : size);
        block_give(old);
        return new;
    }
    return size <= old_size ? guard_set(old, size) : NULL;
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
    size_t size = size_for(bytes);
    uintptr_t block, at;

    if (bytes > LARGE_MIN || alignment > LARGE_MIN - bytes) {
        return fl_large_take(bytes, alignment);
    }
    block = fl_heap_take(size + alignment);
    if (block == 0) {
        return NULL;
    }
    at = (block + alignment - 1) & ~(uintptr_t)(alignment - 1);
    if (at != block) {
        fl_heap_cut_front(block, at);
    }
    (void)fl_heap_resize(at, size);
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

/* ---- Looking --------------------------------------------------------------------------------------- */

void malloc_walk(void (*visit)(const struct heap_piece *piece, void *context), void *context)
{
    struct heap_walk walk = {.visit = visit, .context = context};

    fl_slab_walk(&walk);
    fl_heap_walk(&walk);
    fl_large_walk(&walk);
}

const char *malloc_check(void)
{
    uint32_t n = 0;
    const char *wrong;

    for (size_t size = 0; size <= size_for(CACHED_MAX); size += GRAIN) {
        const struct cached *block = list_of(size)->first;
        for (; block != NULL; block = block->next, n++) {
            if (!is_cached(header_open((uintptr_t)block)) || size_of((uintptr_t)block) != size) {
                return "a cached block is in the wrong list";
            }
        }
    }
    wrong = fl_slab_check();
    if (wrong == NULL) {
        wrong = fl_heap_check(n);
    }
    return wrong != NULL ? wrong : fl_large_check();
}
