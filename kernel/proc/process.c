/*
 * Process records: made, found, ended, waited for.
 *
 * The record is the only thing that outlives a process, as its zombie. All else goes back in
 * process_exit, but for the kernel stack that it runs on: the next process frees that, right
 * after the switch and so before the parent can run. When the parent has waited, freemem() is what it
 * was before the fork.
 */
#include "kernel/proc/process.h"

#include <asm/errno.h>
#include <asm/signal.h>

#include "arch/latency.h"
#include "arch/pmap.h"
#include "kernel/proc/sched.h"
#include "lib/assert.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "loader/image.h"
#include "mm/phys/frame.h"
#include "mm/phys/kheap.h"
#include "mm/vm_map.h"

struct process *process_running;

/* Who waits until somebody, anybody, has ended. */
static struct wait_queue exits = WAIT_QUEUE_INITIALIZER(exits);

/* Pids, and of every process its parent, children, zombies and whether it is one itself. */
static LOCK_DEFINE(tree_lock, LOCK_PROCESS_TREE);
static struct process *init_process;
static uint32_t process_count; /* records, published or not */
static int last_pid;
static RB_HEAD(pid_tree, process) pids = RB_INITIALIZER(&pids);

static int compare_pids(const struct process *a, const struct process *b)
{
    return a->id.pid - b->id.pid;
}

RB_GENERATE_STATIC(pid_tree, process, id.pid_entry, compare_pids)

static struct process *find_locked(int pid)
{
    struct process *p = RB_ROOT(&pids);

    lock_assert_held(&tree_lock);
    while (p != NULL && p->id.pid != pid) {
        p = pid < p->id.pid ? RB_LEFT(p, id.pid_entry) : RB_RIGHT(p, id.pid_entry);
    }
    return p;
}

struct process *process_find(int pid)
{
    lock_acquire(&tree_lock);
    struct process *p = find_locked(pid);

    lock_release(&tree_lock);
    return p;
}

static struct process *find_from_locked(int pid)
{
    struct process *p = RB_ROOT(&pids), *best = NULL;

    lock_assert_held(&tree_lock);
    while (p != NULL) {
        if (p->id.pid >= pid) {
            best = p;
            p = RB_LEFT(p, id.pid_entry);
        } else {
            p = RB_RIGHT(p, id.pid_entry);
        }
    }
    return best;
}

struct process *process_find_from(int pid)
{
    lock_acquire(&tree_lock);
    struct process *p = find_from_locked(pid);

    lock_release(&tree_lock);
    return p;
}

/* Pids ascend and start over at the limit, so that a number is not used again soon. */
static int choose_pid_locked(void)
{
    do {
        last_pid = last_pid == PROCESS_PID_MAX ? PROCESS_INIT_PID + 1 : last_pid + 1;
    } while (find_locked(last_pid) != NULL);
    return last_pid;
}

/* ---- Kernel stacks ------------------------------------------------------------------------------- */

/* A set bit is a slot in use. The lowest free slot is taken, so that the stacks share few tables. */
#define SLOTS_PER_WORD 32u
static LOCK_DEFINE(kstack_lock, LOCK_KSTACK);
static uint32_t slots_used[PROCESS_MAX / SLOTS_PER_WORD];

/* There is a free one: at most PROCESS_MAX records exist. */
static uint32_t take_slot_locked(void)
{
    uint32_t word = 0;

    lock_assert_held(&kstack_lock);
    while (slots_used[word] == UINT32_MAX) {
        word++;
    }
    uint32_t bit = (uint32_t)__builtin_ctz(~slots_used[word]);

    slots_used[word] |= 1u << bit;
    return word * SLOTS_PER_WORD + bit;
}

static void give_slot_locked(uint32_t slot)
{
    lock_assert_held(&kstack_lock);
    slots_used[slot / SLOTS_PER_WORD] &= ~(1u << slot % SLOTS_PER_WORD);
}

