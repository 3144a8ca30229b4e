/*
 * loader/image.c and loader/stack.c against fakes of mm/: which areas an image becomes (contract L3,
 * bad-input E10, E11, E14, E16, E17), what is on its pages, what each page loses (L6), what the
 * segment policy brings in (L2), the initial stack (E18), and that every allocation may fail (E19)
 * and every file shrink (E20) without a leak.
 *
 * The pages are compared with a model that asks of every single byte which segment decides it.
 */
#include "tests/host/support.h"

#include <asm/errno.h>
#include <linux/auxvec.h>

#include "lib/compiler.h"
#include "loader/image.h"
#include "mm/phys/frame.h"
#include "mm/phys/frame_view.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"
#include "tests/host/elf_file.h"
#include "tests/host/fake_kheap.h"

/* ---- Fake frames ------------------------------------------------------------------------------- */

#define FRAMES     64u
#define FRAME_DIRT 0xD5

static uint8_t frames[FRAMES][PAGE_SIZE];
static bool frame_used[FRAMES];
static bool frame_viewed[FRAMES];
static uint32_t frames_used;
static bool frames_fail;

pfn_t frame_take(enum frame_owner owner, bool low_only)
{
    (void)low_only;
    assert_int_equal(owner, FRAME_USER);
    for (pfn_t pfn = 1; pfn < FRAMES && !frames_fail; pfn++) {
        if (!frame_used[pfn]) {
            frame_used[pfn] = true;
            frames_used++;
            memset(frames[pfn], FRAME_DIRT, PAGE_SIZE);
            return pfn;
        }
    }
    return PFN_NONE;
}

enum vm_fault_result vm_fault_of_refusal(uint32_t flags)
{
    assert_int_equal(flags, 0);
    return VM_FAULT_NO_FRAME;
}

void pmap_zero_page(pfn_t pfn)
{
    memset(frames[pfn], 0, PAGE_SIZE);
}

void frame_unref(pfn_t pfn)
{
    assert_true(frame_used[pfn] && !frame_viewed[pfn]);
    frame_used[pfn] = false;
    frames_used--;
}

void *frame_view_open(pfn_t pfn)
{
    assert_true(frame_used[pfn] && !frame_viewed[pfn]);
    frame_viewed[pfn] = true;
    return frames[pfn];
}

void frame_view_close(void *view)
{
    pfn_t pfn = (pfn_t)(((uint8_t *)view - frames[0]) / (ptrdiff_t)PAGE_SIZE);
    assert_true(frame_viewed[pfn]);
    frame_viewed[pfn] = false;
}

/* ---- Fake maps and objects --------------------------------------------------------------------- */

#define AREAS_MAX 300u

struct vm_map {
    struct vm_area_spec areas[AREAS_MAX];
    uint32_t n_areas;
    uint32_t fail_at; /* the insertion that fails, from 1 */
    struct fl_account accounts[VM_ACCOUNT_FIRST_SEGMENT + ELF32_SEGMENTS_MAX];
    uint32_t n_accounts;
};

static struct vm_map map;

int vm_map_insert(struct vm_map *m, const struct vm_area_spec *spec)
{
    assert_true(m->n_areas < AREAS_MAX);
    if (m->n_areas + 1 == m->fail_at) {
        return -ENOMEM;
    }
    m->areas[m->n_areas++] = *spec;
    return 0;
}

struct fl_account *vm_map_account(struct vm_map *m, uint32_t i)
{
    assert_true(i < m->n_accounts);
    return &m->accounts[i];
}

void vm_map_counts(struct vm_map *m, struct vm_map_counts *out)
{
    *out = (struct vm_map_counts){.n_accounts = m->n_accounts};
}

static void map_reset(const struct image *image)
{
    memset(&map, 0, sizeof(map));
    map.n_accounts = VM_ACCOUNT_FIRST_SEGMENT + image_info(image)->n_segments;
}

void vm_object_init(struct vm_object *obj, const struct vm_pager *pager)
{
    *obj = (struct vm_object){.pager = pager, .refs = 1};
}

void vm_object_unref(struct vm_object *obj)
{
    if (--obj->refs == 0) {
        obj->pager->destroy(obj);
    }
}

/* ---- The file ---------------------------------------------------------------------------------- */

static struct elf_file file;
static int source_refs;
static int read_error;

