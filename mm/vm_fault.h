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
#include "mm/vm_fault_result.h"

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

/* Handles one fault, and counts it by cause in the map's accounts. An out-of-memory result is
 * counted only when the caller gives up, because it may free memory and try again. May sleep in a
 * pager; what the map is like when it returns decides. */
enum vm_fault_result vm_fault(struct vm_map *map, struct vm_fault *fault);
/* Counts an out-of-memory result that the caller gives up on, as unplaced. */
void vm_fault_give_up(struct vm_map *map, const struct vm_fault *fault);

/* "demand-zero", ... */
const char *vm_cause_word(uint32_t cause);

#endif
