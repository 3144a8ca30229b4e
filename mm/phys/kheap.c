/*
 * Slabs: one frame each, a header and as many objects as fit. Free objects form a list through
 * their first word; objects that were never handed out are not linked at all but start at `fresh`,
 * so that a new slab costs its header and nothing else.
 */
#include "mm/phys/kheap.h"

#include <asm/errno.h>
#include <stdbool.h>

#include "arch/pmap.h"
#include "lib/assert.h"
#include "lib/list.h"
#include "lib/string.h"
#include "mm/phys/frame.h"

#define SLAB_HEADER 32u /* keeps objects aligned to 32 bytes if their size is a multiple of it */

struct slab {
    LIST_ENTRY(slab) link; /* in cache->partial or pinned while it has room */
    void *free;            /* freed objects                                 */
    uint32_t used;
    uint32_t fresh;     /* objects handed out at least once              */
    uint32_t is_pinned; /* 1: holds a part of the reserve; added up      */
};
_Static_assert(sizeof(struct slab) <= SLAB_HEADER, "header fits");

/* ---- One cache -------------------------------------------------------------------------------- */

void kcache_init(struct kcache *cache, const char *name, uint32_t object_size)
{
    assert(object_size >= 8 && object_size <= 2032 && object_size % 8 == 0);
    memset(cache, 0, sizeof(*cache));
    LIST_INIT(&cache->partial);
    LIST_INIT(&cache->pinned);
    cache->name = name;
    cache->object_size = object_size;
    cache->per_slab = (PAGE_SIZE - SLAB_HEADER) / object_size;
}

static struct slab *slab_of(const void *object)
{
    return (struct slab *)((uintptr_t)object & ~(uintptr_t)PAGE_OFFSET_MASK);
}

static struct slab *slab_add(struct kcache *cache, bool is_pinned)
{
    pfn_t pfn = frame_alloc(FRAME_SLAB, FRAME_LOW);

    if (pfn == PFN_NONE) {
        return NULL;
    }
    struct slab *slab = pmap_direct(pfn);

    slab->free = NULL;
    slab->used = 0;
    slab->fresh = 0;
    slab->is_pinned = is_pinned;
    LIST_INSERT_HEAD(is_pinned ? &cache->pinned : &cache->partial, slab, link);
    cache->pinned_free += is_pinned ? cache->per_slab : 0;
    cache->free_objects += cache->per_slab;
    cache->slabs++;
    return slab;
}

static void slab_drop(struct kcache *cache, struct slab *slab)
{
    LIST_REMOVE(slab, link);
    cache->pinned_free -= slab->is_pinned ? cache->per_slab : 0;
    cache->free_objects -= cache->per_slab;
    cache->slabs--;
    frame_unref(pmap_direct_pfn(slab));
}

static void *object_take(struct kcache *cache, struct slab *slab)
{
    void *object = slab->free;

    if (object != NULL) {
        slab->free = *(void **)object;
    } else {
        object = (char *)slab + SLAB_HEADER + slab->fresh * cache->object_size;
        slab->fresh++;
    }
    if (++slab->used == cache->per_slab) {
        LIST_REMOVE(slab, link);
    }
    cache->pinned_free -= slab->is_pinned;
    cache->free_objects--;
    cache->in_use++;
    return object;
}

/* Gives the slab that the object went back to. */
static struct slab *object_put(struct kcache *cache, void *object)
{
    struct slab *slab = slab_of(object);
    uint32_t offset = (uint32_t)((char *)object - (char *)slab) - SLAB_HEADER;

    debug_assert(offset % cache->object_size == 0 && slab->used > 0 && cache->in_use > 0);
    (void)offset;
#ifdef FAULTLINE_DEBUG
    memset(object, KHEAP_POISON, cache->object_size);
#endif
    if (slab->used-- == cache->per_slab) {
        LIST_INSERT_HEAD(slab->is_pinned ? &cache->pinned : &cache->partial, slab, link);
    }
    *(void **)object = slab->free;
    slab->free = object;
    cache->pinned_free += slab->is_pinned;
    cache->free_objects++;
    cache->in_use--;
    return slab;
}

/* What a pinned slab has beyond the reserve is used first. */
void *kcache_alloc(struct kcache *cache)
{
    struct slab *slab = cache->pinned_free > cache->reserve ? LIST_FIRST(&cache->pinned)
                                                            : LIST_FIRST(&cache->partial);

    if (slab == NULL && (slab = slab_add(cache, false)) == NULL) {
        return NULL;
    }
    return object_take(cache, slab);
}

void kcache_free(struct kcache *cache, void *object)
{
    struct slab *slab = object_put(cache, object);

    if (slab->used == 0 && !slab->is_pinned) {
        slab_drop(cache, slab);
    }
}

