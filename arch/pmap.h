/*
 * pmap: what the machine knows about an address space. PAE page tables, TLB, and the windows
 * through which the kernel sees frames. All page-table bits live behind this header; mm/ speaks
 * of frames and PMAP_* rights only, and the host tests put a fake in its place.
 *
 * The four page-directory-pointer entries split the 4 GiB: three user directories, made with the
 * pmap and kept as long as it lives, and one kernel directory that all pmaps share. Page tables
 * come and go: a table is made by the first entry in its 2 MiB and freed with the last, so that
 * an empty address space costs no table (contract V7). SDM vol. 3, 4.4.
 *
 * Locking: one CPU, interrupts off from trap entry to return; the caller serialises per pmap.
 */
#ifndef ARCH_PMAP_H
#define ARCH_PMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/compiler.h"

#define PMAP_READ   1u
#define PMAP_WRITE  2u
#define PMAP_EXEC   4u
#define PMAP_COW    8u /* only reported: pmap_share(cow) took the write right; gone with pmap_enter */
#define PMAP_ACCESS (PMAP_READ | PMAP_WRITE | PMAP_EXEC)

#define PMAP_USER_DIRS 3

struct pmap {
    _Alignas(32) uint64_t pdpt[4]; /* what CR3 points at; lives in directly mapped memory */
    pfn_t dir_pfn[PMAP_USER_DIRS]; /* user page directories                               */
    uint32_t tables;               /* user page tables that exist now                     */
};

/* A mapping as pmap_lookup found it. No PMAP_ACCESS: the page is held but not accessible (PROT_NONE). */
struct pmap_entry {
    pfn_t pfn;
    uint32_t prot; /* PMAP_*, PMAP_COW too */
    void *slot;    /* private: where pmap_enter_absent puts a page; set also when there is none */
};

/* Frames that left (or were shared between) address spaces; the caller drops or takes the
 * references. Every listed frame's TLB entries are gone when the call returns. */
#define PMAP_BATCH 128
struct pmap_batch {
    uint32_t count;
    pfn_t pfn[PMAP_BATCH];
};

/* ---- Hooks: frames for tables. Defined above (mm/phys/frame.c); pmap calls them. --------------- */

/* A frame of directly mapped memory, all zeros, or PFN_NONE. */
pfn_t pmap_table_alloc(void);
/* Gives a table back. Its 512 entries are all zero again. */
void pmap_table_free(pfn_t pfn);

/* ---- Address spaces ------------------------------------------------------------------------ */

/* Makes an empty address space. 0, or -ENOMEM with nothing taken. Takes three frames. */
must_check int pmap_init(struct pmap *pmap);
/* Frees the directories. Needs: every user mapping removed (asserted: tables == 0), not active
 * (or the boot pmap is activated first). */
void pmap_fini(struct pmap *pmap);
/* Loads CR3 unless this pmap is loaded already. */
void pmap_activate(struct pmap *pmap);
/* Loads the kernel's own page tables, which have no user half. */
void pmap_activate_kernel(void);

/* Makes sure that the page table for va exists, so that pmap_enter there cannot fail. 0/-ENOMEM.
 * A table made here and never entered into is freed by pmap_trim. */
must_check int pmap_reserve(struct pmap *pmap, vaddr_t va);
/* Frees the table of va if no entry is in it. */
void pmap_trim(struct pmap *pmap, vaddr_t va);

/* Maps va to pfn, replacing what was there (the caller knows and owns the old frame). prot 0 holds
 * the frame without access. 0, or -ENOMEM if the table cannot be had (never for a replaced
 * entry). No stale TLB entry survives. */
must_check int pmap_enter(struct pmap *pmap, vaddr_t va, pfn_t pfn, uint32_t prot);
/* Finds the mapping of va: false if there is none. */
bool pmap_lookup(struct pmap *pmap, vaddr_t va, struct pmap_entry *out);
void pmap_fill_slot(void *slot, pfn_t pfn, uint32_t prot); /* private: pmap_enter_absent's */
/* pmap_enter for a page that pmap_lookup, just now, did not find: the walk is not done again.
 * absent: what it left. prot without PMAP_COW. */
