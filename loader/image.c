/*
 * Images turn a checked segment list into the pages of a running program.
 *
 * An image is a vm_object whose byte offsets are the program's own addresses. A page is built when
 * it is touched. It holds the bytes of every segment that overlaps it, in table order so that the
 * later one wins, and zeros elsewhere (contract L3). The frame belongs to the faulting map alone.
 * Nothing is cached, so an image costs only this structure.
 *
 * All pages of an area have the same segments. Where several segments share a page, the area has
 * the union of their rights and the account of the last of them in table order. The segment policy
 * (L2) brings in that segment's pages.
 *
 * Shortcoming: finding a page's segments walks over all of them. Linkers make two to six, and
 * ELF32_SEGMENTS_MAX bounds their number.
 */
#include "loader/image.h"

#include <asm/errno.h>
#include <elf.h>
#include <stdbool.h>

#include "abi/faultline.h"
#include "lib/addr.h"
#include "lib/assert.h"
#include "lib/minmax.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "mm/pager/file_store.h"
#include "mm/phys/frame.h"
#include "mm/phys/frame_view.h"
#include "mm/phys/kheap.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

struct image {
    struct vm_object object; /* first, so that both have one address */
    struct vm_source *src;
    size_t bytes; /* of this structure, with its segments */
    uint32_t end; /* first page boundary above the highest segment */
    struct elf32_info info;
    struct elf32_segment segments[]; /* info.n_segments, in table order */
};

static struct image *image_of(struct vm_object *obj)
{
    return container_of(obj, struct image, object);
}

static uint32_t segment_end(const struct elf32_segment *s)
{
    return s->vaddr + s->memsz;
}

/* The segment's pages as a range, [first, end). */
static uint32_t segment_first_page(const struct elf32_segment *s)
{
    return page_floor(s->vaddr);
}

static uint32_t segment_end_page(const struct elf32_segment *s)
{
    return page_ceil(segment_end(s));
}

static bool is_on_page(const struct elf32_segment *s, uint32_t page)
{
    return segment_first_page(s) <= page && page < segment_end_page(s);
}

/* ---- Pages ----------------------------------------------------------------------------------- */

/* [start, end) cut to the page; empty if start >= end. */
struct span {
    uint32_t start, end;
};

static struct span span_on_page(uint32_t start, uint32_t end, uint32_t page)
{
    struct span s = {start, end};
    if (s.start < page) {
        s.start = page;
    }
    if (s.end > page + PAGE_SIZE) {
        s.end = page + PAGE_SIZE;
    }
    return s;
}

static struct span file_span(const struct elf32_segment *s, uint32_t page)
{
    return span_on_page(s->vaddr, s->vaddr + s->filesz, page);
}

/* The segments on a page. */
struct page_plan {
    uint32_t count; /* segments on the page                */
    uint32_t last;  /* index of the last one               */
    bool has_file_bytes;
};

static struct page_plan plan_page(const struct image *image, uint32_t page)
{
    struct page_plan plan = {0};
    for (uint32_t i = 0; i < image->info.n_segments; i++) {
        const struct elf32_segment *s = &image->segments[i];
        if (is_on_page(s, page)) {
            struct span file = file_span(s, page);
            plan.count++;
            plan.last = i;
            plan.has_file_bytes |= file.start < file.end;
        }
    }
    return plan;
}

/* Returns the end of the bytes that segments cover without a gap from pos on, or pos if none
 * does. */
static uint32_t covered_until(const struct image *image, uint32_t pos)
{
    uint32_t until = pos;
    for (uint32_t i = 0; i < image->info.n_segments; i++) {
        const struct elf32_segment *s = &image->segments[i];
        if (s->vaddr <= pos && segment_end(s) > until) {
            until = segment_end(s);
        }
    }
    return until;
}

/* Returns the lowest segment start above pos, at most limit. */
static uint32_t next_start(const struct image *image, uint32_t pos, uint32_t limit)
{
    for (uint32_t i = 0; i < image->info.n_segments; i++) {
        uint32_t start = image->segments[i].vaddr;
        if (start > pos && start < limit) {
            limit = start;
        }
    }
    return limit;
}

