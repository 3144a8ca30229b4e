/*
 * The page-fault path: decode (kernel/trap/page_fault.c) -> look up -> check -> get page -> enter.
 *
 * vm_fault knows a map and an access, no process and no signal: kernel/trap/page_fault.c decides what a
 * refusal means.
 */
#ifndef MM_VM_FAULT_H
#define MM_VM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/faultline.h"
#include "lib/addr.h"

struct vm_map;

/* What the program wanted: one of VM_READ, VM_WRITE, VM_EXEC (mm/vm_map.h). */
struct vm_fault {
    vaddr_t va;          /* in: the address, not rounded                                  */
    pfn_t pfn;           /* out: the frame that was entered, or PFN_NONE                  */
    uint8_t access;      /* in                                                            */
    uint8_t cause;       /* out: enum vm_cause, always set                                */
    uint8_t account;     /* out: index of the account charged, 0xFF if none               */
    uint16_t bytes_lost; /* out: image pages                                              */
};

/* What was short is a part of the answer, because each lack has another cure. The map is as before
 * after all answers but the first. */
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
    VM_FAULT_KILLED        /* the process is being killed: the page has not come; not counted */
};

static inline bool vm_fault_is_out_of_memory(enum vm_fault_result result)
{
    return result >= VM_FAULT_NO_FRAME && result != VM_FAULT_KILLED;
}
/* True if memory that another process gives back helps. */
static inline bool vm_fault_is_curable(enum vm_fault_result result)
{
    return result == VM_FAULT_NO_FRAME || result == VM_FAULT_NO_LOW_FRAME;
}
/* The result for a frame that frame_alloc(..., flags) has just refused; asked before anything is
 * freed (mm/phys/frame.h). */
enum vm_fault_result vm_fault_of_refusal(uint32_t flags);

/* Handles one fault. Counts it by cause in the map's accounts. An out-of-memory answer is not
 * counted until the caller gives up (the caller may free memory and try again). */
enum vm_fault_result vm_fault(struct vm_map *map, struct vm_fault *fault);
/* The caller gives up on an out-of-memory answer: counts it as unplaced. */
void vm_fault_give_up(struct vm_map *map, const struct vm_fault *fault);

/* "demand-zero", ... */
const char *vm_cause_word(uint32_t cause);

#endif
