/*
 * Memory at boot.
 *
 * The usable part of the boot loader's map becomes a short list of free ranges. Page tables and the
 * frame table are taken from it for good, lowest addresses first, where memory is mapped directly.
 * The frame allocator gets the rest.
 */
#include "kernel/memory.h"

#include <stddef.h>

#include "arch/cpu.h"
#include "arch/pmap.h"
#include "arch/pmap/pmap_boot.h"
#include "boot/boot_info.h"
#include "kernel/log/printk.h"
#include "lib/addr.h"
#include "lib/assert.h"
#include "lib/minmax.h"
#include "lib/string.h"
#include "mm/phys/frame.h"

#define TAKE_LIMIT (BOOT_MAPPED_BYTES >> PAGE_SHIFT) /* frames from here on are not mapped yet */

/* Memory that must be free besides the kernel and the initrd, for page tables, frame records and the
 * first process. A prompt needs half of it (measured). */
#define FREE_MIN (1u << 20)

extern const char kernel_start[], kernel_end[]; /* boot/link.ld */

/* Cutting out the kernel and the initrd splits at most two ranges. */
#define RANGES_MAX (BOOT_RANGES_MAX + 2)

/* Frame numbers; start == end means empty. The ranges of the list are disjoint, in no order. */
struct frame_range {
    pfn_t start, end;
};

static struct frame_range ranges[RANGES_MAX];
static uint32_t n_ranges;

static uint32_t kib_of_frames(pfn_t n)
{
    return n * (PAGE_SIZE / 1024);
}

/* ---- The list of free ranges --------------------------------------------------------------------- */

static void add_range(pfn_t start, pfn_t end)
{
    if (start < end) {
        assert(n_ranges < RANGES_MAX);
        ranges[n_ranges++] = (struct frame_range){start, end};
    }
}

/* Returns the end of the memory that may be used: the limit (mem=) or the CPU's reach, whichever is
 * lower (bad-input B4). */
static uint64_t usable_end(const struct boot_info *boot, uint64_t limit)
{
    uint64_t reach = 1ull << cpu_info.phys_bits;
    uint64_t end = min_u64(limit, reach);
    uint64_t beyond = 0;

    for (uint32_t i = 0; i < boot->n_ranges; i++) {
        const struct boot_range *r = &boot->ranges[i];

        if (r->end > reach) {
            beyond += r->end - max_u64(r->start, reach);
        }
    }
    if (beyond != 0) {
        printk_level(LOG_WARN, "memory: %u MiB lie beyond this CPU's %u address bits: not used",
                     (uint32_t)(beyond >> 20), cpu_info.phys_bits);
    }
    return end;
}

static void list_usable(const struct boot_info *boot, uint64_t limit)
{
    uint64_t usable = usable_end(boot, limit);

    for (uint32_t i = 0; i < boot->n_ranges; i++) {
        uint64_t end = min_u64(boot->ranges[i].end, usable);

        add_range((pfn_t)(boot->ranges[i].start >> PAGE_SHIFT), (pfn_t)(end >> PAGE_SHIFT));
    }
}

/* Removes [start, end) from the list. */
static void cut_out(pfn_t start, pfn_t end)
{
    uint32_t n = n_ranges;

    for (uint32_t i = 0; i < n; i++) {
        struct frame_range *r = &ranges[i];

        if (end <= r->start || r->end <= start) {
            continue;
        }
        if (end < r->end) {
            add_range(end, r->end);
        }
        r->end = max_u32(start, r->start);
    }
}

static void cut_out_bytes(uint32_t start, uint32_t end)
{
    cut_out(start >> PAGE_SHIFT, (pfn_t)(((uint64_t)end + PAGE_OFFSET_MASK) >> PAGE_SHIFT));
}

static pfn_t count_frames(void)
{
    pfn_t sum = 0;

    for (uint32_t i = 0; i < n_ranges; i++) {
        sum += ranges[i].end - ranges[i].start;
    }
    return sum;
}

static pfn_t last_frame_end(void)
{
    pfn_t end = 0;

    for (uint32_t i = 0; i < n_ranges; i++) {
        end = max_u32(ranges[i].end, end);
    }
    return end;
}

/* Returns the lowest range with npages frames that are mapped already, or NULL. */
static struct frame_range *find_room(uint32_t npages)
{
    struct frame_range *best = NULL;

    for (uint32_t i = 0; i < n_ranges; i++) {
        struct frame_range *r = &ranges[i];
        bool has_room = npages <= r->end - r->start && r->start + npages <= TAKE_LIMIT;

        if (has_room && (best == NULL || r->start < best->start)) {
            best = r;
        }
    }
    return best;
}

/* Allocates npages zeroed frames for good, for pmap_bootstrap and the frame table. */
static pfn_t take_frames(uint32_t npages)
{
    struct frame_range *r = find_room(npages);

    if (r == NULL) {
        panic("memory: no room for %u KiB of kernel tables below %u KiB", kib_of_frames(npages),
              kib_of_frames(TAKE_LIMIT));
    }
    pfn_t pfn = r->start;

    r->start += npages;
    memset((void *)(KERNEL_BASE + (pfn << PAGE_SHIFT)), 0, npages << PAGE_SHIFT);
    return pfn;
}

/* ---- Start --------------------------------------------------------------------------------------- */

bool memory_exists(const struct boot_info *boot, uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < boot->n_ranges; i++) {
        if (start >= boot->ranges[i].start && end <= boot->ranges[i].end) {
            return true;
        }
    }
    return false;
}

/* Allocates the frame table, which has a record for every frame up to the last usable one. */
static void make_frame_table(pfn_t end)
{
    uint64_t bytes = (uint64_t)frame_table_records(end) * sizeof(struct frame);
    uint32_t npages = (uint32_t)((bytes + PAGE_OFFSET_MASK) >> PAGE_SHIFT);

    frame_init(pmap_direct(take_frames(npages)), end, pmap_direct_limit());
}

void memory_init(const struct boot_info *boot, uint64_t limit)
{
    list_usable(boot, limit);
    pfn_t found = count_frames(), end = last_frame_end();

    cut_out_bytes((uint32_t)kernel_start - KERNEL_BASE, (uint32_t)kernel_end - KERNEL_BASE);
    if (boot->initrd_start < boot->initrd_end) {
        cut_out_bytes(boot->initrd_start, boot->initrd_end);
    }
    pfn_t free = count_frames(), needed = found - free + FREE_MIN / PAGE_SIZE;

    if (found < needed) {
        panic("needs at least %u KiB of memory, found %u KiB", kib_of_frames(needed),
              kib_of_frames(found));
    }
    pmap_bootstrap(end, take_frames);
    make_frame_table(end);
    for (uint32_t i = 0; i < n_ranges; i++) {
        if (ranges[i].start < ranges[i].end) {
            frame_add_range(ranges[i].start, ranges[i].end);
        }
    }
    printk("memory: %u KiB found, %u KiB free", kib_of_frames(found),
           kib_of_frames(frame_free_count()));
}