/* Counts the bytes of the page that belong to no segment (contract L6). Walks the page from stretch
 * to stretch, so bytes that two segments share count once. */
static uint32_t bytes_lost_on_page(const struct image *image, uint32_t page)
{
    uint32_t lost = 0, end = page + PAGE_SIZE;
    for (uint32_t pos = page; pos < end;) {
        uint32_t until = covered_until(image, pos);
        if (until == pos) {
            until = next_start(image, pos, end);
            lost += until - pos;
        }
        pos = until;
    }
    return lost;
}

/* Reads the segment's file bytes on the page. Fails with -EIO if the file has become shorter
 * (E20). */
static int read_file_bytes(const struct image *image, const struct elf32_segment *s, uint32_t page,
                           uint8_t *frame)
{
    struct span file = file_span(s, page);
    if (file.start >= file.end) {
        return 0;
    }
    uint64_t offset = (uint64_t)s->offset + (file.start - s->vaddr);
    uint32_t len = file.end - file.start;
    if (offset + len > image->src->size) {
        return -EIO;
    }
    return vm_source_read(image->src, offset, frame + (file.start - page), len);
}

/* The usual page has one segment. Clears what is not read, and writes nothing twice. */
static int fill_from_one(const struct image *image, const struct elf32_segment *s, uint32_t page,
                         uint8_t *frame)
{
    struct span file = file_span(s, page);
    memset(frame, 0, file.start - page);
    memset(frame + (file.end - page), 0, page + PAGE_SIZE - file.end);
    return read_file_bytes(image, s, page, frame);
}

/* Fills a page with several segments, which starts as zeros: each in turn writes its bytes and
 * zeros over those before it. */
static int fill_from_all(const struct image *image, uint32_t page, uint8_t *frame)
{
    for (uint32_t i = 0; i < image->info.n_segments; i++) {
        const struct elf32_segment *s = &image->segments[i];
        if (!is_on_page(s, page)) {
            continue;
        }
        struct span zeros = span_on_page(s->vaddr + s->filesz, segment_end(s), page);
        if (zeros.start < zeros.end) {
            memset(frame + (zeros.start - page), 0, zeros.end - zeros.start);
        }
        int err = read_file_bytes(image, s, page, frame);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

/* Allocates a frame and fills it with the page's bytes. */
static enum vm_fault_result make_page(const struct image *image, const struct page_plan *plan,
                                      uint32_t page, struct vm_page *out)
{
    bool is_single = plan->count == 1;
    pfn_t pfn = frame_alloc(FRAME_USER, is_single && plan->has_file_bytes ? 0 : FRAME_ZEROED);
    if (pfn == PFN_NONE) {
        return vm_fault_of_refusal(0);
    }
    int err = 0;
    if (plan->has_file_bytes) {
        uint8_t *frame = frame_view_open(pfn);
        err = is_single ? fill_from_one(image, &image->segments[plan->last], page, frame)
                        : fill_from_all(image, page, frame);
        frame_view_close(frame);
    }
    if (err != 0) {
        frame_unref(pfn);
        return VM_FAULT_IO;
    }
    *out = (struct vm_page){.pfn = pfn};
    return VM_FAULT_RESUME;
}

static enum vm_fault_result image_get_page(struct vm_object *obj, uint64_t offset,
                                           struct vm_page *out)
{
    struct image *image = image_of(obj);
    uint32_t page = page_floor((uint32_t)offset);
    struct page_plan plan = plan_page(image, page);
    if (plan.count == 0) {
        return VM_FAULT_IO;
    }
    enum vm_fault_result result = make_page(image, &plan, page, out);
    if (result == VM_FAULT_RESUME) {
        out->cause = plan.has_file_bytes ? VM_CAUSE_IMAGE_IN : VM_CAUSE_DEMAND_ZERO;
        out->bytes_lost = (uint16_t)bytes_lost_on_page(image, page);
    }
    return result;
}

/* ---- The object ------------------------------------------------------------------------------ */

static void image_cluster(struct vm_object *obj, uint64_t offset, uint64_t *start, uint64_t *end)
{
    struct image *image = image_of(obj);
    uint32_t page = page_floor((uint32_t)offset);
    struct page_plan plan = plan_page(image, page);
    *start = page;
    *end = (uint64_t)page + PAGE_SIZE;
    if (plan.count > 0) {
        *start = segment_first_page(&image->segments[plan.last]);
        *end = segment_end_page(&image->segments[plan.last]);
    }
}

static void image_destroy(struct vm_object *obj)
{
    struct image *image = image_of(obj);
    image->src->ops->unref(image->src);
    kheap_free(image, image->bytes);
}

static const char *image_describe(struct vm_object *obj)
{
    struct vm_source *src = image_of(obj)->src;
    return src->ops->name(src);
}

/* Each policy (L2) has its own pager, so that a fault under the page policy never asks for
 * clusters. */
static const struct vm_pager image_pagers[] = {
    [FL_POLICY_PAGE] = {.name = "image",
                        .get_page = image_get_page,
                        .destroy = image_destroy,
                        .describe = image_describe},
    [FL_POLICY_SEGMENT] = {.name = "image",
                           .get_page = image_get_page,
                           .cluster = image_cluster,
                           .destroy = image_destroy,
                           .describe = image_describe},
};

/* ---- Opening --------------------------------------------------------------------------------- */

static int read_header(struct vm_source *src, struct elf32_info *info, struct elf32_reason *why)
{
    Elf32_Ehdr header;
    uint32_t n = (uint32_t)min_u64(src->size, sizeof(header));
    int err = n > 0 ? vm_source_read(src, 0, &header, n) : 0;
    return err != 0 ? err : elf32_check_header(&header, n, src->size, info, why);
}

static uint32_t count_loads(const void *table, uint32_t phnum)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < phnum; i++) {
        Elf32_Phdr p;
        memcpy(&p, (const char *)table + i * sizeof(p), sizeof(p));
        n += p.p_type == PT_LOAD;
    }
    return n;
}

