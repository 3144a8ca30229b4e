/*
 * The boot loader's information, checked and in our own form. boot/boot_info.c makes it from the
 * structures of multiboot 1 (specification 0.6.96, section 3.3); nothing later reads those.
 */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

#include <stdbool.h>
#include <stdint.h>

#define BOOT_RANGES_MAX  128
#define BOOT_CMDLINE_MAX 4096

/* The loader's structures are read only below this, well inside what boot/entry.asm maps. Anything
 * beyond it is rejected, not read. */
#define BOOT_VIEW_BYTES (16u << 20)

/* Usable memory in bytes, [start, end), page aligned inwards, ascending, disjoint: the type-1
 * entries without everything else and without [0, 1 MiB). Still includes kernel, module and page
 * tables. */
struct boot_range {
    uint64_t start, end;
};

struct boot_info {
    uint32_t n_ranges;
    struct boot_range ranges[BOOT_RANGES_MAX];
    uint32_t ranges_dropped;           /* entries that did not fit or made no sense           */
    uint32_t initrd_start, initrd_end; /* physical bytes of the first module; equal: none     */
    const char *initrd_problem;        /* why there is none although a module was named, or NULL */
    uint32_t modules_ignored;          /* modules after the first                             */
    char cmdline[BOOT_CMDLINE_MAX];    /* without the kernel's own name in front              */
    bool cmdline_cut;                  /* it was longer                                       */
};

/*
 * Fills *out from the loader's magic and the physical address of its information structure, which
 * kernel_main() receives. Accesses memory through the boot mapping only. Returns NULL, or a line
 * that says what is wrong ("no memory map", ...). Copies the module list, strings and map, so that
 * the loader's memory is free afterwards, except for the initrd itself.
 */
const char *boot_info_read(uint32_t magic, uint32_t info_phys, struct boot_info *out);

/* Sorts and cuts the memory map for boot_info_read; separate for its host tests. mmap is `length`
 * bytes of multiboot mmap entries, whose size field does not count itself and is 20 or more. */
void boot_info_read_mmap(const uint8_t *mmap, uint32_t length, struct boot_info *out);

#endif
