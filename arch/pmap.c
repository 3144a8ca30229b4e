/*
 * PAE page tables (SDM vol. 3, 4.4).
 *
 * A table entry is 64 bits, written as two 32-bit halves; the low half carries the present bit and
 * is withdrawn first and published last. Page tables and directories always lie in directly mapped
 * memory, so a walk is two loads and no window.
 *
 * How many entries of a page table are in use is kept in `live`, two bytes for every directly
 * mapped frame, so that the table is freed with its last entry and nothing ever scans one to find
 * out. A table that is freed is all zeros again, and says so to pmap_table_free: the next table
 * need not be cleared.
 *
 * A page that is held without access (PROT_NONE) has the present bit clear and PTE_HELD set: the
 * CPU ignores every other bit of such an entry.
 */
#include "arch/pmap.h"

#include <asm/errno.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/pmap_boot.h"
#include "arch/tlb.h"
#include "arch/trap.h"
#include "lib/assert.h"
#include "lib/format.h"

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
#define KERNEL_DIR    3u /* index of the kernel's directory */

#define DIRECT_LIMIT_MAX ((896u << 20) >> PAGE_SHIFT)
#define WINDOW_BASE      0xFFE00000u
#define WINDOWS          4u

/* From here on a flush of everything is cheaper than one invlpg per page. */
#define FLUSH_ALL_PAGES 33u

static _Alignas(32) uint64_t kernel_pdpt[4];
static struct pte *kernel_dir;
static struct pte *window_table;
static uint32_t windows_open;
static uint16_t *live; /* entries in use, indexed by the table's frame number */
static pfn_t direct_limit;
static struct pmap *active;
static uint32_t nx_high; /* PTE_HIGH_NX where the CPU has it, else 0: bit 63 is reserved there */

extern const char kernel_end[], text_start[], text_end[], rodata_start[], rodata_end[];
extern const char boot_stack_guard[]; /* the page below the boot thread's stack */

/* ---- Small parts ---------------------------------------------------------------------------- */

void *pmap_direct(pfn_t pfn)
{
    debug_assert(pfn < direct_limit);
    return (void *)(KERNEL_BASE + (pfn << PAGE_SHIFT));
}

pfn_t pmap_direct_pfn(const void *ptr)
{
    return ((uint32_t)ptr - KERNEL_BASE) >> PAGE_SHIFT;
}

pfn_t pmap_direct_limit(void)
{
    return direct_limit;
}

bool pmap_has_nx(void)
{
    return nx_high != 0;
}

/* Bits 12..43 of the entry; NX and what lies between fall out at the top. Not by way of 64 bits, for
 * which gcc goes through the stack. */
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

    if ((prot & PMAP_ACCESS) == 0) {
        return low | PTE_HELD;
    }
    return low | PTE_PRESENT | PTE_USER | (prot & PMAP_WRITE);
}
_Static_assert(PMAP_WRITE == PTE_WRITE && PMAP_COW << COW_SHIFT == PTE_COW, "bits are copied");

static inline uint32_t user_high(pfn_t pfn, uint32_t prot)
{
    return (pfn >> (32 - PAGE_SHIFT)) | ((prot & PMAP_EXEC) ? 0 : nx_high);
}

static inline struct pte *dir_slot(const struct pmap *pmap, uint32_t va)
{
    struct pte *dir = pmap_direct(pmap->dir_pfn[va >> DIR_SHIFT]);

    return &dir[(va >> TABLE_SHIFT) % TABLE_ENTRIES];
}

static inline struct pte *table_of_slot(const struct pte *dir_entry)
{
    return pmap_direct(dir_entry->low >> PAGE_SHIFT);
}

static inline uint32_t table_index(uint32_t va)
{
    return (va >> PAGE_SHIFT) % TABLE_ENTRIES;
}

static inline uint16_t *table_live(const struct pte *dir_entry)
{
    return &live[dir_entry->low >> PAGE_SHIFT];
}

/* First address behind the table that maps va, or end if that comes first. The top of the user
 * half is no table's end that could wrap. */
static inline uint32_t table_end(uint32_t va, uint32_t end)
{
    uint32_t next = (va | (TABLE_SPAN - 1u)) + 1u;

    return next < end ? next : end;
}

/* ---- Tables come and go ---------------------------------------------------------------------- */