/* Makes the image with its segments from the table. */
static int make_image(struct vm_source *src, const void *table, struct elf32_info *info,
                      struct image **out, struct elf32_reason *why)
{
    uint32_t max = count_loads(table, info->phnum);
    if (max > ELF32_SEGMENTS_MAX) {
        max = ELF32_SEGMENTS_MAX;
    }
    size_t bytes = sizeof(struct image) + max * sizeof(struct elf32_segment);
    struct image *image = kheap_alloc(bytes);
    if (image == NULL) {
        return -ENOMEM;
    }
    int err = elf32_check_segments(table, src->size, info, image->segments, max, why);
    if (err != 0) {
        kheap_free(image, bytes);
        return err;
    }
    image->bytes = bytes;
    image->info = *info;
    *out = image;
    return 0;
}

static int read_image(struct vm_source *src, struct elf32_info *info, struct image **out,
                      struct elf32_reason *why)
{
    uint32_t bytes = info->phnum * (uint32_t)sizeof(Elf32_Phdr);
    void *table = kheap_alloc(bytes);
    if (table == NULL) {
        return -ENOMEM;
    }
    int err = vm_source_read(src, info->phoff, table, bytes);
    if (err == 0) {
        err = make_image(src, table, info, out, why);
    }
    kheap_free(table, bytes);
    return err;
}

static uint32_t highest_end(const struct image *image)
{
    uint32_t end = 0;
    for (uint32_t i = 0; i < image->info.n_segments; i++) {
        uint32_t e = segment_end_page(&image->segments[i]);
        end = max_u32(e, end);
    }
    return end;
}

int image_open(struct vm_source *src, uint32_t policy, struct image **out, struct elf32_reason *why)
{
    struct elf32_info info;
    struct image *image = NULL;
    assert(policy < array_size(image_pagers));
    why->text[0] = '\0';
    int err = read_header(src, &info, why);
    if (err == 0) {
        err = read_image(src, &info, &image, why);
    }
    if (err == -EIO) {
        (void)strlcpy(why->text, "the file cannot be read", sizeof(why->text));
    }
    if (err != 0) {
        return err;
    }
    src->ops->ref(src);
    image->src = src;
    image->end = highest_end(image);
    vm_object_init(&image->object, &image_pagers[policy]);
    *out = image;
    return 0;
}