static int source_read(struct vm_source *src, uint64_t offset, void *dst, uint32_t len)
{
    assert_true(len > 0 && offset + len <= src->size);
    if (read_error != 0) {
        return read_error;
    }
    memcpy(dst, file.bytes + offset, len);
    return 0;
}

static void source_ref(struct vm_source *src)
{
    (void)src;
    source_refs++;
}

static void source_unref(struct vm_source *src)
{
    (void)src;
    source_refs--;
}

static const char *source_name(struct vm_source *src)
{
    (void)src;
    return "/bin/test";
}

static const struct vm_source_ops source_ops = {
    .read = source_read, .ref = source_ref, .unref = source_unref, .name = source_name};
static struct vm_source source = {.ops = &source_ops};
static struct elf32_reason why;

static struct image *open_file(uint32_t policy)
{
    struct image *image = NULL;
    source.size = file.size;
    if (image_open(&source, policy, &image, &why) != 0) {
        fail_msg("refused: %s", why.text);
    }
    return image;
}

static int nothing_left(void **state)
{
    (void)state;
    frames_fail = false;
    read_error = 0;
    assert_int_equal(fake_kheap_live(), 0);
    assert_int_equal(frames_used, 0);
    assert_int_equal(source_refs, 0);
    return 0;
}

static struct vm_object *object_of(struct image *image)
{
    return (struct vm_object *)(void *)image; /* as areas carry it; the record begins with it */
}

/* ---- The model --------------------------------------------------------------------------------- */

static bool covers(const struct elf32_segment *s, uint32_t va)
{
    return va >= s->vaddr && va - s->vaddr < s->memsz;
}

static bool touches_page(const struct elf32_segment *s, uint32_t page)
{
    return s->vaddr < page + PAGE_SIZE && s->vaddr + s->memsz > page;
}

/* Every byte of the page, and how many belong to no segment. */
static void model_page(const struct image *image, uint32_t page, uint8_t *bytes, uint32_t *lost)
{
    *lost = 0;
    for (uint32_t i = 0; i < PAGE_SIZE; i++) {
        uint32_t va = page + i;
        const struct elf32_segment *decider = NULL;
        for (uint32_t s = 0; s < image_info(image)->n_segments; s++) {
            if (covers(&image_segments(image)[s], va)) {
                decider = &image_segments(image)[s];
            }
        }
        *lost += decider == NULL;
        bytes[i] = 0;
        if (decider != NULL && va - decider->vaddr < decider->filesz) {
            bytes[i] = file.bytes[decider->offset + (va - decider->vaddr)];
        }
    }
}

static bool model_has_file_bytes(const struct image *image, uint32_t page)
{
    for (uint32_t s = 0; s < image_info(image)->n_segments; s++) {
        struct elf32_segment part = image_segments(image)[s];
        part.memsz = part.filesz;
        if (part.filesz > 0 && touches_page(&part, page)) {
            return true;
        }
    }
    return false;
}

static void check_page(struct image *image, uint32_t page)
{
    static uint8_t want[PAGE_SIZE];
    uint32_t lost;
    struct vm_page got;
    struct vm_object *obj = object_of(image);
    assert_int_equal(obj->pager->get_page(obj, page, &got), VM_FAULT_RESUME);
    model_page(image, page, want, &lost);
    assert_memory_equal(frames[got.pfn], want, PAGE_SIZE);
    assert_int_equal(got.bytes_lost, lost);
    assert_false(got.is_cached);
    assert_int_equal(got.cause,
                     model_has_file_bytes(image, page) ? VM_CAUSE_IMAGE_IN : VM_CAUSE_DEMAND_ZERO);
    frame_unref(got.pfn);
}

/* Page by page: the area that holds it says what the page's segments say. */
static void check_area_page(const struct image *image, const struct vm_area_spec *area,
                            uint32_t page)
{
    uint32_t prot = 0, last = 0, count = 0;
    for (uint32_t s = 0; s < image_info(image)->n_segments; s++) {
        if (touches_page(&image_segments(image)[s], page)) {
            prot |= image_segments(image)[s].prot;
            last = s;
            count++;
        }
    }
    assert_true(count > 0);
    assert_int_equal(area->prot, prot);
    assert_int_equal(area->account, VM_ACCOUNT_FIRST_SEGMENT + last);
}

