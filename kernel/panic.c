/*
 * The panic screen: everything that helps to find the bug, on the 25 lines of a screen, the serial
 * line first.
 *
 * It runs when something is broken and nobody knows what, so it is built not to need what may be
 * broken: no heap, no locks, no interrupts, output by polling, static buffers, and pointers are
 * followed only into memory that is known to be mapped (the direct map, the running stack). The
 * process and its map can be damaged in ways no check foresees. Therefore the screen is a list of
 * parts, each counted as done before it is shown: when a part faults, the trap comes back here,
 * says so in one line and goes on with the next part. A limit on such returns ends the worst case.
 *
 * Call trace: the release kernel is built without frame pointers, so there is no chain to follow.
 * Instead the stack is scanned for words that point into the text right behind a call instruction.
 * Every return address is found that way; so are leftovers of calls that have long returned. Where
 * the call names the function that an entry already shown lies in, the two fit; where it does not
 * (an old call, but also one through a pointer, or a function left by a tail call), the entry gets
 * a question mark, as in Linux's traces.
 */
#include "kernel/panic.h"

#include <stdarg.h>
#include <stddef.h>

#include "abi/faultline.h"
#include "arch/cpu.h"
#include "arch/pmap.h"
#include "arch/trap.h"
#include "kernel/console.h"
#include "kernel/power.h"
#include "kernel/process.h"
#include "kernel/symbols.h"
#include "lib/addr.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/vm_fault.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

#define LINE_MAX     256u
#define REASON_MAX   160u
#define TRACE_MAX    12u
#define COLUMNS      2u
#define COLUMN_WIDTH 40u
#define ROW_MAX      (COLUMNS * COLUMN_WIDTH + 1u)
#define NESTED_MAX   6u

/* What stopped, as far as it is known. */
static struct {
    char reason[REASON_MAX];
    bool has_frame; /* frame is valid (esp and ss only if it came from ring 3) */
    struct trap_frame frame;
    uint32_t eip, esp, ebp, cr2;
} view;

static bool panic_is_active; /* from the first panic on */
static uint32_t nested_count;
static uint32_t next_part;

struct fault_note panic_faults[PANIC_FAULTS];
uint32_t panic_fault_next;

/* boot/link.ld */
extern const char text_start[], text_end[], kernel_end[];

/* ---- Lines ------------------------------------------------------------------------------------- */

static void show(const char *fmt, ...) printf_like(1, 2);
static void show(const char *fmt, ...)
{
    static char line[LINE_MAX];
    va_list args;
    va_start(args, fmt);
    format_buffer_v(line, sizeof(line), fmt, args);
    va_end(args);
    console_panic_line(line, (uint32_t)strlen(line));
}

/* Appends an entry to a row of two columns. */
static void row_add(char row[ROW_MAX], const char *entry)
{
    size_t used = strlen(row);
    for (; used > 0 && used < COLUMN_WIDTH; used++) {
        row[used] = ' ';
    }
    strlcpy(row + used, entry, ROW_MAX - used);
}

/* ---- What may be read -------------------------------------------------------------------------- */

static bool is_text(uint32_t addr)
{
    return addr >= (uint32_t)text_start && addr < (uint32_t)text_end;
}

/* The end of the kernel memory that is certainly mapped. Before pmap_bootstrap there is no direct
 * limit; the kernel itself is mapped then, too. */
static uint32_t readable_end(void)
{
    uint32_t end = KERNEL_BASE + ((uint32_t)pmap_direct_limit() << PAGE_SHIFT);
    return end > (uint32_t)kernel_end ? end : (uint32_t)kernel_end;
}

static bool is_readable(uint32_t addr, uint32_t len)
{
    uint32_t end = readable_end();
    return addr >= KERNEL_BASE && addr < end && len <= end - addr;
}

static bool is_in_kernel_stacks(uint32_t addr)
{
    return addr >= KSTACK_BASE && addr < KSTACK_BASE + PROCESS_MAX * KSTACK_SLOT_SIZE;
}

/* The readable part of the stack from esp up. A stack that overflowed is shown from its lowest
 * address. Empty (start == end) if esp is no stack's or not the running process's. */
static void stack_bounds(uint32_t esp, uint32_t *start, uint32_t *end)
{
    *start = esp & ~(uint32_t)(sizeof(uint32_t) - 1);
    *end = *start;
    if (is_readable(*start, sizeof(uint32_t))) {
        uint32_t limit = readable_end();
        *end = limit - *start < KSTACK_SIZE ? limit : *start + KSTACK_SIZE;
        return;
    }
    uint32_t slot_of_running = (tss_kernel_stack() - 1) / KSTACK_SLOT_SIZE;
    if (is_in_kernel_stacks(*start) && *start / KSTACK_SLOT_SIZE == slot_of_running) {
        *end = (slot_of_running + 1) * KSTACK_SLOT_SIZE;
        if (*end - *start > KSTACK_SIZE) {
            *start = *end - KSTACK_SIZE;
        }
    }
}

