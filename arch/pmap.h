/*
 * pmap: the machine's view of an address space. PAE page tables, the TLB, and the windows through
 * which the kernel accesses frames. arch/pmap/ implements it and alone knows the bits of page-table
 * entries; mm/ knows frames and PMAP_* rights only. The host tests run it over a model of the TLB.
 *
 * The four page-directory-pointer entries split the 4 GiB: three user directories, which
 * exist as long as the pmap, and one kernel directory that all pmaps share. A page table is
 * allocated for the first entry in its 2 MiB and freed with the last, so an empty address space has
 * no table (contract V7). SDM vol. 3, 4.4.
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
#define PMAP_COW    8u /* reported only: pmap_share removed the write right; pmap_enter clears it */
#define PMAP_ACCESS (PMAP_READ | PMAP_WRITE | PMAP_EXEC)

#define PMAP_USER_DIRS 3

struct pmap {
    _Alignas(32) uint64_t pdpt[4]; /* what CR3 points at; lives in directly mapped memory */
    pfn_t dir_pfn[PMAP_USER_DIRS]; /* user page directories                               */
    uint32_t tables;               /* user page tables that exist now                     */
};

/* A mapping as pmap_lookup found it. Without PMAP_ACCESS the page is held but not accessible
 * (PROT_NONE). */
struct pmap_entry {
    pfn_t pfn;
    uint32_t prot; /* PMAP_*, PMAP_COW too */
    void *slot;    /* private: where pmap_enter_absent puts a page; set also when there is none */
};

/* Frames that were removed from an address space or are now shared by two; the caller drops or adds
 * their references. No TLB entry for them remains when the call returns. */
#define PMAP_BATCH 128
struct pmap_batch {
    uint32_t count;
    pfn_t pfn[PMAP_BATCH];
};

/* ---- Hooks: frames for tables. Defined above (mm/phys/frame.c); pmap calls them. --------------- */

/* Allocates a frame of directly mapped memory, all zeros. Returns PFN_NONE if there is none. */
pfn_t pmap_table_alloc(void);
/* Frees a table, whose 512 entries are all zero. */
void pmap_table_free(pfn_t pfn);

/* ---- Address spaces ------------------------------------------------------------------------ */

/* Makes an empty address space, which takes three frames. Returns 0, or -ENOMEM with none taken. */
must_check int pmap_init(struct pmap *pmap);
/* Frees the directories. Every user mapping must have been removed (asserted: tables == 0). If the
 * pmap is active, activates the kernel's own tables first. */
void pmap_fini(struct pmap *pmap);
/* Loads CR3 unless this pmap is loaded already. */
void pmap_activate(struct pmap *pmap);
/* Loads the kernel's own page tables, which have no user half. */
void pmap_activate_kernel(void);

/* Allocates the page table for va if there is none, so that pmap_enter there cannot fail. Returns 0
 * or -ENOMEM. pmap_trim frees the table if nothing was entered. */
must_check int pmap_reserve(struct pmap *pmap, vaddr_t va);
/* Frees the table of va if no entry is in it. */
void pmap_trim(struct pmap *pmap, vaddr_t va);

/* Maps va to pfn and replaces the old mapping, whose frame the caller knows and owns. prot 0 holds
 * the frame without access. Returns 0, or -ENOMEM if a page table is needed and cannot be
 * allocated. No stale TLB entry survives. */
must_check int pmap_enter(struct pmap *pmap, vaddr_t va, pfn_t pfn, uint32_t prot);
/* Finds the mapping of va. Returns false if there is none. */
bool pmap_lookup(struct pmap *pmap, vaddr_t va, struct pmap_entry *out);
void pmap_fill_slot(void *slot, pfn_t pfn, uint32_t prot); /* private: pmap_enter_absent's */
/* Does what pmap_enter does for a page that pmap_lookup has just not found, without a second walk.
 * absent is what pmap_lookup stored. prot has no PMAP_COW. */
