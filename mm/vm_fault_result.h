/* What came of a page fault: for the fault path, for pagers, and for who decides what a failure
 * means. */
#ifndef MM_VM_FAULT_RESULT_H
#define MM_VM_FAULT_RESULT_H

#include <stdbool.h>
#include <stdint.h>

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

#endif
