/*
 * Every vector except int 0x80 arrives here, and goes to page_fault.c, to exception.c or to the
 * handler of its interrupt. CS alone tells whether user or kernel code was interrupted (bad-input
 * P19).
 */
#include "arch/cpu.h"
#include "arch/latency.h"
#include "arch/trap.h"
#include "dev/irq.h"
#include "dev/pic.h"
#include "kernel/log/printk.h"
#include "kernel/proc/exit.h"
#include "kernel/proc/kstack.h"
#include "kernel/proc/process.h"
#include "kernel/trap/exception.h"
#include "kernel/trap/page_fault.h"
#include "kernel/user/return.h"
#include "sync/lock.h"

#define EFLAGS_INTERRUPT 0x200u

static cold_fn void interrupt(uint32_t irq, bool from_user)
{
    if (pic_is_spurious(irq)) {
        printk_level(LOG_DEBUG, "spurious interrupt on IRQ %u (%u so far)", irq,
                     pic_spurious_count());
        return;
    }
    irq_handle(irq, from_user);
    pic_acknowledge(irq);
}

/* Vectors above the IRQs have no source, and programs cannot raise them: their gates are ring
 * 0's. */
static cold_fn void unused_vector(const struct trap_frame *tf)
{
    static uint32_t count;

    count++;
    printk_level(LOG_WARN, "interrupt on unused vector %u (%u so far)", tf->vector, count);
}

/* Every vector except the page fault's. */
static cold_fn void dispatch_rare(struct trap_frame *tf)
{
    if (tf->vector < TRAP_IRQ0) {
        trap_exception(tf);
    } else if (tf->vector < TRAP_IRQ0 + IRQ_COUNT) {
        interrupt(tf->vector - TRAP_IRQ0, trap_from_user(tf));
    } else {
        unused_vector(tf);
    }
    if (trap_from_user(tf) && unlikely(process_running->sched.work != 0)) {
        process_do_work(process_running);
    }
}

/* A trap that interrupts the kernel while interrupts are off belongs to the stretch that it
 * interrupts, and is not measured apart. */
void trap_dispatch(struct trap_frame *tf)
{
    bool was_on = (tf->eflags & EFLAGS_INTERRUPT) != 0;

    if (was_on) {
        latency_off(tf->vector);
    }
    if (likely(tf->vector == TRAP_PAGE_FAULT)) {
        trap_page_fault(tf);
    } else {
        dispatch_rare(tf);
    }
    if (was_on) {
        lock_assert_no_spin();
        latency_on();
    }
}

void trap_double_fault(uint32_t eip, uint32_t esp, uint32_t ebp, uint32_t cr2)
{
    bool is_overflow = kstack_is_guard(esp) || kstack_is_guard(cr2);

    panic_double_fault(eip, esp, ebp, cr2, is_overflow ? "kernel stack overflow" : "double fault");
}