/* The areas ascend, are disjoint, have every page of every segment and none besides. */
static void check_areas(struct image *image)
{
    uint32_t pages = 0, end = 0;
    for (uint32_t i = 0; i < map.n_areas; i++) {
        const struct vm_area_spec *a = &map.areas[i];
        assert_true(a->range.start.raw >= end && a->range.end.raw > a->range.start.raw);
        assert_true(is_page_aligned(a->range.start.raw) && is_page_aligned(a->range.end.raw));
        assert_int_equal(a->flags, VM_OWN_ZERO | VM_NO_MERGE | VM_NO_RESERVE);
        assert_ptr_equal(a->object, object_of(image));
        assert_int_equal(a->offset, a->range.start.raw);
        end = a->range.end.raw;
        for (uint32_t page = a->range.start.raw; page < end && page >> 24 < 0x10;
             page += PAGE_SIZE) {
            check_area_page(image, a, page);
            pages++;
        }
    }
    for (uint32_t page = 0x08000000; page < 0x08100000; page += PAGE_SIZE) {
        for (uint32_t s = 0; s < image_info(image)->n_segments; s++) {
            if (touches_page(&image_segments(image)[s], page)) {
                pages--;
                break;
            }
        }
    }
    assert_int_equal(pages, 0);
    assert_int_equal(image_end(image), end);
}

static void map_and_check(struct image *image)
{
    map_reset(image);
    assert_int_equal(image_map(image, &map), 0);
    check_areas(image);
}

/* ---- Areas and pages --------------------------------------------------------------------------- */

static void test_usual_image(void **state)
{
    (void)state;
    elf_file_usual(&file);
    struct image *image = open_file(FL_POLICY_PAGE);
    map_and_check(image);
    assert_int_equal(map.n_areas, 2);
    assert_int_equal(map.areas[0].range.start.raw, 0x08048000);
    assert_int_equal(map.areas[0].range.end.raw, 0x0804A000);
    assert_int_equal(map.areas[1].range.end.raw, 0x0804E000);
    assert_int_equal(image_end(image), 0x0804E000);
    for (uint32_t page = 0x08048000; page < 0x0804E000; page += PAGE_SIZE) {
        check_page(image, page);
    }
    assert_string_equal(object_of(image)->pager->describe(object_of(image)), "/bin/test");
    image_unref(image);
}

/* Contract L1: opening and mapping take no frame. */
static void test_nothing_is_loaded(void **state)
{
    (void)state;
    frames_fail = true;
    elf_file_usual(&file);
    struct image *image = open_file(FL_POLICY_SEGMENT);
    map_and_check(image);
    image_unref(image);
}

static void test_accounts(void **state)
{
    (void)state;
    elf_file_usual(&file);
    struct image *image = open_file(FL_POLICY_PAGE);
    map_and_check(image);
    const struct fl_account *a = vm_map_account(&map, VM_ACCOUNT_FIRST_SEGMENT + 1);
    assert_int_equal(a->kind, FL_ACCOUNT_SEGMENT);
    assert_int_equal(a->start, 0x0804A200);
    assert_int_equal(a->end, 0x0804D200);
    assert_int_equal(a->prot, VM_READ | VM_WRITE);
    image_unref(image);
}

/* Contract L7's figures are sums over segments: faults that brought a page in, not copies. */
static void test_figures(void **state)
{
    (void)state;
    struct image_figures figures;
    memset(&map, 0, sizeof(map));
    map.n_accounts = VM_ACCOUNT_FIRST_SEGMENT + 2;
    map.accounts[0].pages = 100; /* the stack is no image */
    struct fl_account *text = &map.accounts[VM_ACCOUNT_FIRST_SEGMENT], *data = text + 1;
    text->faults[VM_CAUSE_IMAGE_IN] = 2;
    text->faults[VM_CAUSE_RESIDENT] = 7;
    text->pages = 2;
    text->bytes_lost = 4003;
    data->faults[VM_CAUSE_DEMAND_ZERO] = 3;
    data->faults[VM_CAUSE_IMAGE_IN] = 1;
    data->faults[VM_CAUSE_COPY_ON_WRITE] = 5;
    data->faults[VM_CAUSE_NO_AREA] = 1;
    data->pages = 4;
    data->bytes_lost = 5;
    image_figures(&map, &figures);
    assert_int_equal(figures.page_faults, 6);
    assert_int_equal(figures.pages, 6);
    assert_int_equal(figures.bytes_lost, 4008);
}

