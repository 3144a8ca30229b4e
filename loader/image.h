/*
 * An image is a checked ELF file as an object of a map. Nothing is read until a page is touched
 * (contract L1). A new area begins wherever the set of segments on a page changes, so a page that
 * two segments share lies in an area with the union of their rights (L3).
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

/* Reads and checks the headers of the file behind src and takes a reference on src. policy is
 * FL_POLICY_*. Returns 0 and *out with one reference; or -ENOEXEC, -ENOENT (PT_INTERP) or -EIO with
 * *why; or -ENOMEM. */
must_check int image_open(struct vm_source *src, uint32_t policy, struct image **out,
                          struct elf32_reason *why);
void image_unref(struct image *image);

const struct elf32_info *image_info(const struct image *image);
const struct elf32_segment *image_segments(const struct image *image);
/* Returns the first page boundary above the highest segment, where the heap starts. */
uint32_t image_end(const struct image *image);

/* Adds the image's areas, with flags VM_OWN_ZERO (L6) and VM_NO_MERGE, to a map made with
 * vm_map_create(info->n_segments), and fills in the kind, range and rights of the segment accounts.
 * An area that segments share belongs to the account of the later one. Returns 0, or -ENOMEM with
 * the map partly filled; the caller then drops the map. */
must_check int image_map(struct image *image, struct vm_map *map);

/* Arguments and environment. One pass sizes them, a second copies them. */
struct image_strings {
    uint32_t count;
    uint32_t bytes; /* all strings with their terminators */
    char *data;     /* packed, one after another   */
};

/* What the initial stack holds besides the strings (i386 ABI supplement; Linux's auxv). */
struct image_start {
    struct image_strings args, env;
    const char *execfn;
    uint32_t random[4]; /* AT_RANDOM's 16 bytes */
    uint32_t hwcap;     /* CPUID.1:EDX          */
};

/* Bytes that the strings and vectors may take together (Linux: a quarter of the stack limit). */
#define IMAGE_ARGS_MAX   (2u << 20)
#define IMAGE_STRING_MAX (128u << 10)

/*
 * Computes and writes the initial stack below USER_END: strings, auxv, envp, argv, argc. esp is
 * 16-byte aligned with [esp] = argc.
 *   write: copies bytes into the new map's memory (faults pages in) and returns 0 or -ENOMEM
 *   returns: 0 and *esp; -E2BIG; or the error of write
 */
must_check int image_build_stack(const struct image *image, const struct image_start *start,
                                 int (*write)(void *ctx, uint32_t va, const void *bytes,
                                              uint32_t n),
                                 void *ctx, uint32_t *esp);

/* Sums the segment accounts into the figures of contract L7. */
struct image_figures {
    uint32_t page_faults, pages, bytes_lost;
};
void image_figures(struct vm_map *map, struct image_figures *out);

#endif
