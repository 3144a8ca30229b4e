/* The machine of mm_support.h. */
#include "mm_support.h"

#include <asm/errno.h>
#include <sys/mman.h>
#include <time.h>

#include "arch/pmap/pmap_boot.h"
#include "arch/tlb.h"
#include "arch/trap.h"
#include "lib/preempt.h"
#include "sync/lock.h"

/* ---- What pmap.c expects around it ------------------------------------------------------------- */

struct cpu_info cpu_info = {.pae = true, .nx = true, .pge = true};

void tss_set_double_fault_cr3(uint32_t cr3)
{
    (void)cr3;
}

/* ---- Panics ------------------------------------------------------------------------------------- */

jmp_buf panic_exit;
bool panic_is_expected;
char panic_text[256];

uint32_t preempt_points;
bool (*preempt_hook)(void);

bool preempt_point(void)
{
    preempt_points++;
    return preempt_hook != NULL && preempt_hook();
}

void panic(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(panic_text, sizeof(panic_text), fmt, args);
    va_end(args);
    lock_release_all();
    if (panic_is_expected) {
        longjmp(panic_exit, 1);
    }
    fail_msg("panic: %s", panic_text);
    abort();
}

/* ---- The machine -------------------------------------------------------------------------------- */

/* Boot takes frames from 1 MiB on, where the kernel would be. */
#define FIRST_BOOT_FRAME 256u
/* Frames below this one are left to the allocator as an odd range of their own. */
#define LOW_RANGE_END 160u

static struct frame *records;
static pfn_t boot_next;
static uint32_t free_at_start;
static bool is_abandoned;

static pfn_t boot_take(uint32_t pages)
{
    pfn_t pfn = boot_next;

    memset((void *)(KERNEL_BASE + (pfn << PAGE_SHIFT)), 0, PAGES(pages));
    boot_next += pages;
    return pfn;
}

