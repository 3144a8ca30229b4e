/*
 * In the host tests this header stands in the place of the real arch/tlb.h (include order). The
 * two instructions go to a model of a TLB, tests/host/mm_support.c, which keeps every translation
 * it was ever allowed to keep until one of them drops it.
 */
#ifndef ARCH_TLB_H
#define ARCH_TLB_H

#include <stdint.h>

void tlb_flush_page(uint32_t va);
void tlb_load_tables(uint32_t pdpt);

#endif