void image_unref(struct image *image)
{
    vm_object_unref(&image->object);
}

const struct elf32_info *image_info(const struct image *image)
{
    return &image->info;
}

const struct elf32_segment *image_segments(const struct image *image)
{
    return image->segments;
}

uint32_t image_end(const struct image *image)
{
    return image->end;
}

/* ---- Areas ----------------------------------------------------------------------------------- */

/* Returns the lowest page above pos where a segment starts or ends, or image->end if none is
 * left. */
static uint32_t next_boundary(const struct image *image, uint32_t pos)
{
    uint32_t next = image->end;
    for (uint32_t i = 0; i < image->info.n_segments; i++) {
        uint32_t first = segment_first_page(&image->segments[i]);
        uint32_t end = segment_end_page(&image->segments[i]);
        if (first > pos && first < next) {
            next = first;
        }
        if (end > pos && end < next) {
            next = end;
        }
    }
    return next;
}

static uint32_t rights_on_page(const struct image *image, uint32_t page)
{
    uint32_t prot = 0;
    for (uint32_t i = 0; i < image->info.n_segments; i++) {
        if (is_on_page(&image->segments[i], page)) {
            prot |= image->segments[i].prot;
        }
    }
    return prot;
}

/* Adds one area, or none, for [start, end), whose pages all have the same segments. */
static int map_stretch(struct image *image, struct vm_map *map, uint32_t start, uint32_t end)
{
    struct page_plan plan = plan_page(image, start);
    if (plan.count == 0) {
        return 0;
    }
    struct vm_area_spec spec = {
        .range = vrange(start, end),
        .prot = rights_on_page(image, start),
        .flags = VM_OWN_ZERO | VM_NO_MERGE | VM_NO_RESERVE,
        .account = VM_ACCOUNT_FIRST_SEGMENT + plan.last,
        .object = &image->object,
        .offset = start,
    };
    return vm_map_insert(map, &spec);
}

static void fill_accounts(const struct image *image, struct vm_map *map)
{
    for (uint32_t i = 0; i < image->info.n_segments; i++) {
        const struct elf32_segment *s = &image->segments[i];
        struct fl_account *account = vm_map_account(map, VM_ACCOUNT_FIRST_SEGMENT + i);
        account->kind = FL_ACCOUNT_SEGMENT;
        account->start = s->vaddr;
        account->end = segment_end(s);
        account->prot = s->prot;
    }
}

int image_map(struct image *image, struct vm_map *map)
{
    uint32_t steps = 0;
    fill_accounts(image, map);
    for (uint32_t pos = next_boundary(image, 0); pos < image->end;) {
        uint32_t next = next_boundary(image, pos);
        int err = map_stretch(image, map, pos, next);
        if (err != 0) {
            return err;
        }
        pos = next;
        steps += image->info.n_segments; /* one round walks over all segments a few times */
        if (steps > PREEMPT_STEPS * 8) {
            steps = 0;
            if (preempt_point()) {
                return -EINTR;
            }
        }
    }
    return 0;
}

/* Counts the faults that brought in a page of an image. Copy on write makes a second page, so it
 * does not count. */
void image_figures(struct vm_map *map, struct image_figures *out)
{
    struct vm_map_counts counts;
    *out = (struct image_figures){0};
    vm_map_counts(map, &counts);
    for (uint32_t i = VM_ACCOUNT_FIRST_SEGMENT; i < counts.n_accounts; i++) {
        const struct fl_account *account = vm_map_account(map, i);
        out->page_faults +=
            account->faults[VM_CAUSE_DEMAND_ZERO] + account->faults[VM_CAUSE_IMAGE_IN];
        out->pages += account->pages;
        out->bytes_lost += account->bytes_lost;
    }
}