must_check static inline int pmap_enter_absent(struct pmap *pmap, vaddr_t va,
                                               const struct pmap_entry *absent, pfn_t pfn,
                                               uint32_t prot)
{
    if (absent->slot == NULL) {
        return pmap_enter(pmap, va, pfn, prot);
    }
    pmap_fill_slot(absent->slot, pfn, prot);
    return 0;
}

/* Returns how many pages from the start of range on have no mapping. Does not count past the page
 * table of the first. */
uint32_t pmap_count_absent(const struct pmap *pmap, struct vrange range);
/* Maps a batch of pages from va on, all absent and in one page table, which pmap_reserve has
 * allocated. */
void pmap_enter_batch(struct pmap *pmap, vaddr_t va, const struct pmap_batch *batch, uint32_t prot);

/* Removes rights: every mapping in range keeps at most `prot`. Never grants one; the next fault
 * does, because it knows about copy on write. Held pages stay held. Flushes the TLB. */
void pmap_protect(struct pmap *pmap, struct vrange range, uint32_t prot);

/* Returns the first address of range that has a page table, or the end of range if none has, which
 * is usual for memory that was never touched. */
vaddr_t pmap_next_table(const struct pmap *pmap, struct vrange range);

/*
 * Removes mappings from the front of *left, in ascending order, until out is full or the range is
 * done; frees tables that became empty. *left shrinks from the front.
 *   Returns true if something of *left remains (call again), false when done.
 */
bool pmap_remove(struct pmap *pmap, struct vrange *left, struct pmap_batch *out);

/*
 * Copies the mappings of *left from src into dst for fork, in batches like pmap_remove. With cow,
 * both sides lose PMAP_WRITE. dst has nothing mapped there.
 *   Returns 1 to be called again, 0 when done, or -ENOMEM. After -ENOMEM out holds what this call
 *   copied and *left starts behind it: the caller adds those references and then removes dst's
 *   range. With cow, the caller calls pmap_flush(src) once, after the last range.
 */
must_check int pmap_share(struct pmap *dst, struct pmap *src, struct vrange *left, bool cow,
                          struct pmap_batch *out);
/* Drops all user TLB entries of pmap, if it is the active one. */
void pmap_flush(struct pmap *pmap);

/* Finds the first mapping at or after *va and below end. Returns true with *va and *out set, or
 * false if there is none. */
bool pmap_next(struct pmap *pmap, vaddr_t *va, vaddr_t end, struct pmap_entry *out);

/* ---- Frames as memory ---------------------------------------------------------------------- */

/* Returns a frame below pmap_direct_limit(), which is always mapped, as memory. */
void *pmap_direct(pfn_t pfn);
/* Returns the frame of such memory. */
pfn_t pmap_direct_pfn(const void *ptr);
/* Returns the number below which frames are directly mapped. */
pfn_t pmap_direct_limit(void);

/* Maps any frame for a short time. Windows are closed in reverse order; at most four are open. */
void *pmap_window_open(pfn_t pfn);
void pmap_window_close(void *window);

void pmap_zero_page(pfn_t pfn);                   /* rep stosl */
void pmap_fill_page(pfn_t pfn, uint32_t pattern); /* every word of it */
void pmap_copy_page(pfn_t dst, pfn_t src);        /* rep movsl */

/* ---- Kernel mappings (stacks with guards) -------------------------------------------------- */

/* Maps one page of the kernel's dynamic region: read, write, no execute. Returns 0 or -ENOMEM. */
must_check int pmap_kernel_enter(uint32_t kva, pfn_t pfn);
/* Unmaps it. Returns its frame. */
pfn_t pmap_kernel_remove(uint32_t kva);

/* True if the CPU enforces PMAP_EXEC. */
bool pmap_has_nx(void);

/* Writes the chain of entries for va as text, for the panic screen; cannot fault. Writes at most
 * size bytes including the terminator. */
void pmap_describe(vaddr_t va, char *buf, uint32_t size);

#endif
