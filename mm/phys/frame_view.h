/*
 * Frames as bytes, for pagers outside mm/ (loader/): what arch/pmap.h calls a window, under a name
 * that upper layers may use.
 */
#ifndef MM_PHYS_FRAME_VIEW_H
#define MM_PHYS_FRAME_VIEW_H

#include "lib/addr.h"

/* Open and close a short-lived view of a frame's 4096 bytes. Views are closed in reverse order of
 * opening. At most four are open at a time, and none across a sleep. */
void *frame_view_open(pfn_t pfn);
void frame_view_close(void *view);

#endif
