/*
 * The page-fault path: decode (kernel/trap.c) -> look up -> check -> get page -> enter.
 *
 * vm_fault knows a map and an access, no process and no signal: kernel/trap.c decides what a
 * refusal means.
 */
#ifndef MM_VM_FAULT_H
#define MM_VM_FAULT_H

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

enum vm_fault_result {
    VM_FAULT_RESUME,     /* the access will work now                                          */
    VM_FAULT_NO_MAPPING, /* nothing mapped: null, guard, no-area, kernel-address              */
    VM_FAULT_BAD_ACCESS, /* mapped, not allowed: no-access, read-only, no-exec                */
    VM_FAULT_NO_MEMORY,  /* out-of-memory; the map is as before                               */
    VM_FAULT_IO          /* past the end of the file or its bytes cannot be read              */
};

/* Handles one fault. Counts it by cause in the map's accounts. An out-of-memory answer is not
 * counted until the caller gives up (the caller may free memory and try again). */
enum vm_fault_result vm_fault(struct vm_map *map, struct vm_fault *fault);
/* The caller gives up on an out-of-memory answer: counts it as unplaced. */
void vm_fault_give_up(struct vm_map *map, const struct vm_fault *fault);

/* "demand-zero", ... */
const char *vm_cause_word(uint32_t cause);

#endif
