/*
 * execve: a new program in an old process.
 *
 * The new program is built aside: the image checked and mapped into a map of its own, the stack with
 * arguments and environment written there. exec_commit() is the point of no return. It cannot fail;
 * it swaps the maps and drops the old one. Until then a failure leaves the caller as it was, and
 * keeps the loader's reason for FL_NR_exec_reason.
 */
#include "kernel/user/exec.h"
#include "fs/tree/program.h"

#include <asm/errno.h>
#include <linux/stat.h>

#include "arch/cpu.h"
#include "arch/latency.h"
#include "arch/pmap.h"
#include "dev/random.h"
#include "kernel/oom/oom.h"
#include "kernel/proc/exit.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/process_alloc.h"
#include "kernel/proc/run_record.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/signal.h"
#include "kernel/proc/usage.h"
#include "kernel/user/exec_args.h"
#include "kernel/user/return.h"
#include "kernel/user/usercopy.h"
#include "lib/addr.h"
#include "lib/assert.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "loader/image.h"
#include "mm/phys/frame.h"
#include "mm/phys/kheap.h"
#include "mm/vm_fault.h"
#include "mm/vm_map.h"

#define EFLAGS_INTERRUPTS 0x202u /* IF, and bit 1, which is always set */

/* A program built aside. Every member is NULL until its step has succeeded. */
struct exec_plan {
    struct dentry *program;
    struct image *image;
    struct vm_map *map;
    struct run_record *record;
    uint32_t argc, esp;
};

/* ---- Building aside ------------------------------------------------------------------------------ */

/* The program keeps its file from being written (ETXTBSY) until it ends. */
static int open_program(const struct process *self, const char *path, struct exec_plan *plan)
{
    const struct path where = {&self->view, NULL, path};
    struct dentry *dentry;
    int err = fs_lookup(&where, true, &dentry);

    if (err != 0) {
        return err;
    }
    err = dentry->inode->type != INODE_FILE
              ? -EACCES
              : inode_permission(dentry->inode, &self->view.who, MAY_EXECUTE);
    if (err == 0) {
        err = program_begin(dentry);
    }
    if (err != 0) {
        dentry_unref(dentry);
        return err;
    }
    plan->program = dentry;
    return 0;
}

/* Writes the bytes of image_build_stack. The map is not the running one, so they go through a
 * window; the page of the last write is kept. The map's own reference holds it: nobody else changes
 * a map that execve builds, and a fault that sleeps brings in another page, which replaces it. */
struct stack_writer {
    struct vm_map *map;
    uint32_t page;
    pfn_t pfn;
};

static int find_stack_page(struct stack_writer *writer, uint32_t page)
{
    struct vm_fault fault = {.va = vaddr(page), .access = VM_WRITE};

    if (page != writer->page) {
        if (preempt_point()) {
            return -EINTR;
        }
        if (vm_fault(writer->map, &fault) != VM_FAULT_RESUME) {
            return -ENOMEM;
        }
        assert(fault.pfn != PFN_NONE);
        writer->page = page;
        writer->pfn = fault.pfn;
    }
    return 0;
}

static int write_stack(void *ctx, uint32_t va, const void *bytes, uint32_t n)
{
    struct stack_writer *writer = ctx;

    for (uint32_t done = 0, piece; done < n; done += piece) {
        uint32_t offset = (va + done) & PAGE_OFFSET_MASK;
        int err = find_stack_page(writer, page_floor(va + done));

        if (err != 0) {
            return err;
        }
        piece = PAGE_SIZE - offset;
        if (piece > n - done) {
            piece = n - done;
        }
        char *window = pmap_window_open(writer->pfn);

        memcpy(window + offset, (const char *)bytes + done, piece);
        pmap_window_close(window);
    }
    return 0;
}

static int build_stack(struct exec_plan *plan, const char *path, const struct image_strings *args,
                       const struct image_strings *env)
{
    const struct vm_area_spec stack = {
        .range = vrange(USER_END - PAGE_SIZE, USER_END),
        .prot = VM_READ | VM_WRITE | (image_info(plan->image)->has_executable_stack ? VM_EXEC : 0),
        .flags = VM_GROWS_DOWN,
        .account = FL_ACCOUNT_STACK,
    };
    struct image_start start = {
        .args = *args, .env = *env, .execfn = path, .hwcap = cpu_info.hwcap};
    struct stack_writer writer = {.map = plan->map};
    int err = vm_map_insert(plan->map, &stack);

    if (err != 0) {
        return err;
    }
    for (uint32_t i = 0; i < array_size(start.random); i++) {
        start.random[i] = random_next();
    }
    plan->argc = args->count;
    return image_build_stack(plan->image, &start, write_stack, &writer, &plan->esp);
}

static void drop_plan(struct process *self, struct exec_plan *plan)
{
    if (plan->map != NULL) {
        vm_map_clear(plan->map); /* step by step, and counted until it is done */
        self->memory.exec_map = NULL;
        vm_map_destroy(plan->map);
    }
    if (plan->image != NULL) {
        image_unref(plan->image);
    }
    program_unref(plan->program);
}

/* Does everything that can fail. On failure nothing of the plan is left. */
static int make_plan(struct process *self, const char *path, const struct image_strings *args,
                     const struct image_strings *env, struct exec_plan *plan,
                     struct elf32_reason *why)
{
    int err = open_program(self, path, plan);