/* ld -N: file offset and address do not agree modulo the page size. */
static void test_e10_unaligned_segments(void **state)
{
    (void)state;
    elf_file_init(&file, 0x4000);
    elf_file_add(&file, PT_LOAD, 0x74, 0x08048054, 0x2345, 0x2345, PF_R | PF_W | PF_X);
    elf_file_add(&file, PT_LOAD, 0x3001, 0x0804C7FF, 0x801, 0x1802, PF_R | PF_W);
    struct image *image = open_file(FL_POLICY_PAGE);
    map_and_check(image);
    for (uint32_t page = 0x08048000; page < image_end(image); page += PAGE_SIZE) {
        if (page != 0x0804B000) { /* between the two */
            check_page(image, page);
        }
    }
    image_unref(image);
}

static void test_e11_shared_page(void **state)
{
    (void)state;
    elf_file_init(&file, 0x3000);
    elf_file_add(&file, PT_LOAD, 0, 0x08048000, 0x1400, 0x1400, PF_R | PF_X);
    elf_file_add(&file, PT_LOAD, 0x1800, 0x08049800, 0x200, 0x2000, PF_R | PF_W);
    struct image *image = open_file(FL_POLICY_PAGE);
    map_and_check(image);
    assert_int_equal(map.n_areas, 3);
    assert_int_equal(map.areas[1].prot, VM_READ | VM_WRITE | VM_EXEC);
    assert_int_equal(map.areas[1].account, VM_ACCOUNT_FIRST_SEGMENT + 1);
    for (uint32_t page = 0x08048000; page < 0x0804C000; page += PAGE_SIZE) {
        check_page(image, page);
    }
    image_unref(image);
}

/* The later segment in the table wins byte by byte, its zeros too, wherever it lies. */
static void test_e11_overlapping_bytes(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        elf_file_init(&file, 0x3000);
        for (int i = 0; i < 2; i++) {
            if (i == swapped) {
                elf_file_add(&file, PT_LOAD, 0x500, 0x08048100, 0x1F00, 0x1F00, PF_R);
            } else {
                elf_file_add(&file, PT_LOAD, 0x2000, 0x08048800, 0x80, 0x400, PF_R | PF_W);
            }
        }
        struct image *image = open_file(FL_POLICY_PAGE);
        map_and_check(image);
        check_page(image, 0x08048000);
        check_page(image, 0x08049000);
        image_unref(image);
    }
}

static void test_e14_no_access(void **state)
{
    (void)state;
    elf_file_usual(&file);
    elf_entry(&file, 1)->p_flags = 0;
    struct image *image = open_file(FL_POLICY_PAGE);
    map_and_check(image);
    assert_int_equal(map.areas[1].prot, 0);
    image_unref(image);
}

static void test_e16_huge_bss(void **state)
{
    (void)state;
    elf_file_init(&file, 0x2000);
    elf_file_add(&file, PT_LOAD, 0, 0x10000000, 0x100, 0x80000000, PF_R | PF_W);
    struct image *image = open_file(FL_POLICY_PAGE);
    map_reset(image);
    assert_int_equal(image_map(image, &map), 0);
    assert_int_equal(map.n_areas, 1);
    assert_int_equal(image_end(image), 0x90000000);
    check_page(image, 0x10000000);
    check_page(image, 0x4FFFF000);
    check_page(image, 0x8FFFF000);
    assert_int_equal(frames_used, 0);
    image_unref(image);
}

static void test_e17_segment_below_the_guard(void **state)
{
    (void)state;
    elf_file_init(&file, 0x2000);
    elf_file_add(&file, PT_LOAD, 0, VM_STACK_GUARD_FLOOR - 0x800, 0x100, 0x800, PF_R);
    struct image *image = open_file(FL_POLICY_PAGE);
    map_reset(image);
    assert_int_equal(image_map(image, &map), 0);
    assert_int_equal(image_end(image), VM_STACK_GUARD_FLOOR);
    check_page(image, VM_STACK_GUARD_FLOOR - PAGE_SIZE);
    image_unref(image);
}

static uint32_t random_below(uint32_t n)
{
    return support_random() % n;
}