must_check static inline int pmap_enter_absent(struct pmap *pmap, vaddr_t va,
                                               const struct pmap_entry *absent, pfn_t pfn,
                                               uint32_t prot)
{
    if (unlikely(absent->slot == NULL)) {
        return pmap_enter(pmap, va, pfn, prot);
    }
    pmap_fill_slot(absent->slot, pfn, prot);
    return 0;
}

/* How many pages from the front of range on have no mapping; not counted past the page table of the
 * first. */
uint32_t pmap_count_absent(const struct pmap *pmap, struct vrange range);
/* pmap_enter for a batch of pages from va on, all absent and in one page table, which pmap_reserve has
 * made. */
void pmap_enter_batch(struct pmap *pmap, vaddr_t va, const struct pmap_batch *batch, uint32_t prot);

/* Takes rights away: every mapping in range keeps at most `prot`. Never grants: rights are granted
 * by the next fault, which knows about copy on write. Held pages stay held. Flushes the TLB. */
void pmap_protect(struct pmap *pmap, struct vrange range, uint32_t prot);

/* The first address of range that has a page table; the end of range if none has. Memory that was
 * never touched mostly has none, and is then done with. */
vaddr_t pmap_next_table(const struct pmap *pmap, struct vrange range);

/*
 * Removes mappings from the front of *left, in ascending order, until out is full or the range is
 * done; frees tables that became empty. *left shrinks from the front.
 *   gives: true if something of *left remains (call again), false when done
 */
bool pmap_remove(struct pmap *pmap, struct vrange *left, struct pmap_batch *out);

/*
 * fork: copies the mappings of *left from src into dst, the same batch protocol. With cow, both
 * sides lose PMAP_WRITE. dst has nothing mapped there.
 *   gives: 1 call again, 0 done, -ENOMEM (out then holds what this call copied; *left starts
 *          behind it; the caller takes those references, then gives up by removing dst's range)
 *   after: when cow, the caller calls pmap_flush(src) once, after the last range
 */
must_check int pmap_share(struct pmap *dst, struct pmap *src, struct vrange *left, bool cow,
                          struct pmap_batch *out);
/* Throws away all user TLB entries of pmap, if it is the active one. */
void pmap_flush(struct pmap *pmap);

/* Finds the first mapping at or after *va and below end: true and *va, *out set; false if none.
 * Skips empty tables whole. */
bool pmap_next(struct pmap *pmap, vaddr_t *va, vaddr_t end, struct pmap_entry *out);

/* ---- Frames as memory ---------------------------------------------------------------------- */

/* A frame that the kernel sees always (below pmap_direct_limit()). */
void *pmap_direct(pfn_t pfn);
pfn_t pmap_direct_pfn(const void *ptr);
/* Frames below this number are directly mapped. */
pfn_t pmap_direct_limit(void);

/* A short-lived view of any frame; closed in reverse order of opening, at most four open. */
void *pmap_window_open(pfn_t pfn);
void pmap_window_close(void *window);

void pmap_zero_page(pfn_t pfn);                   /* rep stosl */
void pmap_fill_page(pfn_t pfn, uint32_t pattern); /* every word of it */
void pmap_copy_page(pfn_t dst, pfn_t src);        /* rep movsl */

/* ---- Kernel mappings (stacks with guards) -------------------------------------------------- */

/* Map and unmap one page of the kernel's dynamic region: read, write, no execute. */
must_check int pmap_kernel_enter(uint32_t kva, pfn_t pfn);
pfn_t pmap_kernel_remove(uint32_t kva);

/* True if the CPU enforces PMAP_EXEC. */
bool pmap_has_nx(void);

/* For the panic screen: the chain of entries for va, in words, cannot fault. Writes at most size
 * bytes including the end. */
void pmap_describe(vaddr_t va, char *buf, uint32_t size);

#endif