/* Unmaps the topmost npages of a stack. */
static void unmap_stack(uint32_t stack_top, uint32_t npages)
{
    for (uint32_t i = 1; i <= npages; i++) {
        frame_unref(pmap_kernel_remove(stack_top - i * PAGE_SIZE));
    }
}

static int map_stack_page(uint32_t kva)
{
    pfn_t pfn = frame_alloc(FRAME_STACK, 0);

    if (pfn == PFN_NONE) {
        return -ENOMEM;
    }
    int err = pmap_kernel_enter(kva, pfn);

    if (err != 0) {
        frame_unref(pfn);
    }
    return err;
}

static int alloc_stack_locked(struct process *process)
{
    uint32_t slot = take_slot_locked();
    uint32_t top = KSTACK_BASE + (slot + 1) * KSTACK_SLOT_SIZE;

    for (uint32_t i = 0; i < KSTACK_PAGES; i++) {
        if (map_stack_page(top - (i + 1) * PAGE_SIZE) != 0) {
            unmap_stack(top, i);
            give_slot_locked(slot);
            return -ENOMEM;
        }
    }
    process->thread.stack_top = top;
    return 0;
}

static int alloc_stack(struct process *process)
{
    lock_acquire(&kstack_lock);
    int err = alloc_stack_locked(process);

    lock_release(&kstack_lock);
    return err;
}

static void free_stack(struct process *process)
{
    lock_acquire(&kstack_lock);
    unmap_stack(process->thread.stack_top, KSTACK_PAGES);
    give_slot_locked((process->thread.stack_top - KSTACK_BASE) / KSTACK_SLOT_SIZE - 1);
    lock_release(&kstack_lock);
    process->thread.stack_top = 0;
}

bool process_is_stack_guard(uint32_t kva)
{
    return kva >= KSTACK_BASE && kva < KSTACK_BASE + PROCESS_MAX * KSTACK_SLOT_SIZE &&
           kva % KSTACK_SLOT_SIZE < KSTACK_SLOT_SIZE - KSTACK_SIZE;
}

/* ---- Making -------------------------------------------------------------------------------------- */

/* Counts one more record, if there may be one. */
static bool count_record(void)
{
    lock_acquire(&tree_lock);
    bool is_free = process_count < PROCESS_MAX;

    process_count += is_free ? 1 : 0;
    lock_release(&tree_lock);
    return is_free;
}

static void uncount_record(void)
{
    lock_acquire(&tree_lock);
    process_count--;
    lock_release(&tree_lock);
}

static struct process *alloc_record(void)
{
    struct process *p = kheap_alloc(sizeof(*p));

    if (p == NULL) {
        return NULL;
    }
    memset(p, 0, offsetof(struct process, thread.fpu)); /* the makers fill fpu: 512 bytes saved */
    if (alloc_stack(p) != 0) {
        kheap_free(p, sizeof(*p));
        return NULL;
    }
    return p;
}

int process_create(struct process **out)
{
    if (!count_record()) {
        return -EAGAIN;
    }
    struct process *p = alloc_record();

    if (p == NULL) {
        uncount_record();
        return -ENOMEM;
    }
    LIST_INIT(&p->family.children);
    LIST_INIT(&p->family.zombies);
    wait_queue_init(&p->family.child_ended);
    fd_table_init(&p->fds);
    *out = p;
    return 0;
}

static void free_record(struct process *process)
{
    process_drop_exec_reason(process);
    kheap_free(process, sizeof(*process));
    uncount_record();
}

static size_t record_size(const struct run_record *record)
{
    return sizeof(*record) + record->max_accounts * sizeof(record->accounts[0]);
}

void process_set_record(struct process *process, struct run_record *record)
{
    if (process->run.record != NULL) {
        kheap_free(process->run.record, record_size(process->run.record));
    }
    process->run.record = record;
    process->run.is_record_filled = false;
}

