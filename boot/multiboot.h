/*
 * The structures of multiboot 1, as far as they are read here (specification 0.6.96, 3.3). Private
 * to boot/ and its tests; everything after boot_info_read() uses struct boot_info.
 */
#ifndef BOOT_MULTIBOOT_H
#define BOOT_MULTIBOOT_H

#include <stddef.h>
#include <stdint.h>

#define MULTIBOOT_LOADER_MAGIC 0x2BADB002u

/* Which fields of struct multiboot_info are valid. */
#define MULTIBOOT_HAS_CMDLINE (1u << 2)
#define MULTIBOOT_HAS_MODULES (1u << 3)
#define MULTIBOOT_HAS_MMAP    (1u << 6)

struct multiboot_info {
    uint32_t flags;
    uint32_t unused_memory[2]; /* mem_lower, mem_upper: the map knows better */
    uint32_t unused_boot_device;
    uint32_t cmdline;
    uint32_t mods_count, mods_addr;
    uint32_t unused_symbols[4];
    uint32_t mmap_length, mmap_addr;
};
_Static_assert(offsetof(struct multiboot_info, cmdline) == 16, "multiboot 1, 3.3");
_Static_assert(offsetof(struct multiboot_info, mmap_length) == 44, "multiboot 1, 3.3");

struct multiboot_module {
    uint32_t start, end;
    uint32_t unused_string;
    uint32_t unused_reserved;
};
_Static_assert(sizeof(struct multiboot_module) == 16, "multiboot 1, 3.3");

/* `size` does not count itself and may exceed what is declared here. */
struct multiboot_mmap_entry {
    uint32_t size;
    uint64_t base, length;
    uint32_t type;
} __attribute__((packed));

#define MULTIBOOT_MMAP_USABLE 1u

#endif
