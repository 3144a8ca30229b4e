/*
 * Kernel memory: a cache per kind of object (slabs of one frame, objects of one size), and
 * kheap_alloc for everything of odd size. A slab that becomes empty goes back at once, so that
 * freemem() is exact. A cache can hold a reserve: objects that exist already, so that taking them
 * moves no frame (contract V4: the 64 area records of a process). The reserve has slabs of its own,
 * which stay until it is given up: its objects never keep another slab alive.
 *
 * All memory is directly mapped. Debug builds fill freed objects with KHEAP_POISON.
 */
#ifndef MM_PHYS_KHEAP_H
#define MM_PHYS_KHEAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "lib/addr.h"
#include "lib/compiler.h"

struct slab; /* header at the start of a slab's frame, private to kheap.c */

struct kcache {
    const char *name;
    uint32_t object_size; /* bytes, a multiple of 8                        */
    uint32_t per_slab;
    LIST_HEAD(slab_list, slab) partial; /* slabs with room                      */
    struct slab_list pinned;            /* slabs with room of those that hold the reserve */
    uint32_t pinned_free;               /* free objects in pinned slabs                   */
    uint32_t free_objects;              /* in slabs, not handed out                       */
    uint32_t reserve; /* pinned free objects that only kcache_alloc_reserved may take */
    uint32_t in_use;
    uint32_t slabs; /* frames held                                    */
};

/* Prepares a cache; takes no memory. object_size 8..2032, a multiple of 8. */
void kcache_init(struct kcache *cache, const char *name, uint32_t object_size);
/* Makes sure that n more objects exist and keeps them for kcache_alloc_reserved. 0, or -ENOMEM with
 * the reserve as it was. */
must_check int kcache_reserve(struct kcache *cache, uint32_t n);
/* Gives the whole reserve up. Needs: no object of the cache in use. */
void kcache_unreserve(struct kcache *cache);

/* An object, contents undefined, or NULL. Leaves the reserve alone. */
must_check void *kcache_alloc(struct kcache *cache);
/* An object out of the reserve; never NULL while the reserve is not used up (asserted). */
must_check void *kcache_alloc_reserved(struct kcache *cache);
void kcache_free(struct kcache *cache, void *object);
/* Gives an object back into the reserve. */
void kcache_free_reserved(struct kcache *cache, void *object);
void kcache_check(const struct kcache *cache); /* panics on a broken invariant */

void kheap_init(void);
/* size bytes, 16-byte aligned (32 from 32 bytes on), contents undefined; NULL if none. Sizes above
 * 1 MiB fail. size 0 gives NULL. */
must_check void *kheap_alloc(size_t size);
must_check void *kheap_zalloc(size_t size); /* the same, all zeros */
/* Whole frames that n blocks of so many bytes fill. */
uint32_t kheap_frames(size_t size, uint32_t n);
/* Gives back what kheap_alloc(size) gave; NULL is ignored. The same size is required. */
void kheap_free(void *ptr, size_t size);

/* As a word 0xFDFDFDFD, an address that is never mapped, in user space or kernel space. */
#define KHEAP_POISON 0xFD
#endif
