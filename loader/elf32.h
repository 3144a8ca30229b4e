/*
 * Turns the bytes of an ELF32 i386 executable into a checked segment list. Allocates nothing, uses
 * only the caller's memory, forms all sums in 64 bits, never trusts alignment and never reads
 * section headers. Tool Interface Standard ELF 1.2; bad input E1 to E22 (docs/testing/loader.md).
 */
#ifndef LOADER_ELF32_H
#define LOADER_ELF32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"

#define ELF32_SEGMENTS_MAX 128u /* PT_LOAD entries; more are "too many segments" */
#define ELF32_REASON_MAX   96

/* One PT_LOAD. [vaddr, vaddr + memsz) inside [USER_BASE, the stack's guard); filesz <= memsz;
 * [offset, offset + filesz) inside the file. memsz is never 0. */
struct elf32_segment {
    uint32_t vaddr, memsz, offset, filesz;
    uint32_t prot; /* VM_READ, VM_WRITE, VM_EXEC for PF_R, PF_W, PF_X; 0: no access */
};

struct elf32_info {
    uint32_t entry;
    uint32_t phoff, phnum;     /* the program header table in the file */
    uint32_t phdr_vaddr;       /* where the table will be in memory (AT_PHDR), 0 if nowhere */
    uint32_t n_segments;       /* PT_LOADs with memsz > 0                               */
    bool has_executable_stack; /* PT_GNU_STACK with PF_X; false without one */
};

/* The text after "This is an invalid elf file: ". */
struct elf32_reason {
    char text[ELF32_REASON_MAX];
};

/*
 * Checks the file header.
 *   bytes, n: the first bytes of the file (52 are enough; fewer are "too short")
 *   file_size: of the whole file
 *   returns: 0 and out->entry, phoff, phnum; -ENOEXEC and *why (-ENOENT never)
 */
must_check int elf32_check_header(const void *bytes, size_t n, uint64_t file_size,
                                  struct elf32_info *out, struct elf32_reason *why);

/*
 * Checks the program header table and lists its PT_LOADs in file order.
 *   table: info->phnum entries of 32 bytes
 *   segments, max: filled; ELF32_SEGMENTS_MAX is always enough
 *   returns: 0; -ENOEXEC with *why; -ENOENT for PT_INTERP ("needs a dynamic loader")
 */
must_check int elf32_check_segments(const void *table, uint64_t file_size, struct elf32_info *info,
                                    struct elf32_segment *segments, uint32_t max,
                                    struct elf32_reason *why);

#endif
