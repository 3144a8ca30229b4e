/*
 * Maps: an address space as an ordered set of areas, each a range with rights and, where its bytes
 * come from elsewhere, an object. The structure is private to mm/ (vm_map_impl.h).
 *
 * Errors are 0 or a negative errno. A call that fails has changed nothing: what may be needed is
 * taken before the first visible change.
 *
 * Locking: only a map's own process changes it, which has one thread. Each function that changes a map
 * holds its lock (LOCK_MAP) until it returns. Where a program decides how long that takes, interrupts
 * and other processes may run between two steps (lib/preempt.h), and the map is busy meanwhile:
 *
 *   - Others may ask about it, without the lock (vm_map_counts, vm_map_area_at_or_above,
 *     vm_map_resident and so on). Tree, list and counters agree with each other at every step. The
 *     answer describes a state between before and after, and may be wrong after the caller's own next
 *     step.
 *   - Others may not change it. Only vm_map_clear would, which empties the map of a process that is
 *     being killed. The operation notices the kill and ends, and then its process does. A process
 *     that empties the map of another one keeps the CPU, so the map's own process does not run
 *     meanwhile.
 *   - Every present page lies in an area again when the operation returns, so vm_map_check does not
 *     accept a busy map.
 *
 * While a fault or vm_map_populate sleeps in a pager, it holds no lock and the map is not busy. The
 * map may change in every way, and the fault looks up again (mm/vm_fault.c).
 */
#ifndef MM_VM_MAP_H
#define MM_VM_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/faultline.h"
#include "lib/addr.h"
#include "lib/compiler.h"

struct vm_map;
struct vm_object;

/* Rights of an area; the values are PROT_READ, PROT_WRITE and PROT_EXEC. Any right implies read on
 * i386 (and execute where the CPU has no NX). */
#define VM_READ  1u
#define VM_WRITE 2u
#define VM_EXEC  4u

/* Area flags. */
#define VM_SHARED        0x001u /* writes are seen by all who map the object                      */
#define VM_OWN_ZERO      0x002u /* reads never use the shared zero page (contracts V5, L6)        */
#define VM_GROWS_DOWN    0x004u /* the stack, and what MAP_GROWSDOWN made                         */
#define VM_NO_MERGE      0x008u /* never merges with a neighbour (teaching areas)                 */
#define VM_NO_RESERVE    0x010u /* charged only in strict mode (mm/commit_charge.h)               */
#define VM_TEACHING      0x020u /* its record comes from the map's reserve of FL_AREA_MAX         */
#define VM_AROUND        0x040u /* fault-around: a fault also maps neighbours in the page cache   */
#define VM_MAY_NOT_WRITE 0x080u /* mprotect may not grant write (shared, file opened for reading) */
#define VM_CHARGED       0x100u /* its pages are charged; only the map sets it                    */
#define VM_DONT_FORK     0x200u /* fork leaves it out (MADV_DONTFORK)                             */
#define VM_WIPE_ON_FORK  0x400u /* fork gives the child zeros (MADV_WIPEONFORK)                   */

struct vm_area_spec {
    struct vrange range;
    uint32_t prot;            /* VM_READ | VM_WRITE | VM_EXEC; 0: no access               */
    uint32_t flags;           /* VM_*                                                     */
    uint32_t account;         /* index of the account that counts its faults              */
    struct vm_object *object; /* NULL: private anonymous. The map gets a reference of its own */
    uint64_t offset;          /* byte offset in the object at range.start                 */
};

/* Accounts 0..4 are enum fl_account_kind's STACK..TAM; segments follow. */
#define VM_ACCOUNT_FIRST_SEGMENT 5u

/* The stack is the area below USER_END. An area that grows down does so by faults, to this size at
 * most, and keeps the guard's distance from the area below it. */
#define VM_STACK_MAX         (8u << 20)
#define VM_STACK_GUARD       (1u << 20)
#define VM_STACK_FLOOR       (USER_END - VM_STACK_MAX) /* lowest stack address       */
#define VM_STACK_GUARD_FLOOR (VM_STACK_FLOOR - VM_STACK_GUARD)

/* Most areas of one map (Linux's vm.max_map_count default is 65530). */
#define VM_MAP_AREAS_MAX 65530u

/* ---- Life -------------------------------------------------------------------------------------- */

