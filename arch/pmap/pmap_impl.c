/* The variables that the files of pmap share. pmap_bootstrap() sets all but pmap_active. */
#include "arch/pmap/pmap_impl.h"

struct pmap *pmap_active;
uint32_t pmap_nx_high;
_Alignas(32) uint64_t pmap_kernel_pdpt[4];
struct pte *pmap_kernel_dir;
struct pte *pmap_window_table;
uint16_t *pmap_live;
pfn_t pmap_direct_end;