/* Physical memory, full of something that is not zero. */
static void memory_map(uint32_t frames)
{
    static bool is_mapped;

    if (!is_mapped) {
        void *want = (void *)KERNEL_BASE;
        void *got = mmap(want, PAGES(MACHINE_FRAMES_MAX), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
        if (got != want) {
            fprintf(stderr, "no room at KERNEL_BASE for the tests' memory\n");
            abort();
        }
        is_mapped = true;
    }
    memset((void *)KERNEL_BASE, 0xEE, PAGES(frames));
}

void machine_start(uint32_t frames, pfn_t low_end)
{
    memory_map(frames);
    boot_next = FIRST_BOOT_FRAME;
    pmap_bootstrap(frames, boot_take);
    free(records);
    records = calloc(frame_table_records(frames), sizeof(*records));
    frame_init(records, frames, low_end != 0 ? low_end : frames);
    frame_add_range(boot_next, frames);
    frame_add_range(1, LOW_RANGE_END);
    kheap_init();
    free_at_start = frame_free_count();
    is_abandoned = false;
}

uint32_t machine_free_at_start(void)
{
    return free_at_start;
}

void machine_abandon(void)
{
    is_abandoned = true;
}

void machine_check(void)
{
    frame_check();
    tlb_check();
}

void map_check(struct vm_map *map)
{
    vm_map_check(map);
    machine_check();
}

int machine_setup(void **state)
{
    (void)state;
    cpu_info.nx = true;
    machine_start(MACHINE_FRAMES, 0);
    return 0;
}

int machine_teardown(void **state)
{
    (void)state;
    if (!is_abandoned) {
        frame_fail_at(0, false);
        machine_check();
        assert_int_equal(frame_free_count(), free_at_start);
        assert_int_equal(frame_owner_count(FRAME_SLAB), 0);
        assert_int_equal(frame_owner_count(FRAME_TABLE), 0);
        assert_int_equal(frame_owner_count(FRAME_USER), 0);
        assert_int_equal(frame_owner_count(FRAME_CACHE), 0);
    }
    return 0;
}

/* ---- The CPU ------------------------------------------------------------------------------------ */

#define PTE_P          0x001u
#define PTE_W          0x002u
#define PTE_U          0x004u
#define PTE_A          0x020u
#define PTE_D          0x040u
#define PTE_PS         0x080u
#define PTE_G          0x100u
#define PTE_NX         (1ull << 63)
#define PTE_FRAME      0x000FFFFFFFFFF000ull
#define PTE_SOFTWARE   0xE00u
#define PDPTE_RESERVED 0x1E6u
#define PAGES_OF_4G    (1u << 20)
#define TABLES_OF_4G   (1u << 11)

uint32_t tlb_page_flushes, tlb_loads;

static uint64_t pdpte[4];           /* registers, read when CR3 is loaded               */
static const uint64_t *pdpt_loaded; /* where from                                       */
static uint64_t tlb[PAGES_OF_4G];   /* the page-table entry a page was last found with  */
static uint64_t pde_cache[TABLES_OF_4G];
static uint32_t pde_used[TABLES_OF_4G], pde_count; /* those used since CR3 was loaded        */
static uint32_t tlb_used[PAGES_OF_4G], tlb_count;  /* pages that may be in tlb[]           */
static uint8_t is_listed[PAGES_OF_4G], is_pde_listed[TABLES_OF_4G];

void tlb_load_tables(uint32_t pdpt)
{
    tlb_loads++;
    pdpt_loaded = (const uint64_t *)(pdpt + KERNEL_BASE);
    assert_int_equal((uintptr_t)pdpt_loaded % 32, 0);
    for (uint32_t i = 0; i < 4; i++) {
        pdpte[i] = pdpt_loaded[i];
        assert_int_equal(pdpte[i] & PDPTE_RESERVED, 0);
    }
    while (tlb_count > 0) {
        uint32_t page = tlb_used[--tlb_count];
        tlb[page] = 0;
        is_listed[page] = 0;
    }
    memset(pde_cache, 0, sizeof(pde_cache));
    memset(is_pde_listed, 0, sizeof(is_pde_listed));
    pde_count = 0;
}

static void tlb_keep(uint32_t va, uint64_t entry)
{
    uint32_t page = va >> PAGE_SHIFT;

    tlb[page] = entry;
    if (!is_listed[page]) {
        is_listed[page] = 1;
        tlb_used[tlb_count++] = page;
    }
}

static uint64_t *table_at(uint64_t entry)
{
    pfn_t pfn = (pfn_t)((entry & PTE_FRAME) >> PAGE_SHIFT);

    assert_true(pfn != 0 && pfn < pmap_direct_limit());
    return pmap_direct(pfn);
}

static void check_reserved_bits(uint64_t entry)
{
    if ((entry & PTE_NX) && !cpu_info.nx) {
        fail_msg("entry %llx has bit 63 set on a CPU without NX", (unsigned long long)entry);
    }
    assert_int_equal((entry & ~PTE_NX & ~PTE_FRAME) >> 52, 0);
}

/* The directory entry for va as memory has it; NULL if its directory is not present. */
static uint64_t *pde_in_memory(uint32_t va)
{
    uint64_t top = pdpte[va >> 30];

    return (top & PTE_P) ? &table_at(top)[(va >> 21) % 512] : NULL;
}

static uint64_t pde_for(uint32_t va)
{
    uint64_t *cached = &pde_cache[va >> 21];
    uint64_t *slot = pde_in_memory(va);

    if (*cached == 0 && slot != NULL && (*slot & PTE_P)) {
        check_reserved_bits(*slot);
        *slot |= PTE_A;
        *cached = *slot;
        if (!is_pde_listed[va >> 21]) {
            is_pde_listed[va >> 21] = 1;
            pde_used[pde_count++] = va >> 21;
        }
    }
    return *cached;
}

/* A CPU may walk the tables whenever it likes (SDM vol. 3, 4.10.2.3): what an invlpg drops is fetched
 * again at once if it is still there. So a flush that comes before the change does not count. */
void tlb_flush_page(uint32_t va)
{
    tlb_page_flushes++;
    tlb[va >> PAGE_SHIFT] = 0;
    memset(pde_cache, 0, sizeof(pde_cache));
    for (uint32_t i = 0; i < pde_count; i++) {
        const uint64_t *slot = pde_in_memory(pde_used[i] << 21);
        pde_cache[pde_used[i]] = slot != NULL && (*slot & PTE_P) ? *slot : 0;
    }
    uint64_t pde = pde_cache[va >> 21];
    if (is_listed[va >> PAGE_SHIFT] && (pde & PTE_P)) {
        uint64_t pte = table_at(pde)[(va >> PAGE_SHIFT) % 512];
        tlb[va >> PAGE_SHIFT] = (pte & PTE_P) ? pte : 0;
    }
}

static bool is_permitted(uint64_t pde, uint64_t pte, uint32_t access)
{
    uint64_t both = pde & pte;

    return (both & PTE_U) && (access != VM_WRITE || (both & PTE_W)) &&
           (access != VM_EXEC || !((pde | pte) & PTE_NX));
}

static uint8_t *byte_of(uint64_t pte, uint32_t va)
{
    pfn_t pfn = (pfn_t)((pte & PTE_FRAME) >> PAGE_SHIFT);

    assert_true(pfn != 0 && pfn < frame_table_end);
    assert_true(frame_of(pfn)->owner > FRAME_FREE);
    return (uint8_t *)pmap_direct(pfn) + (va & PAGE_OFFSET_MASK);
}

/* Through the TLB or the tables: the byte, or NULL for a page fault. */
static uint8_t *translate(uint32_t va, uint32_t access, bool is_user)
{
    uint64_t pde = PTE_U | PTE_W | PTE_P, pte = tlb[va >> PAGE_SHIFT];

    if (pte == 0) {
        pde = pde_for(va);
        if (!(pde & PTE_P) || (is_user && !(pde & PTE_U))) {
            return NULL;
        }
        assert_int_equal(pde & PTE_PS, 0); /* the direct map: no test goes there this way */
        uint64_t *slot = &table_at(pde)[(va >> PAGE_SHIFT) % 512];
        if (!(*slot & PTE_P)) {
            return NULL;
        }
        check_reserved_bits(*slot);
        if (is_user && !is_permitted(pde, *slot, access)) {
            return NULL;
        }
        *slot |= PTE_A | (access == VM_WRITE ? PTE_D : 0);
        pte = *slot;
        tlb_keep(va, pte);
    }
    return is_user && !is_permitted(pde, pte, access) ? NULL : byte_of(pte, va);
}

uint8_t *cpu_try(uint32_t va, uint32_t access)
{
    uint8_t *byte = translate(va, access, true);

    if (byte == NULL) {
        /* The fault itself drops what the CPU knew about the address (SDM vol. 3, 4.10.4.1). */
        tlb[va >> PAGE_SHIFT] = 0;
        pde_cache[va >> 21] = 0;
    }
    return byte;
}

struct access cpu_access(struct vm_map *map, uint32_t va, uint32_t access)
{
    struct access out = {.fault = {.va = vaddr(va), .access = (uint8_t)access}};

    vm_map_activate(map);
    out.byte = cpu_try(va, access);
    if (out.byte != NULL) {
        return out;
    }
    out.faulted = true;
    out.fault.cause = 0xFF;
    out.result = vm_fault(map, &out.fault);
    assert_true(out.fault.cause < VM_CAUSE_COUNT);
    if (out.result == VM_FAULT_RESUME) {
        out.byte = translate(va, access, true);
        if (out.byte == NULL) {
            fail_msg("access %u at %x faults again after a fault that resumed (%s)", access, va,
                     vm_cause_word(out.fault.cause));
        }
        assert_int_equal(out.fault.pfn, pmap_direct_pfn(out.byte));
    }
    return out;
}

uint8_t *cpu_access_kernel(uint32_t va)
{
    return translate(va, VM_READ, false);
}

/* One kept translation against the tables: the same frame, and no right the tables lack. */
static void check_kept(uint32_t va, uint64_t kept)
{
    const uint64_t *pde = pde_in_memory(va);
    uint64_t pte = 0;

    if (pde != NULL && (*pde & PTE_P)) {
        pte = table_at(*pde)[(va >> PAGE_SHIFT) % 512];
    }
    if (!(pte & PTE_P) || (pte & PTE_FRAME) != (kept & PTE_FRAME) ||
        ((kept & PTE_W) && !(pte & PTE_W)) || (!(kept & PTE_NX) && (pte & PTE_NX))) {
        fail_msg("stale TLB entry for %x: the CPU keeps %llx, the table says %llx", va,
                 (unsigned long long)kept, (unsigned long long)pte);
    }
}

void tlb_check(void)
{
    for (uint32_t i = 0; i < tlb_count; i++) {
        uint32_t page = tlb_used[i];
        if (tlb[page] != 0) {
            check_kept(page << PAGE_SHIFT, tlb[page]);
        }
    }
    for (uint32_t i = 0; i < TABLES_OF_4G; i++) {
        if (pde_cache[i] != 0) {
            const uint64_t *pde = pde_in_memory(i << 21);
            if (pde == NULL || ((*pde ^ pde_cache[i]) & ~(uint64_t)PTE_A) != 0) {
                fail_msg("stale directory entry for %x", i << 21);
            }
        }
    }
    for (uint32_t i = 0; i < 4 && pdpt_loaded != NULL; i++) {
        assert_true(pdpte[i] == pdpt_loaded[i]);
    }
}

void user_write(struct vm_map *map, uint32_t va, uint8_t value)
{
    struct access a = cpu_access(map, va, VM_WRITE);

    if (a.byte == NULL) {
        fail_msg("write at %x refused: %s", va, vm_cause_word(a.fault.cause));
    }
    *a.byte = value;
}

uint8_t user_read(struct vm_map *map, uint32_t va)
{
    struct access a = cpu_access(map, va, VM_READ);

    if (a.byte == NULL) {
        fail_msg("read at %x refused: %s", va, vm_cause_word(a.fault.cause));
    }
    return *a.byte;
}

enum vm_cause user_cause(struct vm_map *map, uint32_t va, uint32_t access)
{
    struct access a = cpu_access(map, va, access);

    return a.faulted ? (enum vm_cause)a.fault.cause : VM_CAUSE_COUNT;
}

void user_refused(struct vm_map *map, uint32_t va, uint32_t access, enum vm_fault_result result,
                  enum vm_cause cause)
{
    struct access a = cpu_access(map, va, access);

    if (a.byte != NULL) {
        fail_msg("access %u at %x went through", access, va);
    }
    if (a.fault.cause != cause) {
        fail_msg("access %u at %x: cause %s instead of %s", access, va,
                 vm_cause_word(a.fault.cause), vm_cause_word(cause));
    }
    assert_int_equal(a.result, result);
    assert_int_equal(a.fault.pfn, PFN_NONE);
}

pfn_t user_frame(struct vm_map *map, uint32_t va)
{
    struct pmap_entry entry;

    return pmap_lookup(&map->pmap, vaddr(va), &entry) ? entry.pfn : PFN_NONE;
}

/* ---- Failure at every allocation ---------------------------------------------------------------- */

#define FAILURES_MAX 5000u

static uint32_t fail_series(int (*attempt)(void *), void (*undo)(void *), void (*check)(void *),
                            void *context, bool from_then_on)
{
    uint32_t failures = 0;

    for (uint32_t n = 1; n < FAILURES_MAX; n++) {
        uint32_t before = frame_free_count();
        frame_fail_at(n, from_then_on);
        int err = attempt(context);
        uint32_t refused = frame_fail_at(0, false);
        check(context);
        if (err == 0) {
            undo(context);
            if (refused == 0) {
                return failures;
            }
            continue; /* it did without */
        }
        assert_int_equal(err, -ENOMEM);
        assert_true(refused > 0);
        failures++;
        if (frame_free_count() != before) {
            fail_msg("allocation %u failed: %d frames leaked", n,
                     (int)(before - frame_free_count()));
        }
    }
    fail_msg("never succeeds");
    return 0;
}

uint32_t fail_every_allocation(int (*attempt)(void *), void (*undo)(void *), void (*check)(void *),
                               void *context)
{
    uint32_t once = fail_series(attempt, undo, check, context, false);
    uint32_t onward = fail_series(attempt, undo, check, context, true);

    assert_true(onward >= once);
    return once;
}

/* ---- Files -------------------------------------------------------------------------------------- */

uint8_t fake_byte(uint64_t offset)
{
    return (uint8_t)(offset * 7u + (offset >> PAGE_SHIFT) * 31u + 3u);
}

static struct fake_file *file_of(struct vm_source *src)
{
    return (struct fake_file *)(void *)src;
}

static int file_read(struct vm_source *src, uint64_t offset, void *dst, uint32_t len)
{
    struct fake_file *file = file_of(src);

    assert_true(len > 0 && offset + len <= src->size);
    if (file->fail_read != 0 && --file->fail_read == 0) {
        return -EIO;
    }
    file->reads++;
    memcpy(dst, file->bytes + offset, len);
    return 0;
}

static void file_ref(struct vm_source *src)
{
    file_of(src)->refs++;
}

static void file_unref(struct vm_source *src)
{
    assert_true(file_of(src)->refs > 0);
    file_of(src)->refs--;
}

static const char *file_name(struct vm_source *src)
{
    (void)src;
    return "/fake";
}

void fake_file_init(struct fake_file *file, uint32_t size)
{
    static const struct vm_source_ops ops = {file_read, file_ref, file_unref, file_name};
    uint8_t *bytes = malloc(size);

    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = fake_byte(i);
    }
    *file = (struct fake_file){.source = {.ops = &ops, .size = size}, .bytes = bytes};
}

