/*
 * The instructions behind pmap that only ring 0 may use. The host tests put a model of a TLB in
 * this header's place (tests/host/fake/arch/tlb.h), which is how a missing flush is found there.
 */
#ifndef ARCH_TLB_H
#define ARCH_TLB_H

#include <stdint.h>

/* Drops the translation of va, global or not, and all paging-structure caches (SDM vol. 3,
 * 4.10.4.1). */
static inline void tlb_flush_page(uint32_t va)
{
    __asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

/* Loads CR3 with the physical address of a page-directory-pointer table: drops every translation
 * that is not global, and reads the four entries anew. */
static inline void tlb_load_tables(uint32_t pdpt)
{
    __asm__ volatile("movl %0, %%cr3" ::"r"(pdpt) : "memory");
}

#endif
