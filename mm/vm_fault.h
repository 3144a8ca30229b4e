/*
 * The page-fault path: kernel/trap/page_fault.c decodes the fault and calls vm_fault, which looks
 * up the area, checks the access, gets the page and enters it.
 *
 * vm_fault knows a map and an access, but no process and no signal. The caller decides what a
 * refusal means.
 */
#ifndef MM_VM_FAULT_H
#define MM_VM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/faultline.h"
#include "lib/addr.h"

struct vm_map;

/* A page fault. */
struct vm_fault {
    vaddr_t va;          /* in: the address, not rounded                                  */
    pfn_t pfn;           /* out: the frame that was entered, or PFN_NONE                  */
    uint8_t access;      /* in: VM_READ, VM_WRITE or VM_EXEC (mm/vm_map.h)                */
    uint8_t cause;       /* out: enum vm_cause, always set                                */
    uint8_t account;     /* out: index of the account charged, 0xFF if none               */
    uint16_t bytes_lost; /* out: image pages                                              */
};

/* The result says what was short, because each case has another remedy. After every result but the
 * first the map is unchanged. */
enum vm_fault_result {
    VM_FAULT_RESUME,       /* the access will work now                                        */
    VM_FAULT_NO_MAPPING,   /* nothing mapped: null, guard, no-area, kernel-address            */
    VM_FAULT_BAD_ACCESS,   /* mapped, not allowed: no-access, read-only, no-exec              */
    VM_FAULT_IO,           /* past the end of the object, or its bytes cannot be read         */
    VM_FAULT_NO_PROMISE,   /* commit-limit: the stack would grow beyond what may be promised  */
    VM_FAULT_NO_FRAME,     /* out-of-memory: no frame at all is free                          */
    VM_FAULT_NO_LOW_FRAME, /* out-of-memory: no directly mapped frame is free, for a page table
                              or a kernel object, though others are                          */
    VM_FAULT_FORCED,       /* out-of-memory: the failure was injected                         */
    VM_FAULT_KILLED,       /* the process is being killed: the page has not come; not counted */
    VM_FAULT_AGAIN         /* inside mm/ alone: the map changed while the pager slept         */
};

static inline bool vm_fault_is_out_of_memory(enum vm_fault_result result)
{
    return result >= VM_FAULT_NO_FRAME && result <= VM_FAULT_FORCED;
}
/* True if memory that another process frees helps. */
static inline bool vm_fault_is_curable(enum vm_fault_result result)
{
    return result == VM_FAULT_NO_FRAME || result == VM_FAULT_NO_LOW_FRAME;
}
/* Returns the result for a frame that frame_alloc(..., flags) has just refused. Must be called
 * before anything is freed (mm/phys/frame.h). */
enum vm_fault_result vm_fault_of_refusal(uint32_t flags);

/* Handles one fault, and counts it by cause in the map's accounts. An out-of-memory result is
 * counted only when the caller gives up, because it may free memory and try again. May sleep in a
 * pager; what the map is like when it returns decides. */
enum vm_fault_result vm_fault(struct vm_map *map, struct vm_fault *fault);
/* Counts an out-of-memory result that the caller gives up on, as unplaced. */
void vm_fault_give_up(struct vm_map *map, const struct vm_fault *fault);

/* "demand-zero", ... */
const char *vm_cause_word(uint32_t cause);

#endif
