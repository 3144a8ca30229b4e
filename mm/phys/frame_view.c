/* Frames as bytes: see the header. The machine's windows do all the work. */
#include "mm/phys/frame_view.h"

#include "arch/pmap.h"

void *frame_view_open(pfn_t pfn)
{
    return pmap_window_open(pfn);
}

void frame_view_close(void *view)
{
    pmap_window_close(view);
}