/* One to six segments anywhere in 16 pages, any order, any overlap. */
static void test_random_layouts(void **state)
{
    (void)state;
    for (int round = 0; round < 400; round++) {
        elf_file_init(&file, 0x4000);
        for (uint32_t n = 1 + random_below(6); n > 0; n--) {
            uint32_t memsz = 1 + random_below(random_below(2) ? 0x100 : 0x4000);
            uint32_t filesz = random_below(3) ? random_below(memsz + 1) : memsz;
            elf_file_add(&file, PT_LOAD, random_below(0x4000 - filesz + 1),
                         0x08048000 + random_below(0xC000), filesz, memsz, random_below(8));
        }
        struct image *image = open_file(FL_POLICY_PAGE);
        map_and_check(image);
        for (uint32_t i = 0; i < map.n_areas; i++) {
            struct vrange r = map.areas[i].range;
            for (uint32_t page = r.start.raw; page < r.end.raw; page += PAGE_SIZE) {
                check_page(image, page);
            }
        }
        image_unref(image);
    }
}

/* ---- Policies ---------------------------------------------------------------------------------- */

static void expect_cluster(struct image *image, uint32_t page, uint32_t start, uint32_t end)
{
    uint64_t got_start = 0, got_end = 0;
    struct vm_object *obj = object_of(image);
    obj->pager->cluster(obj, page, &got_start, &got_end);
    assert_int_equal(got_start, start);
    assert_int_equal(got_end, end);
}

static void test_page_policy_has_no_clusters(void **state)
{
    (void)state;
    elf_file_usual(&file);
    struct image *image = open_file(FL_POLICY_PAGE);
    assert_null(object_of(image)->pager->cluster);
    image_unref(image);
}

static void test_segment_policy(void **state)
{
    (void)state;
    elf_file_init(&file, 0x3000);
    elf_file_add(&file, PT_LOAD, 0, 0x08048000, 0x1400, 0x1400, PF_R | PF_X);
    elf_file_add(&file, PT_LOAD, 0x1800, 0x08049800, 0x200, 0x2000, PF_R | PF_W);
    struct image *image = open_file(FL_POLICY_SEGMENT);
    expect_cluster(image, 0x08048000, 0x08048000, 0x0804A000);
    expect_cluster(image, 0x08049000, 0x08049000, 0x0804C000); /* shared: the later one's */
    expect_cluster(image, 0x0804B000, 0x08049000, 0x0804C000);
    image_unref(image);
}

/* ---- What fails -------------------------------------------------------------------------------- */

static void test_refused_files_leave_nothing(void **state)
{
    (void)state;
    struct image *image;
    elf_file_usual(&file);
    for (source.size = 0; source.size < file.size; source.size += 7) {
        assert_int_equal(image_open(&source, FL_POLICY_PAGE, &image, &why), -ENOEXEC);
        assert_true(why.text[0] != '\0');
    }
    elf_file_add(&file, PT_INTERP, 0, 0, 10, 10, PF_R);
    source.size = file.size;
    assert_int_equal(image_open(&source, FL_POLICY_PAGE, &image, &why), -ENOENT);
    assert_string_equal(why.text, "needs a dynamic loader");
}

static void test_e12_too_many_segments(void **state)
{
    (void)state;
    struct image *image;
    elf_file_init(&file, ELF_FILE_MAX);
    for (uint32_t i = 0; i < 1000; i++) {
        elf_file_add(&file, PT_LOAD, 0x1000 + i, 0x08048000 + i * 0x1000, 1, 1, PF_R);
    }
    source.size = file.size;
    assert_int_equal(image_open(&source, FL_POLICY_PAGE, &image, &why), -ENOEXEC);
    assert_string_equal(why.text, "too many segments: more than 128");
}

static void test_e19_heap_runs_out(void **state)
{
    (void)state;
    struct image *image = NULL;
    elf_file_usual(&file);
    source.size = file.size;
    uint32_t n = 1;
    for (;; n++) {
        fake_kheap_fail_at(n);
        int err = image_open(&source, FL_POLICY_PAGE, &image, &why);
        fake_kheap_fail_at(0);
        if (err == 0) {
            break;
        }
        assert_int_equal(err, -ENOMEM);
        assert_int_equal(fake_kheap_live(), 0);
        assert_int_equal(source_refs, 0);
    }
    assert_true(n > 1);
    image_unref(image);
}

