/*
 * Checks the boot loader's information.
 *
 * Loaders differ and some are wrong. On a small machine QEMU names a module that ends behind the
 * last byte of memory, GRUB omits the kernel's name from the command line, and firmware's maps are
 * unsorted and overlap. So everything that can be checked is checked:
 *
 * - Every physical address goes through boot_view(), which returns a pointer only if all bytes
 *   requested lie in the first 16 MiB. Anything beyond is rejected with a message.
 * - Memory is usable where a type-1 entry says so and no other entry covers it. The ranges stay
 *   sorted and disjoint, in bytes, while entries are added and removed. They are rounded inwards to
 *   pages only at the end, so that two entries that meet in the middle of a page lose nothing.
 *   mem_lower and mem_upper are never read (v86 has none). The whole first MiB is left out, because
 *   it holds the firmware's data, the loader's structures and the video memory.
 * - A module is the initrd only if usable memory covers all of it.
 *
 * Multiboot Specification 0.6.96, 3.3 "Boot information format".
 */
#include "boot/boot_info.h"

#include "boot/multiboot.h"
#include "lib/addr.h"
#include "lib/minmax.h"

/* Where physical address 0 is mapped. On the host it is an array of the test. */
#ifdef FAULTLINE_HOST
extern uint8_t boot_test_memory[BOOT_VIEW_BYTES];
#define BOOT_MEMORY boot_test_memory
#else
#define BOOT_MEMORY ((const uint8_t *)KERNEL_BASE)
#endif

#define LOW_MEMORY_END (1u << 20)

#define MMAP_SIZE_FIELD  ((uint32_t)sizeof(uint32_t))
#define MMAP_ENTRY_BYTES ((uint32_t)sizeof(struct multiboot_mmap_entry))

/* Returns a pointer to [phys, phys + len), or NULL if any of it is outside the boot mapping. */
static const uint8_t *boot_view(uint32_t phys, uint32_t len)
{
    if (len > BOOT_VIEW_BYTES || phys > BOOT_VIEW_BYTES - len) {
        return NULL;
    }
    return BOOT_MEMORY + phys;
}

/* ---- The list of ranges: ascending, disjoint, not even touching ----------------------------- */

/* Replaces the `count` ranges from index `first` on by `range`. */
static void ranges_replace(struct boot_info *out, uint32_t first, uint32_t count,
                           struct boot_range range)
{
    uint32_t tail = out->n_ranges - first - count;

    __builtin_memmove(&out->ranges[first + 1], &out->ranges[first + count],
                      tail * sizeof(out->ranges[0]));
    out->ranges[first] = range;
    out->n_ranges = first + 1 + tail;
}

static void ranges_delete(struct boot_info *out, uint32_t index)
{
    uint32_t tail = out->n_ranges - index - 1;

    __builtin_memmove(&out->ranges[index], &out->ranges[index + 1], tail * sizeof(out->ranges[0]));
    out->n_ranges--;
}

/* Merges `range` with everything it overlaps or touches. Drops it if the list is full. */
static void ranges_add(struct boot_info *out, struct boot_range range)
{
    uint32_t first = 0, behind;

    while (first < out->n_ranges && out->ranges[first].end < range.start) {
        first++;
    }
    for (behind = first; behind < out->n_ranges; behind++) {
        const struct boot_range *other = &out->ranges[behind];

        if (other->start > range.end) {
            break;
        }
        range.start = min_u64(other->start, range.start);
        range.end = max_u64(other->end, range.end);
    }
    if (behind == first && out->n_ranges == BOOT_RANGES_MAX) {
        out->ranges_dropped++;
        return;
    }
    ranges_replace(out, first, behind - first, range);
}

/* Removes `cut` from the range at `index`, which it overlaps. Returns how many ranges remain of it.
 * If a cut in the middle leaves two and the list is full, the upper one is dropped. */
static uint32_t ranges_cut_one(struct boot_info *out, uint32_t index, struct boot_range cut)
{
    struct boot_range *range = &out->ranges[index];
    struct boot_range above = {cut.end, range->end};
    bool is_above = cut.end < range->end;

    if (range->start >= cut.start) {
        if (is_above) {
            range->start = cut.end;
            return 1;
        }
        ranges_delete(out, index);
        return 0;
    }
    range->end = cut.start;
    if (!is_above) {
        return 1;
    }
    if (out->n_ranges == BOOT_RANGES_MAX) {
        out->ranges_dropped++;
        return 1;
    }
    ranges_replace(out, index + 1, 0, above);
    return 2;
}