/* The running process if its record can be read. */
static const struct process *running_process(void)
{
    const struct process *process = process_running;
    return process != NULL && is_readable((uint32_t)process, sizeof(*process)) ? process : NULL;
}

/* ---- Parts ------------------------------------------------------------------------------------- */

static void show_reason(void)
{
    show("KERNEL PANIC: %s", view.reason);
}

static void show_process(void)
{
    const struct process *process = running_process();
    if (process == NULL) {
        show("running: no process");
        return;
    }
    show("running: %.*s[%d], kernel stack %08x, %u calls", (int)sizeof(process->name),
         process->name, process->pid, (unsigned int)process->stack_top,
         (unsigned int)process->syscalls);
}

static const char *const trap_names[] = {
    [TRAP_DIVIDE] = "divide error",
    [TRAP_DEBUG] = "debug",
    [TRAP_NMI] = "NMI",
    [TRAP_BREAKPOINT] = "breakpoint",
    [TRAP_OVERFLOW] = "overflow",
    [TRAP_BOUND] = "bound range",
    [TRAP_INVALID_OPCODE] = "invalid opcode",
    [TRAP_NO_FPU] = "no FPU",
    [TRAP_DOUBLE_FAULT] = "double fault",
    [TRAP_INVALID_TSS] = "invalid TSS",
    [TRAP_NOT_PRESENT] = "segment not present",
    [TRAP_STACK] = "stack segment",
    [TRAP_PROTECTION] = "general protection",
    [TRAP_PAGE_FAULT] = "page fault",
    [TRAP_FPU] = "FPU error",
    [TRAP_ALIGNMENT] = "alignment check",
    [TRAP_MACHINE_CHECK] = "machine check",
    [TRAP_SIMD] = "SSE error",
};

static const char *trap_name(uint32_t vector)
{
    bool is_known = vector < array_size(trap_names) && trap_names[vector] != NULL;
    return is_known ? trap_names[vector] : "interrupt";
}

/* The page fault's error code, SDM vol. 3, 4.7. */
static void show_page_fault(uint32_t error)
{
    const char *access = (error & PF_FETCH) != 0   ? "instruction fetch"
                         : (error & PF_WRITE) != 0 ? "write"
                                                   : "read";
    show("trap 14, page fault, error %x: %s, %s, %s mode%s", (unsigned int)error, access,
         (error & PF_PRESENT) != 0 ? "page present (a right is missing)" : "page not present",
         (error & PF_USER) != 0 ? "user" : "kernel",
         (error & PF_RESERVED) != 0 ? ", a reserved bit is set in an entry" : "");
}

/* A selector error code, SDM vol. 3, 6.13. */
static const char *selector_table(uint32_t error)
{
    static const char *const tables[] = {"GDT", "IDT", "LDT", "IDT"};
    return tables[(error >> 1) & 3u];
}

static void show_trap(void)
{
    if (!view.has_frame) {
        return;
    }
    uint32_t vector = view.frame.vector;
    uint32_t error = view.frame.error;
    if (vector == TRAP_PAGE_FAULT) {
        show_page_fault(error);
    } else if (vector >= TRAP_INVALID_TSS && vector <= TRAP_PROTECTION && error != 0) {
        show("trap %u, %s, error %x: %s entry %u%s", (unsigned int)vector, trap_name(vector),
             (unsigned int)error, selector_table(error), (unsigned int)(error >> 3),
             (error & 1u) != 0 ? ", by an external event" : "");
    } else {
        show("trap %u, %s", (unsigned int)vector, trap_name(vector));
    }
}

static void show_registers(void)
{
    const struct trap_frame *f = &view.frame;
    if (!view.has_frame) {
        show("eip %08x  esp %08x  ebp %08x", (unsigned int)view.eip, (unsigned int)view.esp,
             (unsigned int)view.ebp);
        return;
    }
    show("eax %08x  ebx %08x  ecx %08x  edx %08x", (unsigned int)f->eax, (unsigned int)f->ebx,
         (unsigned int)f->ecx, (unsigned int)f->edx);
    show("esi %08x  edi %08x  ebp %08x  esp %08x", (unsigned int)f->esi, (unsigned int)f->edi,
         (unsigned int)f->ebp, (unsigned int)view.esp);
    show("eip %08x  cs %04x  ds %04x  es %04x  fs %04x  gs %04x  eflags %08x", (unsigned int)f->eip,
         (unsigned int)(f->cs & UINT16_MAX), (unsigned int)(f->ds & UINT16_MAX),
         (unsigned int)(f->es & UINT16_MAX), cpu_read_fs(), cpu_read_gs(), (unsigned int)f->eflags);
}

