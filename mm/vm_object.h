/*
 * Objects and pagers: an object supplies pages, a pager is the code by which one kind of object
 * does that (docs/vm.md). mm/pager/ holds the pagers of mm/, loader/image.c the one of program
 * images.
 *
 * Private anonymous memory has no object: its pages live in the page table alone. Objects exist for
 * what has bytes elsewhere (a file, an ELF image) or what several maps share (shared anonymous
 * memory). A new kind of memory is a new pager; the fault path does not change.
 */
#ifndef MM_VM_OBJECT_H
#define MM_VM_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/faultline.h"
#include "lib/addr.h"
#include "lib/compiler.h"
#include "mm/phys/radix.h"
#include "mm/vm_fault_result.h"
#include "sync/lock.h"

struct vm_pager;
/* Every pointer to an object that is kept owns one of its references. */
struct vm_object {
    const struct vm_pager *pager;
    uint32_t refs;
    struct lock lock; /* the pages that the object knows; not its references */
};

/* Where the bytes of a file come from: implemented by fs/ (an inode embeds one). */
/* What the files of one file system may hold together. */
struct vm_quota {
    uint32_t pages, max_pages; /* stored now; max 0: no limit of its own */
};

struct vm_source {
    const struct vm_source_ops *ops;
    uint64_t size;            /* in bytes, now                                             */
    struct vm_object *object; /* its page cache (mm/pager/file_cache.h) while one exists, a
                                 weak link                                                 */
    struct vm_object copies;  /* the object of its copies (mm/pager/file_copy.h); it exists
                                 while it has references                                   */
    bool is_changed;          /* written or cut (mm/pager/file_store.h); then:             */
    uint64_t backed;          /* the bytes that ops->read knows, zeros behind them         */
    struct radix stored;      /* the pages that were written                               */
    struct vm_quota *quota;   /* which they count for; NULL: none                          */
};
struct vm_source_ops {
    /* Copies exactly len bytes from offset (inside size) to kernel memory. Returns 0 or -EIO.
     * Must not sleep: dst may be a window (arch/pmap.h). */
    int (*read)(struct vm_source *src, uint64_t offset, void *dst, uint32_t len);
    void (*ref)(struct vm_source *src);
    void (*unref)(struct vm_source *src);
    /* Returns a short name for map listings ("/bin/sum"), valid until the next call. */
    const char *(*name)(struct vm_source *src);
};

/* A page that get_page supplies. */
struct vm_page {
    pfn_t pfn;
    bool is_cached;      /* the object's own page, which private areas map read-only and copy on
                            write; else a fresh frame that now belongs to the faulting map alone */
    uint8_t cause;       /* enum vm_cause: demand-zero, file-in, image-in  */
    uint16_t bytes_lost; /* image: bytes of the page outside every segment */
    bool slept;          /* false before the call; set by vm_object_will_sleep alone */
};

/* One holder's part of an object, in frames. */
struct vm_object_part {
    uint32_t pages, nodes; /* memory that programs see; kernel memory: the index */
};

struct vm_pager {
    const char *name;
    /*
     * Makes the page at byte `offset` of the object available, with one reference for the caller.
     * Returns VM_FAULT_RESUME; an out-of-memory result that says what was short; VM_FAULT_IO if
     * the object has no such page or its bytes cannot be read; VM_FAULT_KILLED if it slept and the
     * process is being killed. A failure changes nothing.
     *
     * It may sleep, and calls vm_object_will_sleep before. The map may then change in every way, so
     * the fault looks up again where the page belongs, and drops it if that is nowhere. The
     * reference which that call takes keeps the object until then.
     */
    enum vm_fault_result (*get_page)(struct vm_object *obj, uint64_t offset, struct vm_page *out);
    /* Optional, for fault-around and mincore. Like get_page, but only if the page is in memory:
     * else false. Sets pfn and is_cached alone, and never sleeps. */
    bool (*get_cached)(struct vm_object *obj, uint64_t offset, struct vm_page *out);
    /* Optional, for objects that must know which of their pages are written: the page at `offset`,
     * which get_page has supplied, is about to become writable in a shared area. Without it every
     * page of a shared area is writable from the start. Returns VM_FAULT_RESUME or an out-of-memory
     * result, and never sleeps. */
    enum vm_fault_result (*keep_written)(struct vm_object *obj, uint64_t offset);
    /* Optional, for the loader's segment policy. Sets the byte range [*start, *end) of the object
     * that comes in together with `offset`; without it a page comes in alone. */
    void (*cluster)(struct vm_object *obj, uint64_t offset, uint64_t *start, uint64_t *end);
    /* Called when the last reference is dropped. */
    void (*destroy)(struct vm_object *obj);
    /* Returns a name for map listings, or ""; valid until the next call. */
    const char *(*describe)(struct vm_object *obj);
    /* Optional, both or neither: for memory that belongs to all its holders in equal parts. See
     * vm_object_count_holder and vm_object_part. */
    void (*count_holder)(struct vm_object *obj, uint64_t census, uint64_t turn);
    struct vm_object_part (*part)(struct vm_object *obj, uint64_t turn);
};

/* Sets up an object with one reference, the caller's. */
void vm_object_init(struct vm_object *obj, const struct vm_pager *pager);
void vm_object_ref(struct vm_object *obj);
/* Drops a reference; NULL is ignored. The last one destroys the object, which frees its pages and
 * lets others run meanwhile. */
void vm_object_unref(struct vm_object *obj);

/* A pager calls this before it sleeps in get_page; any number of times. The fault drops the
 * reference when it has looked up again. */
static inline void vm_object_will_sleep(struct vm_object *obj, struct vm_page *out)
{
    if (!out->slept) {
        out->slept = true;
        vm_object_ref(obj);
    }
}

/* ---- Who holds shared memory (contract T4) ------------------------------------------------------
 * */

/*
 * Shared anonymous memory belongs in equal parts to all maps that have an area of it, mapped or
 * not. Their number is counted when somebody asks, map by map, because keeping it up to date would
 * cost every mmap a search. A mark is a number that names one count, or one map's turn in it.
 */

/* Changes with every reference that is taken or dropped. While it stays, so does what was counted.
 * */
extern uint32_t vm_object_changes;
/* Returns a mark that was never used. */
uint64_t vm_object_new_mark(void);
/* Adds one to the object's holders in the count `census`, once in each turn. Ignores objects of
 * other kinds, which hold no frames of their own. */
void vm_object_count_holder(struct vm_object *obj, uint64_t census, uint64_t turn);
/* Returns the part of one holder by the last count; nothing when asked again in the same turn. */
struct vm_object_part vm_object_part(struct vm_object *obj, uint64_t turn);

#endif