void process_discard(struct process *process)
{
    fd_table_release(&process->fds);
    if (process->program.file != NULL) {
        inode_unref(process->program.file);
    }
    if (process->memory.map != NULL) {
        vm_map_destroy(process->memory.map);
    }
    process_set_record(process, NULL);
    free_stack(process);
    free_record(process);
}

void process_publish(struct process *process, struct process *parent)
{
    lock_acquire(&tree_lock);
    process->id.pid = choose_pid_locked();
    process->family.parent = parent;
    RB_INSERT(pid_tree, &pids, process);
    if (parent == NULL) {
        init_process = process;
    } else {
        LIST_INSERT_HEAD(&parent->family.children, process, family.sibling_entry);
    }
    lock_release(&tree_lock);
}

/* ---- Ending -------------------------------------------------------------------------------------- */

static void kill_locked(struct process *process, int signal, int by)
{
    lock_assert_held(&tree_lock);
    if (process == init_process || process->sched.state == PROCESS_ZOMBIE ||
        (process->sched.work & PROCESS_WORK_KILL)) {
        return;
    }
    process->end.kill_signal = (uint8_t)signal;
    process->end.killed_by = by;
    process->sched.work |= PROCESS_WORK_KILL;
    sched_interrupt(process);
}

void process_kill(struct process *process, int signal, int by)
{
    lock_acquire(&tree_lock);
    kill_locked(process, signal, by);
    lock_release(&tree_lock);
}

bool process_is_dying(const struct process *process)
{
    return process->sched.state != PROCESS_ZOMBIE &&
           (process->end.is_ending || (process->sched.work & PROCESS_WORK_KILL));
}

bool process_wait_for_exit(void)
{
    return wait_queue_sleep(&exits);
}

/* The lowest pid above `pid` of a process that is in the middle of its end; 0: none. */
static int next_dying_pid(int pid)
{
    const struct process *p = process_find_from(pid + 1);

    while (p != NULL && !process_is_dying(p)) {
        p = process_find_from(p->id.pid + 1);
    }
    return p != NULL ? p->id.pid : 0;
}

int process_wait_for_dying(void)
{
    int pid = 0;

    /* Once up the pids, so that what begins to die meanwhile cannot keep the caller for ever. */
    while ((pid = next_dying_pid(pid)) != 0) {
        while (next_dying_pid(pid - 1) == pid) {
            if (!process_wait_for_exit()) {
                return -EINTR;
            }
        }
    }
    return 0;
}

/* The next one of a family tree, parents before their children; NULL behind the last. */
static struct process *next_in_family_locked(const struct process *top, struct process *p)
{
    lock_assert_held(&tree_lock);
    if (!LIST_EMPTY(&p->family.children)) {
        return LIST_FIRST(&p->family.children);
    }
    while (p != top && LIST_NEXT(p, family.sibling_entry) == NULL) {
        p = p->family.parent;
    }
    return p == top ? NULL : LIST_NEXT(p, family.sibling_entry);
}

/* What pid 1 waits for in run_wait; NULL: nothing, or a zombie, whose children are pid 1's by now. */
static struct process *foreground_locked(void)
{
    lock_assert_held(&tree_lock);
    if (init_process == NULL || init_process->family.waits_for == 0) {
        return NULL;
    }
    struct process *top = find_locked(init_process->family.waits_for);

    return top != NULL && top->sched.state != PROCESS_ZOMBIE ? top : NULL;
}

void process_kill_foreground(void)
{
    lock_acquire(&tree_lock);
    struct process *top = foreground_locked();

    for (struct process *p = top; p != NULL; p = next_in_family_locked(top, p)) {
        kill_locked(p, SIGINT, PROCESS_KILLED_BY_TERMINAL);
    }
    lock_release(&tree_lock);
}

void process_do_work(struct process *self)
{
    while (self->sched.work != 0) {
        if (self->sched.work & PROCESS_WORK_KILL) {
            if (self->run.record != NULL && self->end.killed_by != PROCESS_KILLED_BY_KERNEL) {
                process_report_kill(self);
            }
            process_exit(PROCESS_END_SIGNAL, self->end.kill_signal);
        }
        self->sched.work &= ~PROCESS_WORK_YIELD;
        sched_yield_cpu();
    }
}

