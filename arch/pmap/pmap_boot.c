/*
 * The kernel's final page tables: all low memory at KERNEL_BASE, the kernel's own image page by
 * page, with no page both writable and executable (bad-input M22).
 */
#include "arch/pmap/pmap_boot.h"

#include "arch/cpu.h"
#include "arch/pmap/pmap_impl.h"
#include "arch/trap.h"
#include "lib/addr.h"

#define DIRECT_LIMIT_MAX (BOOT_MAPPED_BYTES >> PAGE_SHIFT)

extern const char kernel_end[], text_start[], text_end[], rodata_start[], rodata_end[];
extern const char boot_stack_guard[]; /* the page below the boot thread's stack */

static bool is_inside(uint32_t va, const char *start, const char *end)
{
    return va >= (uint32_t)start && va < (uint32_t)end;
}

/* Maps one page of the kernel's image, with the rights of its section. */
static void kernel_page(struct pte *slot, uint32_t va, uint32_t global)
{
    uint32_t low = (va - KERNEL_BASE) | PTE_PRESENT | global;

    if (va == (uint32_t)boot_stack_guard) {
        return;
    }
    if (is_inside(va, text_start, text_end)) {
        slot->low = low;
        return;
    }
    slot->high = pmap_nx_high;
    slot->low = is_inside(va, rodata_start, rodata_end) ? low : low | PTE_WRITE;
}

static void map_kernel_image(pfn_t (*take)(uint32_t), uint32_t end, uint32_t global)
{
    for (uint32_t va = KERNEL_BASE; va < end; va += TABLE_SPAN) {
        pfn_t pfn = take(1);
        struct pte *table = (struct pte *)(KERNEL_BASE + (pfn << PAGE_SHIFT));
        for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
            kernel_page(&table[i], va + (i << PAGE_SHIFT), global);
        }
        pmap_kernel_dir[(va >> TABLE_SHIFT) % TABLE_ENTRIES].low =
            (pfn << PAGE_SHIFT) | PTE_PRESENT | PTE_WRITE;
    }
}

void pmap_bootstrap(pfn_t ram_end, pfn_t (*take)(uint32_t npages))
{
    const uint32_t span_frames = TABLE_SPAN >> PAGE_SHIFT;
    uint32_t global = cpu_info.pge ? PTE_GLOBAL : 0;
    uint32_t image_top = ((uint32_t)kernel_end + TABLE_SPAN - 1u) & ~(TABLE_SPAN - 1u);

    pmap_nx_high = cpu_info.nx ? PTE_HIGH_NX : 0;
    pmap_direct_end = (ram_end + span_frames - 1u) & ~(span_frames - 1u);
    if (pmap_direct_end > DIRECT_LIMIT_MAX) {
        pmap_direct_end = DIRECT_LIMIT_MAX;
    }
    pfn_t dir = take(1);

    pmap_kernel_dir = (struct pte *)(KERNEL_BASE + (dir << PAGE_SHIFT));
    pmap_kernel_pdpt[KERNEL_DIR] = ((uint64_t)dir << PAGE_SHIFT) | PTE_PRESENT;
    map_kernel_image(take, image_top, global);
    for (uint32_t va = image_top; (va - KERNEL_BASE) >> PAGE_SHIFT < pmap_direct_end;
         va += TABLE_SPAN) {
        struct pte *slot = &pmap_kernel_dir[(va >> TABLE_SHIFT) % TABLE_ENTRIES];
        slot->high = pmap_nx_high;
        slot->low = (va - KERNEL_BASE) | PTE_PRESENT | PTE_WRITE | PTE_LARGE | global;
    }
    pfn_t window = take(1);

    pmap_window_table = (struct pte *)(KERNEL_BASE + (window << PAGE_SHIFT));
    pmap_kernel_dir[(WINDOW_BASE >> TABLE_SHIFT) % TABLE_ENTRIES].low =
        (window << PAGE_SHIFT) | PTE_PRESENT | PTE_WRITE;
    pmap_live =
        (uint16_t *)(KERNEL_BASE +
                     (take((pmap_direct_end * 2u + PAGE_SIZE - 1u) >> PAGE_SHIFT) << PAGE_SHIFT));
    pmap_activate_kernel();
    tss_set_double_fault_cr3((uint32_t)pmap_kernel_pdpt - KERNEL_BASE);
}
