/* The parts of the panic screen: what stopped, in which process, with which registers, and where
 * its address lies. */
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/pmap.h"
#include "arch/trap_names.h"
#include "kernel/diag/panic_impl.h"
#include "kernel/proc/kstack.h"
#include "kernel/proc/process.h"
#include "lib/addr.h"
#include "lib/string.h"
#include "mm/area_name.h"
#include "mm/vm_map.h"

extern const char kernel_end[]; /* boot/link.ld */

#define AREA_NAME_MAX 33 /* the part of an area's name that is shown */

/* Returns the running process if its record can be read, else NULL. */
static const struct process *running_process(void)
{
    const struct process *process = process_running;
    return process != NULL && panic_is_readable((uint32_t)process, sizeof(*process)) ? process
                                                                                     : NULL;
}

void panic_show_reason(void)
{
    panic_show("KERNEL PANIC: %s", panic_view.reason);
}

void panic_show_process(void)
{
    const struct process *process = running_process();
    if (process == NULL) {
        panic_show("running: no process");
        return;
    }
    panic_show("running: %.*s[%d], kernel stack %08x, %u calls", (int)sizeof(process->id.name),
               process->id.name, process->id.pid, (unsigned int)process->thread.stack_top,
               (unsigned int)process->counts.syscalls);
}

/* Shows a page fault's error code (SDM vol. 3, 4.7). */
static void show_page_fault(uint32_t error)
{
    const char *access = (error & PF_FETCH)   ? "instruction fetch"
                         : (error & PF_WRITE) ? "write"
                                              : "read";
    panic_show("trap 14, page fault, error %x: %s, %s, %s mode%s", (unsigned int)error, access,
               (error & PF_PRESENT) ? "page present (a right is missing)" : "page not present",
               (error & PF_USER) ? "user" : "kernel",
               (error & PF_RESERVED) ? ", a reserved bit is set in an entry" : "");
}

/* Returns the table that a selector error code names (SDM vol. 3, 6.13). */
static const char *selector_table(uint32_t error)
{
    static const char *const tables[] = {"GDT", "IDT", "LDT", "IDT"};
    return tables[(error >> 1) & 3u];
}

void panic_show_trap(void)
{
    if (!panic_view.has_frame) {
        return;
    }
    uint32_t vector = panic_view.frame.vector;
    uint32_t error = panic_view.frame.error;
    if (vector == TRAP_PAGE_FAULT) {
        show_page_fault(error);
    } else if (vector >= TRAP_INVALID_TSS && vector <= TRAP_PROTECTION && error != 0) {
        panic_show("trap %u, %s, error %x: %s entry %u%s", (unsigned int)vector, trap_name(vector),
                   (unsigned int)error, selector_table(error), (unsigned int)(error >> 3),
                   (error & 1u) ? ", by an external event" : "");
    } else {
        const char *name = trap_name(vector);
        panic_show("trap %u, %s", (unsigned int)vector, name == NULL ? "interrupt" : name);
    }
}

void panic_show_registers(void)
{
    const struct trap_frame *f = &panic_view.frame;
    if (!panic_view.has_frame) {
        panic_show("eip %08x  esp %08x  ebp %08x", (unsigned int)panic_view.eip,
                   (unsigned int)panic_view.esp, (unsigned int)panic_view.ebp);
        return;
    }
    panic_show("eax %08x  ebx %08x  ecx %08x  edx %08x", (unsigned int)f->eax, (unsigned int)f->ebx,
               (unsigned int)f->ecx, (unsigned int)f->edx);
    panic_show("esi %08x  edi %08x  ebp %08x  esp %08x", (unsigned int)f->esi, (unsigned int)f->edi,
               (unsigned int)f->ebp, (unsigned int)panic_view.esp);
    panic_show("eip %08x  cs %04x  ds %04x  es %04x  fs %04x  gs %04x  eflags %08x",
               (unsigned int)f->eip, (unsigned int)(f->cs & UINT16_MAX),
               (unsigned int)(f->ds & UINT16_MAX), (unsigned int)(f->es & UINT16_MAX),
               cpu_read_fs(), cpu_read_gs(), (unsigned int)f->eflags);
}

void panic_show_control_registers(void)
{
    panic_show("cr0 %08x  cr2 %08x  cr3 %08x  cr4 %08x", (unsigned int)cpu_read_cr0(),
               (unsigned int)panic_view.cr2, (unsigned int)cpu_read_cr3(),
               (unsigned int)cpu_read_cr4());
}

static void show_one_area(struct vm_map *map, const char *where, const struct vm_area_info *area)
{
    char name[AREA_NAME_MAX];
    area_name(map, area, name, sizeof(name));
    panic_show("%s: %08x-%08x %c%c%c %.32s", where, (unsigned int)area->range.start.raw,
               (unsigned int)area->range.end.raw, (area->prot & VM_READ) ? 'r' : '-',
               (area->prot & VM_WRITE) ? 'w' : '-', (area->prot & VM_EXEC) ? 'x' : '-',
               name[0] != '\0' ? name : "[anonymous]");
}

/* Finds the last area that ends at or below va. Stops if the areas do not ascend, because a damaged
 * map could be a circle. */
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

/* Shows the area that holds cr2, or else its nearer neighbour. */
static void show_user_area(struct vm_map *map)
{
    struct vm_area_info above, below;
    uint32_t va = panic_view.cr2;
    bool has_above = vm_map_area_at_or_above(map, vaddr(va), &above);
    if (has_above && above.range.start.raw <= va) {
        show_one_area(map, "cr2 lies in the area", &above);
        return;
    }
    bool has_below = area_below(map, va, &below);
    if (has_below && (!has_above || va - below.range.end.raw < above.range.start.raw - va)) {
        show_one_area(map, "cr2 lies in no area; nearest, below", &below);
    } else if (has_above) {
        show_one_area(map, "cr2 lies in no area; nearest, above", &above);
    } else {
        panic_show("cr2 lies in no area: the map is empty");
    }
}

static void show_kernel_area(uint32_t va)
{
    if (panic_is_in_kernel_stacks(va)) {
        uint32_t offset = va % KSTACK_SLOT_SIZE;
        panic_show("cr2 lies in the kernel stacks, slot %u, %s",
                   (unsigned int)((va - KSTACK_BASE) / KSTACK_SLOT_SIZE),
                   offset < KSTACK_SLOT_SIZE - KSTACK_SIZE ? "guard" : "stack");
    } else if (panic_is_text(va)) {
        panic_show("cr2 lies in the kernel's text");
    } else if (va < (uint32_t)kernel_end) {
        panic_show("cr2 lies in the kernel image or the memory below it");
    } else if (panic_is_readable(va, 1)) {
        panic_show("cr2 lies in the direct map, frame %x",
                   (unsigned int)((va - KERNEL_BASE) >> PAGE_SHIFT));
    } else {
        panic_show("cr2 lies above the direct map");
    }
}

void panic_show_area(void)
{
    const struct process *process = running_process();
    if (panic_view.cr2 >= KERNEL_BASE) {
        show_kernel_area(panic_view.cr2);
    } else if (process != NULL &&
               panic_is_readable((uint32_t)process->memory.map, sizeof(uint32_t))) {
        show_user_area(process->memory.map);
    } else {
        panic_show("cr2 lies in the user half, and there is no map");
    }
}

void panic_show_tables(void)
{
    static char chain[PANIC_LINE_MAX - sizeof("tables for cr2: ")];
    pmap_describe(vaddr(panic_view.cr2), chain, sizeof(chain));
    panic_show("tables for cr2: %s", chain);
}