static int table_make(struct pmap *pmap, struct pte *dir_entry)
{
    pfn_t pfn = pmap_table_alloc();

    if (pfn == PFN_NONE) {
        return -ENOMEM;
    }
    live[pfn] = 0;
    dir_entry->low = (pfn << PAGE_SHIFT) | PTE_PRESENT | PTE_WRITE | PTE_USER;
    pmap->tables++;
    return 0;
}

/* Unhooks an empty table. invlpg of any address drops the paging-structure caches that may still
 * know the directory entry (SDM vol. 3, 4.10.4.1). */
static void table_drop(struct pmap *pmap, struct pte *dir_entry, uint32_t va)
{
    pfn_t pfn = dir_entry->low >> PAGE_SHIFT;

    pte_clear(dir_entry);
    if (pmap == active) {
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
        table_drop(pmap, dir_entry, va.raw);
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
    pmap->pdpt[KERNEL_DIR] = kernel_pdpt[KERNEL_DIR];
    return 0;
}

void pmap_fini(struct pmap *pmap)
{
    assert(pmap->tables == 0);
    if (pmap == active) {
        pmap_activate_kernel();
    }
    for (uint32_t i = 0; i < PMAP_USER_DIRS; i++) {
        pmap_table_free(pmap->dir_pfn[i]);
    }
}

void pmap_activate(struct pmap *pmap)
{
    if (pmap != active) {
        active = pmap;
        tlb_load_tables((uint32_t)pmap->pdpt - KERNEL_BASE);
    }
}

void pmap_activate_kernel(void)
{
    active = NULL;
    tlb_load_tables((uint32_t)kernel_pdpt - KERNEL_BASE);
}

void pmap_flush(struct pmap *pmap)
{
    if (pmap == active) {
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
    if (pmap == active) {
        tlb_flush_page(va.raw);
    }
    return 0;
}

static uint32_t pte_prot(const struct pte *slot)
{
    uint32_t low = slot->low;
    uint32_t cow = (low & PTE_COW) >> COW_SHIFT;

    if (!(low & PTE_PRESENT)) {
        return cow;
    }
    return PMAP_READ | cow | (low & PTE_WRITE) | ((slot->high & PTE_HIGH_NX) ? 0 : PMAP_EXEC);
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
    live[pmap_direct_pfn(pte)]++;
    pte->high = user_high(pfn, prot);
    pte->low = user_low(pfn, prot & PMAP_ACCESS);
}

uint32_t pmap_count_absent(const struct pmap *pmap, struct vrange range)
{
    uint32_t va = range.start.raw, n = (table_end(va, range.end.raw) - va) >> PAGE_SHIFT;
    const struct pte *dir_entry = dir_slot(pmap, va);

    if (!(dir_entry->low & PTE_PRESENT)) {
        return n;
    }
    const struct pte *first = &table_of_slot(dir_entry)[table_index(va)], *slot = first;

    while (slot < first + n && !(slot->low & PTE_IN_USE)) {
        slot++;
    }
    return (uint32_t)(slot - first);
}

void pmap_enter_batch(struct pmap *pmap, vaddr_t va, const struct pmap_batch *batch, uint32_t prot)
{
    const struct pte *dir_entry = dir_slot(pmap, va.raw);
    struct pte *slot = &table_of_slot(dir_entry)[table_index(va.raw)];
    uint16_t *in_use = table_live(dir_entry);

    for (uint32_t i = 0; i < batch->count; i++, slot++) {
        debug_assert(!(slot->low & PTE_IN_USE));
        slot->high = user_high(batch->pfn[i], prot);
        slot->low = user_low(batch->pfn[i], prot);
    }
    *in_use = (uint16_t)(*in_use + batch->count);
}

bool pmap_next(struct pmap *pmap, vaddr_t *va, vaddr_t end, struct pmap_entry *out)
{
    uint32_t at = va->raw;

    while (at < end.raw) {
        uint32_t stop = table_end(at, end.raw);
        struct pte *dir_entry = dir_slot(pmap, at);
        if (dir_entry->low & PTE_PRESENT) {
            struct pte *slot = &table_of_slot(dir_entry)[table_index(at)];
            for (; at < stop; at += PAGE_SIZE, slot++) {
                if (slot->low & PTE_IN_USE) {
                    va->raw = at;
                    out->pfn = pte_pfn(slot);
                    out->prot = pte_prot(slot);
                    return true;
                }
            }
        }
        at = stop;
    }
    return false;
}

/* ---- Ranges ----------------------------------------------------------------------------------- */

/* As many slots from this one on as the batch surely has room for, so that the loops over slots
 * need not ask. */
static inline uint32_t slots_at_once(const struct pmap_batch *out, uint32_t va, uint32_t stop)
{
    uint32_t room = PMAP_BATCH - out->count, slots = (stop - va) >> PAGE_SHIFT;

    return slots < room ? slots : room;
}

/* Slot is not in use: the last one up to which none is, looking at four at a time. Large areas are mostly
 * sparse, and then this is what a walk comes to. */
static noinline_fn struct pte *slots_skip(struct pte *slot, const struct pte *stop)
{
    while (slot + 4 < stop &&
           !((slot[1].low | slot[2].low | slot[3].low | slot[4].low) & PTE_IN_USE)) {
        slot += 4;
    }
    return slot;
}

/* Empties n slots from `first` on into the batch. The inner loop of munmap and exit. */
static inline void slots_clear(struct pte *first, uint32_t n, uint32_t va, bool each,
                               struct pmap_batch *out)
{
    pfn_t *pfn = &out->pfn[out->count];
    const struct pte *stop = first + n;

    for (struct pte *slot = first; slot < stop; slot++) {
        uint32_t low = slot->low;
        if (likely(low & PTE_IN_USE)) {
            *pfn++ = pfn_of(low, slot->high);
            pte_clear(slot);
            if (each) {
                tlb_flush_page(va + ((uint32_t)(slot - first) << PAGE_SHIFT));
            }
        } else {
            slot = slots_skip(slot, stop);
        }
    }
    out->count = (uint32_t)(pfn - out->pfn);
}

vaddr_t pmap_next_table(const struct pmap *pmap, struct vrange range)
{
    uint32_t va = range.start.raw, end = range.end.raw;

    if (pmap->tables == 0) {
        return range.end;
    }
    while (va < end && !(dir_slot(pmap, va)->low & PTE_PRESENT)) {
        va = table_end(va, end);
    }
    return vaddr(va);
}

bool pmap_remove(struct pmap *pmap, struct vrange *left, struct pmap_batch *out)
{
    uint32_t va = left->start.raw, end = left->end.raw;
    bool is_active = pmap == active;
    bool each = is_active && vrange_pages(*left) < FLUSH_ALL_PAGES;

    out->count = 0;
    while (va < end && pmap->tables > 0) {
        uint32_t stop = table_end(va, end);
        struct pte *dir_entry = dir_slot(pmap, va);
        if (!(dir_entry->low & PTE_PRESENT)) {
            va = stop;
            continue;
        }
        if (out->count == PMAP_BATCH) {
            break;
        }
        struct pte *slot = &table_of_slot(dir_entry)[table_index(va)];
        uint32_t before = out->count, n = slots_at_once(out, va, stop);
        uint16_t *in_use = table_live(dir_entry);

        if (each) {
            slots_clear(slot, n, va, true, out);
        } else {
            slots_clear(slot, n, va, false, out);
        }
        *in_use = (uint16_t)(*in_use - (out->count - before));
        if (*in_use == 0) {
            table_drop(pmap, dir_entry, va);
            va = stop;
        } else {
            va += n << PAGE_SHIFT;
        }
    }
    if (is_active && !each && out->count > 0) {
        pmap_flush(pmap);
    }
    left->start.raw = va;
    return va < end && pmap->tables > 0;
}

void pmap_protect(struct pmap *pmap, struct vrange range, uint32_t prot)
{
    uint32_t va = range.start.raw, end = range.end.raw;
    bool is_active = pmap == active;
    bool each = is_active && vrange_pages(range) < FLUSH_ALL_PAGES;

    while (va < end) {
        uint32_t stop = table_end(va, end);
        struct pte *dir_entry = dir_slot(pmap, va);
        if (dir_entry->low & PTE_PRESENT) {
            struct pte *slot = &table_of_slot(dir_entry)[table_index(va)];
            for (; va < stop; va += PAGE_SIZE, slot++) {
                if (!(slot->low & PTE_PRESENT)) {
                    continue;
                }
                /* Any right implies read: only prot 0 takes that away. */
                uint32_t allowed = PMAP_COW | prot | (prot != 0 ? PMAP_READ : 0);
                uint32_t keep = pte_prot(slot) & allowed;
                pfn_t pfn = pte_pfn(slot);
                pte_set(slot, user_low(pfn, keep), user_high(pfn, keep));
                if (each) {
                    tlb_flush_page(va);
                }
            }
        }
        va = stop;
    }
    if (is_active && !each) {
        pmap_flush(pmap);
    }
}

/* Copies n slots into an empty table; the inner loop of fork. */
static inline void slots_share(struct pte *to, struct pte *from, uint32_t n, bool cow,
                               struct pmap_batch *out)
{
    pfn_t *pfn = &out->pfn[out->count];
    uint32_t keep = cow ? ~PTE_WRITE : ~0u, add = cow ? PTE_COW : 0;

    for (const struct pte *stop = from + n; from < stop; from++, to++) {
        uint32_t low = from->low;
        if (low & PTE_IN_USE) {
            uint32_t high = from->high;
            low = (low & keep) | add;
            from->low = low;
            to->high = high;
            to->low = low;
            *pfn++ = pfn_of(low, high);
        }
    }
    out->count = (uint32_t)(pfn - out->pfn);
}

int pmap_share(struct pmap *dst, struct pmap *src, struct vrange *left, bool cow,
               struct pmap_batch *out)
{
    uint32_t va = left->start.raw, end = left->end.raw;
    int err = 0;

    out->count = 0;
    while (va < end) {
        uint32_t stop = table_end(va, end);
        struct pte *from_dir = dir_slot(src, va);
        if (!(from_dir->low & PTE_PRESENT)) {
            va = stop;
            continue;
        }
        if (out->count == PMAP_BATCH || (err = pmap_reserve(dst, vaddr(va))) != 0) {
            break;
        }
        struct pte *to_dir = dir_slot(dst, va);
        struct pte *from = &table_of_slot(from_dir)[table_index(va)];
        struct pte *to = &table_of_slot(to_dir)[table_index(va)];
        uint32_t before = out->count, n = slots_at_once(out, va, stop);
        uint16_t *in_use = table_live(to_dir);

        if (cow) {
            slots_share(to, from, n, true, out);
        } else {
            slots_share(to, from, n, false, out);
        }
        *in_use = (uint16_t)(*in_use + (out->count - before));
        va += n << PAGE_SHIFT;
        if (*in_use == 0) {
            table_drop(dst, to_dir, va);
        }
    }
    left->start.raw = va;
    return err != 0 ? err : va < end;
}

/* ---- Frames as memory ------------------------------------------------------------------------- */

void *pmap_window_open(pfn_t pfn)
{
    if (likely(pfn < direct_limit)) {
        return pmap_direct(pfn);
    }
    assert(windows_open < WINDOWS);
    uint32_t va = WINDOW_BASE + (windows_open << PAGE_SHIFT);
    struct pte *slot = &window_table[windows_open++];

    slot->high = (pfn >> (32 - PAGE_SHIFT)) | nx_high;
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
    pte_clear(&window_table[--windows_open]);
    tlb_flush_page(va);
}

static inline void zero_words(void *page)
{
    uint32_t words = PAGE_SIZE / 4;

    __asm__ volatile("rep stosl" : "+D"(page), "+c"(words) : "a"(0) : "memory");
}

static noinline_fn void zero_through_window(pfn_t pfn)
{
    void *page = pmap_window_open(pfn);

    zero_words(page);
    pmap_window_close(page);
}

void pmap_zero_page(pfn_t pfn)
{
    if (unlikely(pfn >= direct_limit)) {
        zero_through_window(pfn);
        return;
    }
    zero_words(pmap_direct(pfn));
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
    struct pte *dir_entry = &kernel_dir[(kva >> TABLE_SHIFT) % TABLE_ENTRIES];

    if (!(dir_entry->low & PTE_PRESENT)) {
        pfn_t table = pmap_table_alloc();
        if (table == PFN_NONE) {
            return -ENOMEM;
        }
        live[table] = 0;
        dir_entry->low = (table << PAGE_SHIFT) | PTE_PRESENT | PTE_WRITE;
    }
    struct pte *slot = &table_of_slot(dir_entry)[table_index(kva)];

    debug_assert(!(slot->low & PTE_PRESENT));
    ++*table_live(dir_entry);
    slot->high = (pfn >> (32 - PAGE_SHIFT)) | nx_high;
    slot->low = (pfn << PAGE_SHIFT) | PTE_PRESENT | PTE_WRITE;
    return 0;
}

pfn_t pmap_kernel_remove(uint32_t kva)
{
    struct pte *dir_entry = &kernel_dir[(kva >> TABLE_SHIFT) % TABLE_ENTRIES];
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

/* ---- Boot ------------------------------------------------------------------------------------- */

static bool is_inside(uint32_t va, const char *start, const char *end)
{
    return va >= (uint32_t)start && va < (uint32_t)end;
}

/* The rights of one page of the direct map that the kernel's image shares: no page is both
 * writable and executable (bad-input M22). */
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
    slot->high = nx_high;
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
        kernel_dir[(va >> TABLE_SHIFT) % TABLE_ENTRIES].low =
            (pfn << PAGE_SHIFT) | PTE_PRESENT | PTE_WRITE;
    }
}

void pmap_bootstrap(pfn_t ram_end, pfn_t (*take)(uint32_t npages))
{
    const uint32_t span_frames = TABLE_SPAN >> PAGE_SHIFT;
    uint32_t global = cpu_info.pge ? PTE_GLOBAL : 0;
    uint32_t image_top = ((uint32_t)kernel_end + TABLE_SPAN - 1u) & ~(TABLE_SPAN - 1u);

    nx_high = cpu_info.nx ? PTE_HIGH_NX : 0;
    direct_limit = (ram_end + span_frames - 1u) & ~(span_frames - 1u);
    if (direct_limit > DIRECT_LIMIT_MAX) {
        direct_limit = DIRECT_LIMIT_MAX;
    }
    pfn_t dir = take(1);

    kernel_dir = (struct pte *)(KERNEL_BASE + (dir << PAGE_SHIFT));
    kernel_pdpt[KERNEL_DIR] = ((uint64_t)dir << PAGE_SHIFT) | PTE_PRESENT;
    map_kernel_image(take, image_top, global);
    for (uint32_t va = image_top; (va - KERNEL_BASE) >> PAGE_SHIFT < direct_limit;
         va += TABLE_SPAN) {
        struct pte *slot = &kernel_dir[(va >> TABLE_SHIFT) % TABLE_ENTRIES];
        slot->high = nx_high;
        slot->low = (va - KERNEL_BASE) | PTE_PRESENT | PTE_WRITE | PTE_LARGE | global;
    }
    pfn_t window = take(1);

    window_table = (struct pte *)(KERNEL_BASE + (window << PAGE_SHIFT));
    kernel_dir[(WINDOW_BASE >> TABLE_SHIFT) % TABLE_ENTRIES].low =
        (window << PAGE_SHIFT) | PTE_PRESENT | PTE_WRITE;
    live = (uint16_t *)(KERNEL_BASE +
                        (take((direct_limit * 2u + PAGE_SIZE - 1u) >> PAGE_SHIFT) << PAGE_SHIFT));
    pmap_activate_kernel();
    tss_set_double_fault_cr3((uint32_t)kernel_pdpt - KERNEL_BASE);
}

/* ---- The panic screen's view ------------------------------------------------------------------ */

void pmap_describe(vaddr_t va, char *buf, uint32_t size)
{
    const uint64_t *pdpt = active != NULL ? active->pdpt : kernel_pdpt;
    uint64_t top = pdpt[va.raw >> DIR_SHIFT];
    int n = format_buffer(buf, size, "pdpt[%u]=%llx", va.raw >> DIR_SHIFT, (unsigned long long)top);

    for (uint32_t level = 0; level < 2; level++) {
        pfn_t pfn = (pfn_t)(top >> PAGE_SHIFT);
        uint32_t index = level == 0 ? (va.raw >> TABLE_SHIFT) % TABLE_ENTRIES : table_index(va.raw);
        const char *name = level == 0 ? "pd" : "pt";
        if (n < 0 || (uint32_t)n >= size) {
            return;
        }
        if (!(top & PTE_PRESENT) || pfn >= direct_limit) {
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