static void ranges_subtract(struct boot_info *out, struct boot_range cut)
{
    uint32_t i = 0;

    while (i < out->n_ranges && out->ranges[i].start < cut.end) {
        if (out->ranges[i].end > cut.start) {
            i += ranges_cut_one(out, i, cut);
        } else {
            i++;
        }
    }
}

/* Rounds every range inwards and drops those that hold no whole page. */
static void ranges_round(struct boot_info *out)
{
    uint32_t i = 0;

    while (i < out->n_ranges) {
        struct boot_range *range = &out->ranges[i];

        range->end &= ~(uint64_t)PAGE_OFFSET_MASK;
        /* Compare before rounding up, which may wrap in the last page of the 64-bit space. */
        if (range->start < range->end) {
            range->start = (range->start + PAGE_OFFSET_MASK) & ~(uint64_t)PAGE_OFFSET_MASK;
        }
        if (range->start < range->end) {
            i++;
        } else {
            ranges_delete(out, i);
        }
    }
}

/* Returns true if one range holds all pages that [start, end) touches. */
static bool ranges_cover(const struct boot_info *info, uint32_t start, uint32_t end)
{
    for (uint32_t i = 0; i < info->n_ranges; i++) {
        const struct boot_range *range = &info->ranges[i];

        if (range->start <= start && end <= range->end) {
            return true;
        }
    }
    return false;
}

/* ---- The memory map ------------------------------------------------------------------------- */

/* Copies the entry at *offset and advances *offset. Returns false at the end of the map, or if the
 * entry's size is too small or exceeds the rest of the map, so that the next one cannot be
 * found. */
static bool mmap_next(const uint8_t *mmap, uint32_t length, uint32_t *offset,
                      struct multiboot_mmap_entry *entry)
{
    uint32_t left = length - *offset;

    if (left < MMAP_ENTRY_BYTES) {
        return false;
    }
    __builtin_memcpy(entry, mmap + *offset, sizeof(*entry));
    if (entry->size < MMAP_ENTRY_BYTES - MMAP_SIZE_FIELD || entry->size > left - MMAP_SIZE_FIELD) {
        return false;
    }
    *offset += MMAP_SIZE_FIELD + entry->size;
    return true;
}

/* Returns the bytes of an entry. One that wraps reserves up to the last byte but adds no memory. */
static bool mmap_entry_range(const struct multiboot_mmap_entry *entry, struct boot_range *range)
{
    range->start = entry->base;
    range->end = entry->base + entry->length;
    if (range->end < range->start) {
        range->end = UINT64_MAX;
        return entry->type != MULTIBOOT_MMAP_USABLE;
    }
    return true;
}

void boot_info_read_mmap(const uint8_t *mmap, uint32_t length, struct boot_info *out)
{
    struct multiboot_mmap_entry entry;
    struct boot_range range;
    uint32_t offset;

    out->n_ranges = 0;
    out->ranges_dropped = 0;

    for (offset = 0; mmap_next(mmap, length, &offset, &entry);) {
        if (entry.type != MULTIBOOT_MMAP_USABLE || entry.length == 0) {
            continue;
        }
        if (mmap_entry_range(&entry, &range)) {
            ranges_add(out, range);
        } else {
            out->ranges_dropped++;
        }
    }
    if (offset != length) {
        out->ranges_dropped++; /* the map ends in something that is not an entry */
    }
    for (offset = 0; mmap_next(mmap, length, &offset, &entry);) {
        if (entry.type != MULTIBOOT_MMAP_USABLE && entry.length != 0 &&
            mmap_entry_range(&entry, &range)) {
            ranges_subtract(out, range);
        }
    }
    ranges_subtract(out, (struct boot_range){0, LOW_MEMORY_END});
    ranges_round(out);
}