/* Creates an empty map with its page directories, FL_AREA_MAX area records, and n_segments segment
 * accounts after the five fixed ones. Returns NULL without memory. */
must_check struct vm_map *vm_map_create(uint32_t n_segments);
/* Copies a map for fork: private pages become copy on write, counters start at zero. Returns NULL
 * without memory or if the process is being killed; then nothing is allocated, and the parent is
 * unchanged except that its next writes fault to get their write rights back. */
must_check struct vm_map *vm_map_fork(struct vm_map *map);
/* Empties the map and frees it. Needs: nobody else knows the map. */
void vm_map_destroy(struct vm_map *map);
/* Makes the map the CPU's address space. NULL: none, only the kernel's half. */
void vm_map_activate(struct vm_map *map);

/* ---- Changing ---------------------------------------------------------------------------------- */

/*
 * Adds an area. Merges it with neighbours that it continues, unless a flag forbids that.
 *
 *   needs:   spec->range is inside the user half
 *   returns: 0; -EEXIST if the range is not free; -ENOMEM without a record, at VM_MAP_AREAS_MAX, or if
 *            the charge is refused. After a failure the caller still owns its object reference; after
 *            a success the map has one of its own.
 *   after:   no frame was taken for data, and with VM_TEACHING none at all
 */
must_check int vm_map_insert(struct vm_map *map, const struct vm_area_spec *spec);

/*
 * Unmaps everything inside range; holes are allowed. Splits an area that straddles an edge. A split in
 * the middle needs one record, which is allocated first.
 *
 *   returns: 0, or -ENOMEM with the map unchanged
 *   after:   frames and empty page tables are free, and no TLB entry of the range survives
 */
must_check int vm_map_remove(struct vm_map *map, struct vrange range);

/* Removes range and inserts spec, whose range is the same, in one step (MAP_FIXED). Returns 0, or
 * -ENOMEM with the old mappings unchanged. */
must_check int vm_map_replace(struct vm_map *map, const struct vm_area_spec *spec);

/* True while an operation on the map is in progress and lets others run. Only the process that owns
 * the map may change it then. */
bool vm_map_is_busy(const struct vm_map *map);

/* Empties the map step by step: frees pages, page tables and area records, drops references to
 * objects, releases the charge. For a process that exits, calls execve, or is being killed and does
 * not return to ring 3. Needs: the map is not busy. */
void vm_map_clear(struct vm_map *map);
bool vm_map_is_empty(const struct vm_map *map);

/* Sets the rights of all areas in range. Returns 0; -ENOMEM if a part is not mapped (areas before the
 * hole are changed, as in Linux), without a record, or if the charge is refused; -EACCES for write on
 * VM_MAY_NOT_WRITE. */
must_check int vm_map_protect(struct vm_map *map, struct vrange range, uint32_t prot);

/* Drops the pages but keeps the areas (MADV_DONTNEED). The next access gets the object's page, or
 * zeros. Returns 0, or -ENOMEM if a part is not mapped (the rest is done). */
must_check int vm_map_discard(struct vm_map *map, struct vrange range);

/* Drops the pages of an object from byte `from` on, copies of them included, in all areas that show it:
 * its file was cut. The areas stay. Needs: the map is not busy. Lets others run meanwhile. */
void vm_map_cut_object(struct vm_map *map, const struct vm_object *object, uint64_t from);

/* Brings in all pages of range, as read or write faults would, but counts no faults. Returns 0;
 * -ENOMEM if memory runs out; -EFAULT at a hole or where the access is not allowed; -EINTR if the
 * process is being killed. After a failure the pages that came in stay. */
must_check int vm_map_populate(struct vm_map *map, struct vrange range, bool write);

/* Sets and clears flags (VM_DONT_FORK, VM_WIPE_ON_FORK) of all areas in range. Returns 0; -ENOMEM if
 * a part is not mapped (the rest is done, as in Linux) or without a record (nothing is done);
 * -EINVAL for VM_WIPE_ON_FORK on anything but private anonymous memory (areas before it are done). */
must_check int vm_map_advise_fork(struct vm_map *map, struct vrange range, uint32_t set,
                                  uint32_t clear);

/* mremap with old length 0: maps the shared memory at `from` a second time, in the free range `to`.
 * What is past the object's end is SIGBUS in both. Returns 0, -ENOMEM, -EFAULT (nothing is mapped at
 * from) or -EINVAL (not shared). */
