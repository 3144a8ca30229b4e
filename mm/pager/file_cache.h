/* The page cache of a file: one object per source, which all mappings of the file share. */
#ifndef MM_PAGER_FILE_CACHE_H
#define MM_PAGER_FILE_CACHE_H

#include "lib/compiler.h"
#include "mm/vm_object.h"

/* Returns the file's object with one reference for the caller, or NULL without memory. It is
 * created on first use and destroyed with its last reference. Its pages live while they are mapped
 * or pinned (contract V9). A page that begins at or past the file's end is VM_FAULT_IO. */
must_check struct vm_object *vm_object_of_file(struct vm_source *src);

#endif