static const char *boot_read_memory(const struct multiboot_info *info, struct boot_info *out)
{
    const uint8_t *mmap;

    if (!(info->flags & MULTIBOOT_HAS_MMAP)) {
        return "the boot loader gave no memory map";
    }
    mmap = boot_view(info->mmap_addr, info->mmap_length);
    if (mmap == NULL) {
        return "the boot loader's memory map lies above 16 MiB";
    }
    boot_info_read_mmap(mmap, info->mmap_length, out);
    if (out->n_ranges == 0) {
        return "the boot loader's memory map has no usable memory above 1 MiB";
    }
    return NULL;
}

/* ---- Modules and command line --------------------------------------------------------------- */

/* Notes the module as initrd, or why it cannot be one. Needs the memory map. */
static const char *boot_accept_initrd(const struct multiboot_module *module, struct boot_info *out)
{
    if (module->start > module->end) {
        return "the initrd ends before it starts";
    }
    if (module->start == module->end) {
        return "the initrd is empty";
    }
    /* An end in the last page of 4 GiB would wrap if rounded up; no usable memory is there. */
    if (module->end > page_floor(UINT32_MAX) ||
        !ranges_cover(out, page_floor(module->start), page_ceil(module->end))) {
        return "the initrd lies outside usable memory";
    }
    out->initrd_start = module->start;
    out->initrd_end = module->end;
    return NULL;
}

static void boot_read_modules(const struct multiboot_info *info, struct boot_info *out)
{
    struct multiboot_module module;
    const uint8_t *list;

    if (!(info->flags & MULTIBOOT_HAS_MODULES) || info->mods_count == 0) {
        return;
    }
    out->modules_ignored = info->mods_count - 1;
    list = boot_view(info->mods_addr, sizeof(module));
    if (list == NULL) {
        out->initrd_problem = "the boot loader's module list lies above 16 MiB";
        return;
    }
    __builtin_memcpy(&module, list, sizeof(module));
    out->initrd_problem = boot_accept_initrd(&module, out);
}

/* Returns the length of what the loader puts before the options: QEMU puts the kernel's path, GRUB
 * nothing. The first word is a path if it has no '=', or a '/' before it. */
static uint32_t cmdline_name_length(const uint8_t *text, uint32_t length)
{
    uint32_t i;
    bool is_option = false;

    for (i = 0; i < length && text[i] != ' '; i++) {
        if (text[i] == '/' && !is_option) {
            while (i < length && text[i] != ' ') {
                i++;
            }
            break;
        }
        is_option = is_option || text[i] == '=';
    }
    if (is_option) {
        return 0;
    }
    while (i < length && text[i] == ' ') {
        i++;
    }
    return i;
}

static void boot_read_cmdline(const struct multiboot_info *info, struct boot_info *out)
{
    const uint8_t *text;
    uint32_t room, length, skip;

    if (!(info->flags & MULTIBOOT_HAS_CMDLINE) || boot_view(info->cmdline, 1) == NULL) {
        return;
    }
    text = boot_view(info->cmdline, 1);
    room = BOOT_VIEW_BYTES - info->cmdline;
    if (room > BOOT_CMDLINE_MAX) {
        room = BOOT_CMDLINE_MAX;
    }
    for (length = 0; length < room && text[length] != '\0'; length++) {
    }
    if (length == room) {
        out->cmdline_cut = true;
        length = room - 1;
    }
    skip = cmdline_name_length(text, length);
    __builtin_memcpy(out->cmdline, text + skip, length - skip);
    out->cmdline[length - skip] = '\0';
}

const char *boot_info_read(uint32_t magic, uint32_t info_phys, struct boot_info *out)
{
    struct multiboot_info info;
    const uint8_t *view;

    __builtin_memset(out, 0, sizeof(*out));
    if (magic != MULTIBOOT_LOADER_MAGIC) {
        return "not started by a multiboot 1 loader";
    }
    view = boot_view(info_phys, sizeof(info));
    if (view == NULL) {
        return "the boot loader's information lies above 16 MiB";
    }
    __builtin_memcpy(&info, view, sizeof(info));

    boot_read_cmdline(&info, out);
    const char *problem = boot_read_memory(&info, out);
    if (problem == NULL) {
        boot_read_modules(&info, out);
    }
    return problem;
}