static void show_control_registers(void)
{
    show("cr0 %08x  cr2 %08x  cr3 %08x  cr4 %08x", (unsigned int)cpu_read_cr0(),
         (unsigned int)view.cr2, (unsigned int)cpu_read_cr3(), (unsigned int)cpu_read_cr4());
}

static const char *area_name(const struct vm_area_info *area)
{
    if ((area->flags & VM_GROWS_DOWN) != 0) {
        return "[stack]";
    }
    if (area->object != NULL && is_readable((uint32_t)area->object, sizeof(*area->object)) &&
        area->object->pager->describe != NULL) {
        return area->object->pager->describe(area->object);
    }
    return area->account == FL_ACCOUNT_HEAP ? "[heap]" : "[anonymous]";
}

static void show_one_area(const char *where, const struct vm_area_info *area)
{
    show("%s: %08x-%08x %c%c%c %.32s", where, (unsigned int)area->range.start.raw,
         (unsigned int)area->range.end.raw, (area->prot & VM_READ) != 0 ? 'r' : '-',
         (area->prot & VM_WRITE) != 0 ? 'w' : '-', (area->prot & VM_EXEC) != 0 ? 'x' : '-',
         area_name(area));
}

/* The last area that ends at or below va. A damaged map could run in circles: the areas must
 * ascend. */
static bool area_below(struct vm_map *map, uint32_t va, struct vm_area_info *out)
{
    struct vm_area_info area;
    bool is_found = false;
    uint32_t from = 0;
    while (vm_map_area_at_or_above(map, vaddr(from), &area) && area.range.end.raw > from &&
           area.range.end.raw <= va) {
        *out = area;
        is_found = true;
        from = area.range.end.raw;
    }
    return is_found;
}

/* The area that holds cr2, or else the nearer one of its neighbours. */
static void show_user_area(struct vm_map *map)
{
    struct vm_area_info above, below;
    uint32_t va = view.cr2;
    bool has_above = vm_map_area_at_or_above(map, vaddr(va), &above);
    if (has_above && above.range.start.raw <= va) {
        show_one_area("cr2 lies in the area", &above);
        return;
    }
    bool has_below = area_below(map, va, &below);
    if (has_below && (!has_above || va - below.range.end.raw < above.range.start.raw - va)) {
        show_one_area("cr2 lies in no area; nearest, below", &below);
    } else if (has_above) {
        show_one_area("cr2 lies in no area; nearest, above", &above);
    } else {
        show("cr2 lies in no area: the map is empty");
    }
}

static void show_kernel_area(uint32_t va)
{
    if (is_in_kernel_stacks(va)) {
        uint32_t offset = va % KSTACK_SLOT_SIZE;
        show("cr2 lies in the kernel stacks, slot %u, %s",
             (unsigned int)((va - KSTACK_BASE) / KSTACK_SLOT_SIZE),
             offset < KSTACK_SLOT_SIZE - KSTACK_SIZE ? "guard" : "stack");
    } else if (is_text(va)) {
        show("cr2 lies in the kernel's text");
    } else if (va < (uint32_t)kernel_end) {
        show("cr2 lies in the kernel image or the memory below it");
    } else if (is_readable(va, 1)) {
        show("cr2 lies in the direct map, frame %x",
             (unsigned int)((va - KERNEL_BASE) >> PAGE_SHIFT));
    } else {
        show("cr2 lies above the direct map");
    }
}

static void show_area(void)
{
    const struct process *process = running_process();
    if (view.cr2 >= KERNEL_BASE) {
        show_kernel_area(view.cr2);
    } else if (process != NULL && is_readable((uint32_t)process->map, sizeof(uint32_t))) {
        show_user_area(process->map);
    } else {
        show("cr2 lies in the user half, and there is no map");
    }
}

static void show_tables(void)
{
    static char chain[LINE_MAX - sizeof("tables for cr2: ")];
    pmap_describe(vaddr(view.cr2), chain, sizeof(chain));
    show("tables for cr2: %s", chain);
}

/* ---- Call trace -------------------------------------------------------------------------------- */