static void test_e19_map_runs_out(void **state)
{
    (void)state;
    elf_file_usual(&file);
    struct image *image = open_file(FL_POLICY_PAGE);
    for (uint32_t n = 1; n <= 2; n++) {
        map_reset(image);
        map.fail_at = n;
        assert_int_equal(image_map(image, &map), -ENOMEM);
    }
    image_unref(image);
}

static void test_frames_run_out(void **state)
{
    (void)state;
    struct vm_page page;
    elf_file_usual(&file);
    struct image *image = open_file(FL_POLICY_PAGE);
    frames_fail = true;
    assert_int_equal(object_of(image)->pager->get_page(object_of(image), 0x08048000, &page),
                     VM_FAULT_NO_FRAME);
    image_unref(image);
}

static void test_e20_file_shrinks(void **state)
{
    (void)state;
    struct vm_page page;
    elf_file_usual(&file);
    struct image *image = open_file(FL_POLICY_PAGE);
    struct vm_object *obj = object_of(image);
    source.size = 0x10FF;
    assert_int_equal(obj->pager->get_page(obj, 0x08049000, &page), VM_FAULT_IO);
    assert_int_equal(obj->pager->get_page(obj, 0x0804A000, &page), VM_FAULT_IO);
    check_page(image, 0x08048000); /* all of its bytes are still there */
    check_page(image, 0x0804C000); /* it needs none */
    image_unref(image);
}

static void test_e20_read_errors(void **state)
{
    (void)state;
    struct vm_page page;
    struct image *image = NULL;
    elf_file_usual(&file);
    source.size = file.size;
    read_error = -EIO;
    assert_int_equal(image_open(&source, FL_POLICY_PAGE, &image, &why), -EIO);
    assert_string_equal(why.text, "the file cannot be read");
    read_error = 0;
    image = open_file(FL_POLICY_PAGE);
    read_error = -EIO;
    assert_int_equal(object_of(image)->pager->get_page(object_of(image), 0x08048000, &page),
                     VM_FAULT_IO);
    image_unref(image);
}

/* ---- The initial stack ------------------------------------------------------------------------- */

#define STACK_BYTES (4u << 20)
static uint8_t *stack;
static uint32_t stack_lowest;
static uint32_t writes, write_fails_at;

static int stack_write(void *ctx, uint32_t va, const void *bytes, uint32_t n)
{
    assert_ptr_equal(ctx, &writes);
    if (++writes == write_fails_at) {
        return -ENOMEM;
    }
    assert_true(n > 0 && va >= USER_END - STACK_BYTES && n <= USER_END - va);
    memcpy(stack + (va - (USER_END - STACK_BYTES)), bytes, n);
    stack_lowest = va < stack_lowest ? va : stack_lowest;
    return 0;
}

static uint32_t stack_word(uint32_t va)
{
    uint32_t word;
    assert_true(va >= USER_END - STACK_BYTES && va <= USER_END - 4);
    memcpy(&word, stack + (va - (USER_END - STACK_BYTES)), 4);
    return word;
}

static const char *stack_text(uint32_t va)
{
    assert_true(va >= USER_END - STACK_BYTES && va < USER_END);
    return (const char *)stack + (va - (USER_END - STACK_BYTES));
}

static struct image_strings pack(char *data, uint32_t bytes, uint32_t count)
{
    return (struct image_strings){.count = count, .bytes = bytes, .data = data};
}

static int build(struct image *image, const struct image_start *start, uint32_t *esp)
{
    free(stack);
    stack = calloc(1, STACK_BYTES);
    stack_lowest = USER_END;
    writes = 0;
    return image_build_stack(image, start, stack_write, &writes, esp);
}

/* The value of an auxv entry; fails the test if there is none. va: behind envp's NULL. */
static uint32_t auxv_value(uint32_t va, uint32_t type)
{
    for (; stack_word(va) != AT_NULL; va += 8) {
        if (stack_word(va) == type) {
            return stack_word(va + 4);
        }
    }
    fail_msg("no auxv entry %u", (unsigned int)type);
    return 0;
}

static int free_stack(void **state)
{
    free(stack);
    stack = NULL;
    write_fails_at = 0;
    return nothing_left(state);
}

