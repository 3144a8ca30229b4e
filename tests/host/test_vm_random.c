/*
 * Every operation on maps at random, against a model that knows nothing of areas and tables: for each
 * page of two address spaces what it is, what may be done to it, and two of its bytes.
 *
 * The two spaces fork from each other, share objects, and run out of memory: by injected failures in
 * a machine with room, and by itself in a small one. An operation that fails must have changed
 * nothing (where its header says otherwise, exactly that).
 */
#include "mm_support.h"

#include <asm/errno.h>

#define ROUNDS        12000u
#define PAGE_COUNT    256u
#define START         (0x40200000u - PAGES(128)) /* a page table's border in the middle */
#define RUN_MAX       40u
#define OBJECTS       2u
#define FILE_PAGES    150u
#define FILE_BYTES    (PAGES(FILE_PAGES) - 50u)
#define SMALL_MACHINE 640u

enum kind { NOTHING, ANON, SHARED, FILE_PRIVATE, FILE_SHARED };

/* The bytes that the model knows of each page. */
static const uint32_t offset_of_byte[2] = {5, 4090};

struct page {
    enum kind kind;
    uint32_t prot;
    uint32_t object, index; /* SHARED: which object; and FILE: page number there */
    bool is_written;        /* FILE_PRIVATE: has bytes of its own                */
    uint8_t byte[2];        /* ANON, and FILE_PRIVATE if written                 */
};

struct space {
    struct vm_map *map; /* NULL: does not exist now */
    struct page page[PAGE_COUNT];
};

static struct space space[2];
static struct vm_object *object[OBJECTS];
static uint8_t object_byte[OBJECTS][PAGE_COUNT * 2][2];
static struct fake_file file;
static uint64_t rng;
static bool is_small;    /* the machine: any operation may run out of memory */
static bool is_injected; /* this operation: an allocation may fail           */

static uint32_t below(uint32_t limit)
{
    return random_below(&rng, limit);
}

static uint32_t address(uint32_t page)
{
    return START + PAGES(page);
}

static struct vrange range_of(uint32_t at, uint32_t n)
{
    return vrange(address(at), address(at + n));
}

/* Could -ENOMEM be the machine's answer? */
static bool may_run_out(void)
{
    return is_small || is_injected;
}

static void inject(void)
{
    is_injected = below(6) == 0;
    frame_fail_at(is_injected ? 1 + below(5) : 0, below(2) == 0);
}

static void inject_end(void)
{
    frame_fail_at(0, false);
}

/* ---- The model's bytes ----------------------------------------------------------------------------- */

static uint8_t byte_wanted(const struct page *p, uint32_t b)
{
    uint64_t offset = PAGES(p->index) + offset_of_byte[b];

    if (p->kind == SHARED) {
        return object_byte[p->object][p->index][b];
    }
    if (p->kind == ANON || p->is_written) {
        return p->byte[b];
    }
    return offset < FILE_BYTES ? fake_byte(offset) : 0;
}

static void byte_write(struct page *p, uint32_t b, uint8_t value)
{
    if (p->kind == SHARED) {
        object_byte[p->object][p->index][b] = value;
        return;
    }
    if (p->kind == FILE_PRIVATE && !p->is_written) {
        for (uint32_t i = 0; i < 2; i++) {
            p->byte[i] = byte_wanted(p, i);
        }
        p->is_written = true;
    }
    p->byte[b] = value;
}

static bool is_past_end(const struct page *p)
{
    return p->kind >= FILE_PRIVATE && p->index >= FILE_PAGES;
}

/* ---- Accesses -------------------------------------------------------------------------------------- */

static enum vm_fault_result result_wanted(const struct page *p, uint32_t access)
{
    if (p->kind == NOTHING) {
        return VM_FAULT_NO_MAPPING;
    }
    if (p->prot == 0 || (access == VM_WRITE && !(p->prot & VM_WRITE)) ||
        (access == VM_EXEC && !(p->prot & VM_EXEC))) {
        return VM_FAULT_BAD_ACCESS;
    }
    return is_past_end(p) ? VM_FAULT_IO : VM_FAULT_RESUME;
}

