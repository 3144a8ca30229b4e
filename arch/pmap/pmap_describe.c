/* A page-table walk as text, for the panic screen. It reads page tables only, so it cannot fault.
 * */
#include "arch/pmap.h"

#include <stddef.h>

#include "arch/pmap/pmap_impl.h"
#include "lib/format.h"

void pmap_describe(vaddr_t va, char *buf, uint32_t size)
{
    const uint64_t *pdpt = pmap_active != NULL ? pmap_active->pdpt : pmap_kernel_pdpt;
    uint64_t top = pdpt[va.raw >> DIR_SHIFT];
    int n = format_buffer(buf, size, "pdpt[%u]=%llx", va.raw >> DIR_SHIFT, (unsigned long long)top);

    for (uint32_t level = 0; level < 2; level++) {
        pfn_t pfn = (pfn_t)(top >> PAGE_SHIFT);
        uint32_t index = level == 0 ? (va.raw >> TABLE_SHIFT) % TABLE_ENTRIES : table_index(va.raw);
        const char *name = level == 0 ? "pd" : "pt";
        if (n < 0 || (uint32_t)n >= size) {
            return;
        }
        if (!(top & PTE_PRESENT) || pfn >= pmap_direct_end) {
            format_buffer(buf + n, size - (uint32_t)n, " (not present: no %s)", name);
            return;
        }
        const struct pte *slot = (const struct pte *)pmap_direct(pfn) + index;
        top = ((uint64_t)slot->high << 32) | slot->low;
        n += format_buffer(buf + n, size - (uint32_t)n, " %s[%u]=%llx", name, index,
                           (unsigned long long)top);
        if (level == 0 && (top & PTE_PRESENT) && (top & PTE_LARGE)) {
            return;
        }
    }
    if (!(top & PTE_PRESENT) && n >= 0 && (uint32_t)n < size) {
        format_buffer(buf + n, size - (uint32_t)n, " (not present)");
    }
}