#define OPCODE_CALL_NEAR  0xE8u
#define CALL_NEAR_BYTES   5u
#define OPCODE_GROUP_5    0xFFu /* with /2 in its second byte: an indirect call */
#define MODRM_REG_MASK    0x38u
#define MODRM_REG_CALL    0x10u
#define CALL_INDIRECT_MIN 2u
#define CALL_INDIRECT_MAX 7u

/* Length of an indirect call from its mod/rm and scale/index/base bytes (SDM vol. 2, 2.1.5). */
static uint32_t call_indirect_length(uint8_t modrm, uint8_t sib)
{
    uint32_t mod = modrm >> 6;
    uint32_t rm = modrm & 7u;
    if (mod == 3) {
        return 2;
    }
    bool has_sib = rm == 4;
    uint32_t base = has_sib ? sib & 7u : rm;
    uint32_t displacement = mod == 1 ? 1 : mod == 2 || base == 5 ? 4 : 0;
    return 2 + has_sib + displacement;
}

/* Is there a call in front of addr, so that it can be a return address? *target is what it calls, 0
 * if that was in a register or in memory. */
static bool follows_call(uint32_t addr, uint32_t *target)
{
    if (!is_text(addr - CALL_INDIRECT_MAX) || !is_text(addr)) {
        return false;
    }
    const uint8_t *p = (const uint8_t *)addr;
    if (p[-(int)CALL_NEAR_BYTES] == OPCODE_CALL_NEAR) {
        uint32_t distance;
        memcpy(&distance, p - sizeof(distance), sizeof(distance));
        *target = addr + distance;
        if (is_text(*target)) {
            return true;
        }
    }
    *target = 0;
    for (int len = (int)CALL_INDIRECT_MIN; len <= (int)CALL_INDIRECT_MAX; len++) {
        if (p[-len] == OPCODE_GROUP_5 && (p[1 - len] & MODRM_REG_MASK) == MODRM_REG_CALL &&
            call_indirect_length(p[1 - len], p[2 - len]) == (uint32_t)len) {
            return true;
        }
    }
    return false;
}

/* The trace so far: the row being filled, and the functions (their first bytes) that the last sure
 * entry and the last entry of any kind lie in. */
static struct {
    char row[ROW_MAX];
    uint32_t count;
    uint32_t sure_function, last_function;
} trace;

static void trace_flush(void)
{
    if (trace.row[0] != '\0') {
        show("%s", trace.row);
        trace.row[0] = '\0';
    }
}

/* `inside` is the address whose function is named: for a return address the byte before it, because
 * a call can be the last instruction of a function. `target` is what that call calls. */
static void trace_add(uint32_t addr, uint32_t inside, uint32_t target)
{
    const char *name = "";
    uint32_t offset = inside;
    bool is_known = is_text(inside) && symbols_find(inside, &name, &offset);
    bool fits = target != 0 && (target == trace.sure_function || target == trace.last_function);
    bool is_sure = !is_known || trace.count == 0 || fits;
    char entry[COLUMN_WIDTH];
    if (is_known) {
        format_buffer(entry, sizeof(entry), "%c%08x %.22s+0x%x", is_sure ? ' ' : '?',
                      (unsigned int)addr, name, (unsigned int)(offset + addr - inside));
    } else {
        format_buffer(entry, sizeof(entry), " %08x", (unsigned int)addr);
    }
    row_add(trace.row, entry);
    trace.last_function = inside - offset;
    trace.sure_function = is_sure ? trace.last_function : trace.sure_function;
    trace.count++;
    if (trace.count % COLUMNS == 0) {
        trace_flush();
    }
}

static void show_trace(void)
{
    uint32_t start, end;
    stack_bounds(view.esp, &start, &end);
    show("call trace, by scanning the stack (?: may be an old call):%s",
         start == end ? " the stack cannot be read" : "");
    trace.count = 0;
    trace.row[0] = '\0';
    trace.sure_function = 0;
    trace_add(view.eip, view.eip, 0);
    for (uint32_t at = start; at < end && trace.count < TRACE_MAX; at += sizeof(uint32_t)) {
        uint32_t word = *(const uint32_t *)at;
        uint32_t target;
        if (follows_call(word, &target)) {
            trace_add(word, word - 1, target);
        }
    }
    trace_flush();
}

/* ---- Last faults -------------------------------------------------------------------------------- */

static char access_letter(uint32_t access)
{
    return access == VM_WRITE ? 'w' : access == VM_EXEC ? 'x' : 'r';
}

static void fault_format(const struct fault_note *note, char *out, uint32_t size)
{
    const struct vm_fault *fault = &note->fault;
    const char *word = fault->cause < VM_CAUSE_COUNT ? vm_cause_word(fault->cause) : "?";
    format_buffer(out, size, "%5d %08x %c %08x %s", (int)note->pid, (unsigned int)note->ip,
                  access_letter(fault->access), (unsigned int)fault->va.raw, word);
}