static void access_page(struct space *s, uint32_t at, uint32_t access)
{
    struct page *p = &s->page[at];

    for (uint32_t b = 0; b < 2; b++) {
        struct access a = cpu_access(s->map, address(at) + offset_of_byte[b], access);
        enum vm_fault_result want = result_wanted(p, access);
        if (a.faulted && vm_fault_is_out_of_memory(a.result) && may_run_out() &&
            (want == VM_FAULT_RESUME || want == VM_FAULT_IO)) {
            return;
        }
        if (want != VM_FAULT_RESUME) {
            assert_null(a.byte);
            assert_int_equal(a.result, want);
            return;
        }
        assert_non_null(a.byte);
        if (*a.byte != byte_wanted(p, b)) {
            fail_msg("page %u: byte %u is %x instead of %x", at, b, *a.byte, byte_wanted(p, b));
        }
        if (access == VM_WRITE) {
            *a.byte = (uint8_t)below(256);
            byte_write(p, b, *a.byte);
        }
    }
}

static void check_all(struct space *s)
{
    for (uint32_t at = 0; at < PAGE_COUNT && s->map != NULL; at++) {
        struct vm_area_info info;
        bool is_mapped = vm_map_area_of(s->map, vaddr(address(at)), &info);
        assert_int_equal(is_mapped, s->page[at].kind != NOTHING);
        if (is_mapped) {
            assert_int_equal(info.prot, s->page[at].prot);
            access_page(s, at, VM_READ);
        }
    }
}

/* ---- Operations ------------------------------------------------------------------------------------ */

/* What the operations apply to: n pages from `at`. */
struct run {
    uint32_t at, n;
};

static struct run run_choose(void)
{
    uint32_t at = below(PAGE_COUNT), n = 1 + below(RUN_MAX);

    return (struct run){at, n > PAGE_COUNT - at ? PAGE_COUNT - at : n};
}

static bool is_free(const struct space *s, struct run run)
{
    for (uint32_t i = 0; i < run.n; i++) {
        if (s->page[run.at + i].kind != NOTHING) {
            return false;
        }
    }
    return true;
}

static uint32_t prot_choose(void)
{
    return below(3) == 0 ? below(8) : RW;
}

/* A new area for run: the spec, and its first page for the model. */
static struct vm_area_spec spec_choose(struct run run, struct page *first)
{
    struct vm_area_spec spec = anon_spec(address(run.at), run.n, prot_choose());

    *first = (struct page){.kind = (enum kind)(ANON + below(4))};
    spec.flags = first->kind == ANON && below(4) == 0 ? VM_OWN_ZERO : 0;
    if (below(4) == 0) {
        spec.flags |= VM_NO_MERGE | (below(2) == 0 ? VM_TEACHING : 0);
    }
    if (first->kind == SHARED) {
        first->object = below(OBJECTS);
        first->index = below(PAGE_COUNT - run.n);
        spec.object = object[first->object];
        vm_object_ref(spec.object);
        spec.flags |= VM_SHARED;
    } else if (first->kind != ANON) {
        first->index = below(FILE_PAGES + 3);
        spec.object = vm_object_of_file(&file.source);
        spec.flags |= below(2) == 0 ? VM_AROUND : 0;
        if (first->kind == FILE_SHARED) {
            spec.flags |= VM_SHARED | VM_MAY_NOT_WRITE;
            spec.prot &= ~VM_WRITE;
        }
    }
    spec.offset = PAGES(first->index);
    first->prot = spec.prot;
    return spec;
}

static void model_fill(struct space *s, struct run run, const struct page *first)
{
    for (uint32_t i = 0; i < run.n; i++) {
        struct page *p = &s->page[run.at + i];
        *p = *first;
        p->index += first->kind == ANON ? 0 : i;
        p->is_written = false;
        p->byte[0] = p->byte[1] = 0;
    }
}

static bool is_teaching_full(const struct space *s, const struct vm_area_spec *spec)
{
    return (spec->flags & VM_TEACHING) && s->map->areas.reserve == 0;
}

static void op_insert(struct space *s, bool replace)
{
    struct run run = run_choose();
    struct page first;
    struct vm_area_spec spec = spec_choose(run, &first);
    bool full = is_teaching_full(s, &spec), free = is_free(s, run);

    if (first.kind >= FILE_PRIVATE && spec.object == NULL) {
        assert_true(may_run_out());
        return;
    }
    int err = (replace ? vm_map_replace : vm_map_insert)(s->map, &spec);
    vm_object_unref(spec.object);
    if (err == -EEXIST) {
        assert_true(!replace && !free);
    } else if (err == -ENOMEM) {
        assert_true(may_run_out() || full);
    } else {
        assert_int_equal(err, 0);
        assert_true((replace || free));
        model_fill(s, run, &first);
    }
}

