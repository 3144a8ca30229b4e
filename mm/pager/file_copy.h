/* Private copies of a file's bytes: the file areas of the teaching interface (contract V5). */
#ifndef MM_PAGER_FILE_COPY_H
#define MM_PAGER_FILE_COPY_H

#include "lib/compiler.h"
#include "mm/vm_object.h"

/* Returns the object of a file's copies with one reference for the caller. Its pages begin at any
 * byte offset and hold zeros past the file's end; each is a frame of the faulting map's own. The
 * object is embedded in the source, so that a lazy area takes no memory (V4) and this cannot fail.
 * */
must_check struct vm_object *vm_object_file_copy(struct vm_source *src);

#endif
