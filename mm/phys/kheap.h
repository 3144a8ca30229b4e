/*
 * Kernel memory: a cache per kind of object (slabs of one frame, objects of one size), and
 * kheap_alloc for all other sizes. An empty slab is freed at once, so freemem() is exact. A cache can
 * have a reserve of objects that exist already, so allocating one of them moves no frame (contract
 * V4: the 64 area records of a process). The reserve has slabs of its own, which stay until it is
 * given up, so its objects never keep another slab alive.
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

/* Initialises a cache without allocating memory. object_size is a multiple of 8 from 8 to 2032. */
void kcache_init(struct kcache *cache, const char *name, uint32_t object_size);
/* Adds n objects to the reserve, for kcache_alloc_reserved. Returns 0, or -ENOMEM with the reserve
 * unchanged. */
must_check int kcache_reserve(struct kcache *cache, uint32_t n);
/* Frees the whole reserve. Needs: no object of the cache is in use. */
void kcache_unreserve(struct kcache *cache);

/* Returns an object, contents undefined, or NULL. Leaves the reserve alone. */
must_check void *kcache_alloc(struct kcache *cache);
/* Returns an object of the reserve, never NULL. Needs: the reserve is not used up (asserted). */
must_check void *kcache_alloc_reserved(struct kcache *cache);
void kcache_free(struct kcache *cache, void *object);
/* Frees an object into the reserve. */
void kcache_free_reserved(struct kcache *cache, void *object);
void kcache_check(const struct kcache *cache); /* panics on a broken invariant */

void kheap_init(void);
/* Returns size bytes, contents undefined, aligned to 16 bytes, and to 32 from 32 bytes on. Returns
 * NULL without memory, for size 0 and above 1 MiB. */
must_check void *kheap_alloc(size_t size);
must_check void *kheap_zalloc(size_t size); /* the same, all zeros */
/* Returns how many whole frames n blocks of this size fill. */
uint32_t kheap_frames(size_t size, uint32_t n);
/* Frees what kheap_alloc returned for the same size. NULL is ignored. */
void kheap_free(void *ptr, size_t size);

/* As a word 0xFDFDFDFD, an address that is never mapped, in user space or kernel space. */
#define KHEAP_POISON 0xFD
#endif
