/*
 * Images: a checked ELF file as an object of the map. Nothing is read until a page is touched
 * (contract L1). The address space is cut into areas where the set of segments on a page changes,
 * so two segments that share a page are one area with the union of their rights (L3).
 */
#ifndef LOADER_IMAGE_H
#define LOADER_IMAGE_H

#include <stdint.h>

#include "lib/compiler.h"
#include "loader/elf32.h"

struct image; /* a vm_object with its segment list */
struct vm_map;
struct vm_object;
struct vm_source;

/* Reads and checks headers of the file behind src; takes a reference on src. 0 and *out with one
 * reference; -ENOEXEC, -ENOENT (PT_INTERP) or -EIO with *why; -ENOMEM. policy: FL_POLICY_*. */
must_check int image_open(struct vm_source *src, uint32_t policy, struct image **out,
                          struct elf32_reason *why);
void image_unref(struct image *image);

const struct elf32_info *image_info(const struct image *image);
const struct elf32_segment *image_segments(const struct image *image);
/* First page boundary above the highest segment: where the heap starts. */
uint32_t image_end(const struct image *image);

/* Adds the image's areas to a map made with vm_map_create(info->n_segments) and fills the segment
 * accounts' kind, range and rights. 0, -ENOMEM (map partly filled: the caller drops it). Page-
 * sharing areas are charged to the later segment. Flags: VM_OWN_ZERO (L6), VM_NO_MERGE. */
must_check int image_map(struct image *image, struct vm_map *map);

/* Arguments and environment, sized in one pass and copied in a second. */
struct image_strings {
    uint32_t count;
    uint32_t bytes; /* all strings with their ends */
    char *data;     /* packed, one after another   */
};

/* What the initial stack says besides the strings (i386 ABI supplement; Linux's auxv). */
struct image_start {
    struct image_strings args, env;
    const char *execfn;
    uint32_t random[4]; /* AT_RANDOM's 16 bytes */
    uint32_t hwcap;     /* CPUID.1:EDX          */
};

/* Pages and bytes the strings and vectors may take together (Linux: a quarter of the stack limit). */
#define IMAGE_ARGS_MAX   (2u << 20)
#define IMAGE_STRING_MAX (128u << 10)

/*
 * Computes and writes the initial stack below USER_END: strings, auxv, envp, argv, argc; esp is
 * 16-byte aligned with [esp] = argc.
 *   write: puts bytes into the new map's memory (faults pages in): 0 or -ENOMEM
 *   gives: 0 and *esp; -E2BIG; what write gave
 */
must_check int image_build_stack(const struct image *image, const struct image_start *start,
                                 int (*write)(void *ctx, uint32_t va, const void *bytes,
                                              uint32_t n),
                                 void *ctx, uint32_t *esp);

/* Contract L7's figures from the segment accounts. */
struct image_figures {
    uint32_t page_faults, pages, bytes_lost;
};
void image_figures(struct vm_map *map, struct image_figures *out);

#endif
