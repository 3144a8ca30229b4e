/*
 * Types for addresses. Kernel memory has real pointers. A user virtual address is a wrapped number,
 * so that nothing dereferences it by accident. Physical memory is named by frame numbers only,
 * because physical addresses are wider than a pointer under PAE (SDM vol. 3, 4.4).
 */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_SHIFT       12
#define PAGE_SIZE        4096u
#define PAGE_OFFSET_MASK (PAGE_SIZE - 1u)

/* The user half is [USER_BASE, USER_END). Page 0 is never mapped; the kernel follows. */
#define USER_BASE   0x00001000u
#define USER_END    0xC0000000u
#define KERNEL_BASE USER_END

typedef struct {
    uint32_t raw;
} vaddr_t;

/* A physical page frame number: physical address >> PAGE_SHIFT. Frame 0 is never allocated, so 0
 * means "no frame". 32 bits reach 16 TiB. */
typedef uint32_t pfn_t;
#define PFN_NONE 0u

/* [start, end), page aligned, start < end. Checked once, at the boundary where it is made. */
struct vrange {
    vaddr_t start, end;
};

static inline vaddr_t vaddr(uint32_t raw)
{
    return (vaddr_t){raw};
}

static inline struct vrange vrange(uint32_t start, uint32_t end)
{
    return (struct vrange){{start}, {end}};
}

static inline uint32_t vrange_pages(struct vrange r)
{
    return (r.end.raw - r.start.raw) >> PAGE_SHIFT;
}

static inline bool is_page_aligned(uint32_t x)
{
    return (x & PAGE_OFFSET_MASK) == 0;
}

static inline uint32_t page_floor(uint32_t x)
{
    return x & ~PAGE_OFFSET_MASK;
}

/* Rounds x up to a page. Needs x <= 0xFFFFF000; larger values wrap to 0. */
static inline uint32_t page_ceil(uint32_t x)
{
    return (x + PAGE_OFFSET_MASK) & ~PAGE_OFFSET_MASK;
}

/* Returns true if [start, start + len) lies inside the user half. Never forms a sum that wraps. An
 * empty range at USER_END is inside. */
static inline bool is_user_range(uint32_t start, uint32_t len)
{
    return len <= USER_END && start <= USER_END - len;
}

#endif
