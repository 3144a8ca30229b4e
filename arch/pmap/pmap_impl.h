/*
 * The inside of pmap: the format of table entries, and what the files of pmap share.
 *
 *   pmap_impl.c      the variables below
 *   pmap.c           address spaces, tables, single pages
 *   pmap_range.c     many pages at a time: unmap, protect, fork
 *   pmap_kernel.c    how the kernel sees frames, and its own mappings
 *   pmap_boot.c      the final page tables of the kernel
 *   pmap_describe.c  a page-table walk as text, for the panic screen
 *
 * A table entry is 64 bits, written as two 32-bit halves; the low half carries the present bit and
 * is withdrawn first and published last. Page tables and directories always lie in directly mapped
 * memory, so a walk is two loads and no window.
 *
 * pmap_live counts the entries in use of every page table, so that a table is freed with its last
 * entry and nothing ever scans one to find out. A freed table is already zero; pmap_table_free
 * relies on it.
 *
 * A page that is held without access (PROT_NONE) has the present bit clear and PTE_HELD set: the
 * CPU ignores every other bit of such an entry. SDM vol. 3, 4.4.
 */
#ifndef ARCH_PMAP_IMPL_H
#define ARCH_PMAP_IMPL_H

#include "arch/pmap.h"
#include "lib/assert.h"
#include "lib/minmax.h"

struct pte {
    volatile uint32_t low, high;
};

#define PTE_PRESENT 0x001u
#define PTE_WRITE   0x002u
#define PTE_USER    0x004u
#define PTE_LARGE   0x080u
#define PTE_GLOBAL  0x100u
#define PTE_HELD    0x200u /* ours: bits 9..11 are ignored by the CPU */
#define PTE_COW     0x400u /* ours: lost its write right when fork shared it */
#define COW_SHIFT   7      /* from PMAP_COW to PTE_COW */
#define PTE_IN_USE  (PTE_PRESENT | PTE_HELD)
#define PTE_HIGH_NX 0x80000000u

#define TABLE_ENTRIES 512u
#define TABLE_SHIFT   21 /* a page table maps 2 MiB, a directory 1 GiB */
#define TABLE_SPAN    (1u << TABLE_SHIFT)
#define DIR_SHIFT     30
#define KERNEL_DIR    3u          /* index of the kernel's directory */
#define WINDOW_BASE   0xFFE00000u /* one page table from here on: pmap_kernel.c's windows */

/* For so many pages, flushing everything is cheaper than one invlpg per page. */
#define FLUSH_ALL_PAGES 33u

extern struct pmap *pmap_active; /* what CR3 holds; NULL: the kernel's own tables        */
extern uint32_t pmap_nx_high; /* PTE_HIGH_NX if the CPU has it, else 0: bit 63 is reserved then */

/* The rest is set by pmap_bootstrap and stays as it is. */
extern uint64_t pmap_kernel_pdpt[4];
extern struct pte *pmap_kernel_dir;   /* the kernel's directory, part of every address space */
extern struct pte *pmap_window_table; /* maps WINDOW_BASE                                    */
extern uint16_t *pmap_live;   /* entries in use of a table, indexed by the table's frame number */
extern pfn_t pmap_direct_end; /* frames below it are directly mapped                          */

/* Returns bits 12..43 of an entry; NX and the bits below it are shifted out at the top. Two 32-bit
 * shifts, because gcc would put a 64-bit value on the stack. */
static inline pfn_t pfn_of(uint32_t low, uint32_t high)
{
    return low >> PAGE_SHIFT | high << (32 - PAGE_SHIFT);
}

static inline pfn_t pte_pfn(const struct pte *slot)
{
    return pfn_of(slot->low, slot->high);
}

/* Rewrites a live entry. The walker may look between two 32-bit stores, so the half with the
 * present bit is withdrawn first and published last. TLB: the caller's job. */
static inline void pte_set(struct pte *slot, uint32_t low, uint32_t high)
{
    slot->low = 0;
    slot->high = high;
    slot->low = low;
}

static inline void pte_clear(struct pte *slot)
{
    slot->low = 0;
    slot->high = 0;
}

static inline uint32_t user_low(pfn_t pfn, uint32_t prot)
{
    uint32_t low = (pfn << PAGE_SHIFT) | ((prot & PMAP_COW) << COW_SHIFT);

    if (!(prot & PMAP_ACCESS)) {
        return low | PTE_HELD;
    }
    return low | PTE_PRESENT | PTE_USER | (prot & PMAP_WRITE);
}
_Static_assert(PMAP_WRITE == PTE_WRITE && PMAP_COW << COW_SHIFT == PTE_COW, "bits are copied");

static inline uint32_t user_high(pfn_t pfn, uint32_t prot)
{
    return (pfn >> (32 - PAGE_SHIFT)) | ((prot & PMAP_EXEC) ? 0 : pmap_nx_high);
}

/* Returns the entries of a table or directory: an inline pmap_direct. */
static inline struct pte *pte_table(pfn_t pfn)
{
    debug_assert(pfn < pmap_direct_end);
    return (struct pte *)(KERNEL_BASE + (pfn << PAGE_SHIFT));
}

static inline struct pte *dir_slot(const struct pmap *pmap, uint32_t va)
{
    struct pte *dir = pte_table(pmap->dir_pfn[va >> DIR_SHIFT]);

    return &dir[(va >> TABLE_SHIFT) % TABLE_ENTRIES];
}

static inline struct pte *table_of_slot(const struct pte *dir_entry)
{
    return pte_table(dir_entry->low >> PAGE_SHIFT);
}

static inline uint32_t table_index(uint32_t va)
{
    return (va >> PAGE_SHIFT) % TABLE_ENTRIES;
}

static inline uint16_t *table_live(const struct pte *dir_entry)
{
    return &pmap_live[dir_entry->low >> PAGE_SHIFT];
}

/* Returns the count of entries in use of the table that contains the slot. */
static inline uint16_t *slot_live(const struct pte *slot)
{
    return &pmap_live[((uint32_t)slot - KERNEL_BASE) >> PAGE_SHIFT];
}

/* Returns the first address behind the table that maps va, or end if that is lower. User addresses
 * end below 4 GiB, so the sum cannot wrap. */
static inline uint32_t table_end(uint32_t va, uint32_t end)
{
    uint32_t next = (va | (TABLE_SPAN - 1u)) + 1u;

    return min_u32(next, end);
}

static inline uint32_t pte_prot(const struct pte *slot)
{
    uint32_t low = slot->low;
    uint32_t cow = (low & PTE_COW) >> COW_SHIFT;

    if (!(low & PTE_PRESENT)) {
        return cow;
    }
    return PMAP_READ | cow | (low & PTE_WRITE) | ((slot->high & PTE_HIGH_NX) ? 0 : PMAP_EXEC);
}

/* Clears dir_entry, which points to the empty table of va, and frees that table. */
void pmap_table_drop(struct pmap *pmap, struct pte *dir_entry, uint32_t va);

#endif