static void test_stack_layout(void **state)
{
    (void)state;
    uint32_t esp;
    struct image_start start = {
        .args = pack((char[]){"prog\0first\0\0last"}, 17, 4),
        .env = pack((char[]){"A=1\0HOME=/"}, 11, 2),
        .execfn = "/bin/prog",
        .random = {0x11111111, 0x22222222, 0x33333333, 0x44444444},
        .hwcap = 0xABCD,
    };
    elf_file_usual(&file);
    struct image *image = open_file(FL_POLICY_PAGE);
    assert_int_equal(build(image, &start, &esp), 0);

    assert_int_equal(esp % 16, 0);
    assert_int_equal(esp, stack_lowest);
    assert_int_equal(stack_word(esp), 4); /* contract L5 */
    assert_string_equal(stack_text(stack_word(esp + 4)), "prog");
    assert_string_equal(stack_text(stack_word(esp + 8)), "first");
    assert_string_equal(stack_text(stack_word(esp + 12)), "");
    assert_string_equal(stack_text(stack_word(esp + 16)), "last");
    assert_int_equal(stack_word(esp + 20), 0);
    assert_string_equal(stack_text(stack_word(esp + 24)), "A=1");
    assert_string_equal(stack_text(stack_word(esp + 28)), "HOME=/");
    assert_int_equal(stack_word(esp + 32), 0);

    uint32_t auxv = esp + 36;
    assert_int_equal(auxv_value(auxv, AT_PHDR), 0x08048034);
    assert_int_equal(auxv_value(auxv, AT_PHENT), 32);
    assert_int_equal(auxv_value(auxv, AT_PHNUM), 4);
    assert_int_equal(auxv_value(auxv, AT_PAGESZ), 4096);
    assert_int_equal(auxv_value(auxv, AT_BASE), 0);
    assert_int_equal(auxv_value(auxv, AT_FLAGS), 0);
    assert_int_equal(auxv_value(auxv, AT_ENTRY), 0x08048000);
    assert_int_equal(auxv_value(auxv, AT_UID) | auxv_value(auxv, AT_EUID), 0);
    assert_int_equal(auxv_value(auxv, AT_GID) | auxv_value(auxv, AT_EGID), 0);
    assert_int_equal(auxv_value(auxv, AT_SECURE), 0);
    assert_int_equal(auxv_value(auxv, AT_HWCAP), 0xABCD);
    assert_int_equal(auxv_value(auxv, AT_CLKTCK), 100);
    assert_memory_equal(stack_text(auxv_value(auxv, AT_RANDOM)), start.random, 16);
    assert_string_equal(stack_text(auxv_value(auxv, AT_EXECFN)), "/bin/prog");
    assert_string_equal(stack_text(auxv_value(auxv, AT_PLATFORM)), "i686");
    image_unref(image);
}

/* Nobody shall follow a null AT_PHDR: then there are no entries either. */
static void test_stack_without_loaded_table(void **state)
{
    (void)state;
    uint32_t esp;
    struct image_start start = {.execfn = "x"};
    elf_file_init(&file, 0x2000);
    elf_file_add(&file, PT_LOAD, 0x1000, 0x08048000, 0x100, 0x100, PF_R | PF_X);
    struct image *image = open_file(FL_POLICY_PAGE);
    assert_int_equal(build(image, &start, &esp), 0);
    assert_int_equal(auxv_value(esp + 12, AT_PHDR), 0);
    assert_int_equal(auxv_value(esp + 12, AT_PHNUM), 0);
    image_unref(image);
}

static void test_e18_no_arguments(void **state)
{
    (void)state;
    uint32_t esp;
    struct image_start start = {.execfn = "/bin/prog"};
    elf_file_usual(&file);
    struct image *image = open_file(FL_POLICY_PAGE);
    assert_int_equal(build(image, &start, &esp), 0);
    assert_int_equal(esp % 16, 0);
    assert_int_equal(stack_word(esp), 0);
    assert_int_equal(stack_word(esp + 4), 0);
    assert_int_equal(stack_word(esp + 8), 0);
    image_unref(image);
}