    if (err == 0) {
        err = image_open(&plan->program->inode->source, self->program.policy, &plan->image, why);
    }
    if (err == 0) {
        plan->map = vm_map_create(image_info(plan->image)->n_segments);
        self->memory.exec_map = plan->map;
        err = plan->map == NULL ? -ENOMEM : image_map(plan->image, plan->map);
    }
    if (err == 0) {
        err = build_stack(plan, path, args, env);
    }
    if (err == 0 && ((self->program.run_flags & FL_RUN_ANNOUNCE) || self->run.record != NULL)) {
        plan->record = run_record_create(plan->map, self->program.policy);
        err = plan->record == NULL ? -ENOMEM : 0;
    }
    if (err != 0) {
        drop_plan(self, plan);
    }
    return err;
}

/* ---- Commit -------------------------------------------------------------------------------------- */

static void name_process(struct process *self, const char *path)
{
    const char *slash = strrchr(path, '/');

    memset(self->id.name, 0, sizeof(self->id.name));
    strlcpy(self->id.name, slash == NULL ? path : slash + 1, sizeof(self->id.name));
}

/* Sets the registers of a new program: all zero but where it starts (bad-input P16). */
static void set_registers(struct process *self, const struct exec_plan *plan)
{
    struct trap_frame *frame = process_trap_frame(self);

    memset(frame, 0, sizeof(*frame));
    frame->ds = SEL_USER_DATA;
    frame->es = SEL_USER_DATA;
    frame->eip = image_info(plan->image)->entry;
    frame->cs = SEL_USER_CODE;
    frame->eflags = EFLAGS_INTERRUPTS;
    frame->esp = plan->esp;
    frame->ss = SEL_USER_DATA;
    self->program.entry_argc = plan->argc;
    self->program.entry_esp = plan->esp;
    memset(self->thread.tls, 0, sizeof(self->thread.tls));
    self->thread.fs = 0;
    self->thread.gs = 0;
    fpu_state_init(&self->thread.fpu);
}

/* The point of no return: nothing after it can fail. Frees the old pages first, step by step, while
 * others still see that the process holds them. */
static void exec_commit(struct process *self, struct exec_plan *plan, const char *path)
{
    latency_uncounted(debug_check(vm_map_check(plan->map)));
    struct vm_map *old_map = self->memory.map;
    struct dentry *old_program = self->program.file;

    if (old_map != NULL) {
        usage_keep_peak(self);
        vm_map_activate(NULL);
        vm_map_clear(old_map);
    }
    self->memory.map = plan->map;
    self->memory.exec_map = NULL;
    self->program.file = plan->program;
    self->memory.heap_start = image_end(plan->image);
    self->memory.heap_end = self->memory.heap_start;
    self->run.is_announced = plan->record != NULL;
    self->program.run_flags = 0;
    run_record_set(self, plan->record);
    self->counts.syscalls = 0;
    signal_exec(self);
    set_registers(self, plan);
    name_process(self, path);
    fd_table_close_on_exec(&self->fds);
    image_unref(plan->image);
    if (self == process_running) {
        vm_map_activate(self->memory.map);
        sched_load_machine(self);
    }
    if (old_map != NULL) {
        vm_map_destroy(old_map);
        program_unref(old_program);
    }
}

/* Keeps the loader's reason. Without memory for it there is only the error number. */
static void keep_reason(struct process *self, const struct elf32_reason *why)
{
    process_drop_exec_reason(self);
    if (why->text[0] != '\0') {
        self->program.exec_reason = kheap_alloc(sizeof(*why));
        if (self->program.exec_reason != NULL) {
            *self->program.exec_reason = *why;
        }
    }
}

/* ---- The two ways in ----------------------------------------------------------------------------- */

/* Executes a program whose path and strings are in kernel memory. */
static int exec_from_kernel(struct process *self, const char *path,
                            const struct image_strings *args, const struct image_strings *env,
                            struct elf32_reason *why)
{
    struct exec_plan plan = {0};
    int err;

    why->text[0] = '\0';
    err = make_plan(self, path, args, env, &plan, why);
    if (err == 0) {
        exec_commit(self, &plan, path);
    }
    return err;
}

static int exec_with_path(struct process *self, const char *path, uint32_t argv, uint32_t envp)
{
    struct exec_strings buffer;
    struct image_strings args, env;
    struct elf32_reason why = {""};
    int err = exec_strings_open(&buffer, self);

    if (err != 0) {
        return err;
    }
    err = exec_strings_read(&buffer, argv, envp, &args, &env);
    if (err == 0) {
        err = exec_from_kernel(self, path, &args, &env, &why);
    }
    exec_strings_close(&buffer);
    keep_reason(self, &why);
    return err;
}

long process_exec(struct process *self, uint32_t user_path, uint32_t argv, uint32_t envp)
{
    char *path;
    int err = path_from_user(user_path, &path);

    if (err != 0) {
        return err;
    }
    err = exec_with_path(self, path, argv, envp);
    path_free(path);
    return err;
}

int exec_start_init(const char *path, const struct image_strings *args,
                    const struct image_strings *env, uint32_t policy, struct elf32_reason *why)
{
    struct process *init;
    int err = process_create(&init);

    if (err != 0) {
        return err;
    }
    fs_view_init(&init->view);
    init->program.policy = policy;
    init->memory.oom_score_adj = OOM_SCORE_ADJ_NEVER;
    err = exec_from_kernel(init, path, args, env, why);
    if (err != 0) {
        process_destroy(init);
        return err;
    }
    process_publish(init, NULL);
    sched_prepare(init, process_start);
    sched_enqueue(init);
    return 0;
}