void fake_file_free(struct fake_file *file)
{
    assert_int_equal(file->refs, 0);
    assert_null(file->source.object);
    free((void *)(uintptr_t)file->bytes);
}

/* ---- Areas -------------------------------------------------------------------------------------- */

struct vm_area_spec anon_spec(uint32_t start, uint32_t pages, uint32_t prot)
{
    return (struct vm_area_spec){
        .range = vrange(start, start + PAGES(pages)),
        .prot = prot,
        .account = FL_ACCOUNT_MMAP,
    };
}

void add_anon(struct vm_map *map, uint32_t start, uint32_t pages, uint32_t prot)
{
    struct vm_area_spec spec = anon_spec(start, pages, prot);

    assert_int_equal(vm_map_insert(map, &spec), 0);
}

uint32_t area_count(struct vm_map *map)
{
    struct vm_map_counts counts;

    vm_map_counts(map, &counts);
    return counts.areas;
}

/* ---- Seeded randomness -------------------------------------------------------------------------- */

uint64_t seed_choose(const char *test)
{
    const char *text = getenv("TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);

    printf("# %s: TEST_SEED=%llu\n", test, (unsigned long long)seed);
    return seed;
}

/* splitmix64 (Steele, Lea, Flood 2014): every seed will do, 0 too. */
uint32_t random_below(uint64_t *state, uint32_t limit)
{
    uint64_t x = *state += 0x9E3779B97F4A7C15ull;

    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    x ^= x >> 31;
    return (uint32_t)(((x >> 32) * limit) >> 32);
}