static void op_remove(struct space *s)
{
    struct run run = run_choose();
    int err = vm_map_remove(s->map, range_of(run.at, run.n));

    if (err == 0) {
        memset(&s->page[run.at], 0, run.n * sizeof(struct page));
    } else {
        assert_int_equal(err, -ENOMEM);
        assert_true(may_run_out());
    }
}

/* Pages of the run that mprotect changes before it meets a hole or a forbidden right. */
static uint32_t protect_reach(const struct space *s, struct run run, uint32_t prot, int *err)
{
    for (uint32_t i = 0; i < run.n; i++) {
        const struct page *p = &s->page[run.at + i];
        *err = p->kind == NOTHING                            ? -ENOMEM
               : p->kind == FILE_SHARED && (prot & VM_WRITE) ? -EACCES
                                                             : 0;
        if (*err != 0) {
            return i;
        }
    }
    *err = 0;
    return run.n;
}

static void op_protect(struct space *s)
{
    struct run run = run_choose();
    uint32_t prot = prot_choose();
    int want;
    uint32_t reach = protect_reach(s, run, prot, &want);

    if (want != 0 && may_run_out()) {
        return; /* two reasons to fail would look the same */
    }
    int err = vm_map_protect(s->map, range_of(run.at, run.n), prot);
    if (err == -ENOMEM && want == 0) {
        assert_true(may_run_out());
        return;
    }
    assert_int_equal(err, want);
    for (uint32_t i = 0; i < reach; i++) {
        s->page[run.at + i].prot = prot;
    }
}

static void op_discard(struct space *s)
{
    struct run run = run_choose();
    int err = vm_map_discard(s->map, range_of(run.at, run.n)), want = 0;

    for (uint32_t i = 0; i < run.n; i++) {
        struct page *p = &s->page[run.at + i];
        want = p->kind == NOTHING ? -ENOMEM : want;
        p->is_written = false;
        p->byte[0] = p->byte[1] = 0;
    }
    assert_int_equal(err, want);
}

static void op_populate(struct space *s)
{
    struct run run = run_choose();
    bool write = below(2) == 0;
    int err = vm_map_populate(s->map, range_of(run.at, run.n), write);

    if (err == -ENOMEM) {
        assert_true(may_run_out());
        return;
    }
    for (uint32_t i = 0; i < run.n; i++) {
        const struct page *p = &s->page[run.at + i];
        if (result_wanted(p, write ? VM_WRITE : VM_READ) != VM_FAULT_RESUME) {
            assert_int_equal(err, -EFAULT);
            return;
        }
        if (err == 0) {
            assert_non_null((vm_map_activate(s->map),
                             cpu_try(address(run.at + i), write ? VM_WRITE : VM_READ)));
        }
    }
    assert_int_equal(err, 0);
}

/* The pages behind `last` that an area gains when it grows. */
static void model_extend(struct space *s, uint32_t last, struct run run)
{
    struct page next = s->page[last];

    next.index += next.kind == ANON ? 0 : 1;
    model_fill(s, run, &next);
}

static bool reaches_object_end(const struct page *p, uint32_t pages)
{
    return p->kind == SHARED && p->index + pages >= PAGE_COUNT * 2;
}

static void op_move(struct space *s)
{
    struct run from = run_choose(), to = {below(PAGE_COUNT), 0};
    struct vm_area_info info;
    static struct page moved[RUN_MAX];

    to.n = from.n + below(3);
    bool overlaps = to.at < from.at + from.n && from.at < to.at + to.n;
    if (to.at + to.n > PAGE_COUNT || overlaps || !is_free(s, to) ||
        reaches_object_end(&s->page[from.at], to.n)) {
        return;
    }
    bool is_one = vm_map_area_of(s->map, vaddr(address(from.at)), &info) &&
                  info.range.end.raw >= address(from.at + from.n);
    int err = vm_map_move(s->map, range_of(from.at, from.n), range_of(to.at, to.n));
    if (err != 0) {
        assert_true(is_one ? err == -ENOMEM && may_run_out() : err == -EFAULT);
        return;
    }
    assert_true(is_one);
    memcpy(moved, &s->page[from.at], from.n * sizeof(*moved));
    memset(&s->page[from.at], 0, from.n * sizeof(*moved));
    memcpy(&s->page[to.at], moved, from.n * sizeof(*moved));
    if (to.n > from.n) {
        model_extend(s, to.at + from.n - 1, (struct run){to.at + from.n, to.n - from.n});
    }
}

