/*
 * Frames as bytes, for pagers outside mm/ (loader/): what arch/pmap.h calls a window, under a name
 * that upper layers may use.
 */
#ifndef MM_PHYS_FRAME_VIEW_H
#define MM_PHYS_FRAME_VIEW_H

#include "lib/addr.h"

/* A short-lived view of a frame's 4096 bytes. Closed in reverse order of opening, at most four open
 * at a time, none across a sleep. */
void *frame_view_open(pfn_t pfn);
void frame_view_close(void *view);

#endif