/* Every number of arguments around the writer's batch and the alignment. */
static void test_e18_many_arguments(void **state)
{
    (void)state;
    static char data[2 * 300];
    for (uint32_t i = 0; i < 300; i++) {
        data[2 * i] = (char)('a' + i % 26);
    }
    elf_file_usual(&file);
    struct image *image = open_file(FL_POLICY_PAGE);
    for (uint32_t n = 0; n <= 300; n += n < 140 ? 1 : 40) {
        uint32_t esp;
        struct image_start start = {.args = pack(data, 2 * n, n), .execfn = "f"};
        assert_int_equal(build(image, &start, &esp), 0);
        assert_int_equal(esp % 16, 0);
        assert_int_equal(stack_word(esp), n);
        for (uint32_t i = 0; i < n; i++) {
            assert_int_equal(*stack_text(stack_word(esp + 4 + 4 * i)), 'a' + i % 26);
        }
        assert_int_equal(stack_word(esp + 4 + 4 * n), 0);
        assert_int_equal(auxv_value(esp + 12 + 4 * n, AT_PAGESZ), 4096);
    }
    image_unref(image);
}

static void expect_one_string(struct image *image, uint32_t bytes, int want)
{
    uint32_t esp;
    char *data = malloc(bytes);
    memset(data, 'x', bytes);
    data[bytes - 1] = '\0';
    struct image_start start = {.args = pack(data, bytes, 1), .execfn = "f"};
    assert_int_equal(build(image, &start, &esp), want);
    assert_true(want == 0 || writes == 0); /* refused before the first write */
    free(data);
}

/* Linux's MAX_ARG_STRLEN is 128 KiB with the end. */
static void test_e18_long_string(void **state)
{
    (void)state;
    elf_file_usual(&file);
    struct image *image = open_file(FL_POLICY_PAGE);
    expect_one_string(image, IMAGE_STRING_MAX, 0);
    expect_one_string(image, IMAGE_STRING_MAX + 1, -E2BIG);
    image_unref(image);
}

static void test_e18_too_much_in_all(void **state)
{
    (void)state;
    uint32_t esp, count = 24, each = IMAGE_STRING_MAX;
    char *data = malloc(count * each); /* 3 MiB */
    memset(data, 'x', count * each);
    for (uint32_t i = 1; i <= count; i++) {
        data[i * each - 1] = '\0';
    }
    elf_file_usual(&file);
    struct image *image = open_file(FL_POLICY_PAGE);
    struct image_start start = {.env = pack(data, count * each, count), .execfn = "f"};
    assert_int_equal(build(image, &start, &esp), -E2BIG);
    start.env = pack(data, 15 * each, 15);
    assert_int_equal(build(image, &start, &esp), 0);
    start.env = pack(data, 16 * each, 16); /* exactly the limit, but there are pointers too */
    assert_int_equal(build(image, &start, &esp), -E2BIG);
    image_unref(image);
    free(data);
}

static void test_e19_stack_runs_out(void **state)
{
    (void)state;
    uint32_t esp;
    static char data[200]; /* 200 empty strings: more than a batch of pointers */
    struct image_start start = {
        .args = pack(data, 200, 200), .env = pack((char[]){"b"}, 2, 1), .execfn = "f"};
    elf_file_usual(&file);
    struct image *image = open_file(FL_POLICY_PAGE);
    assert_int_equal(build(image, &start, &esp), 0);
    uint32_t all = writes;
    assert_true(all >= 8);
    for (write_fails_at = 1; write_fails_at <= all; write_fails_at++) {
        assert_int_equal(build(image, &start, &esp), -ENOMEM);
        assert_int_equal(writes, write_fails_at); /* the error sticks */
    }
    image_unref(image);
}

#define TEST(name) cmocka_unit_test_teardown(name, free_stack)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_usual_image),
        TEST(test_nothing_is_loaded),
        TEST(test_accounts),
        TEST(test_figures),
        TEST(test_e10_unaligned_segments),
        TEST(test_e11_shared_page),
        TEST(test_e11_overlapping_bytes),
        TEST(test_e14_no_access),
        TEST(test_e16_huge_bss),
        TEST(test_e17_segment_below_the_guard),
        TEST(test_random_layouts),
        TEST(test_page_policy_has_no_clusters),
        TEST(test_segment_policy),
        TEST(test_refused_files_leave_nothing),
        TEST(test_e12_too_many_segments),
        TEST(test_e19_heap_runs_out),
        TEST(test_e19_map_runs_out),
        TEST(test_frames_run_out),
        TEST(test_e20_file_shrinks),
        TEST(test_e20_read_errors),
        TEST(test_stack_layout),
        TEST(test_stack_without_loaded_table),
        TEST(test_e18_no_arguments),
        TEST(test_e18_many_arguments),
        TEST(test_e18_long_string),
        TEST(test_e18_too_much_in_all),
        TEST(test_e19_stack_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