static void op_grow_up(struct space *s)
{
    struct run more = {1 + below(PAGE_COUNT - 10), 1 + below(6)};
    struct vm_area_info info;
    bool ends = vm_map_area_of(s->map, vaddr(address(more.at - 1)), &info) &&
                info.range.end.raw == address(more.at);

    if (reaches_object_end(&s->page[more.at - 1], more.n + 1)) {
        return;
    }
    int err = vm_map_grow_up(s->map, vaddr(address(more.at)), vaddr(address(more.at + more.n)));
    assert_int_equal(err, !ends ? -EFAULT : is_free(s, more) ? 0 : -EEXIST);
    if (err == 0) {
        model_extend(s, more.at - 1, more);
    }
}

static void op_fork(struct space *s)
{
    struct space *other = &space[s == &space[0]];

    if (other->map != NULL) {
        vm_map_destroy(other->map);
    }
    other->map = vm_map_fork(s->map);
    if (other->map == NULL) {
        assert_true(may_run_out());
    }
    memcpy(other->page, s->page, sizeof(other->page));
}

static void op_accesses(struct space *s)
{
    struct run run = run_choose();
    uint32_t access = 1u << below(3);

    for (uint32_t i = 0; i < run.n; i++) {
        access_page(s, run.at + i, access);
    }
}

static void op_find_hole(struct space *s)
{
    uint32_t n = 1 + below(RUN_MAX), low = below(PAGE_COUNT), at = low;
    vaddr_t start;

    while (at + n <= PAGE_COUNT && !is_free(s, (struct run){at, n})) {
        at++;
    }
    bool found = vm_map_find_hole(s->map, PAGES(n), address(low), address(PAGE_COUNT), &start);
    assert_int_equal(found, at + n <= PAGE_COUNT);
    assert_true(!found || start.raw == address(at));
}

static void op_insert_free(struct space *s)
{
    op_insert(s, false);
}

static void op_insert_over(struct space *s)
{
    op_insert(s, true);
}

/* Each as often as it stands here. */
static void (*const operations[])(struct space *) = {
    op_insert_free, op_insert_free, op_insert_free, op_insert_free, op_insert_free, op_insert_over,
    op_insert_over, op_remove,      op_remove,      op_protect,     op_protect,     op_protect,
    op_discard,     op_populate,    op_move,        op_move,        op_grow_up,     op_fork,
    op_find_hole,   op_accesses,    op_accesses,    op_accesses,    op_accesses,    op_accesses,
};

/* ---- The walk -------------------------------------------------------------------------------------- */

static void walk(const char *name)
{
    rng = seed_choose(name);
    memset(space, 0, sizeof(space));
    memset(object_byte, 0, sizeof(object_byte));
    fake_file_init(&file, FILE_BYTES);
    for (uint32_t i = 0; i < OBJECTS; i++) {
        object[i] = vm_object_shared_anon(PAGE_COUNT, false);
    }
    space[0].map = vm_map_create(0);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct space *s = &space[space[1].map == NULL ? 0 : space[0].map == NULL ? 1 : below(2)];
        inject();
        operations[below(array_size(operations))](s);
        inject_end();
        is_injected = false;
        for (uint32_t i = 0; i < 2; i++) {
            if (space[i].map != NULL) {
                vm_map_check(space[i].map);
            }
            if (round % 100 == 0) {
                check_all(&space[i]);
            }
        }
        machine_check();
    }
    for (uint32_t i = 0; i < 2; i++) {
        check_all(&space[i]);
        if (space[i].map != NULL) {
            vm_map_destroy(space[i].map);
        }
        vm_object_unref(object[i]);
    }
    fake_file_free(&file);
}

static void with_room(void **state)
{
    (void)state;
    is_small = false;
    walk("vm_random with_room");
}

static void in_a_small_machine(void **state)
{
    (void)state;
    machine_start(SMALL_MACHINE, 0);
    is_small = true;
    walk("vm_random in_a_small_machine");
}

/* User pages come from high memory first; tables and records do not. */
static void with_high_memory(void **state)
{
    (void)state;
    machine_start(MACHINE_FRAMES, 1024);
    is_small = false;
    walk("vm_random with_high_memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(with_room, machine_setup, machine_teardown),
        cmocka_unit_test_setup_teardown(in_a_small_machine, machine_setup, machine_teardown),
        cmocka_unit_test_setup_teardown(with_high_memory, machine_setup, machine_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
