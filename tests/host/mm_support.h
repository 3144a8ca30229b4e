/*
 * A machine for the memory tests: frames, the real arch/pmap/pmap.c over them, and a CPU that does
 * nothing but access user memory.
 *
 * Physical memory is a host mapping at KERNEL_BASE, so that the kernel's direct map is simply
 * there. The CPU model translates like SDM vol. 3, 4.4 and 4.10 say, and is as forgetful as
 * the manual allows a CPU not to be: a translation, once used, is kept until a flush or a fault
 * drops it. tlb_check() compares what is kept with the tables; a forgotten flush shows there, and
 * in the tests that read memory through the model.
 */
#ifndef TESTS_HOST_MM_SUPPORT_H
#define TESTS_HOST_MM_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/pmap.h"
#include "lib/assert.h"
#include "mm/map/vm_map_impl.h"
#include "mm/pager/file_cache.h"
#include "mm/pager/file_copy.h"
#include "mm/pager/shared_anon.h"
#include "mm/phys/frame.h"
#include "mm/phys/kheap.h"
#include "mm/vm_fault.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

/* ---- The machine -------------------------------------------------------------------------------- */

#define MACHINE_FRAMES_MAX 16384u /* 64 MiB */
#define MACHINE_FRAMES     4096u  /* 16 MiB: what most tests use */

/* Starts a machine with frames [1, n) of memory, some of them taken by boot; the frames from
 * low_end on (0: none) are the high zone. NX as cpu_info says. */
void machine_start(uint32_t frames, pfn_t low_end);
/* Frames that were free when the machine had started, its kernel heap empty. */
uint32_t machine_free_at_start(void);
/* All invariants that need no map: frames and TLB. */
void machine_check(void);
/* machine_check and vm_map_check. */
void map_check(struct vm_map *map);

/* Fixtures. The second checks that every frame is back. */
int machine_setup(void **state);
int machine_teardown(void **state);
/* The rest of this test leaves the machine in ruins (a panic was caught): no check at the end. */
void machine_abandon(void);

/* ---- Panics ------------------------------------------------------------------------------------- */

extern jmp_buf panic_exit;
extern bool panic_is_expected;
extern char panic_text[256];

/* stmt must panic with a text that contains `part`. */
#define expect_panic(part, stmt)                                                                   \
    do {                                                                                           \
        panic_is_expected = true;                                                                  \
        machine_abandon();                                                                         \
        if (setjmp(panic_exit) == 0) {                                                             \
            stmt;                                                                                  \
            panic_is_expected = false;                                                             \
            fail_msg("no panic: %s", #stmt);                                                       \
        }                                                                                          \
        panic_is_expected = false;                                                                 \
        if (strstr(panic_text, part) == NULL) {                                                    \
            fail_msg("another panic: %s", panic_text);                                             \
        }                                                                                          \
    } while (0)

/* ---- Others --------------------------------------------------------------------------------------- */

/* Called in every preempt_point() of a long operation, unless NULL; true: the process is being killed. */
extern bool (*preempt_hook)(void);
extern uint32_t preempt_points; /* calls so far */

/* ---- The CPU ------------------------------------------------------------------------------------ */

/* One access to user memory: what it came to. */
struct access {
    uint8_t *byte; /* where the access went, NULL if it was refused */
    bool faulted;  /* it took a fault, described by the next three  */
    enum vm_fault_result result;
    struct vm_fault fault;
};

/* Makes map the CPU's and accesses va. A fault that resumes must suffice: a second fault in the
 * same access fails the test (bad-input F15). */
struct access cpu_access(struct vm_map *map, uint32_t va, uint32_t access);
/* The same without an operating system: NULL where that would be a fault. */
uint8_t *cpu_try(uint32_t va, uint32_t access);
/* An access of the kernel: NULL if nothing is mapped there. */
uint8_t *cpu_access_kernel(uint32_t va);

/* Panics (fails the test) if a translation that the CPU may still use differs from the tables. */
void tlb_check(void);
/* How many flush instructions there have been. */
extern uint32_t tlb_page_flushes, tlb_loads;

/* The usual wishes. */
void user_write(struct vm_map *map, uint32_t va, uint8_t value); /* must work */
uint8_t user_read(struct vm_map *map, uint32_t va);              /* must work */
enum vm_cause user_cause(struct vm_map *map, uint32_t va,
                         uint32_t access); /* of the fault it takes;
                                                                               VM_CAUSE_COUNT: none */
void user_refused(struct vm_map *map, uint32_t va, uint32_t access, enum vm_fault_result result,
                  enum vm_cause cause);
pfn_t user_frame(struct vm_map *map, uint32_t va); /* PFN_NONE if nothing is mapped */

/* ---- Failure at every allocation ------------------------------------------------------------------ */

/*
 * Calls attempt with the n-th frame allocation failing, for n = 1, 2, ... until none of its
 * allocations fails; then the same with every allocation from the n-th on failing. A failure must
 * give -ENOMEM and leave frame_free_count() as it was. check is called after each attempt, undo
 * after each success.
 *   gives: the number of failures seen in the first series
 */
uint32_t fail_every_allocation(int (*attempt)(void *), void (*undo)(void *), void (*check)(void *),
                               void *context);

/* ---- Files -------------------------------------------------------------------------------------- */

struct fake_file {
    struct vm_source source; /* first */
    const uint8_t *bytes;
    uint32_t refs;
    uint32_t reads;
    uint32_t fail_read; /* this many reads from now fails with -EIO; 0: none does */
};
/* size bytes of a pattern that differs from page to page. */
void fake_file_init(struct fake_file *file, uint32_t size);
void fake_file_free(struct fake_file *file); /* asserts that nobody holds it */
/* Byte of the pattern. */
uint8_t fake_byte(uint64_t offset);

/* ---- Areas -------------------------------------------------------------------------------------- */

#define PAGES(n) ((uint32_t)(n)*PAGE_SIZE)
#define RW       (VM_READ | VM_WRITE)

/* A spec of private anonymous memory on the mmap account; the caller changes what it wants. */
struct vm_area_spec anon_spec(uint32_t start, uint32_t pages, uint32_t prot);
void add_anon(struct vm_map *map, uint32_t start, uint32_t pages, uint32_t prot); /* must work */
uint32_t area_count(struct vm_map *map);

/* ---- Seeded randomness -------------------------------------------------------------------------- */

/* From the environment (TEST_SEED) or the clock; printed, so that a failure can be had again. */
uint64_t seed_choose(const char *test);
uint32_t random_below(uint64_t *state, uint32_t limit);

#endif