static void orphan_children_locked(struct process *self)
{
    struct process *child;

    lock_assert_held(&tree_lock);
    while ((child = LIST_FIRST(&self->family.children)) != NULL) {
        LIST_REMOVE(child, family.sibling_entry);
        child->family.parent = init_process;
        child->family.is_orphan = true;
        LIST_INSERT_HEAD(&init_process->family.children, child, family.sibling_entry);
    }
}

static struct process *first_zombie(const struct process *self)
{
    lock_acquire(&tree_lock);
    struct process *zombie = LIST_FIRST(&self->family.zombies);

    lock_release(&tree_lock);
    return zombie;
}

/* Hands the children on to pid 1, and reaps those that have ended. */
static void leave_family(struct process *self)
{
    struct process *child;
    unsigned int steps = 0;

    lock_acquire(&tree_lock);
    orphan_children_locked(self);
    lock_release(&tree_lock);
    while ((child = first_zombie(self)) != NULL) {
        process_reap(child);
        (void)preempt_step(&steps);
    }
}

/* The figures that only the living map has, once. */
static void fill_record(struct process *self)
{
    struct run_record *record = self->run.record;

    if (record == NULL || self->run.is_record_filled) {
        return;
    }
    self->run.is_record_filled = true;
    struct fl_report *report = &record->report;
    struct vm_map_counts counts;
    struct image_figures figures;

    vm_map_counts(self->memory.map, &counts);
    image_figures(self->memory.map, &figures);
    report->page_faults = figures.page_faults;
    report->pages_allocated = figures.pages;
    report->bytes_lost = figures.bytes_lost;
    report->rss_kb = counts.rss_pages * (PAGE_SIZE / 1024);
    report->rss_peak_kb = counts.rss_peak * (PAGE_SIZE / 1024);
    report->vmsize_kb = counts.size_pages * (PAGE_SIZE / 1024);
    report->vmsize_peak_kb = counts.size_peak * (PAGE_SIZE / 1024);
    report->n_accounts = counts.n_accounts;
    memcpy(report->faults, vm_map_unplaced_faults(self->memory.map), sizeof(report->faults));
    for (uint32_t i = 0; i < counts.n_accounts && i < record->max_accounts; i++) {
        record->accounts[i] = *vm_map_account(self->memory.map, i);
        for (uint32_t cause = 0; cause < VM_CAUSE_COUNT; cause++) {
            report->faults[cause] += record->accounts[i].faults[cause];
        }
    }
}

bool process_strip(struct process *dying)
{
    struct vm_map *map = dying->memory.map;

    if (map == NULL || vm_map_is_empty(map) || vm_map_is_busy(map)) {
        return false;
    }
    fill_record(dying);
    sched_hold_cpu(); /* it must not come to its end meanwhile */
    vm_map_clear(map);
    sched_let_cpu_go();
    return true;
}

static void complete_record(struct process *self)
{
    struct fl_report *report = &self->run.record->report;

    fill_record(self);
    report->pid = self->id.pid;
    report->exit_kind = self->end.kind == PROCESS_END_SIGNAL ? FL_KILLED : FL_EXITED;
    report->value = self->end.value;
    report->is_return = self->end.kind == PROCESS_END_RETURN;
    report->freemem_before = self->run.freemem_before;
    report->syscalls = self->counts.syscalls;
    strlcpy(report->name, self->id.name, sizeof(report->name));
}

/* Gives back what the process holds, but for the record and the stack under its feet. */
static void release_resources(struct process *self)
{
    struct vm_map *map = self->memory.map;

    latency_uncounted(debug_check(vm_map_check(map)));
    fd_table_release(&self->fds);
    inode_unref(self->program.file);
    self->program.file = NULL;
    vm_map_activate(NULL);
    vm_map_clear(map); /* step by step; others still see what the process holds */
    self->memory.map = NULL;
    vm_map_destroy(map); /* leaves it, if a switch in between has loaded it again */
}