/* The note `age` faults back, 0 is the newest; NULL if there were not that many. */
static const struct fault_note *fault_note_at(uint32_t age)
{
    bool is_there = age < PANIC_FAULTS && age < panic_fault_next;
    return is_there ? &panic_faults[(panic_fault_next - 1 - age) % PANIC_FAULTS] : NULL;
}

static void show_faults(void)
{
    const struct fault_note *newest = fault_note_at(0);
    if (newest == NULL) {
        show("page faults: none yet");
        return;
    }
    uint64_t cycles = cpu_info.tsc ? cpu_rdtsc() - newest->tsc : 0;
    show("page faults, newest first (pid ip access address cause), %llu cycles ago:",
         (unsigned long long)cycles);
    for (uint32_t i = 0; fault_note_at(i) != NULL; i += COLUMNS) {
        char row[ROW_MAX] = "";
        for (uint32_t age = i; age < i + COLUMNS && fault_note_at(age) != NULL; age++) {
            char entry[COLUMN_WIDTH];
            fault_format(fault_note_at(age), entry, sizeof(entry));
            row_add(row, entry);
        }
        show("%s", row);
    }
}

/* ---- The end ------------------------------------------------------------------------------------ */

static void (*const parts[])(void) = {
    show_reason, show_process, show_trap,  show_registers, show_control_registers,
    show_area,   show_tables,  show_trace, show_faults,
};

static noreturn_fn void show_parts(void)
{
    while (next_part < array_size(parts)) {
        parts[next_part++]();
    }
    power_end_panic();
}

/* A panic while one is shown: the part that was under way is lost, the rest is not. */
static noreturn_fn void go_on_after(const char *reason, uint32_t eip, uint32_t cr2)
{
    nested_count++;
    if (nested_count > NESTED_MAX + 1) {
        cpu_halt_forever();
    }
    if (nested_count > NESTED_MAX) {
        power_end_panic();
    }
    show("(this part of the screen failed: %s at eip %08x, cr2 %08x)", reason, (unsigned int)eip,
         (unsigned int)cr2);
    show_parts();
}

/* True for the first panic, which may fill the view. */
static bool panic_begin(void)
{
    cpu_irq_off();
    if (panic_is_active) {
        return false;
    }
    panic_is_active = true;
    return true;
}

static noreturn_fn void panic_show(const char *reason)
{
    strlcpy(view.reason, reason, sizeof(view.reason));
    console_panic_begin();
    show_parts();
}

/* From ring 0 the CPU pushed no esp: the frame's end is where the stack was. */
noreturn_fn void panic_trap(const struct trap_frame *tf, uint32_t cr2, const char *reason)
{
    if (!panic_begin()) {
        go_on_after(reason, tf->eip, cr2);
    }
    bool is_user = trap_from_user(tf);
    size_t frame_bytes = is_user ? sizeof(*tf) : offsetof(struct trap_frame, esp);
    memcpy(&view.frame, tf, frame_bytes);
    view.has_frame = true;
    view.eip = tf->eip;
    view.esp = is_user ? tf->esp : (uint32_t)tf + offsetof(struct trap_frame, esp);
    view.cr2 = tf->vector == TRAP_PAGE_FAULT ? cr2 : cpu_read_cr2();
    panic_show(reason);
}

noreturn_fn void panic_double_fault(uint32_t eip, uint32_t esp, uint32_t ebp, uint32_t cr2,
                                    const char *reason)
{
    if (!panic_begin()) {
        go_on_after(reason, eip, cr2);
    }
    view.eip = eip;
    view.esp = esp;
    view.ebp = ebp;
    view.cr2 = cr2;
    panic_show(reason);
}

/* Not inlined: its return address and frame say where the kernel gave up. The stack is scanned from
 * behind the two words at the frame's start, the saved ebp and that return address. */
__attribute__((noinline)) noreturn_fn void panic(const char *fmt, ...)
{
    static char reason[REASON_MAX];
    bool is_first = panic_begin();
    uint32_t eip = (uint32_t)__builtin_return_address(0);
    va_list args;
    va_start(args, fmt);
    format_buffer_v(reason, sizeof(reason), fmt, args);
    va_end(args);
    if (!is_first) {
        go_on_after(reason, eip, cpu_read_cr2());
    }
    view.eip = eip;
    view.esp = (uint32_t)__builtin_frame_address(0) + 2 * sizeof(uint32_t);
    view.cr2 = cpu_read_cr2();
    panic_show(reason);
}
