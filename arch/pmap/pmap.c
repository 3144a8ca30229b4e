/*
 * PAE page tables: address spaces, the tables in them, single pages (pmap_impl.h has the format).
 */
#include "arch/pmap.h"

#include <asm/errno.h>
#include <stddef.h>

#include "arch/pmap/pmap_impl.h"
#include "arch/tlb.h"
#include "lib/assert.h"

bool pmap_has_nx(void)
{
    return pmap_nx_high != 0;
}

/* ---- Tables ----------------------------------------------------------------------------------- */

static int table_make(struct pmap *pmap, struct pte *dir_entry)
{
    pfn_t pfn = pmap_table_alloc();

    if (pfn == PFN_NONE) {
        return -ENOMEM;
    }
    pmap_live[pfn] = 0;
    dir_entry->low = (pfn << PAGE_SHIFT) | PTE_PRESENT | PTE_WRITE | PTE_USER;
    pmap->tables++;
    return 0;
}

/* invlpg of any address drops the paging-structure caches that may still
 * know the directory entry (SDM vol. 3, 4.10.4.1). */
void pmap_table_drop(struct pmap *pmap, struct pte *dir_entry, uint32_t va)
{
    pfn_t pfn = dir_entry->low >> PAGE_SHIFT;

    pte_clear(dir_entry);
    if (pmap == pmap_active) {
        tlb_flush_page(va);
    }
    pmap->tables--;
    pmap_table_free(pfn);
}

int pmap_reserve(struct pmap *pmap, vaddr_t va)
{
    struct pte *dir_entry = dir_slot(pmap, va.raw);

    return (dir_entry->low & PTE_PRESENT) ? 0 : table_make(pmap, dir_entry);
}

void pmap_trim(struct pmap *pmap, vaddr_t va)
{
    struct pte *dir_entry = dir_slot(pmap, va.raw);

    if ((dir_entry->low & PTE_PRESENT) && *table_live(dir_entry) == 0) {
        pmap_table_drop(pmap, dir_entry, va.raw);
    }
}

/* ---- Address spaces --------------------------------------------------------------------------- */

int pmap_init(struct pmap *pmap)
{
    pmap->tables = 0;
    for (uint32_t i = 0; i < PMAP_USER_DIRS; i++) {
        pfn_t pfn = pmap_table_alloc();
        if (pfn == PFN_NONE) {
            while (i-- > 0) {
                pmap_table_free(pmap->dir_pfn[i]);
            }
            return -ENOMEM;
        }
        pmap->dir_pfn[i] = pfn;
        /* Bits 1, 2 and 5..8 of these entries are reserved: present alone. */
        pmap->pdpt[i] = ((uint64_t)pfn << PAGE_SHIFT) | PTE_PRESENT;
    }
    pmap->pdpt[KERNEL_DIR] = pmap_kernel_pdpt[KERNEL_DIR];
    return 0;
}

void pmap_fini(struct pmap *pmap)
{
    assert(pmap->tables == 0);
    if (pmap == pmap_active) {
        pmap_activate_kernel();
    }
    for (uint32_t i = 0; i < PMAP_USER_DIRS; i++) {
        pmap_table_free(pmap->dir_pfn[i]);
    }
}

void pmap_activate(struct pmap *pmap)
{
    if (pmap != pmap_active) {
        pmap_active = pmap;
        tlb_load_tables((uint32_t)pmap->pdpt - KERNEL_BASE);
    }
}

void pmap_activate_kernel(void)
{
    pmap_active = NULL;
    tlb_load_tables((uint32_t)pmap_kernel_pdpt - KERNEL_BASE);
}

void pmap_flush(struct pmap *pmap)
{
    if (pmap == pmap_active) {
        tlb_load_tables((uint32_t)pmap->pdpt - KERNEL_BASE);
    }
}

/* ---- Single pages ----------------------------------------------------------------------------- */

int pmap_enter(struct pmap *pmap, vaddr_t va, pfn_t pfn, uint32_t prot)
{
    struct pte *dir_entry = dir_slot(pmap, va.raw);
    uint32_t low = user_low(pfn, prot), high = user_high(pfn, prot);

    debug_assert(va.raw >= USER_BASE && va.raw < USER_END);
    if (!(dir_entry->low & PTE_PRESENT)) {
        int err = table_make(pmap, dir_entry);
        if (err != 0) {
            return err;
        }
    }
    struct pte *slot = &table_of_slot(dir_entry)[table_index(va.raw)];
    uint32_t old = slot->low;

    if (!(old & PTE_IN_USE)) {
        ++*table_live(dir_entry);
        slot->high = high;
        slot->low = low;
        return 0;
    }
    pte_set(slot, low, high);
    if (pmap == pmap_active) {
        tlb_flush_page(va.raw);
    }
    return 0;
}

bool pmap_lookup(struct pmap *pmap, vaddr_t va, struct pmap_entry *out)
{
    struct pte *dir_entry = dir_slot(pmap, va.raw);

    if (!(dir_entry->low & PTE_PRESENT)) {
        out->slot = NULL;
        return false;
    }
    struct pte *slot = &table_of_slot(dir_entry)[table_index(va.raw)];

    out->slot = slot;
    if (!(slot->low & PTE_IN_USE)) {
        return false;
    }
    out->pfn = pte_pfn(slot);
    out->prot = pte_prot(slot);
    return true;
}

void pmap_fill_slot(void *slot, pfn_t pfn, uint32_t prot)
{
    struct pte *pte = slot;

    debug_assert(!(pte->low & PTE_IN_USE));
    ++*slot_live(pte);
    pte->high = user_high(pfn, prot);
    pte->low = user_low(pfn, prot & PMAP_ACCESS);
}
