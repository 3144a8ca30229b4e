/* Shared anonymous memory: zeros that several maps see, as MAP_SHARED | MAP_ANONYMOUS makes. */
#ifndef MM_PAGER_SHARED_ANON_H
#define MM_PAGER_SHARED_ANON_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "mm/vm_object.h"

/* Creates an object of `pages` pages, which are zeros at the first touch and stay until the last
 * reference goes. A page past them is VM_FAULT_IO, however long the mapping is. All of them count
 * against the commit limit for the object's life, except without reservation (no_reserve) outside
 * strict mode. Returns one reference, or NULL without memory or beyond the commit limit. */
must_check struct vm_object *vm_object_shared_anon(uint32_t pages, bool no_reserve);

#endif
