/*
 * The choice of a victim (oom.h).
 *
 * The pages of a victim are freed at once, unless its map is in the middle of an operation. The rest
 * (kernel stack, page directories, whatever it holds elsewhere) is freed when it runs and ends; until
 * then everybody waits for it. So there is one victim at a time.
 *
 * Waiting cannot last for ever: a dying process is in the run queue, needs no memory to end, and
 * abandons every wait of its own, this one included.
 */
#include "kernel/oom/oom.h"

#include <asm/signal.h>
#include <stddef.h>

#include "kernel/log/printk.h"
#include "kernel/proc/exit.h"
#include "kernel/proc/kill.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/wait.h"
#include "lib/assert.h"
#include "lib/minmax.h"
#include "mm/phys/frame.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

/* ---- Scores -------------------------------------------------------------------------------------- */

/* Counts who holds which shared object, if anything may have changed since the last count. Interrupts
 * come in after each map, which may have VM_MAP_AREAS_MAX areas. */
static void count_holders(void)
{
    static uint32_t counted;

    if (counted == vm_object_changes) {
        return;
    }
    uint64_t census = vm_object_new_mark();

    counted = vm_object_changes;
    for (const struct process *p = process_find_from(1); p != NULL;
         p = process_find_from(p->id.pid + 1)) {
        if (p->memory.map != NULL) {
            vm_map_count_holder(p->memory.map, census);
            sched_irq_window();
        }
    }
}

/* Frames that a process holds: all of them, and the directly mapped ones that only kernel objects
 * need (tables, records, indexes). */
struct held {
    uint32_t all, low;
};

/* Adds up its map and what an execve under way holds in addition. */
static struct vm_map_holding holding_of(const struct process *process)
{
    struct vm_map_holding h = {0}, aside = {0};

    if (process->memory.map != NULL) {
        vm_map_holding(process->memory.map, &h);
    }
    if (process->memory.exec_map != NULL) {
        vm_map_holding(process->memory.exec_map, &aside);
    }
    h.resident += aside.resident;
    h.tables += aside.tables;
    h.records += aside.records + process->memory.exec_frames;
    h.shared += aside.shared;
    h.nodes += aside.nodes;
    return h;
}

static struct held held_by(const struct process *process)
{
    struct vm_map_holding h = holding_of(process);
    uint32_t low = h.tables + h.records + h.nodes;

    return (struct held){.all = h.resident + h.shared + low, .low = low};
}

/* Returns `pages` in thousandths of `total`, adjusted, within 0..OOM_SCORE_MAX. Pages may exceed
 * total, because shared ones can count twice. */
static int score_of(uint32_t pages, uint32_t total, int adj)
{
    pages = min_u32(pages, 2 * total);
    while (total > UINT32_MAX / (2 * OOM_SCORE_MAX)) { /* more than 8 GiB: no product overflows */
        total /= 2;
        pages /= 2;
    }
    int score = (int)(pages * OOM_SCORE_MAX / total) + adj;

    if (score < 0) {
        return 0;
    }
    return score > (int)OOM_SCORE_MAX ? (int)OOM_SCORE_MAX : score;
}

int oom_score(const struct process *process)
{
    count_holders();
    return score_of(held_by(process).all, frame_total_count(), process->memory.oom_score_adj);
}

/* ---- The choice ---------------------------------------------------------------------------------- */

/* How good a victim a process is, measured by the memory that is short. */
struct candidate {
    struct process *process;
    uint32_t pages;
    int score;
};

static struct candidate candidate_of(struct process *process, enum vm_fault_result lack)
{
    struct held held = held_by(process);
    bool is_low = lack == VM_FAULT_NO_LOW_FRAME;
    uint32_t pages = is_low ? held.low : held.all;
    uint32_t total = is_low ? frame_low_total() : frame_total_count();

    return (struct candidate){process, pages,
                              score_of(pages, total, process->memory.oom_score_adj)};
}

/* Of equal scores the process that holds more loses, then the younger one. */
static bool is_worse(const struct candidate *a, const struct candidate *b)
{
    if (a->score != b->score) {
        return a->score > b->score;
    }
    return a->pages >= b->pages;
}

/* Returns the victim, or NULL. With spares_never an adjustment of -1000 is respected. */
static struct process *choose(enum vm_fault_result lack, bool spares_never)
{
    struct candidate worst = {0};

    count_holders();
    for (struct process *p = process_find_from(PROCESS_INIT_PID + 1); p != NULL;
         p = process_find_from(p->id.pid + 1)) {
        if (p->memory.map == NULL ||
            (spares_never && p->memory.oom_score_adj == OOM_SCORE_ADJ_NEVER)) {
            continue;
        }
        struct candidate candidate = candidate_of(p, lack);

        if (worst.process == NULL || is_worse(&candidate, &worst)) {
            worst = candidate;
        }
        sched_irq_window();
    }
    return worst.process;
}

static uint32_t kb(uint32_t pages)
{
    return pages * (PAGE_SIZE / 1024);
}

static void announce(const struct process *victim, const struct process *self,
                     enum vm_fault_result lack)
{
    struct vm_map_counts counts;
    struct vm_map_holding h = holding_of(victim);

    vm_map_counts(victim->memory.map, &counts);
    printk_crash("Out of memory: killed %s[%d], oom_score %d (adj %d), %u KB resident of %u KB, "
                 "%u KB in tables and records, %u KB in shared objects, for a %spage of %s[%d]",
                 victim->id.name, victim->id.pid, oom_score(victim), victim->memory.oom_score_adj,
                 kb(h.resident), kb(counts.size_pages), kb(h.tables + h.records),
                 kb(h.shared + h.nodes), lack == VM_FAULT_NO_LOW_FRAME ? "directly mapped " : "",
                 self->id.name, self->id.pid);
}

/* ---- Those on their way out ---------------------------------------------------------------------- */

/* Frees what one dying process holds and can lose without its help. Sets *is_any if one is dying. */
static bool strip_dying(bool *is_any)
{
    *is_any = false;
    for (struct process *p = process_find_from(1); p != NULL;
         p = process_find_from(p->id.pid + 1)) {
        if (!process_is_dying(p)) {
            continue;
        }
        *is_any = true;
        if (process_strip(p)) {
            return true;
        }
    }
    return false;
}

bool oom_relieve(struct process *self, enum vm_fault_result lack)
{
    bool is_any_dying;

    if (!vm_fault_is_curable(lack) || process_is_dying(self)) {
        return false;
    }
    if (strip_dying(&is_any_dying)) {
        return true;
    }
    if (is_any_dying) {
        return process_wait_for_exit();
    }
    struct process *victim = choose(lack, true);

    if (victim == NULL && self->id.pid == PROCESS_INIT_PID) {
        victim =
            choose(lack, false); /* any program may ask never to be killed: pid 1 comes first */
        if (victim == NULL) {
            panic("out of memory and nothing to kill");
        }
    }
    if (victim == NULL) {
        victim = self;
    }
    announce(victim, self, lack);
    process_kill(victim, SIGKILL, PROCESS_KILLED_BY_KERNEL);
    if (victim == self) {
        return false;
    }
    (void)process_strip(victim); /* if it cannot be yet, the next round waits for it */
    return true;
}
