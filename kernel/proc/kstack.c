/* Kernel stacks (kstack.h): a bit per slot, frames mapped into the kernel's own page tables. */
#include "kernel/proc/kstack.h"

#include <asm/errno.h>

#include "arch/pmap.h"
#include "mm/phys/frame.h"
#include "sync/lock.h"

/* A set bit is a slot in use. The lowest free slot goes first, so that the stacks share few page
 * tables. */
#define SLOTS_PER_WORD 32u
static LOCK_DEFINE(kstack_lock, LOCK_KSTACK);
static uint32_t slots_used[KSTACK_MAX / SLOTS_PER_WORD];

/* The caller has made sure that there is a free one. */
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

static void free_slot_locked(uint32_t slot)
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

static uint32_t alloc_locked(void)
{
    uint32_t slot = take_slot_locked();
    uint32_t top = KSTACK_BASE + (slot + 1) * KSTACK_SLOT_SIZE;

    for (uint32_t i = 0; i < KSTACK_PAGES; i++) {
        if (map_stack_page(top - (i + 1) * PAGE_SIZE) != 0) {
            unmap_stack(top, i);
            free_slot_locked(slot);
            return 0;
        }
    }
    return top;
}

uint32_t kstack_alloc(void)
{
    lock_acquire(&kstack_lock);
    uint32_t top = alloc_locked();

    lock_release(&kstack_lock);
    return top;
}

void kstack_free(uint32_t top)
{
    lock_acquire(&kstack_lock);
    unmap_stack(top, KSTACK_PAGES);
    free_slot_locked((top - KSTACK_BASE) / KSTACK_SLOT_SIZE - 1);
    lock_release(&kstack_lock);
}

bool kstack_is_guard(uint32_t kva)
{
    return kva >= KSTACK_BASE && kva < KSTACK_BASE + KSTACK_MAX * KSTACK_SLOT_SIZE &&
           kva % KSTACK_SLOT_SIZE < KSTACK_SLOT_SIZE - KSTACK_SIZE;
}
