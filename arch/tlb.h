/*
 * The privileged instructions that pmap uses. The host tests replace this header by a model of a
 * TLB (tests/host/fake/arch/tlb.h), so they find a missing flush.
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

/* Loads CR3 with the physical address of a page-directory-pointer table. The CPU reads its four
 * entries and drops every translation that is not global. */
static inline void tlb_load_tables(uint32_t pdpt)
{
    __asm__ volatile("movl %0, %%cr3" ::"r"(pdpt) : "memory");
}

#endif