must_check int vm_map_duplicate(struct vm_map *map, vaddr_t from, struct vrange to);

/* mremap: moves a part of one area with its pages from `from` to the free range `to`, which may be
 * longer but not shorter. Returns 0; -ENOMEM, also if the process is being killed; -EFAULT if from
 * spans areas or holes. */
must_check int vm_map_move(struct vm_map *map, struct vrange from, struct vrange to);

/* Extends the area that ends at `end` to new_end. Returns 0, -EEXIST (another area is in the way),
 * -ENOMEM, or -EFAULT (no area ends there). */
must_check int vm_map_grow_up(struct vm_map *map, vaddr_t end, vaddr_t new_end);

/* ---- Asking ------------------------------------------------------------------------------------ */

/* Finds the lowest hole of len bytes (a multiple of the page size, not 0) inside [low, high). Returns
 * true and sets *start, or false if there is none. */
bool vm_map_find_hole(struct vm_map *map, uint32_t len, uint32_t low, uint32_t high,
                      vaddr_t *start);
/* Finds the highest such hole; *start is the last place in it where len fits. */
bool vm_map_find_hole_down(struct vm_map *map, uint32_t len, uint32_t low, uint32_t high,
                           vaddr_t *start);
/* True if no page of range is mapped by an area. */
bool vm_map_is_free(struct vm_map *map, struct vrange range);

/* A copy of what the map knows about an area. */
struct vm_area_info {
    struct vrange range;
    uint32_t prot, flags, account;
    uint64_t offset;
    bool is_anonymous; /* private memory without an object */
};
/* Describes the first area whose end is above va (it may start above va). False if there is none. */
bool vm_map_area_at_or_above(struct vm_map *map, vaddr_t va, struct vm_area_info *out);
/* Describes the area that holds va. False if there is none. */
bool vm_map_area_of(struct vm_map *map, vaddr_t va, struct vm_area_info *out);
/* Copies the name of the object of the area at va ("" without one) to buf, cut at size. Nobody outside
 * mm/ keeps a pointer to an object of the map. */
void vm_map_area_name(struct vm_map *map, vaddr_t va, char *buf, uint32_t size);
/* Counts the resident pages of a range. Walks page tables. */
uint32_t vm_map_resident(struct vm_map *map, struct vrange range);
/* mincore: true if the page at va is in memory, that is mapped or in its file's cache. */
bool vm_map_is_resident(struct vm_map *map, vaddr_t va);

struct vm_map_counts {
    uint32_t areas;                 /* records; while the map is busy up to two are spare       */
    uint32_t teaching_areas;        /* with VM_TEACHING                                         */
    uint32_t size_pages, size_peak; /* VmSize                                        */
    uint32_t rss_pages, rss_peak;   /* VmRSS: user frames, no tables, no zero page   */
    uint32_t charged_pages;         /* this map's part of commit_charged             */
    uint32_t tables;                /* page tables                                   */
    uint32_t n_accounts;
};
void vm_map_counts(struct vm_map *map, struct vm_map_counts *out);
/* Returns rss_peak of these counts alone. */
uint32_t vm_map_rss_peak(struct vm_map *map);
/*
 * What the map holds (contract T4), in frames. `shared` and `nodes` are its parts of shared objects by
 * the last count, which calls vm_map_count_holder for every map with the same new mark
 * (mm/vm_object.h).
 */
struct vm_map_holding {
    uint32_t resident; /* VmRSS: pages that others map too in full     */
    uint32_t tables;   /* page tables and directories                  */
    uint32_t records;  /* area records, accounts                       */
    uint32_t shared;   /* pages of shared objects, mapped or not       */
    uint32_t nodes;    /* their indexes                                */
};
void vm_map_holding(struct vm_map *map, struct vm_map_holding *out);
void vm_map_count_holder(struct vm_map *map, uint64_t census);

/* Returns account i, 0 <= i < n_accounts. The loader fills in start, end and prot of segments. */
struct fl_account *vm_map_account(struct vm_map *map, uint32_t i);

/* Returns VM_CAUSE_COUNT counters of the faults that no account counts: no area was there, or memory
 * ran out. */
const uint32_t *vm_map_unplaced_faults(const struct vm_map *map);

/* Checks tree order, hole sizes, counts and records, and that every present page lies in an area.
 * Panics on a broken invariant. */
void vm_map_check(struct vm_map *map);

#endif