static const struct process *fail_frame_owner; /* who asked for failures last; NULL: nobody */

uint32_t process_fail_frame(const struct process *self, uint32_t n, bool from_then_on)
{
    fail_frame_owner = n != 0 ? self : NULL;
    return frame_fail_at(n, from_then_on);
}

static void end_fail_frame(const struct process *self)
{
    if (fail_frame_owner == self) {
        fail_frame_owner = NULL;
        frame_fail_end(); /* the parent may still ask how many were refused */
    }
}

static void become_zombie(struct process *self)
{
    lock_acquire(&tree_lock);
    self->sched.state = PROCESS_ZOMBIE;
    LIST_REMOVE(self, family.sibling_entry);
    LIST_INSERT_HEAD(&self->family.parent->family.zombies, self, family.sibling_entry);
    lock_release(&tree_lock);
}

void process_exit(enum process_end end, int value)
{
    struct process *self = process_running;

    if (self == init_process) {
        panic("init exited: %s %d", end == PROCESS_END_SIGNAL ? "signal" : "status", value);
    }
    (void)latency_rename(LATENCY_EXIT);
    self->end.is_ending = true;
    end_fail_frame(self);
    self->end.kind = end;
    self->end.value = value;
    if (self->run.record != NULL) {
        complete_record(self);
    }
    release_resources(self);
    if (self->run.record != NULL) {
        latency_uncounted(
            debug_check(frame_check())); /* all memory: when a program of `run` has ended */
    }
    leave_family(self);
    become_zombie(self);
    wait_queue_wake_all(
        &self->family.parent->family.child_ended); /* of an orphan: there may be none left now */
    wait_queue_wake_all(&exits);                   /* they run when the stack is free: sched_exit */
    sched_exit();
}

void process_finish_exit(struct process *zombie)
{
    free_stack(zombie);
    if (zombie->family.is_orphan) {
        process_reap(zombie);
    }
}

/* ---- Waiting ------------------------------------------------------------------------------------- */

/* A child that `pid` means and that has ended; *has_any: one that may still end. */
static struct process *find_zombie_locked(const struct process *self, int pid, bool *has_any)
{
    lock_assert_held(&tree_lock);
    if (pid <= 0) {
        *has_any = !LIST_EMPTY(&self->family.children);
        return LIST_FIRST(&self->family.zombies);
    }
    struct process *child = find_locked(pid);

    *has_any = child != NULL && child->family.parent == self;
    return *has_any && child->sched.state == PROCESS_ZOMBIE ? child : NULL;
}

int process_wait(struct process *self, int pid, bool is_blocking, struct process **out)
{
    for (;;) {
        bool has_any;

        lock_acquire(&tree_lock);
        *out = find_zombie_locked(self, pid, &has_any);
        lock_release(&tree_lock);
        if (*out != NULL) {
            return 0;
        }
        if (!has_any) {
            return -ECHILD;
        }
        if (!is_blocking) {
            return 0;
        }
        if (!wait_queue_sleep(&self->family.child_ended)) {
            return -EINTR;
        }
    }
}

int process_status_word(const struct process *zombie)
{
    if (zombie->end.kind == PROCESS_END_SIGNAL) {
        return zombie->end.value;
    }
    return (zombie->end.value & 0xFF) << 8;
}

void process_reap(struct process *zombie)
{
    assert(zombie->sched.state == PROCESS_ZOMBIE && zombie->thread.stack_top == 0);
    lock_acquire(&tree_lock);
    LIST_REMOVE(zombie, family.sibling_entry);
    RB_REMOVE(pid_tree, &pids, zombie);
    lock_release(&tree_lock);
    process_set_record(zombie, NULL);
    free_record(zombie);
}
