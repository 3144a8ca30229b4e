/*
 * Frames as the kernel sees them: the direct map, windows onto the frames above it, and mappings of
 * the kernel's own.
 */
#include "arch/pmap.h"

#include <asm/errno.h>

#include "arch/pmap/pmap_impl.h"
#include "arch/tlb.h"
#include "lib/assert.h"

#define WINDOWS 4u

static uint32_t windows_open;

/* ---- The direct map --------------------------------------------------------------------------- */

void *pmap_direct(pfn_t pfn)
{
    debug_assert(pfn < pmap_direct_end);
    return (void *)(KERNEL_BASE + (pfn << PAGE_SHIFT));
}

pfn_t pmap_direct_pfn(const void *ptr)
{
    return ((uint32_t)ptr - KERNEL_BASE) >> PAGE_SHIFT;
}

pfn_t pmap_direct_limit(void)
{
    return pmap_direct_end;
}

/* ---- Windows ---------------------------------------------------------------------------------- */

void *pmap_window_open(pfn_t pfn)
{
    if (likely(pfn < pmap_direct_end)) {
        return pmap_direct(pfn);
    }
    assert(windows_open < WINDOWS);
    uint32_t va = WINDOW_BASE + (windows_open << PAGE_SHIFT);
    struct pte *slot = &pmap_window_table[windows_open++];

    slot->high = (pfn >> (32 - PAGE_SHIFT)) | pmap_nx_high;
    slot->low = (pfn << PAGE_SHIFT) | PTE_PRESENT | PTE_WRITE;
    return (void *)va;
}

void pmap_window_close(void *window)
{
    uint32_t va = (uint32_t)window;

    if (va < WINDOW_BASE) {
        return;
    }
    assert(windows_open > 0 && va == WINDOW_BASE + ((windows_open - 1) << PAGE_SHIFT));
    pte_clear(&pmap_window_table[--windows_open]);
    tlb_flush_page(va);
}

static inline void fill_words(void *page, uint32_t pattern)
{
    uint32_t words = PAGE_SIZE / 4;

    __asm__ volatile("rep stosl" : "+D"(page), "+c"(words) : "a"(pattern) : "memory");
}

static inline void zero_words(void *page)
{
    fill_words(page, 0);
}

static noinline_fn void zero_through_window(pfn_t pfn)
{
    void *page = pmap_window_open(pfn);

    zero_words(page);
    pmap_window_close(page);
}

void pmap_zero_page(pfn_t pfn)
{
    if (unlikely(pfn >= pmap_direct_end)) {
        zero_through_window(pfn);
        return;
    }
    zero_words(pmap_direct(pfn));
}

void pmap_fill_page(pfn_t pfn, uint32_t pattern)
{
    void *page = pmap_window_open(pfn);

    fill_words(page, pattern);
    pmap_window_close(page);
}

void pmap_copy_page(pfn_t dst, pfn_t src)
{
    void *from = pmap_window_open(src), *to = pmap_window_open(dst);
    void *s = from, *d = to;
    uint32_t words = PAGE_SIZE / 4;

    __asm__ volatile("rep movsl" : "+S"(s), "+D"(d), "+c"(words) : : "memory");
    pmap_window_close(to);
    pmap_window_close(from);
}

/* ---- Kernel mappings -------------------------------------------------------------------------- */

int pmap_kernel_enter(uint32_t kva, pfn_t pfn)
{
    struct pte *dir_entry = &pmap_kernel_dir[(kva >> TABLE_SHIFT) % TABLE_ENTRIES];

    if (!(dir_entry->low & PTE_PRESENT)) {
        pfn_t table = pmap_table_alloc();
        if (table == PFN_NONE) {
            return -ENOMEM;
        }
        pmap_live[table] = 0;
        dir_entry->low = (table << PAGE_SHIFT) | PTE_PRESENT | PTE_WRITE;
    }
    struct pte *slot = &table_of_slot(dir_entry)[table_index(kva)];

    debug_assert(!(slot->low & PTE_PRESENT));
    ++*table_live(dir_entry);
    slot->high = (pfn >> (32 - PAGE_SHIFT)) | pmap_nx_high;
    slot->low = (pfn << PAGE_SHIFT) | PTE_PRESENT | PTE_WRITE;
    return 0;
}

pfn_t pmap_kernel_remove(uint32_t kva)
{
    struct pte *dir_entry = &pmap_kernel_dir[(kva >> TABLE_SHIFT) % TABLE_ENTRIES];
    struct pte *slot = &table_of_slot(dir_entry)[table_index(kva)];
    pfn_t pfn = pte_pfn(slot);

    debug_assert(slot->low & PTE_PRESENT);
    pte_clear(slot);
    if (--*table_live(dir_entry) == 0) {
        pfn_t table = dir_entry->low >> PAGE_SHIFT;
        pte_clear(dir_entry);
        tlb_flush_page(kva);
        pmap_table_free(table);
    } else {
        tlb_flush_page(kva);
    }
    return pfn;
}