/* Drops pinned slabs that are empty and that the reserve does not need. */
static void pinned_shrink(struct kcache *cache)
{
    struct slab *slab, *next;

    LIST_FOREACH_SAFE (slab, &cache->pinned, link, next) {
        if (slab->used == 0 && cache->pinned_free - cache->per_slab >= cache->reserve) {
            slab_drop(cache, slab);
        }
    }
}

int kcache_reserve(struct kcache *cache, uint32_t n)
{
    while (cache->pinned_free < cache->reserve + n) {
        if (slab_add(cache, true) == NULL) {
            pinned_shrink(cache);
            return -ENOMEM;
        }
    }
    cache->reserve += n;
    return 0;
}

void kcache_unreserve(struct kcache *cache)
{
    assert(cache->in_use == 0);
    cache->reserve = 0;
    pinned_shrink(cache);
}

void *kcache_alloc_reserved(struct kcache *cache)
{
    assert(cache->reserve > 0);
    cache->reserve--;
    return object_take(cache, LIST_FIRST(&cache->pinned));
}

void kcache_free_reserved(struct kcache *cache, void *object)
{
    const struct slab *slab = object_put(cache, object);

    assert(slab->is_pinned);
    cache->reserve++;
}

/* Gives the free objects of a list's slabs. */
static uint32_t check_slabs(const struct kcache *cache, const struct slab_list *list,
                            bool is_pinned)
{
    const struct slab *slab;
    uint32_t room = 0;

    LIST_FOREACH (slab, list, link) {
        uint32_t listed = 0;
        for (void *const *o = slab->free; o != NULL; o = *o) {
            assert(slab_of(o) == slab);
            listed++;
        }
        assert(slab->used < cache->per_slab && slab->used + listed == slab->fresh);
        assert(slab->is_pinned == is_pinned && (is_pinned || slab->used > 0));
        room += (uint32_t)cache->per_slab - slab->used;
    }
    return room;
}

void kcache_check(const struct kcache *cache)
{
    uint32_t pinned = check_slabs(cache, &cache->pinned, true);
    uint32_t room = check_slabs(cache, &cache->partial, false);

    assert(pinned == cache->pinned_free && cache->reserve <= pinned);
    assert(pinned + room == cache->free_objects);
    assert(cache->in_use + cache->free_objects == cache->slabs * cache->per_slab);
}

/* ---- Odd sizes -------------------------------------------------------------------------------- */

/* Larger than the last class: whole blocks of frames. */
static const uint16_t class_size[] = {16, 32, 64, 96, 128, 192, 256, 352, 512, 672, 992, 2016};
#define CLASSES       array_size(class_size)
#define LARGEST_CLASS 2016u
#define LARGEST_BLOCK (1u << 20)

static struct kcache classes[CLASSES];
static uint8_t class_of_16[LARGEST_CLASS / 16 + 1]; /* by (size + 15) / 16 */

void kheap_init(void)
{
    uint32_t c = 0;

    for (uint32_t i = 0; i < array_size(class_of_16); i++) {
        if (i * 16 > class_size[c]) {
            c++;
        }
        class_of_16[i] = (uint8_t)c;
    }
    for (c = 0; c < CLASSES; c++) {
        kcache_init(&classes[c], "kheap", class_size[c]);
    }
}

static uint32_t block_order(size_t size)
{
    uint32_t order = 0;

    while ((PAGE_SIZE << order) < size) {
        order++;
    }
    return order;
}

void *kheap_alloc(size_t size)
{
    if (size == 0 || size > LARGEST_BLOCK) {
        return NULL;
    }
    if (size <= LARGEST_CLASS) {
        return kcache_alloc(&classes[class_of_16[(size + 15) / 16]]);
    }
    pfn_t pfn = frame_alloc_block(FRAME_KERNEL, block_order(size));

    return pfn == PFN_NONE ? NULL : pmap_direct(pfn);
}

void *kheap_zalloc(size_t size)
{
    void *p = kheap_alloc(size);

    if (p != NULL) {
        memset(p, 0, size);
    }
    return p;
}

uint32_t kheap_frames(size_t size, uint32_t n)
{
    if (size <= LARGEST_CLASS) {
        return n / classes[class_of_16[(size + 15) / 16]].per_slab;
    }
    return n << block_order(size);
}

void kheap_free(void *ptr, size_t size)
{
    if (ptr == NULL) {
        return;
    }
    if (size <= LARGEST_CLASS) {
        kcache_free(&classes[class_of_16[(size + 15) / 16]], ptr);
    } else {
        frame_unref(pmap_direct_pfn(ptr));
    }
}
