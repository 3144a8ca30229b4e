/*
 * The choice (oom.h). A victim does not run again in ring 3, so its pages can go at once: only
 * the areas and the record wait for it to be scheduled and end.
 */
#include "kernel/oom.h"

#include <asm/signal.h>
#include <stddef.h>

#include "kernel/printk.h"
#include "kernel/process.h"
#include "lib/assert.h"
#include "mm/frame.h"
#include "mm/vm_map.h"

static uint32_t resident_pages(const struct process *process)
{
    struct vm_map_counts counts = {0};

    if (process->map != NULL) {
        vm_map_counts(process->map, &counts);
    }
    return counts.rss_pages;
}

int oom_score(const struct process *process)
{
    uint32_t pages = resident_pages(process), total = frame_total_count();
    int score = (int)(pages * (uint32_t)OOM_SCORE_MAX / total) + process->oom_score_adj;

    if (score < 0) {
        return 0;
    }
    return score > OOM_SCORE_MAX ? OOM_SCORE_MAX : score;
}

static bool may_be_chosen(const struct process *process)
{
    return process->map != NULL && process->oom_score_adj != OOM_SCORE_ADJ_NEVER &&
           resident_pages(process) > 0;
}

/* Equal scores: the one that holds more, then the younger one. */
static bool is_worse(const struct process *a, const struct process *b)
{
    int score_a = oom_score(a), score_b = oom_score(b);

    if (score_a != score_b) {
        return score_a > score_b;
    }
    return resident_pages(a) >= resident_pages(b);
}

static struct process *choose(void)
{
    struct process *worst = NULL;

    for (struct process *p = process_find_from(1); p != NULL; p = process_find_from(p->pid + 1)) {
        if (may_be_chosen(p) && (worst == NULL || is_worse(p, worst))) {
            worst = p;
        }
    }
    return worst;
}

static void announce(const struct process *victim, const struct process *self)
{
    struct vm_map_counts counts;

    vm_map_counts(victim->map, &counts);
    printk_crash("Out of memory: killed %s[%d], oom_score %d (adj %d), %u KB resident of %u KB, "
                 "for a page of %s[%d]",
                 victim->name, victim->pid, oom_score(victim), victim->oom_score_adj,
                 counts.rss_pages * (PAGE_SIZE / 1024), counts.size_pages * (PAGE_SIZE / 1024),
                 self->name, self->pid);
}

bool oom_relieve(struct process *self)
{
    if (!frame_refused_for_lack()) {
        return false;
    }
    struct process *victim = choose();

    if (victim == NULL && self->pid == PROCESS_INIT_PID) {
        panic("out of memory and nothing to kill");
    }
    if (victim == NULL) {
        victim = self;
    }
    announce(victim, self);
    process_kill(victim, SIGKILL, PROCESS_KILLED_BY_KERNEL);
    if (victim == self) {
        return false;
    }
    if (!vm_map_is_busy(victim->map)) {
        vm_map_reap(victim->map);
    }
    return true;
}
