/*
 * Objects and pagers: an object supplies pages, a pager knows how (docs/vm.md).
 *
 * Private anonymous memory has no object: its pages live in the page table alone. Objects exist
 * for what has bytes elsewhere (a file, an ELF image) or what several maps share (shared
 * anonymous memory). A new kind of memory is a new pager; the fault path does not change.
 */
#ifndef MM_VM_OBJECT_H
#define MM_VM_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/faultline.h"
#include "lib/addr.h"
#include "lib/compiler.h"
#include "mm/vm_fault.h"

struct vm_pager;
struct vm_object {
    const struct vm_pager *pager;
    uint32_t refs;
};

/* Where the bytes of a file come from: implemented by fs/ (an inode embeds one). */
struct vm_source {
    const struct vm_source_ops *ops;
    uint64_t size;            /* bytes now                                              */
    struct vm_object *object; /* its page cache object while one exists, a weak link    */
    struct vm_object copies;  /* what its file copies are areas of; no references: none  */
};
struct vm_source_ops {
    /* Copies exactly len bytes from offset (inside size) to kernel memory. 0 or -EIO. */
    int (*read)(struct vm_source *src, uint64_t offset, void *dst, uint32_t len);
    void (*ref)(struct vm_source *src);
    void (*unref)(struct vm_source *src);
    /* A short name for map listings ("/bin/sum"); lives as long as a reference is held. */
    const char *(*name)(struct vm_source *src);
};

/* What get_page answers. */
struct vm_page {
    pfn_t pfn;
    bool is_cached;      /* the object's own page: private areas map it read-only and copy on write.
                            Else a fresh frame that now belongs to the faulting map alone. */
    uint8_t cause;       /* enum vm_cause: demand-zero, file-in, image-in       */
    uint16_t bytes_lost; /* image: bytes of the page outside every segment      */
};

struct vm_pager {
    const char *name;
    /*
     * Makes the page at byte `offset` of the object available and returns it with one reference
     * held for the caller.
     *   gives: VM_FAULT_RESUME; an out-of-memory answer that says what was short; VM_FAULT_IO when
     *          the object has no such page or its bytes cannot be had
     */
    enum vm_fault_result (*get_page)(struct vm_object *obj, uint64_t offset, struct vm_page *out);
    /* Optional. Only pages that are in memory already: true and *out as get_page. Fault-around. */
    bool (*get_cached)(struct vm_object *obj, uint64_t offset, struct vm_page *out);
    /* Optional. The byte range [*start, *end) of the object that comes in together with offset
     * (the loader's segment policy); absent: one page. */
    void (*cluster)(struct vm_object *obj, uint64_t offset, uint64_t *start, uint64_t *end);
    /* The last reference is gone. */
    void (*destroy)(struct vm_object *obj);
    /* A name for map listings, or "". */
    const char *(*describe)(struct vm_object *obj);
};

void vm_object_init(struct vm_object *obj, const struct vm_pager *pager); /* one reference */
void vm_object_ref(struct vm_object *obj);
/* NULL is ignored. The last reference gives the pages back, and lets others run meanwhile. */
void vm_object_unref(struct vm_object *obj);

/* ---- Who holds shared memory (contract T4) ------------------------------------------------------ */

/*
 * Shared anonymous memory belongs to all maps with an area of it, in equal parts, mapped or not. How
 * many those are is counted when somebody asks, map by map: keeping the number up to date would cost
 * every mmap a search. A mark stands for a count or for one map's turn in it.
 */

/* Changes with every reference taken or dropped: while it stays, so does what was counted. */
extern uint32_t vm_object_changes;
/* A mark that was never used. */
uint64_t vm_object_new_mark(void);
/* Adds one to the object's holders in the count `census`, once for each turn. Objects of other kinds
 * hold no frames of their own and are ignored. */
void vm_object_count_holder(struct vm_object *obj, uint64_t census, uint64_t turn);

/* One holder's part of an object, in frames. */
struct vm_object_part {
    uint32_t pages, nodes; /* memory that programs see; kernel memory: the index */
};
/* The part by the last count; nothing when asked again in the same turn. */
struct vm_object_part vm_object_part(struct vm_object *obj, uint64_t turn);

/* ---- Pagers of mm/ ----------------------------------------------------------------------------- */

/* The page cache of a file: one object per source, shared by all mappings, made on first use and
 * gone with the last reference. Cached frames live while mapped or pinned. One reference for the
 * caller, or NULL without memory. */
must_check struct vm_object *vm_object_of_file(struct vm_source *src);

/* Private bytes of a file at any byte offset, zeros past its end: the teaching interface's file
 * areas (contract V5). Every page is a frame of the faulting map's own. One object for all, embedded
 * in the source, so that a lazy area takes no memory (V4): this cannot fail. */
must_check struct vm_object *vm_object_file_copy(struct vm_source *src);

/* Shared anonymous memory of so many pages: zeros on first touch, SIGBUS past them however long the
 * mapping is. Pages stay until the last reference goes, and so long all of them count as promised (mm/commit_charge.h) unless made without
 * reservation. NULL without memory or promise. */
must_check struct vm_object *vm_object_shared_anon(uint32_t pages, bool no_reserve);

#endif
