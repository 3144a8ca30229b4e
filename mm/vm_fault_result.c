/* The result of a fault whose frame was refused (vm_fault_result.h). */
#include "mm/vm_fault_result.h"

#include "lib/compiler.h"
#include "mm/phys/frame.h"

cold_fn enum vm_fault_result vm_fault_of_refusal(uint32_t flags)
{
    switch (frame_refusal(flags)) {
    case FRAME_NONE_FREE:
        return VM_FAULT_NO_FRAME;
    case FRAME_NO_LOW_FREE:
        return VM_FAULT_NO_LOW_FRAME;
    default:
        return VM_FAULT_FORCED;
    }
}
